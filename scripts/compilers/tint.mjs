// node tint.mjs FOLDER: every kernel of FOLDER (written by tests/kernels) through Tint, Chrome's compiler, as Chrome would take it:
// a shader module and a compute pipeline on a device with WebGPU's default limits. Dawn's null backend needs no GPU.
// Prints a line for each kernel that is refused, and a summary; exits with 1 when any is.
import fs from 'node:fs';
import path from 'node:path';
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);
const folder = process.argv[2];
const gpu = create(['backend=null']);
const adapter = await gpu.requestAdapter();
const device = await adapter.requestDevice({ requiredFeatures: ['subgroups'].filter(name => adapter.features.has(name)) });

// What keeps a kernel from being accepted, or nothing.
async function problem(code, constants) {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code });
  const messages = (await module.getCompilationInfo()).messages.filter(message => message.type === 'error');
  const invalid = await device.popErrorScope();
  if (messages.length > 0) {
    return messages.map(message => `line ${message.lineNum}: ${message.message}`).join('; ');
  }
  if (invalid) {
    return invalid.message;
  }
  try {
    await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main', constants } });
  } catch (error) {
    return error.message;
  }
}

const counts = { accepted: 0, refused: 0, 'not for WebGPU (64-bit integers)': 0 };
for (const line of fs.readFileSync(path.join(folder, 'kernels.jsonl'), 'utf8').split('\n').filter(Boolean)) {
  const kernel = JSON.parse(line);
  let code = fs.readFileSync(path.join(folder, `${kernel.number}.wgsl`), 'utf8');
  const words = code.replace(/\/\/.*/g, '');
  // The subgroup core for software drivers loads eight floats as 64-bit integers, which WGSL has only in naga.
  if (/\bu64\b/.test(words)) {
    counts['not for WebGPU (64-bit integers)']++;
    continue;
  }
  // wgpu needs no such line, and naga refuses it before version 31.
  if (/\bsubgroup/.test(words)) {
    code = `enable subgroups;\n${code}`;
  }
  const found = await problem(code, kernel.constants);
  counts[found ? 'refused' : 'accepted']++;
  if (found) {
    console.log(`${kernel.number} ${kernel.name}: ${found.split('\n')[0]}`);
  }
}
console.log('Tint:', Object.entries(counts).map(([name, count]) => `${count} ${name}`).join(', '));
process.exit(counts.refused > 0 ? 1 : 0);
