// @ts-check
/**
 * The reader's GPU, whether it agrees with the recording, and what to do without one.
 * @import { Lab } from '../lab.js'
 */
import { duration, element, short } from '../page/element.js';
import { help, nameOf } from '../page/gpu.js';
import { TOLERANCE, selfTest } from '../tape/selftest.js';

/** What kernels depend on most; bytes where the unit says so. */
const LIMITS = /** @type {const} */ ([
  ['maxStorageBufferBindingSize', 'largest binding', 'B'],
  ['maxComputeWorkgroupStorageSize', 'workgroup memory', 'B'],
  ['maxComputeInvocationsPerWorkgroup', 'threads of a workgroup', ''],
  ['maxStorageBuffersPerShaderStage', 'storage buffers of a kernel', ''],
]);

export class DeviceView {
  /** @param {Lab} lab */
  constructor(lab) {
    this.lab = lab;
    const { tape, about } = lab;
    this.gpu = element('div', {}, element('p', {}, 'Looking for a GPU …'));
    this.check = element(
      'button',
      { type: 'button', className: 'main', disabled: true, onclick: () => this.test(recordedSteps(tape)) },
      'Check it',
    );
    // Headless browsers, and readers, find the verdict here.
    this.verdict = element('p', { id: 'verdict', role: 'status' }, '\u00a0');
    const bytes = tape.buffers.reduce((sum, buffer) => sum + buffer.bytes, 0);
    this.element = element(
      'article',
      { className: 'device' },
      element('h2', {}, 'Your GPU'),
      this.gpu,
      element('h2', {}, 'Does it agree?'),
      element(
        'p',
        {},
        `The first ${recordedSteps(tape)} steps were trained on ${tape.adapter}. Your GPU runs the same kernels from the same numbers; ` +
          `losses and hits must agree to ${TOLERANCE}. It begins the training anew, with the original kernels.`,
      ),
      element('p', { className: 'buttons' }, this.check),
      this.verdict,
      element('h2', {}, 'What this page is'),
      element(
        'p',
        {},
        `A ${tape.title}: ${tape.kernels.length} kernels, ${tape.programs.map(({ dispatches }) => dispatches.length).join(' + ')} dispatches, ` +
          `${short(bytes)}B on the GPU. The page is one file, needs no network and sends nothing anywhere.`,
      ),
      element('p', {}, 'Made with ', element('code', {}, about.made)),
    );
  }

  /** @param {{ device: GPUDevice, adapter: GPUAdapter }} found */
  found({ device, adapter }) {
    const rows = LIMITS.map(([limit, name, unit]) => {
      const value = adapter.limits[limit];
      const text = unit ? `${short(value)}${unit}` : `${value}`;
      return element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, text));
    });
    const times = device.features.has('timestamp-query')
      ? 'It tells how long each dispatch takes.'
      : 'It does not tell how long a dispatch takes.';
    this.gpu.replaceChildren(
      element('p', {}, element('b', {}, nameOf(adapter)), '. ', times),
      element('table', { className: 'plain' }, element('tbody', {}, ...rows)),
    );
    this.check.disabled = recordedSteps(this.lab.tape) === 0;
  }

  /**
   * @param {string} problem
   * @param {boolean} hadGpu
   */
  failed(problem, hadGpu) {
    const ways = hadGpu ? [] : [element('p', {}, 'All that needs no GPU can be read. To run it:'), help()];
    this.gpu.replaceChildren(element('p', { className: 'problem' }, problem), ...ways);
    this.check.disabled = true;
    this.verdict.dataset.verdict ??= JSON.stringify({ agrees: false, problem });
  }

  /**
   * Replays some steps and says whether they agree with the recording.
   * @param {number} count
   */
  async test(count) {
    const { lab } = this;
    if (!lab.runner) {
      return;
    }
    this.check.disabled = true;
    lab.training?.pause();
    lab.restoreAll();
    // At the recorded learning rates; the slider's is set again by the reset.
    lab.runner.rate = 1;
    const start = performance.now();
    const { runner } = lab;
    const say = (/** @type {number} */ done) => (this.verdict.textContent = `Step ${done} of ${count} …`);
    const verdict = await lab.between(() => selfTest(runner, count, say));
    if (!verdict) {
      return;
    }
    const seconds = (performance.now() - start) / 1e3;
    const { agrees, first, largest, compared } = verdict;
    const off = `the largest difference is ${largest.toExponential(1)} of a number, ${first.toExponential(1)} in the first two steps`;
    this.verdict.textContent = agrees
      ? `Your GPU agrees with the recording: after ${compared} steps ${largest > 0 ? off : 'the losses are the same bits'}. ${duration(seconds)}.`
      : compared === 0
        ? 'The page has no results to compare with: it was made with --compared 0.'
        : `Your GPU does not agree with the recording: the first two steps are off by ${first.toExponential(1)} of a number.`;
    this.verdict.dataset.verdict = JSON.stringify(verdict);
    this.verdict.className = agrees ? 'good' : 'problem';
    this.check.disabled = false;
    await lab.controls.reset();
  }
}

/** @param {import('../tape/tape.js').Tape} tape */
function recordedSteps(tape) {
  return tape.runs.filter(run => run.expected.length > 0).length;
}
