// @ts-check
/**
 * Part 1: the training as it goes, what the network says of some images that it does not train on, and of a picture of the reader's own.
 * @import { Lab } from '../lab.js'
 * @import { Predictor } from '../tape/predictor.js'
 * @import { Reading } from '../tape/training.js'
 */
import { Chart } from '../page/chart.js';
import { element, short } from '../page/element.js';
import { largest } from '../tape/predictor.js';
import { Guess } from './guess.js';
import { OwnPicture } from './own_picture.js';

/** What looking at the network costs is at most this share of the time. */
const SHARE_FOR_LOOKING = 0.1;
/** Seconds that the last look may take. */
const LONGEST_WAIT = 20;

export class TrainView {
  /** @param {Lab} lab */
  constructor(lab) {
    this.lab = lab;
    const { tape, held } = lab;
    const steps = tape.runs.at(-1)?.moment.step ?? 1;
    this.loss = new Chart('loss', steps, ['training'], {});
    this.accuracy = new Chart('accuracy', steps, ['training', 'held-out'], { most: 1 });
    this.loss.expect(recorded(tape));
    this.lossNow = element('output', {});
    this.accuracyNow = element('output', {});
    this.guesses = held.labels.slice(0, lab.predictedAtOnce).map((label, i) => new Guess(lab, label, lab.heldImages(i, i + 1)));
    this.tested = element('p', { className: 'note', role: 'status' }, '\u00a0');
    this.own = new OwnPicture(lab);
    /** Seconds that predicting one batch takes. */
    this.cost = 0;
    this.lookedAt = 0;
    this.testedAt = 0;
    /** Answers of before a reset are thrown away. */
    this.generation = 0;
    this.element = element(
      'div',
      { className: 'train' },
      introduction(lab),
      figureOf(
        'Loss',
        this.lossNow,
        this.loss,
        'the mean over the images of the last few steps. Circles: the same steps as they were recorded; the line should pass through them',
      ),
      figureOf(
        'Accuracy',
        this.accuracyNow,
        this.accuracy,
        'thin: the images that a step trains with, which are few; thick: all images that are held out, now and then',
      ),
      element(
        'section',
        { className: 'guesses' },
        element('h3', {}, 'What it says of images that it does not train on'),
        element('ul', { className: 'tiles' }, ...this.guesses.map(guess => guess.element)),
        this.tested,
      ),
      this.own.element,
    );
  }

  /** @param {Reading} reading */
  reading({ step, loss, accuracy }) {
    this.loss.add('training', [step, loss]);
    this.lossNow.textContent = short(loss);
    this.accuracyNow.textContent = short(accuracy);
    this.accuracy.add('training', [step, accuracy]);
    this.look();
  }

  /**
   * Asks the network about held-out images, if that is not too often.
   * @param {boolean} isLast whether the training stops here: then all of them, if that does not take long
   */
  async look(isLast = false) {
    const now = performance.now() / 1e3;
    const { lab } = this;
    const { predictor } = lab;
    const isTooEarly = now - this.lookedAt < this.cost / SHARE_FOR_LOOKING && !isLast;
    if (!predictor || this.isLooking || isTooEarly) {
      return;
    }
    this.isLooking = true;
    const { generation } = this;
    try {
      const shown = await predictor.predict(lab.heldImages(0, this.guesses.length));
      const seconds = performance.now() / 1e3 - now;
      this.cost = this.lookedAt === 0 ? seconds : Math.min(seconds, 2 * this.cost);
      this.lookedAt = performance.now() / 1e3;
      if (generation === this.generation) {
        this.guesses.forEach((guess, i) => guess.show(shown[i]));
      }
      await this.own.ask();
      const batches = Math.ceil(lab.held.labels.length / lab.predictedAtOnce);
      const isDue = this.lookedAt - this.testedAt > (this.cost * batches) / SHARE_FOR_LOOKING;
      if (isDue || (isLast && this.cost * batches < LONGEST_WAIT)) {
        await this.test(predictor);
      }
    } finally {
      this.isLooking = false;
    }
    if (generation !== this.generation) {
      await this.look();
    }
  }

  /**
   * The accuracy on all images that are held out.
   * @param {Predictor} predictor
   */
  async test(predictor) {
    const { labels } = this.lab.held;
    const { generation } = this;
    const step = this.lab.stepsDone();
    const answers = await predictor.predict(this.lab.heldImages(0, labels.length));
    if (generation !== this.generation) {
      return;
    }
    const hits = answers.filter((answer, i) => largest(answer) === labels[i]).length;
    this.testedAt = performance.now() / 1e3;
    this.accuracy.add('held-out', [step, hits / labels.length]);
    this.tested.textContent = `After step ${step}: ${hits} of ${labels.length} held-out images right.`;
  }

  /** From here on something else is trained: the reader has changed a kernel. */
  mark() {
    this.loss.mark(this.lab.stepsDone());
    this.accuracy.mark(this.lab.stepsDone());
  }

  /** After a reset. */
  clear() {
    this.loss.clear();
    this.accuracy.clear();
    this.lossNow.textContent = this.accuracyNow.textContent = '';
    this.tested.textContent = '\u00a0';
    [this.lookedAt, this.testedAt] = [0, 0];
    this.generation++;
    this.guesses.forEach(guess => guess.clear());
    this.look();
  }
}

/**
 * What this page is, for whoever has just opened it.
 * @param {Lab} lab
 */
function introduction({ about, tape }) {
  const kernels = element('a', { href: '#network' }, `any of the ${tape.programs[0].dispatches.length} dispatches of a step`);
  return element(
    'p',
    { className: 'introduction' },
    `This page trains a network on your own GPU, to tell these apart: ${about.classes.join(', ')}. Watch it learn, open `,
    kernels,
    ', see what it computes, change its code and see what breaks. New to GPUs? Begin with the ',
    element('a', { href: '#lessons' }, 'lessons'),
    '.',
  );
}

/**
 * @param {string} title
 * @param {HTMLElement} now the latest number
 * @param {Chart} chart
 * @param {string} note
 */
function figureOf(title, now, chart, note) {
  return element(
    'figure',
    { className: 'chart' },
    element('h3', {}, `${title} `, now),
    /** @type {any} */ (chart.element),
    element('figcaption', { className: 'note' }, note),
  );
}

/**
 * The losses of the recording, as the page shows its own: means over the images of a step.
 * @param {import('../tape/tape.js').Tape} tape
 * @returns {[number, number][]}
 */
function recorded(tape) {
  const sums = tape.watched.findIndex(number => tape.places[number].role === 'sums');
  let before = { epoch: 0, images: 0, loss: 0 };
  return tape.runs
    .filter(run => run.expected.length > 0)
    .map(({ moment, expected }) => {
      const [loss] = new Float32Array(new Uint32Array(expected[sums]).buffer);
      const since = before.epoch === moment.epoch ? before : { images: 0, loss: 0 };
      before = { ...moment, loss };
      return [moment.step, (loss - since.loss) / (moment.images - since.images)];
    });
}
