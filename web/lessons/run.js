// @ts-check
/**
 * Runs a kernel of a lesson on inputs.
 * @import { Said } from '../tape/compile.js'
 * @import { LessonLaunch, LaunchProduct } from './launch.js'
 */
import { compiled } from '../tape/compile.js';

/** The sizes as the kernel gets them: so many words, the rest zeros. */
const SIZE_WORDS = 8;
const ENABLES_SUBGROUPS = /^\s*enable\s+subgroups\b/m;

/**
 * Why this device cannot run it, if it cannot: lanes must be numbered the same way in all subgroups.
 * @param {GPUDevice} device
 * @param {LessonLaunch} launch
 */
export function whyNotRun(device, launch) {
  const { subgroupMinSize, subgroupMaxSize } = device.adapterInfo ?? {};
  const has = device.features.has('subgroups') && subgroupMinSize === subgroupMaxSize;
  return launch.needsSubgroups && !has ? 'not run: this device has no subgroups of one size' : '';
}

/**
 * Compiles a kernel; there is none where the compiler found an error.
 * @param {GPUDevice} device
 * @param {LessonLaunch} launch
 * @param {string} text
 * @param {number} inputs how many it has
 * @returns {Promise<{ said: Said[], kernel: LessonKernel | undefined }>}
 */
export async function lessonKernel(device, launch, text, inputs) {
  // Browsers ask for this line, which the other compiler of these files does not know. No line may move: errors name them.
  const isWithout = launch.needsSubgroups && !ENABLES_SUBGROUPS.test(text);
  const { module, said } = await compiled(device, isWithout ? `enable subgroups; ${text}` : text);
  if (said.some(one => one.isError)) {
    return { said, kernel: undefined };
  }
  /** @type {GPUBufferBindingType[]} */
  const types = ['uniform', ...Array(inputs).fill('read-only-storage'), 'storage', ...(launch.scratch ? ['storage'] : [])];
  const layout = device.createBindGroupLayout({
    entries: types.map((type, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } })),
  });
  const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
  /** @param {string} entryPoint */
  const pipeline = entryPoint => device.createComputePipelineAsync({ layout: pipelineLayout, compute: { module, entryPoint } });
  /** @type {[GPUComputePipeline, LaunchProduct[]][]} */
  const launches = [[await pipeline('main'), launch.grid]];
  if (launch.second) {
    launches.push([await pipeline('second'), launch.second]);
  }
  return { said, kernel: new LessonKernel(device, launch, layout, launches) };
}

/** A compiled kernel. */
export class LessonKernel {
  /**
   * @param {GPUDevice} device
   * @param {LessonLaunch} launch
   * @param {GPUBindGroupLayout} layout
   * @param {[GPUComputePipeline, LaunchProduct[]][]} launches
   */
  constructor(device, launch, layout, launches) {
    this.device = device;
    this.launch = launch;
    this.layout = layout;
    this.launches = launches;
  }

  /**
   * What it makes of these inputs: the output, and what is behind it then.
   * @param {number[]} sizes
   * @param {Float32Array[]} inputs
   * @param {number} length elements of the output
   */
  async output(sizes, inputs, length) {
    return await this.started(sizes, inputs, length, run => run.output());
  }

  /**
   * Runs it once on inputs, which are there for as long as `use` takes. What the device refuses is an error.
   * @template Used
   * @param {number[]} sizes
   * @param {Float32Array[]} inputs
   * @param {number} length elements of the output
   * @param {(run: LessonRun) => Promise<Used>} use
   * @returns {Promise<Used>}
   */
  async started(sizes, inputs, length, use) {
    const run = await accepted(this.device, () => new LessonRun(this, sizes, inputs, length));
    try {
      await accepted(this.device, () => run.submit(1));
      return await use(run);
    } finally {
      run.destroy();
    }
  }
}

/**
 * Does what the device must not refuse. Nothing in it may wait: the errors of others, who use the device meanwhile, would be
 * mixed up with its own.
 * @template Made
 * @param {GPUDevice} device
 * @param {() => Made} action
 * @returns {Promise<Made>}
 */
async function accepted(device, action) {
  device.pushErrorScope('out-of-memory');
  device.pushErrorScope('validation');
  let made;
  let errors;
  try {
    made = action();
  } finally {
    errors = Promise.all([device.popErrorScope(), device.popErrorScope()]);
  }
  const error = (await errors).find(error => error !== null);
  if (error) {
    throw new Error(error.message);
  }
  return made;
}

/** A kernel with the buffers of one launch. */
export class LessonRun {
  /**
   * @param {LessonKernel} kernel
   * @param {number[]} sizes
   * @param {Float32Array[]} inputs
   * @param {number} length elements of the output
   */
  constructor(kernel, sizes, inputs, length) {
    const { device, launch, layout, launches } = kernel;
    const { margin, untouched, behind } = launch.rules;
    /** @type {GPUDevice} */
    this.device = device;
    /** @type {GPUBuffer[]} */
    this.buffers = [];
    const words = new Uint32Array(SIZE_WORDS);
    words.set(sizes);
    this.add(GPUBufferUsage.UNIFORM, words);
    for (const input of inputs) {
      const longer = new Float32Array(input.length + margin).fill(behind);
      longer.set(input);
      this.add(GPUBufferUsage.STORAGE, longer);
    }
    this.result = this.add(GPUBufferUsage.STORAGE, new Float32Array(length + margin).fill(untouched));
    if (launch.scratch) {
      const bytes = 4 * launch.scratch(sizes);
      if (bytes > device.limits.maxStorageBufferBindingSize) {
        throw new Error(`its line '// Scratch:' asks for ${bytes} bytes at these sizes, more than this device binds`);
      }
      this.buffers.push(device.createBuffer({ size: bytes, usage: GPUBufferUsage.STORAGE }));
    }
    this.group = device.createBindGroup({
      layout,
      entries: this.buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    this.launches = launches.map(([pipeline, grid]) => ({ pipeline, workgroups: launch.workgroups(grid, sizes) }));
  }

  /**
   * @param {number} usage
   * @param {Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>} contents
   */
  add(usage, contents) {
    const both = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.device.createBuffer({ size: contents.byteLength, usage: usage | both });
    this.device.queue.writeBuffer(buffer, 0, contents);
    this.buffers.push(buffer);
    return buffer;
  }

  /**
   * Starts it so many times, one after the other, and does not wait.
   * @param {number} times
   */
  submit(times) {
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, this.group);
    for (let time = 0; time < times; time++) {
      for (const { pipeline, workgroups } of this.launches) {
        pass.setPipeline(pipeline);
        pass.dispatchWorkgroups(...workgroups);
      }
    }
    pass.end();
    this.device.queue.submit([encoder.finish()]);
  }

  /** The output with what is behind it, after all launches so far. */
  async output() {
    const { size } = this.result;
    const copy = this.device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.result, 0, copy, 0, size);
    this.device.queue.submit([encoder.finish()]);
    await copy.mapAsync(GPUMapMode.READ);
    const contents = copy.getMappedRange().slice(0);
    copy.destroy();
    return new Float32Array(contents);
  }

  destroy() {
    for (const buffer of this.buffers) {
      buffer.destroy();
    }
  }
}
