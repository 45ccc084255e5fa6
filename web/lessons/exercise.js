// @ts-check
/**
 * The view of an exercise.
 * @import { Exercise, Lessons } from './data.js'
 * @import { LessonChecker } from './check.js'
 * @import { LessonTexts } from './texts.js'
 */
import { element } from '../page/element.js';
import { highlighted } from '../page/highlight.js';
import { withCode } from '../page/words.js';
import { LessonDesk } from './desk.js';

/**
 * What all views of lessons share; `checker` fails where nothing can be run.
 * @typedef {{ lessons: Lessons, texts: LessonTexts, checker: () => Promise<LessonChecker> }} LessonContext
 */

/**
 * The key under which it is kept that an exercise is solved.
 * @param {Exercise} exercise
 */
export function solvedKey(exercise) {
  return `${exercise.file} is solved`;
}

/**
 * @param {LessonContext} context
 * @param {Exercise} exercise
 * @returns {HTMLElement[]}
 */
export function exerciseView({ lessons, texts, checker }, exercise) {
  const { number, file, title, task, hint, solution } = exercise;
  const next = lessons.exercises[number];
  /** @type {(Node | string)[]} */
  const right = ['Solved. '];
  right.push(next ? element('a', { href: `#lessons/exercise/${next.number}` }, `Next: ${next.title}`) : 'It was the last one.');

  const desk = new LessonDesk(texts, file, exercise.text, `the kernel of exercise ${number}`, async () => {
    const { text } = desk;
    const own = await checker();
    const verdict = await own.exercise(exercise, text);
    if (verdict.isRight) {
      texts.set(solvedKey(exercise), 'yes');
    }
    const hidesRaces = solution.includes('workgroupBarrier') && own.device.adapterInfo?.isFallbackAdapter;
    const races = hidesRaces
      ? [' (This driver runs on the processor, which hides some races: do no two threads write the same element at once?)']
      : [];
    desk.sayVerdict(verdict, [...right, ...races], 'Not solved yet.');
  });

  const solved = element(
    'section',
    { className: 'lesson-solution', hidden: true },
    element('h3', { tabIndex: -1 }, 'A solution'),
    element('pre', { className: 'header', tabIndex: 0 }, ...highlighted(solution)),
  );
  desk.addButton('Hint', () => desk.status.say(element('p', {}, element('strong', {}, 'A hint: '), ...withCode(hint))));
  const show = desk.addButton('Solution', () => {
    solved.hidden = !solved.hidden;
    show.setAttribute('aria-expanded', String(!solved.hidden));
    if (!solved.hidden) {
      solved.querySelector('h3')?.focus();
    }
  });
  show.setAttribute('aria-expanded', 'false');
  const heading = element('h2', { tabIndex: -1 }, title);
  return [heading, element('p', {}, element('strong', {}, 'Task: '), ...withCode(task)), desk.element, solved];
}
