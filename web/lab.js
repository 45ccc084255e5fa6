// @ts-check
/**
 * The lab: a recorded training as a page. Reads what is in the page, finds the GPU, and keeps the parts together.
 * @import { About } from './about.js'
 * @import { Tape } from './tape/tape.js'
 */
import { readAbout } from './about.js';
import { Controls } from './views/controls.js';
import { DeviceView } from './views/device_view.js';
import { DispatchView } from './views/dispatch_view.js';
import { byId, element } from './page/element.js';
import { embedded, embeddedJson } from './page/embedded.js';
import { findGpu } from './page/gpu.js';
import { Inspector } from './tape/inspect.js';
import { LessonsView } from './lessons/lessons.js';
import { Links } from './tape/links.js';
import { NetworkView } from './views/network_view.js';
import { Predictor } from './tape/predictor.js';
import { Runner } from './tape/runner.js';
import { piece, placeOf, readTape } from './tape/tape.js';
import { TrainView } from './views/train_view.js';
import { Training } from './tape/training.js';

/** The images that are not trained on: their numbers among those of the tape, and their labels. */
/** @typedef {{ numbers: number[], labels: number[] }} Held */

/** What helps when something has failed. */
const RELOAD = 'Reload the page to begin again.';
const VIEWS = ['train', 'network', 'dispatch', 'lessons', 'device'];

export class Lab {
  /**
   * @param {Tape} tape
   * @param {About} about
   * @param {Held} held
   * @param {any} lessons
   */
  constructor(tape, about, held, lessons) {
    this.tape = tape;
    this.about = about;
    this.held = held;
    const images = tape.places.find(({ name }) => name === 'images');
    this.images = images ? piece(tape, tape.buffers[images.buffer].contents) : new Uint8Array();
    this.predictedAtOnce = placeOf(tape, 'input')?.shape[0] ?? 0;
    /** Kernels that the reader has changed, by their number. @type {Map<number, string>} */
    this.changes = new Map();
    /** What a reader has typed, by the kernel. @type {Map<number, string>} */
    this.drafts = new Map();
    /** @type {Runner | undefined} */
    this.runner = undefined;
    /** @type {Promise<GPUDevice | null> | undefined} */
    this.ofLessons = undefined;
    /** @type {Inspector | undefined} */
    this.inspector = undefined;
    this.problem = '';
    this.train = new TrainView(this);
    this.network = new NetworkView(this);
    this.dispatch = new DispatchView(this);
    this.device = new DeviceView(this);
    this.controls = new Controls(this);
    this.lessons = new LessonsView(lessons, () => this.lessonDevice());
  }

  /** Finds the GPU and gets the tape ready. */
  async start() {
    this.controls.say('Looking for a GPU …');
    const found = await findGpu();
    if ('problem' in found) {
      this.fail(found.problem, element('a', { href: '#device' }, 'What to do'));
      this.showAgain();
      return;
    }
    const { device } = found;
    device.lost.then(({ message }) => this.fail(`The GPU was lost: ${message}`, RELOAD));
    device.addEventListener('uncapturederror', event =>
      this.fail(/** @type {GPUUncapturedErrorEvent} */ (event).error.message, RELOAD),
    );
    const runner = new Runner(device, this.tape);
    await runner.prepare((done, all) => this.controls.compiling(done, all));
    this.runner = runner;
    this.inspector = new Inspector(runner);
    this.predictor = new Predictor(runner, this.about.normalisation);
    this.training = new Training(runner, {
      reading: reading => this.train.reading(reading),
      progress: (moment, speed) => this.controls.progress(moment, speed),
      stopped: isOver => this.stopped(isOver),
      failed: error => this.fail(messageOf(error), RELOAD),
    });
    this.device.found(found);
    this.controls.ready();
    this.network.measure.disabled = false;
    this.showAgain();
    await this.train.look();
  }

  /** A dispatch has something else to show now; in a lesson nothing changes under the reader. */
  showAgain() {
    if (location.hash.startsWith('#dispatch')) {
      this.show();
    }
  }

  /**
   * A device for the lessons alone: a kernel that never ends loses it, and then there is another one.
   * @returns {Promise<GPUDevice | null>}
   */
  lessonDevice() {
    this.ofLessons ??= findGpu().then(found => {
      if ('problem' in found) {
        return null;
      }
      found.device.lost.then(() => (this.ofLessons = undefined));
      return found.device;
    });
    return this.ofLessons;
  }

  /** @param {boolean} isOver */
  async stopped(isOver) {
    this.controls.stopped(isOver);
    await this.train.look(true);
  }

  /** Steps that are done, or on their way to the GPU. */
  stepsDone() {
    return this.tape.runs[(this.runner?.next ?? 0) - 1]?.moment.step ?? 0;
  }

  /**
   * @param {string} problem
   * @param {Node | string} remedy
   */
  fail(problem, remedy) {
    this.problem = problem;
    this.training?.pause();
    this.controls.failed(problem, remedy);
    this.device.failed(problem, this.runner !== undefined);
  }

  /** Why nothing can be run, in words. */
  whyNot() {
    return this.problem || 'The kernels are being compiled.';
  }

  async reset() {
    await this.between(async () => this.training?.reset());
    this.train.clear();
  }

  /**
   * Does something between two steps; what fails is shown.
   * @template Result
   * @param {() => Promise<Result>} work
   * @returns {Promise<Result | undefined>}
   */
  async between(work) {
    try {
      return await this.training?.between(work);
    } catch (error) {
      this.fail(messageOf(error), RELOAD);
      return undefined;
    }
  }

  /** @param {number} program */
  linksOf(program) {
    return new Links(this.tape, program);
  }

  /**
   * Some of the images that are not trained on, one after the other.
   * @param {number} from
   * @param {number} to
   */
  heldImages(from, to) {
    const { height, width, channels } = this.about.shape;
    const size = height * width * channels;
    const images = new Uint8Array((to - from) * size);
    this.held.numbers
      .slice(from, to)
      .forEach((image, i) => images.set(this.images.subarray(image * size, (image + 1) * size), i * size));
    return images;
  }

  /** The text of a kernel, as it is run now. @param {number} kernel */
  textOf(kernel) {
    return this.changes.get(kernel) ?? this.tape.kernels[kernel].text;
  }

  /** @param {number} kernel */
  isChanged(kernel) {
    return this.changes.has(kernel);
  }

  /**
   * From now on all dispatches of a kernel run with this text.
   * @param {number} kernel
   * @param {string} text
   * @param {GPUShaderModule} module
   */
  async change(kernel, text, module) {
    const { runner } = this;
    if (runner) {
      const steps = runner.programs.flat().filter(step => step.dispatch.kernel === kernel);
      const pipelines = await Promise.all(steps.map(step => runner.pipeline(step.dispatch, step.layout, module)));
      steps.forEach((step, i) => (step.pipeline = pipelines[i]));
      this.changes.set(kernel, text);
      this.controls.changed(this.changes.size);
      this.train.mark();
    }
  }

  /** Runs the kernel of the tape again. @param {number} kernel */
  restore(kernel) {
    for (const step of this.runner?.programs.flat() ?? []) {
      if (step.dispatch.kernel === kernel) {
        step.pipeline = step.original;
      }
    }
    this.changes.delete(kernel);
    this.controls.changed(this.changes.size);
  }

  restoreAll() {
    [...this.changes.keys()].forEach(kernel => this.restore(kernel));
    this.show();
  }

  /** Shows the part that the address names, such as `#dispatch/0/17`. */
  show() {
    const [name, ...path] = location.hash.slice(1).split('/').filter(Boolean);
    const view = VIEWS.includes(name) ? name : VIEWS[0];
    const numbers = path.map(Number);
    for (const link of document.querySelectorAll('nav a')) {
      const isShown = link.getAttribute('href') === `#${view}` || (view === 'dispatch' && link.getAttribute('href') === '#network');
      if (isShown) {
        link.setAttribute('aria-current', 'page');
      } else {
        link.removeAttribute('aria-current');
      }
    }
    if (view === 'dispatch') {
      this.dispatch.show(numbers[0] ?? 0, numbers[1] ?? 0);
    } else if (view === 'lessons') {
      this.lessons.show(path);
    }
    const shown = { train: this.train, network: this.network, dispatch: this.dispatch, lessons: this.lessons, device: this.device }[
      view
    ];
    const main = byId('main');
    const isOther = main.firstElementChild !== shown?.element;
    main.replaceChildren(/** @type {HTMLElement} */ (shown?.element));
    if (isOther || view === 'dispatch') {
      scrollTo({ top: 0 });
    }
  }
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : `${error}`;
}

/** Opens the page. */
export async function openLab() {
  try {
    const tape = await readTape(embedded('tape'));
    const lab = new Lab(tape, readAbout(), embeddedJson('held'), embeddedJson('lessons'));
    byId('controls').append(lab.controls.element);
    // For whoever wants to look at it from the browser's console.
    Object.assign(globalThis, { lab });
    addEventListener('hashchange', () => lab.show());
    addEventListener('unhandledrejection', event => lab.fail(messageOf(event.reason), RELOAD));
    const count = Number(new URLSearchParams(location.search).get('test'));
    if (count > 0) {
      location.hash = '#device';
    }
    lab.show();
    await lab.start().catch(error => lab.fail(messageOf(error), element('a', { href: '#device' }, 'What to do')));
    if (count > 0) {
      await lab.device.test(count);
    }
  } catch (error) {
    byId('main').replaceChildren(element('p', { className: 'problem', role: 'alert' }, `This page cannot be opened: ${error}`));
    throw error;
  }
}
