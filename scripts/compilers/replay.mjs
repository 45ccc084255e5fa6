// node replay.mjs FILE.tape, beside the files of web/: replays a tape as a browser would, with Dawn, Chrome's WebGPU (npm webgpu), on this machine's Vulkan driver,
// and compares what is watched with the recording. Prints a line; exits with 1 when the first two runs are off by more than 1e-4 of a
// number, after which a training makes any difference grow.
import fs from 'node:fs';
import { create, globals } from 'webgpu';
import { readTape } from './tape.js';
import { Runner } from './runner.js';

Object.assign(globalThis, globals);
const TOLERANCE = 1e-4;
const FIRST_RUNS = 2;

const tape = await readTape(fs.readFileSync(process.argv[2]));
const gpu = create([]);
const adapter = await gpu.requestAdapter();
if (!adapter) {
  console.error('Dawn finds no adapter here.');
  process.exit(3);
}
const device = await adapter.requestDevice();
const errors = [];
device.addEventListener('uncapturederror', event => errors.push(event.error.message));

const runner = new Runner(device, tape);
await runner.prepare();
let largest = 0;
let firstLargest = 0;
for (let number = 0; runner.run(); number++) {
  for (const [i, words] of tape.runs[number].expected.entries()) {
    const here = new Float32Array(await runner.read(tape.watched[i]));
    const there = new Float32Array(new Uint32Array(words).buffer);
    const off = Math.max(...here.map((value, k) => Math.abs(value - there[k]) / Math.max(Math.abs(there[k]), 1e-6)));
    // Not a number is off by everything.
    largest = Math.max(largest, Number.isNaN(off) ? Infinity : off);
    if (number < FIRST_RUNS) {
      firstLargest = largest;
    }
  }
}
const kernels = `${tape.kernels.length} kernels, ${tape.runs.length} runs of a ${tape.title}`;
console.log(`${adapter.info.description || adapter.info.device}: ${kernels}; off by ${firstLargest} at first, ${largest} at most`);
for (const message of new Set(errors)) {
  console.error(message);
}
process.exit(errors.length > 0 || !(firstLargest <= TOLERANCE) ? 1 : 0);
