// @ts-check
/**
 * Runs a tape on a WebGPU device: buffers, pipelines and bind groups are made ahead, and a run is then some writes and one pass.
 * @import { Tape, Dispatch, Part, Run } from './tape.js'
 */
import { piece, placeOf } from './tape.js';

/**
 * One dispatch, ready to run: with the kernel of the tape, or with one that a reader has changed.
 * @typedef {{ dispatch: Dispatch, layout: GPUBindGroupLayout, original: GPUComputePipeline, pipeline: GPUComputePipeline,
 *             group: GPUBindGroup }} Step
 */

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
    /** The learning rates of the tape are multiplied with this. */
    this.rate = 1;
    this.ratePlace = placeOf(tape, 'rate');
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
    // Dispatches of the same kernel with the same kinds of bindings share a pipeline.
    /** @type {Map<string, Promise<[GPUBindGroupLayout, GPUComputePipeline]>>} */
    const pipelines = new Map();
    for (const { dispatches } of programs) {
      const steps = dispatches.map(async dispatch => {
        const key = `${dispatch.kernel} ${dispatch.params.length} ${dispatch.bindings.map(binding => binding.writes)}`;
        let pipeline = pipelines.get(key);
        if (!pipeline) {
          pipeline = this.layoutAndPipeline(dispatch, modules[dispatch.kernel]);
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
    this.tape.buffers.forEach(({ bytes, scratch, contents }, number) => {
      // Scratch holds nothing from one run to the next, and a new buffer is zero.
      if (!scratch) {
        const first = contents.bytes > 0 ? piece(this.tape, contents) : new Uint8Array(bytes);
        this.device.queue.writeBuffer(this.buffers[number], 0, first);
      }
    });
  }

  /**
   * @param {Dispatch} dispatch
   * @param {GPUShaderModule} module
   * @returns {Promise<[GPUBindGroupLayout, GPUComputePipeline]>}
   */
  async layoutAndPipeline(dispatch, module) {
    /** @type {GPUBufferBindingType[]} */
    const types = dispatch.bindings.map(({ writes }) => (writes ? 'storage' : 'read-only-storage'));
    /** @type {GPUBindGroupLayoutEntry[]} */
    const entries = types.map((type, i) => ({ binding: i + 1, visibility: GPUShaderStage.COMPUTE, buffer: { type } }));
    if (dispatch.params.length > 0) {
      entries.unshift({ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform' } });
    }
    const layout = this.device.createBindGroupLayout({ entries });
    return [layout, await this.pipeline(dispatch, layout, module)];
  }

  /**
   * @param {Dispatch} dispatch
   * @param {GPUBindGroupLayout} layout
   * @param {GPUShaderModule} module
   */
  pipeline(dispatch, layout, module) {
    return this.device.createComputePipelineAsync({
      label: dispatch.label,
      layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: this.tape.kernels[dispatch.kernel].entry },
    });
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
      const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
      const uniform = this.device.createBuffer({ size: words.byteLength, usage });
      this.device.queue.writeBuffer(uniform, 0, words);
      entries.unshift({ binding: 0, resource: { buffer: uniform, offset: 0, size: words.byteLength } });
    }
    const group = this.device.createBindGroup({ layout, entries });
    return { dispatch, layout, original: pipeline, pipeline, group };
  }

  /** Submits the next run, and does not wait for it; returns it, or nothing after the last. */
  run() {
    const run = this.tape.runs[this.next];
    if (run) {
      this.next++;
      this.write(run);
      this.submit(this.programs[run.program]);
    }
    return run;
  }

  /**
   * What the host writes before a run.
   * @param {Run} run
   */
  write(run) {
    for (const { buffer, offset, contents } of run.writes) {
      let bytes = piece(this.tape, contents);
      if (this.rate !== 1 && buffer === this.ratePlace?.buffer && offset === this.ratePlace.offset) {
        bytes = bytes.slice();
        const view = new DataView(bytes.buffer);
        view.setFloat32(0, view.getFloat32(0, true) * this.rate, true);
      }
      this.device.queue.writeBuffer(this.buffers[buffer], offset, bytes);
    }
  }

  /**
   * Runs some dispatches, one after the other, each of which sees what those before it wrote.
   * @param {Step[]} steps
   */
  submit(steps) {
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    steps.forEach(step => dispatchStep(pass, step));
    pass.end();
    this.device.queue.submit([encoder.finish()]);
  }

  /**
   * The bytes of a place, after all that has been submitted so far.
   * @param {Part} part
   */
  async read({ buffer, offset, bytes }) {
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const copy = this.device.createBuffer({ size: bytes, usage });
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.buffers[buffer], offset, copy, 0, bytes);
    this.device.queue.submit([encoder.finish()]);
    await copy.mapAsync(GPUMapMode.READ);
    const contents = copy.getMappedRange().slice(0);
    copy.destroy();
    return contents;
  }
}

/**
 * @param {GPUComputePassEncoder} pass
 * @param {Step} step
 */
export function dispatchStep(pass, { pipeline, group, dispatch }) {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...dispatch.workgroups);
}
