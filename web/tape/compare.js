// @ts-check
/**
 * How far two versions of a kernel are apart.
 * @import { Part } from './tape.js'
 */
import { short } from '../page/element.js';
import { valuesOf } from './values.js';

/**
 * The first is the first number that differs by more than rounding.
 * @typedef {{ count: number, different: number, first: number, firstValues: [number, number], largest: number, size: number,
 *             shape: number[] }} Comparison
 */

/** Sums in another order differ by so much of the largest output. */
const ROUNDING = 1e-5;

/**
 * @param {ArrayBuffer} original
 * @param {ArrayBuffer} changed
 * @param {Part} part
 * @returns {Comparison}
 */
export function comparisonOf(original, changed, part) {
  const [before, after] = [valuesOf(original, part), valuesOf(changed, part)];
  /** @type {Comparison} */
  const comparison = { count: before.length, different: 0, first: -1, firstValues: [0, 0], largest: 0, size: 0, shape: part.shape };
  for (const value of before) {
    comparison.size = Math.max(comparison.size, Number.isFinite(value) ? Math.abs(value) : 0);
  }
  const [bits, otherBits] = [new Uint32Array(original), new Uint32Array(changed)];
  before.forEach((value, i) => {
    if (bits[i] === otherBits[i]) {
      return;
    }
    comparison.different++;
    const difference = Math.abs(value - after[i]);
    const off = Number.isNaN(difference) ? Infinity : difference;
    comparison.largest = Math.max(comparison.largest, off);
    if (comparison.first < 0 && off > ROUNDING * comparison.size) {
      comparison.first = i;
      comparison.firstValues = [value, after[i]];
    }
  });
  return comparison;
}

/**
 * All outputs of a dispatch in words.
 * @param {(Comparison & { binding: number })[]} comparisons with the number of the binding
 */
export function verdictOf(comparisons) {
  const worst = comparisons.reduce((one, other) =>
    other.largest / (other.size || 1) > one.largest / (one.size || 1) ? other : one,
  );
  const { binding, count, different, first, firstValues, largest, size, shape } = worst;
  if (comparisons.every(comparison => comparison.different === 0)) {
    return { isSame: true, words: 'The same: it writes the same bits as the original.' };
  }
  const share = largest / (size || 1);
  if (share <= ROUNDING) {
    return {
      isSame: true,
      words:
        `The same up to rounding: the largest difference from the original is ${short(largest)}, ` +
        `${share.toExponential(1)} of the largest output.`,
    };
  }
  return {
    isSame: false,
    words:
      `Different: it differs in ${different} of ${count} numbers of binding ${binding}. ` +
      `The largest difference is ${short(largest)}, where the largest output is ${short(size)}. ` +
      `The first is at [${placeIn(shape, first).join(', ')}]: ${exact(firstValues[1])} instead of ${exact(firstValues[0])}.`,
  };
}

/** All digits that a float has. @param {number} value */
function exact(value) {
  return String(Number(value.toPrecision(8)));
}

/**
 * The indices of an element, the last axis changing fastest.
 * @param {number[]} shape
 * @param {number} index
 */
export function placeIn(shape, index) {
  const place = [];
  for (const size of shape.toReversed()) {
    place.unshift(index % size);
    index = Math.floor(index / size);
  }
  return place.length > 0 ? place : [index];
}
