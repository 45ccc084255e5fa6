// @ts-check
/**
 * A tensor of a dispatch: a picture, a histogram, and what is worth knowing of its numbers.
 * @import { Part } from '../tape/tape.js'
 * @import { Statistics } from './tensor.js'
 */
import { element, short } from '../page/element.js';
import { valuesOf } from '../tape/values.js';
import { colorsOf, drawSheet, sheetOf, statisticsOf } from './tensor.js';

/**
 * @param {Part} part
 * @param {ArrayBuffer} bytes
 * @param {{ isFilter: boolean, title: string }} about
 */
export function tensorView(part, bytes, { isFilter, title }) {
  const values = valuesOf(bytes, part);
  const statistics = statisticsOf(values);
  const shape = part.shape.length > 0 ? part.shape : [values.length];
  const canvas = element('canvas', { className: 'pixels tensor', role: 'img', 'aria-label': title });
  const what = element('span', {});
  const draw = (/** @type {number} */ image) => {
    const sheet = sheetOf(shape, isFilter, image);
    drawSheet(canvas, values, sheet, statistics);
    what.textContent = sheet.what + (sheet.left > 0 ? `, ${sheet.left} more are not shown` : '');
  };
  draw(0);
  const images = shape.length === 4 && !isFilter ? shape[0] : 1;
  const choice =
    images > 1 &&
    element('input', {
      type: 'range',
      min: '0',
      max: `${images - 1}`,
      value: '0',
      'aria-label': 'which image',
      oninput: (/** @type {any} */ event) => draw(Number(event.target.value)),
    });
  return element(
    'figure',
    { className: 'tensor-view' },
    element('figcaption', {}, element('b', {}, title)),
    canvas,
    choice,
    histogram(statistics),
    element('p', { className: 'note' }, what),
    element('p', { className: 'note' }, factsOf(statistics)),
    element('p', { className: 'note' }, colorsOf(statistics)),
  );
}

/** @param {Statistics} statistics */
function factsOf({ count, smallest, largest, mean, notFinite }) {
  if (count === notFinite) {
    return `all ${short(count)} are not finite`;
  }
  const bad = notFinite > 0 ? `, ${notFinite} NOT FINITE` : '';
  return `${short(smallest)} to ${short(largest)}, mean ${short(mean)}${bad}`;
}

/** @param {Statistics} statistics */
function histogram({ bins }) {
  const most = Math.max(...bins, 1);
  const bars = bins.map(count => element('i', { style: `height: ${count > 0 ? Math.max(2, (100 * count) / most) : 0}%` }));
  return element('div', { className: 'histogram', role: 'img', 'aria-label': 'histogram of the values' }, ...bars);
}
