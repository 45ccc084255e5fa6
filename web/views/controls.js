// @ts-check
/**
 * Run, pause, step, reset, and the learning rate: always in sight.
 * @import { Lab } from '../lab.js'
 * @import { Moment, Write } from '../tape/tape.js'
 */
import { element, short } from '../page/element.js';
import { piece } from '../tape/tape.js';

/** The slider goes from a hundredth to a hundred times the recorded rate. */
const DECADES = 2;
/** In which a rate is looked for. */
const MOST_RUNS = 64;
const NO_BREAK = '\u00a0';

export class Controls {
  /** @param {Lab} lab */
  constructor(lab) {
    this.lab = lab;
    const { runs } = lab.tape;
    this.steps = runs.at(-1)?.moment.step ?? 0;
    this.run = element('button', { type: 'button', className: 'main', disabled: true, onclick: () => this.toggle() }, 'Train');
    this.step = element('button', { type: 'button', disabled: true, onclick: () => this.oneStep() }, 'One step');
    this.again = element('button', { type: 'button', disabled: true, onclick: () => this.reset() }, 'Reset');
    this.slider = element('input', {
      type: 'range',
      min: `${-DECADES}`,
      max: `${DECADES}`,
      step: '0.1',
      value: '0',
      'aria-label': 'learning rate',
      oninput: () => this.setRate(),
    });
    this.rate = element('output', {}, NO_BREAK);
    this.state = element('p', { className: 'state' }, NO_BREAK);
    // For screen readers: what is worth interrupting them for.
    this.announced = element('p', { className: 'announced', role: 'status' });
    this.bar = element('progress', { max: 1, value: 0, 'aria-label': 'progress' });
    this.changes = element('p', { className: 'changes', hidden: true });
    this.element = element(
      'div',
      { className: 'controls' },
      element('div', { className: 'buttons' }, this.run, this.step, this.again),
      element(
        'label',
        { className: 'rate' },
        'learning rate ',
        element('span', { className: 'note' }, '÷ 100'),
        this.slider,
        element('span', { className: 'note' }, '× 100'),
        this.rate,
      ),
      element('div', { className: 'standing' }, this.state, this.bar),
      this.changes,
      this.announced,
    );
    this.setRate();
  }

  toggle() {
    const { training } = this.lab;
    // Whoever presses "Train" during a single step wants more of them.
    if (training?.isRunning && !training.isPaused && training.left === Infinity) {
      training.pause();
      this.run.textContent = 'Train';
      this.say('Pausing after this step …');
    } else {
      this.train();
    }
  }

  /** Trains until it is paused. */
  train() {
    const { training } = this.lab;
    if (training && !this.run.disabled) {
      this.run.textContent = 'Pause';
      this.step.disabled = true;
      this.say('Training …');
      training.start();
    }
  }

  oneStep() {
    this.say('Training a step …');
    this.lab.training?.start(1);
  }

  async reset() {
    await this.lab.reset();
    this.progress({ step: 0, epoch: 0, images: 0 }, 0);
    if (!this.lab.training?.isRunning) {
      this.ready();
    }
  }

  setRate() {
    const factor = 10 ** Number(this.slider.value);
    if (this.lab.runner) {
      this.lab.runner.rate = factor;
    }
    const recorded = this.recordedRate();
    const words = `${short(recorded * factor)} next${factor === 1 ? ', as recorded' : ` (× ${short(factor)})`}`;
    this.rate.textContent = words;
    this.slider.setAttribute('aria-valuetext', words);
  }

  /** The learning rate of the next step of the recording. */
  recordedRate() {
    const { tape, runner } = this.lab;
    const place = tape.places.find(({ role }) => role === 'rate');
    const isRate = (/** @type {Write} */ { buffer, offset }) => buffer === place?.buffer && offset === place.offset;
    const next = runner?.next ?? 0;
    // A step may have several runs, and only some of them get a rate.
    const runs = [...tape.runs.slice(next, next + MOST_RUNS), ...tape.runs.slice(Math.max(0, next - MOST_RUNS), next).reverse()];
    const write = runs.flatMap(run => run.writes).find(isRate);
    if (!write) {
      return NaN;
    }
    const bytes = piece(tape, write.contents);
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true);
  }

  /** @param {string} words */
  say(words) {
    this.state.textContent = words;
  }

  /** The same, also to screen readers. @param {string} words */
  announce(words) {
    this.say(words);
    this.announced.textContent = words;
  }

  /** @param {number} done @param {number} all */
  compiling(done, all) {
    this.bar.value = done / all;
    this.say(`Compiling kernels: ${done} of ${all} dispatches`);
  }

  ready() {
    this.run.disabled = this.step.disabled = this.again.disabled = false;
    this.run.textContent = 'Train';
    this.bar.value = 0;
    this.announce(`Ready: ${this.steps} steps on your GPU`);
    this.setRate();
  }

  /** @param {Moment} moment @param {number} speed images per second */
  progress({ step, epoch }, speed) {
    this.bar.value = step / this.steps;
    this.say(`Step ${step} of ${this.steps}, epoch ${epoch}, ${short(speed)} images/s`);
    this.setRate();
  }

  /** @param {boolean} isOver */
  stopped(isOver) {
    this.run.textContent = 'Train';
    this.run.disabled = this.step.disabled = isOver;
    if (isOver) {
      this.announce(`All ${this.steps} steps done; reset to begin again`);
    } else {
      this.announced.textContent = 'Paused';
    }
  }

  /** @param {string} problem @param {Node | string} remedy */
  failed(problem, remedy) {
    this.run.disabled = this.step.disabled = this.again.disabled = true;
    this.announced.textContent = problem;
    this.state.replaceChildren(problem, ' ', remedy);
  }

  /** How many kernels the reader has changed. @param {number} count */
  changed(count) {
    this.changes.hidden = count === 0;
    const restore = element('button', { type: 'button', onclick: () => this.lab.restoreAll() }, 'The originals again');
    this.changes.replaceChildren(`${count === 1 ? 'One kernel is' : `${count} kernels are`} yours. `, restore);
  }
}
