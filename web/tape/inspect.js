// @ts-check
/**
 * Looks into a step: runs the next one up to a dispatch, reads what that reads and writes, and puts everything back, so that training
 * goes on as if nothing had been.
 * @import { Part, Run } from './tape.js'
 * @import { Runner, Step } from './runner.js'
 */

/** What a dispatch binds, before it, and what it writes, after it. @typedef {{ before: ArrayBuffer[], after: (ArrayBuffer | undefined)[] }} Seen */

export class Inspector {
  /** @param {Runner} runner */
  constructor(runner) {
    this.runner = runner;
    const { tape, device } = runner;
    this.kept = tape.buffers.flatMap(({ scratch, bytes }, number) => (scratch ? [] : [{ number, bytes }]));
    const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    // Copies of all that outlives a run.
    this.copies = this.kept.map(({ bytes }) => device.createBuffer({ size: bytes, usage }));
  }

  /**
   * The next run of a program, after those of the same step that come before it; none for a program that no step runs. At the end
   * of the tape these are those of its last step.
   * @param {number} program
   * @returns {Run[]}
   */
  runsUpTo(program) {
    const { tape, next } = this.runner;
    const ofProgram = (/** @type {Run} */ run) => run.program === program;
    const later = tape.runs.findIndex((run, i) => i >= next && ofProgram(run));
    const last = later >= 0 ? later : tape.runs.findLastIndex(ofProgram);
    const first = tape.runs.findIndex((run, i) => run.moment.step === tape.runs[last]?.moment.step && (i >= next || later < 0));
    return last >= 0 ? tape.runs.slice(first, last + 1) : [];
  }

  /**
   * Calls `look` in the middle of the next run of a program, before dispatch `number`. All of it is submitted at once: nothing comes between.
   * @template Result
   * @param {number} program
   * @param {number} number
   * @param {(step: Step) => Result} look must submit all its work before it returns
   * @returns {Result}
   */
  before(program, number, look) {
    const { runner } = this;
    const steps = runner.programs[program];
    this.copyKept((buffer, copy) => [buffer, copy]);
    this.runsUpTo(program).forEach((run, i, runs) => {
      runner.write(run);
      if (i + 1 < runs.length) {
        runner.submit(runner.programs[run.program]);
      }
    });
    runner.submit(steps.slice(0, number));
    const result = look(steps[number]);
    this.copyKept((buffer, copy) => [copy, buffer]);
    return result;
  }

  /**
   * Copies all that outlives a run, from the first to the second of what `ends` gives.
   * @param {(buffer: GPUBuffer, copy: GPUBuffer) => [GPUBuffer, GPUBuffer]} ends
   */
  copyKept(ends) {
    const { device, buffers } = this.runner;
    const encoder = device.createCommandEncoder();
    this.kept.forEach(({ number, bytes }, i) => {
      const [source, target] = ends(buffers[number], this.copies[i]);
      encoder.copyBufferToBuffer(source, 0, target, 0, bytes);
    });
    device.queue.submit([encoder.finish()]);
  }

  /**
   * What a dispatch binds, before and after it.
   * @param {number} program
   * @param {number} number
   * @returns {Promise<Seen>}
   */
  async seen(program, number) {
    const [before, after] = this.before(program, number, step => {
      const { bindings } = step.dispatch;
      const first = Promise.all(bindings.map(binding => this.runner.read(binding)));
      this.runner.submit([step]);
      return [first, Promise.all(bindings.map(binding => (binding.writes ? this.runner.read(binding) : undefined)))];
    });
    return { before: await before, after: await after };
  }

  /**
   * What a dispatch of the tape writes, and what another version of its kernel writes, from the very same inputs.
   * @param {number} program
   * @param {number} number
   * @param {GPUComputePipeline} changed
   * @returns {Promise<{ original: ArrayBuffer[], changed: ArrayBuffer[] }>}
   */
  async compared(program, number, changed) {
    const outputs = this.before(program, number, step => {
      const written = step.dispatch.bindings.filter(binding => binding.writes);
      // A kernel may also read what it writes: both versions find the same there.
      const found = written.map(binding => this.copyOf(binding));
      const from = (/** @type {GPUComputePipeline} */ pipeline) => {
        this.putBack(written, found);
        this.runner.submit([{ ...step, pipeline }]);
        return Promise.all(written.map(binding => this.runner.read(binding)));
      };
      const both = [from(step.original), from(changed)];
      found.forEach(copy => copy.destroy());
      return both;
    });
    const [original, other] = await Promise.all(outputs);
    return { original, changed: other };
  }

  /**
   * A buffer with the present contents of a part.
   * @param {Part} part
   */
  copyOf({ buffer, offset, bytes }) {
    const { device, buffers } = this.runner;
    const copy = device.createBuffer({ size: bytes, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffers[buffer], offset, copy, 0, bytes);
    device.queue.submit([encoder.finish()]);
    return copy;
  }

  /**
   * @param {Part[]} parts
   * @param {GPUBuffer[]} copies
   */
  putBack(parts, copies) {
    const { device, buffers } = this.runner;
    const encoder = device.createCommandEncoder();
    parts.forEach(({ buffer, offset, bytes }, i) => encoder.copyBufferToBuffer(copies[i], 0, buffers[buffer], offset, bytes));
    device.queue.submit([encoder.finish()]);
  }
}
