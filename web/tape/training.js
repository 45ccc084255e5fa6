// @ts-check
/**
 * Trains: one submission a step, at most two in flight, and the sums of losses and hits read back every few steps without waiting.
 * @import { Place, Moment } from './tape.js'
 * @import { Runner } from './runner.js'
 */
import { placeOf } from './tape.js';

/** Means over the images since the last reading. @typedef {{ step: number, epoch: number, loss: number, accuracy: number }} Reading */

const IN_FLIGHT = 2;
/** Steps between readings, once it has begun. */
const READING_EVERY = 5;
const FIRST_STEPS = 20;
const NOTHING_READ = { step: 0, epoch: 0, images: 0, loss: 0, hits: 0 };

export class Training {
  /**
   * @param {Runner} runner
   * @param {{ reading: (reading: Reading) => void, progress: (moment: Moment, imagesPerSecond: number) => void,
   *           stopped: (isOver: boolean) => void, failed: (error: unknown) => void }} observer
   */
  constructor(runner, observer) {
    this.runner = runner;
    this.observer = observer;
    this.sums = /** @type {Place} */ (placeOf(runner.tape, 'sums'));
    this.isRunning = false;
    this.isPaused = false;
    /** Steps that are still to be done. */
    this.left = 0;
    /** What no step may come into. @type {Promise<void>} */
    this.held = Promise.resolve();
    /** Readings of before a reset are thrown away. */
    this.generation = 0;
    /** Sums of the last reading, with the moment. @type {Moment & { loss: number, hits: number }} */
    this.last = NOTHING_READ;
    this.clock = { images: 0, start: 0 };
  }

  /** Back to the first step. */
  reset() {
    this.runner.reset();
    this.last = NOTHING_READ;
    this.generation++;
    this.clock = { images: 0, start: performance.now() };
  }

  /**
   * Trains until it is paused, for some steps, or to the end of the tape.
   * @param {number} steps
   */
  async start(steps = Infinity) {
    this.left = steps;
    this.isPaused = false;
    if (this.isRunning) {
      return;
    }
    this.isRunning = true;
    this.clock = { images: 0, start: performance.now() };
    try {
      // Whoever asks for more while the last steps are under way gets it.
      while (this.left > 0 && !this.isPaused && !this.isOver) {
        await this.someSteps();
      }
    } catch (error) {
      this.observer.failed(error);
    }
    this.isRunning = false;
    this.observer.stopped(this.isOver);
  }

  /** Whether all runs of the tape are done. */
  get isOver() {
    return this.runner.next >= this.runner.tape.runs.length;
  }

  /** Trains until it is to stop, and waits for the last step. */
  async someSteps() {
    /** @type {Promise<unknown>[]} */
    const inFlight = [];
    /** @type {Moment | undefined} */
    let unread;
    for (;;) {
      await this.free();
      const moment = this.left > 0 && !this.isPaused ? this.step() : undefined;
      if (!moment) {
        break;
      }
      this.left--;
      const { generation } = this;
      inFlight.push(this.runner.device.queue.onSubmittedWorkDone().then(() => this.finished(moment, generation)));
      unread = moment;
      if (moment.step <= FIRST_STEPS || moment.step % READING_EVERY === 0) {
        inFlight.push(this.read(moment));
        unread = undefined;
      }
      while (inFlight.length > IN_FLIGHT) {
        await inFlight.shift();
      }
    }
    if (unread) {
      inFlight.push(this.read(unread));
    }
    await Promise.all(inFlight);
  }

  /** Stops after the step that is under way. */
  pause() {
    this.isPaused = true;
  }

  /** Waits until nothing is done between two steps. */
  async free() {
    let held;
    do {
      held = this.held;
      await held;
    } while (held !== this.held);
  }

  /**
   * Does something between two steps, and lets nothing else come between: looking into a step, measuring, testing, a reset.
   * @template Result
   * @param {() => Promise<Result>} work
   * @returns {Promise<Result>}
   */
  between(work) {
    const done = this.held.then(work);
    // What fails is told to whoever asked for it, and what waits goes on.
    this.held = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  /** Submits all runs of the next step; nothing after the last. */
  step() {
    const { runner } = this;
    let run = runner.run();
    const moment = run?.moment;
    while (run && runner.tape.runs[runner.next]?.moment.step === run.moment.step) {
      run = runner.run();
    }
    return moment;
  }

  /**
   * @param {Moment} moment whose step is done
   * @param {number} generation when it was started
   */
  finished(moment, generation) {
    if (generation !== this.generation) {
      return;
    }
    const { runs } = this.runner.tape;
    const first = runs.findIndex(run => run.moment.step === moment.step);
    const before = runs[first - 1]?.moment;
    this.clock.images += moment.images - (before?.epoch === moment.epoch ? before.images : 0);
    const seconds = (performance.now() - this.clock.start) / 1e3;
    this.observer.progress(moment, this.clock.images / seconds);
  }

  /** @param {Moment} moment */
  async read(moment) {
    const { generation } = this;
    const [loss, hits] = new Float32Array(await this.runner.read(this.sums));
    if (generation !== this.generation) {
      return;
    }
    // The sums begin anew with each epoch.
    const since = this.last.epoch === moment.epoch ? this.last : { images: 0, loss: 0, hits: 0 };
    const images = moment.images - since.images;
    this.last = { ...moment, loss, hits };
    this.observer.reading({
      step: moment.step,
      epoch: moment.epoch,
      loss: (loss - since.loss) / images,
      accuracy: (hits - since.hits) / images,
    });
  }
}
