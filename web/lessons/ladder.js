// @ts-check
/**
 * The views of a ladder and of one of its steps.
 * @import { Ladder } from './data.js'
 * @import { LessonContext } from './exercise.js'
 * @import { LessonTimes } from './times.js'
 */
import { duration, element } from '../page/element.js';
import { withCode } from '../page/words.js';
import { LessonDesk } from './desk.js';
import { LessonStatus } from './status.js';

/**
 * @param {LessonContext} context
 * @param {Ladder} ladder
 * @param {LessonTimes} times
 * @returns {HTMLElement[]}
 */
export function ladderView({ checker }, ladder, times) {
  const status = new LessonStatus('About the whole ladder');
  status.say(element('p', { className: 'note' }, 'Not timed yet.'));
  const timeAll = async () => {
    const own = await checker();
    let right = 0;
    for (const [i, { text, title }] of ladder.steps.entries()) {
      status.say(element('p', {}, `Checks and times ${title} …`));
      try {
        const { isRight } = await own.step(ladder, text);
        times.record(i + 1, false, isRight ? await own.time(ladder, text, times.sizes) : 'wrong here, so not timed');
        right += isRight ? 1 : 0;
      } catch (error) {
        times.record(i + 1, false, error instanceof Error ? error.message : String(error));
      }
    }
    status.say(element('p', {}, `${right} of ${ladder.steps.length} steps are right here, and were timed.`));
  };
  const onclick = () => status.during('Checks and times …', timeAll);
  const steps = ladder.steps.flatMap(({ title, why }, i) => [
    element('h3', {}, element('a', { href: `#lessons/ladder/${ladder.name}/${i + 1}` }, title)),
    element('p', {}, ...withCode(why)),
  ]);
  return [
    element('h2', { tabIndex: -1 }, `Ladder: ${ladder.name}`),
    element('p', { className: 'lesson-equation' }, ladder.computes),
    times.element,
    element(
      'div',
      { className: 'lesson-buttons' },
      element('button', { type: 'button', className: 'main', onclick }, 'Check and time all steps'),
    ),
    status.element,
    ...steps,
  ];
}

/**
 * @param {LessonContext} context
 * @param {Ladder} ladder
 * @param {number} number of the step, from 1
 * @param {LessonTimes} times
 * @returns {HTMLElement[]}
 */
export function stepView({ texts, checker }, ladder, number, times) {
  const { file, title, why, text } = ladder.steps[number - 1];
  const check = async () => {
    const verdict = await (await checker()).step(ladder, desk.text);
    desk.sayVerdict(verdict, ['Right: as in double precision.'], 'It is wrong.');
    return verdict;
  };
  const desk = new LessonDesk(texts, `${ladder.name}/${file}`, text, `the kernel ${ladder.name} ${file}`, check);
  const time = async () => {
    const { text, isOriginal } = desk;
    // How fast a wrong kernel is says nothing.
    if (!(await check()).isRight) {
      return;
    }
    desk.status.say(element('p', {}, 'Right. It is timed …'));
    const measured = await (await checker()).time(ladder, text, times.sizes);
    times.record(number, !isOriginal, measured);
    desk.status.say(element('p', { className: 'good' }, `Right, and a run takes ${duration(measured.seconds)}.`));
  };
  desk.addButton('Time', () => desk.status.during('Checks, then times …', time));
  const place = `#lessons/ladder/${ladder.name}`;
  const neighbours = element(
    'nav',
    { className: 'lesson-neighbours', 'aria-label': 'Steps' },
    number > 1 && element('a', { href: `${place}/${number - 1}` }, 'The step before'),
    element('a', { href: place }, 'The whole ladder'),
    number < ladder.steps.length && element('a', { href: `${place}/${number + 1}` }, 'The next step'),
  );
  return [
    element('h2', { tabIndex: -1 }, title),
    element('p', { className: 'lesson-equation' }, ladder.computes),
    element('p', {}, ...withCode(why)),
    desk.element,
    times.element,
    neighbours,
  ];
}
