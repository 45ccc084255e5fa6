// @ts-check
/**
 * The table of what was measured of a ladder.
 * @import { Ladder } from './data.js'
 */
import { duration, element, short } from '../page/element.js';
import { sizesInWords } from './data.js';

/** What was measured of a kernel, or why nothing was. @typedef {{ sizes: number[], seconds: number } | string} Measured */

export class LessonTimes {
  /** @param {Ladder} ladder */
  constructor(ladder) {
    this.ladder = ladder;
    /** By the number of a step, and for a reader's version of it by that number and a half. @type {Map<number, Measured>} */
    this.measured = new Map();
    const options = ladder.timed.map((sizes, i) => element('option', { value: String(i) }, sizesInWords(ladder.letters, sizes)));
    const onchange = () => {
      this.measured.clear();
      this.draw();
    };
    this.select = element('select', { onchange }, ...options);
    this.rows = element('tbody');
    const headings = ['Step', 'Time', 'Rate', 'Times step 1'].map(words => element('th', { scope: 'col' }, words));
    this.element = element(
      'div',
      { className: 'lesson-times' },
      element('label', {}, 'Timed at ', this.select),
      element('table', {}, element('thead', {}, element('tr', {}, ...headings)), this.rows),
      element('p', { className: 'note' }, 'Speed-up over step 1: by rate, since a step may run at other sizes.'),
    );
    this.draw();
  }

  /** The sizes to time at, before a step makes them fit. */
  get sizes() {
    return this.ladder.timed[this.select.selectedIndex];
  }

  /**
   * @param {number} step from 1
   * @param {boolean} isOwn whether it is the reader's version of the step
   * @param {Measured} measured
   */
  record(step, isOwn, measured) {
    this.measured.set(isOwn ? step + 0.5 : step, measured);
    this.draw();
  }

  draw() {
    const own = [...this.measured.keys()].filter(key => !Number.isInteger(key));
    const keys = [...this.ladder.steps.keys()].map(i => i + 1);
    this.rows.replaceChildren(...[...keys, ...own].sort((a, b) => a - b).map(key => this.row(key)));
  }

  /** @param {number} key */
  row(key) {
    const { name, steps, letters } = this.ladder;
    const number = Math.floor(key);
    const measured = this.measured.get(key);
    const step = element('a', { href: `#lessons/ladder/${name}/${number}` }, steps[number - 1].file.replace('.wgsl', ''));
    const cells = [element('th', { scope: 'row' }, step, key > number && ', yours')];
    if (typeof measured === 'string') {
      cells.push(element('td', { colSpan: 3, className: 'note' }, measured));
      return element('tr', {}, ...cells);
    }
    if (measured && measured.sizes.some((size, i) => size !== this.sizes[i])) {
      cells[0].append(element('small', {}, ` at ${sizesInWords(letters, measured.sizes)}`));
    }
    const first = this.rate(this.measured.get(1));
    const rate = this.rate(measured);
    cells.push(
      element('td', {}, measured ? duration(measured.seconds) : '–'),
      element('td', {}, measured ? `${short(rate)}FLOP/s` : '–'),
      element('td', {}, measured && first > 0 ? (rate / first).toFixed(2) : '–'),
    );
    return element('tr', {}, ...cells);
  }

  /**
   * Operations a second.
   * @param {Measured | undefined} measured
   */
  rate(measured) {
    if (!measured || typeof measured === 'string') {
      return 0;
    }
    return measured.sizes.reduce((product, size) => product * size, this.ladder.operations) / measured.seconds;
  }
}
