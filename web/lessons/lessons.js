// @ts-check
/**
 * The ladders and exercises of lessons/, to read, to change and to run in the page.
 * @import { Exercise, Ladder, Lessons } from './data.js'
 * @import { LessonContext } from './exercise.js'
 */
import { element } from '../page/element.js';
import { LessonChecker } from './check.js';
import { exerciseView, solvedKey } from './exercise.js';
import { ladderView, stepView } from './ladder.js';
import { LessonTexts } from './texts.js';
import { LessonTimes } from './times.js';

export class LessonsView {
  /**
   * @param {Lessons} lessons
   * @param {() => Promise<GPUDevice | null>} getDevice
   */
  constructor(lessons, getDevice) {
    this.element = element('div', { className: 'lesson-view' });
    this.lessons = lessons;
    this.getDevice = getDevice;
    /** @type {LessonContext} */
    this.context = { lessons, texts: new LessonTexts(), checker: () => this.checkerOfDevice() };
    this.times = new Map(lessons.ladders.map(ladder => [ladder, new LessonTimes(ladder)]));
    /** @type {LessonChecker | undefined} */
    this.checker = undefined;
    this.wasShown = false;
  }

  /** Another one where a device was lost and the page has a new one. */
  async checkerOfDevice() {
    const device = await this.getDevice();
    if (!device) {
      throw new Error('this browser gives the page no GPU by WebGPU. Everything can be read, but nothing can be run.');
    }
    if (this.checker?.device !== device) {
      this.checker = new LessonChecker(device, this.lessons.rules);
    }
    return this.checker;
  }

  /**
   * Shows a place: `[]` all lessons, `['exercise', '7']`, `['ladder', 'matmul']`, `['ladder', 'matmul', '3']`.
   * @param {string[]} path
   */
  show(path) {
    const inside = this.inside(path);
    const back = element('p', {}, element('a', { href: '#lessons' }, 'All lessons'));
    this.element.replaceChildren(...(inside ? [back, ...inside] : this.list()));
    // Whoever follows a link goes on reading there; at first the page decides.
    if (this.wasShown) {
      this.element.querySelector('h2')?.focus();
    }
    this.wasShown = true;
  }

  /**
   * What is at a place; nothing if there is no such lesson.
   * @param {string[]} path
   */
  inside([kind, name, step]) {
    const { ladders, exercises } = this.lessons;
    if (kind === 'exercise') {
      const exercise = exercises.find(({ number }) => String(number) === name);
      return exercise && exerciseView(this.context, exercise);
    }
    const ladder = kind === 'ladder' ? ladders.find(ladder => ladder.name === name) : undefined;
    const times = ladder && this.times.get(ladder);
    if (!ladder || !times) {
      return undefined;
    }
    const number = Number(step);
    return ladder.steps[number - 1] ? stepView(this.context, ladder, number, times) : ladderView(this.context, ladder, times);
  }

  list() {
    const { ladders, exercises } = this.lessons;
    return [
      element('h2', { tabIndex: -1 }, 'Ladders'),
      element('p', {}, 'From the definition of a computation to a fast kernel. Each step can be changed, checked and timed.'),
      element('ul', { className: 'lesson-list' }, ...ladders.map(ladder => this.ofLadder(ladder))),
      element('h2', {}, 'Exercises'),
      element('p', {}, 'Kernels with a gap. Yours is checked at awkward sizes, and the usual mistakes are named.'),
      element('ol', { className: 'lesson-list' }, ...exercises.map(exercise => this.ofExercise(exercise))),
    ];
  }

  /** @param {Ladder} ladder */
  ofLadder({ name, computes, steps }) {
    return element(
      'li',
      {},
      element('a', { href: `#lessons/ladder/${name}` }, name),
      `, ${steps.length} steps: `,
      element('span', { className: 'note' }, computes),
    );
  }

  /** @param {Exercise} exercise */
  ofExercise(exercise) {
    const { texts } = this.context;
    const begun = texts.get(exercise.file) === undefined ? '' : 'begun';
    return element(
      'li',
      {},
      element('a', { href: `#lessons/exercise/${exercise.number}` }, exercise.title.replace('Exercise ', '')),
      ' ',
      element('strong', { className: 'good' }, texts.get(solvedKey(exercise)) ? 'solved' : begun),
    );
  }
}
