// @ts-check
/**
 * Runs a tape on a WebGPU device: buffers, pipelines and bind groups are made ahead, and a run is then some writes and one pass.
 * @import { Tape, Dispatch, Binding, Watched } from './tape.js'
 */
import { piece } from './tape.js';

/** One dispatch, ready to run. @typedef {{ pipeline: GPUComputePipeline, group: GPUBindGroup, workgroups: number[] }} Step */

export class Runner {
  /**
   * @param {GPUDevice} device one with WebGPU's default limits is enough
   * @param {Tape} tape
   */
  constructor(device, tape) {
    this.device = device;
    this.tape = tape;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    this.buffers = tape.buffers.map(({ bytes }) => device.createBuffer({ size: bytes, usage }));
    /** @type {Step[][]} */
    this.programs = [];
    /** The next run. */
    this.next = 0;
  }

  /**
   * Fills the buffers and compiles the kernels.
   * @param {(done: number, all: number) => void} progress is called after each dispatch
   */
  async prepare(progress = () => {}) {
    this.reset();
    const { programs, kernels } = this.tape;
    const modules = kernels.map(({ text }) => this.device.createShaderModule({ code: text }));
    const all = programs.reduce((sum, { dispatches }) => sum + dispatches.length, 0);
    let done = 0;
    // Dispatches of the same kernel with the same bindings share a pipeline.
    /** @type {Map<string, Promise<[GPUBindGroupLayout, GPUComputePipeline]>>} */
    const pipelines = new Map();
    for (const { dispatches } of programs) {
      const steps = dispatches.map(async dispatch => {
        const key = `${dispatch.kernel} ${dispatch.params.length} ${dispatch.bindings.map(binding => binding.writes)}`;
        let pipeline = pipelines.get(key);
        if (!pipeline) {
          pipeline = this.pipeline(dispatch, modules[dispatch.kernel]);
          pipelines.set(key, pipeline);
        }
        const step = this.step(dispatch, ...(await pipeline));
        progress(++done, all);
        return step;
      });
      this.programs.push(await Promise.all(steps));
    }
  }

  /** The first contents of all buffers, before the first run. */
  reset() {
    this.next = 0;
    this.tape.buffers.forEach(({ bytes, contents }, number) => {
      const first = contents.bytes > 0 ? piece(this.tape, contents) : new Uint8Array(bytes);
      this.device.queue.writeBuffer(this.buffers[number], 0, first);
    });
  }

  /**
   * @param {Dispatch} dispatch
   * @param {GPUShaderModule} module
   * @returns {Promise<[GPUBindGroupLayout, GPUComputePipeline]>}
   */
  async pipeline(dispatch, module) {
    /** @type {GPUBufferBindingType[]} */
    const types = dispatch.bindings.map(({ writes }) => (writes ? 'storage' : 'read-only-storage'));
    const entries = types.map((type, i) => ({ binding: i + 1, visibility: GPUShaderStage.COMPUTE, buffer: { type } }));
    if (dispatch.params.length > 0) {
      entries.unshift({ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform' } });
    }
    const layout = this.device.createBindGroupLayout({ entries });
    const pipeline = await this.device.createComputePipelineAsync({
      label: dispatch.label,
      layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: this.tape.kernels[dispatch.kernel].entry },
    });
    return [layout, pipeline];
  }

  /**
   * @param {Dispatch} dispatch
   * @param {GPUBindGroupLayout} layout
   * @param {GPUComputePipeline} pipeline
   * @returns {Step}
   */
  step(dispatch, layout, pipeline) {
    const entries = dispatch.bindings.map(({ buffer, offset, bytes }, i) => ({
      binding: i + 1,
      resource: { buffer: this.buffers[buffer], offset, size: bytes },
    }));
    if (dispatch.params.length > 0) {
      const words = new Uint32Array(dispatch.params);
      const uniform = this.device.createBuffer({
        size: words.byteLength,
        usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
      });
      this.device.queue.writeBuffer(uniform, 0, words);
      entries.unshift({ binding: 0, resource: { buffer: uniform, offset: 0, size: words.byteLength } });
    }
    const group = this.device.createBindGroup({ layout, entries });
    return { pipeline, group, workgroups: dispatch.workgroups };
  }

  /** Submits the next run, and does not wait for it; false after the last. */
  run() {
    const run = this.tape.runs[this.next];
    if (!run) {
      return false;
    }
    this.next++;
    for (const { buffer, offset, contents } of run.writes) {
      this.device.queue.writeBuffer(this.buffers[buffer], offset, piece(this.tape, contents));
    }
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { pipeline, group, workgroups } of this.programs[run.program]) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
    }
    pass.end();
    this.device.queue.submit([encoder.finish()]);
    return true;
  }

  /**
   * The bytes of a place, after all runs so far.
   * @param {Watched | Binding} place
   */
  async read({ buffer, offset, bytes }) {
    const copy = this.device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.buffers[buffer], offset, copy, 0, bytes);
    this.device.queue.submit([encoder.finish()]);
    await copy.mapAsync(GPUMapMode.READ);
    const contents = copy.getMappedRange().slice(0);
    copy.destroy();
    return contents;
  }
}
