// @ts-check
/** A line chart that grows: step by step along x, one or two lines and the recording's points. */
import { short } from './element.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 640;
const HEIGHT = 240;
const LEFT = 46;
const RIGHT = 8;
const TOP = 10;
const BOTTOM = 26;

/** @typedef {[number, number]} Point */

export class Chart {
  /**
   * @param {string} name what is drawn, for screen readers too
   * @param {number} steps where the x axis ends
   * @param {string[]} lines their names, which are their classes too
   * @param {{ most?: number, least?: number }} range of the y axis; without `most` it follows the values
   */
  constructor(name, steps, lines, range) {
    this.name = name;
    this.steps = steps;
    this.range = range;
    this.element = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': name });
    this.axes = svg('g', { class: 'axes' });
    this.element.append(this.axes);
    /** @type {Record<string, { points: Point[], path: Element }>} */
    this.lines = {};
    for (const line of lines) {
      const path = svg('path', { class: `line ${line}` });
      this.lines[line] = { points: [], path };
      this.element.append(path);
    }
    this.dots = svg('g', { class: 'dots' });
    this.element.append(this.dots);
    /** @type {Point[]} */
    this.expected = [];
    /** @type {number[]} */
    this.marks = [];
    /** @type {number | undefined} */
    this.frame = undefined;
    this.draw();
  }

  /** The recording's points. @param {Point[]} points */
  expect(points) {
    this.expected = points;
    this.draw();
  }

  /**
   * @param {string} line
   * @param {Point} point
   */
  add(line, point) {
    this.lines[line].points.push(point);
    // Many points come in a frame; they are drawn once.
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.draw();
    });
  }

  /** A mark on the x axis. @param {number} step */
  mark(step) {
    this.marks.push(step);
    this.draw();
  }

  clear() {
    this.marks = [];
    Object.values(this.lines).forEach(line => (line.points = []));
    this.draw();
  }

  draw() {
    const drawn = Object.values(this.lines)
      .flatMap(line => line.points)
      .concat(this.expected);
    const values = drawn.map(([, y]) => y).filter(Number.isFinite);
    const least = this.range.least ?? 0;
    const most = this.range.most ?? Math.min(1.08 * Math.max(...values, 1), 10);
    const x = (/** @type {number} */ step) => LEFT + (step / this.steps) * (WIDTH - LEFT - RIGHT);
    const y = (/** @type {number} */ value) =>
      TOP + (1 - (Math.min(value, most) - least) / (most - least)) * (HEIGHT - TOP - BOTTOM);
    const marks = this.marks.map(step => svg('line', { class: 'mark', x1: x(step), x2: x(step), y1: TOP, y2: HEIGHT - BOTTOM }));
    this.axes.replaceChildren(...gridOf(least, most, this.steps, x, y), ...marks);
    for (const { points, path } of Object.values(this.lines)) {
      // A value that is no number makes a gap.
      let pen = 'M';
      const parts = points.map(([step, value]) => {
        // A point by itself is a line of no length, with round ends.
        const part = Number.isFinite(value) ? `${pen}${x(step).toFixed(1)} ${y(value).toFixed(1)}h0` : '';
        pen = part ? 'L' : 'M';
        return part;
      });
      path.setAttribute('d', parts.join(''));
    }
    this.dots.replaceChildren(...this.expected.map(([step, value]) => svg('circle', { cx: x(step), cy: y(value), r: 3.5 })));
    const latest = Object.entries(this.lines).map(([line, { points }]) => {
      const last = points.at(-1);
      return last ? `${line} ${short(last[1])} at step ${last[0]}` : '';
    });
    this.element.setAttribute('aria-label', `${this.name}: ${latest.filter(Boolean).join(', ') || 'nothing yet'}`);
  }
}

/**
 * @param {number} least
 * @param {number} most
 * @param {number} steps
 * @param {(step: number) => number} x
 * @param {(value: number) => number} y
 */
function gridOf(least, most, steps, x, y) {
  const parts = [];
  for (const value of ticks(least, most)) {
    parts.push(svg('line', { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }));
    parts.push(label(short(value), LEFT - 6, y(value) + 4, 'end'));
  }
  for (const step of ticks(0, steps)) {
    parts.push(label(`${step}`, x(step), HEIGHT - 8, step === 0 ? 'start' : step === steps ? 'end' : 'middle'));
  }
  return parts;
}

/** Some four round numbers in a range. @param {number} least @param {number} most */
function ticks(least, most) {
  const rough = (most - least) / 4;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map(factor => factor * size).find(one => one >= rough) ?? rough;
  const first = Math.ceil(least / step);
  return Array.from({ length: Math.floor(most / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(6)));
}

/**
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {string} anchor
 */
function label(text, x, y, anchor) {
  const made = svg('text', { x, y, 'text-anchor': anchor });
  made.textContent = text;
  return made;
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function svg(name, attributes) {
  const made = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, `${value}`));
  return made;
}
