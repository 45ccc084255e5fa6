// @ts-check
/**
 * What is behind a wrong result: the counterpart of src/lessons/exercises/diagnosis.rs.
 * @import { Exercise } from './data.js'
 * @import { LessonOutcome } from './outcome.js'
 */
import { barrierCount } from './barriers.js';

/**
 * The mistake behind these outcomes of a reader's text, in words, or nothing.
 *
 * The usual mistakes of the exercise are run too: the one that gives the same results at all sizes is it. If there is none, the
 * results themselves say something.
 * @param {Exercise} exercise
 * @param {string} text
 * @param {LessonOutcome[]} outcomes
 * @param {() => Promise<LessonOutcome[]>} again what another run of the reader's kernel gives
 * @param {(text: string) => Promise<LessonOutcome[]>} outcomesOf what a text of the exercise's own gives
 */
export async function lessonDiagnosis(exercise, text, outcomes, again, outcomesOf) {
  if (text.trim() === exercise.text.trim()) {
    return 'the gap is still empty: the file is as it was handed out';
  }
  /** @param {LessonOutcome[]} others */
  const same = others => others.length === outcomes.length && outcomes.every((own, i) => own.isLike(others[i]));
  if (!same(await again())) {
    return (
      'another run gives other results: some thread reads what another one has not written yet, or both write the same element. ' +
      'Is there a workgroupBarrier() between writing and reading?'
    );
  }
  for (const mistake of exercise.mistakes) {
    if (same(await outcomesOf(mistake.text))) {
      return mistake.words;
    }
  }
  if (barrierCount(text) < barrierCount(exercise.solution)) {
    return (
      'a workgroupBarrier() is missing: what one thread writes into workgroup memory, others may read only after one, and what ' +
      'they still read may be written over only after another'
    );
  }
  if (same(await outcomesOf(exercise.text))) {
    return (
      'your code changes nothing in the results: does every thread return before it writes, or is a loop never entered, or ' +
      'never left?'
    );
  }
  const wrong = outcomes.findLast(outcome => !outcome.isRight);
  return wrong ? patternOf(wrong) : '';
}

/**
 * What the values themselves say.
 * @param {LessonOutcome} outcome
 */
function patternOf(outcome) {
  const { output, expected, wrong, rules } = outcome;
  /** @param {(i: number) => boolean} is */
  const allWrong = is => wrong.length > 0 && wrong.every(is);
  if (outcome.writtenBehind >= 0) {
    return 'something was written behind the end of the output: by a thread without an element, or by a loop that goes one too far';
  }
  const first = output.indexOf(rules.untouched);
  if (first >= 0) {
    const place = outcome.place(first);
    return `not all elements were written; the first that was not is ${place}: which thread has it, in which round of its loop?`;
  }
  /** @param {number} value @param {number} to */
  const close = (value, to) => Math.abs(value - to) <= 1e-3 * Math.abs(to) + 1e-2;
  if (allWrong(i => close(output[i], expected[i] + rules.untouched))) {
    return 'what stood in the output before was added: write it with =, not with +=';
  }
  if (wrong.some(i => Math.abs(output[i]) >= 1e-6 * rules.behind && Number.isFinite(output[i]))) {
    const behind = rules.behind.toExponential(0).replace('e+', 'e');
    return `a huge number came in: an element behind the end of an input was used, where the check has put ${behind}`;
  }
  if (wrong.some(i => !Number.isFinite(output[i]))) {
    return 'some results are infinite or not a number: 0 / 0, infinity less infinity, or exp of a large number';
  }
  if (allWrong(i => output[i] === 0)) {
    return 'all wrong values are 0';
  }
  /** @param {number} i */
  const ratio = i => output[i] / expected[i];
  const factor = ratio(wrong[0]);
  if (wrong.length > 1 && allWrong(i => Math.abs(ratio(i) / factor - 1) < 1e-3)) {
    return `every wrong value is ${factor.toFixed(4)} times what it should be: a factor`;
  }
  /** @param {number} i */
  const isElsewhere = i => expected.some(value => Math.abs(output[i] - value) < 1e-5 * Math.abs(value));
  if (wrong.length > 1 && allWrong(isElsewhere)) {
    return 'the values are right, but in other places: look at the index that is written or read';
  }
  return '';
}
