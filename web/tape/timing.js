// @ts-check
/**
 * How long dispatches take on the reader's GPU. All state is put back: measuring trains nothing.
 * @import { Step } from './runner.js'
 * @import { Inspector } from './inspect.js'
 */
import { dispatchStep } from './runner.js';

/** Browsers round times, to 100 µs or so: the mean of several runs is closer. */
const RUNS = 8;
/** Milliseconds after which those so far must do. */
const PATIENCE = 2000;
/** A dispatch is repeated until this many seconds are spent, though not more often than this. */
const LEAST_SECONDS = 0.02;
const MOST_OF_ONE = 50;
const BYTES_OF_A_TIME = 8;
/** The most times that one set of queries may have. */
const MOST_TIMES = 4096;

/**
 * Seconds of each dispatch of a program in the next run, as a mean; nothing where the browser gives no times.
 * @param {Inspector} inspector
 * @param {number} program
 * @returns {Promise<number[] | null>}
 */
export async function timesOf(inspector, program) {
  const { device, programs } = inspector.runner;
  const steps = programs[program];
  if (!device.features.has('timestamp-query') || 2 * steps.length > MOST_TIMES) {
    return null;
  }
  const sums = new Array(steps.length).fill(0);
  const start = performance.now();
  let runs = 0;
  do {
    const times = await inspector.before(program, 0, () =>
      timed(
        device,
        steps.map(step => [step]),
      ),
    );
    times.forEach((seconds, i) => (sums[i] += seconds));
    runs++;
  } while (runs < RUNS && performance.now() - start < PATIENCE);
  return sums.map(sum => sum / runs);
}

/**
 * Seconds of one dispatch in the next run, with this pipeline.
 * @param {Inspector} inspector
 * @param {number} program
 * @param {number} number
 * @param {GPUComputePipeline} pipeline
 */
export async function timeOf(inspector, program, number, pipeline) {
  const { device } = inspector.runner;
  const seconds = (/** @type {number} */ repeats) => {
    const repeated = (/** @type {Step} */ step) => new Array(repeats).fill({ ...step, pipeline });
    return device.features.has('timestamp-query')
      ? inspector.before(program, number, async step => (await timed(device, [repeated(step)]))[0])
      : waitedFor(device, () => inspector.before(program, number, step => inspector.runner.submit(repeated(step))));
  };
  const once = await seconds(1);
  const repeats = Math.min(MOST_OF_ONE, Math.round(LEAST_SECONDS / Math.max(once, 1e-5)));
  if (device.features.has('timestamp-query')) {
    return repeats < 2 ? once : (await seconds(repeats)) / repeats;
  }
  // What comes before the dispatch, and what a submission costs by itself, is in both.
  const more = Math.max(2, repeats);
  return Math.max(0, (await seconds(more)) - once) / (more - 1);
}

/**
 * Seconds by the host's clock until what `submit` submits is done.
 * @param {GPUDevice} device
 * @param {() => void} submit
 */
async function waitedFor({ queue }, submit) {
  await queue.onSubmittedWorkDone();
  const start = performance.now();
  submit();
  await queue.onSubmittedWorkDone();
  return (performance.now() - start) / 1e3;
}

/**
 * Seconds of groups of dispatches by the GPU's clock, each group in a pass of its own.
 * @param {GPUDevice} device
 * @param {Step[][]} groups
 */
async function timed(device, groups) {
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 * groups.length });
  const size = 2 * BYTES_OF_A_TIME * groups.length;
  const resolved = device.createBuffer({ size, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
  const copy = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  groups.forEach((steps, i) => {
    const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
    const pass = encoder.beginComputePass({ timestampWrites });
    steps.forEach(step => dispatchStep(pass, step));
    pass.end();
  });
  encoder.resolveQuerySet(querySet, 0, 2 * groups.length, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, copy, 0, size);
  device.queue.submit([encoder.finish()]);
  await copy.mapAsync(GPUMapMode.READ);
  const times = new BigUint64Array(copy.getMappedRange().slice(0));
  [querySet, resolved, copy].forEach(one => one.destroy());
  // A clock may be set back between two passes.
  return groups.map((_, i) => Math.max(0, Number(times[2 * i + 1] - times[2 * i]) * 1e-9));
}
