// @ts-check
/**
 * Checks a reader's kernel as `selvedge exercise` and `selvedge lesson` do.
 * @import { Said } from '../tape/compile.js'
 * @import { Exercise, Ladder, LessonCase, LessonRules } from './data.js'
 * @import { LessonKernel } from './run.js'
 */
import { misplacedBarrier } from './barriers.js';
import { atLessonSizes, lessonFloats } from './data.js';
import { lessonDiagnosis } from './diagnosis.js';
import { LessonLaunch } from './launch.js';
import { LessonOutcome } from './outcome.js';
import { lessonKernel, whyNotRun } from './run.js';
import { secondsOfRun } from './time.js';

/**
 * What is said about a kernel: what came out at each of the sizes, or what the compiler refuses; what is behind it, if it can be
 * said. The results may be right and something be wrong all the same, where this device hides the mistake.
 */
export class LessonVerdict {
  /**
   * @param {Said[]} said what the compiler said
   * @param {LessonOutcome[]} outcomes none where it does not compile
   * @param {string} diagnosis
   */
  constructor(said, outcomes, diagnosis) {
    this.said = said;
    this.outcomes = outcomes;
    this.diagnosis = diagnosis;
  }

  get isRight() {
    return this.outcomes.length > 0 && this.diagnosis === '' && this.outcomes.every(outcome => outcome.isRight);
  }
}

export class LessonChecker {
  /**
   * @param {GPUDevice} device
   * @param {LessonRules} rules
   */
  constructor(device, rules) {
    this.device = device;
    this.rules = rules;
    /** What the texts that do not change gave on this device. @type {Map<string, Promise<LessonOutcome[]>>} */
    this.known = new Map();
  }

  /**
   * Runs a text at all sizes of an exercise, and says what is wrong.
   * @param {Exercise} exercise
   * @param {string} text
   */
  async exercise(exercise, text) {
    const { letters, cases } = exercise;
    // At which sizes it is checked is not for the reader's text to say.
    const { said, kernel } = await this.compiled(text, letters, cases);
    const misplaced = misplacedBarrier(text);
    if (!kernel) {
      return new LessonVerdict(said, [], misplaced);
    }
    const again = () => this.outcomes(kernel, letters, cases);
    const outcomes = await again();
    if (misplaced || outcomes.every(outcome => outcome.isRight)) {
      return new LessonVerdict(said, outcomes, misplaced);
    }
    /** @param {string} own */
    const outcomesOf = own => this.outcomesOfKnown(exercise, own);
    return new LessonVerdict(said, outcomes, await lessonDiagnosis(exercise, text, outcomes, again, outcomesOf));
  }

  /**
   * What a text of the exercise's own gives, which is asked again with every check.
   * @param {Exercise} exercise
   * @param {string} text
   */
  outcomesOfKnown({ letters, cases }, text) {
    const known = this.known.get(text);
    if (known) {
      return known;
    }
    const outcomes = this.compiled(text, letters, cases).then(({ kernel }) =>
      kernel ? this.outcomes(kernel, letters, cases) : [],
    );
    this.known.set(text, outcomes);
    return outcomes;
  }

  /**
   * Runs a text at the awkward sizes of a ladder, made to fit it.
   * @param {Ladder} ladder
   * @param {string} text
   */
  async step({ letters, awkward, cases }, text) {
    const { said, kernel } = await this.compiled(text, letters, cases);
    if (!kernel) {
      return new LessonVerdict(said, [], '');
    }
    const fitting = awkward.map(sizes => atLessonSizes(cases, letters, kernel.launch.fitting(sizes)));
    return new LessonVerdict(said, await this.outcomes(kernel, letters, fitting), '');
  }

  /**
   * The time that a text takes at sizes of its ladder, made to fit it, on random numbers.
   * @param {Ladder} ladder
   * @param {string} text
   * @param {number[]} sizes
   */
  async time({ letters, cases, lengths }, text, sizes) {
    const { kernel } = await this.compiled(text, letters, cases);
    if (!kernel) {
      throw new Error('it does not compile');
    }
    return await secondsOfRun(kernel, atLessonSizes(lengths, letters, kernel.launch.fitting(sizes)));
  }

  /**
   * @param {string} text
   * @param {string[]} letters
   * @param {LessonCase[]} cases
   */
  async compiled(text, letters, cases) {
    const launch = new LessonLaunch(text, letters, this.rules);
    const whyNot = whyNotRun(this.device, launch);
    if (whyNot) {
      throw new Error(whyNot);
    }
    return await lessonKernel(this.device, launch, text, cases[0].inputs.length);
  }

  /**
   * What a kernel gives at each of these sizes.
   * @param {LessonKernel} kernel
   * @param {string[]} letters
   * @param {LessonCase[]} cases
   */
  async outcomes(kernel, letters, cases) {
    const outcomes = [];
    for (const one of cases) {
      const inputs = one.inputs.map(lessonFloats);
      const length = one.shape.reduce((product, size) => product * size, 1);
      const values = await kernel.output(one.sizes, inputs, length);
      outcomes.push(new LessonOutcome(this.rules, letters, one, inputs, values));
    }
    return outcomes;
  }
}
