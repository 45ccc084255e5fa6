// @ts-check
/**
 * What came out of a kernel, beside what should: the counterpart of src/lessons/outcome.rs.
 * @import { LessonCase, LessonRules } from './data.js'
 */
import { lessonFloats, sizesInWords } from './data.js';

export class LessonOutcome {
  /**
   * Compares the values that a kernel gave with those that it should give.
   *
   * A value may be off by a share of itself, by a little of the largest in its row, and by the rounding of a sum that happens to
   * be small: of n random numbers it is about the root of n.
   * @param {LessonRules} rules
   * @param {string[]} letters
   * @param {LessonCase} lessonCase
   * @param {Float32Array[]} inputs
   * @param {Float32Array} values the output, and what is behind it
   */
  constructor(rules, letters, { sizes, shape, expected }, inputs, values) {
    this.rules = rules;
    this.sizes = sizesInWords(letters, sizes);
    this.shape = shape;
    this.values = values;
    this.expected = lessonFloats(expected);
    /** Indices of the values that are wrong or were never written. @type {number[]} */
    this.wrong = [];
    const terms = inputs.reduce((sum, input) => sum + input.length, 0) / Math.max(this.expected.length, 1);
    const columns = Math.max(shape[shape.length - 1] ?? 1, 1);
    for (let start = 0; start < this.expected.length; start += columns) {
      const row = this.expected.subarray(start, start + columns);
      const largest = row.filter(Number.isFinite).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const rest = rules.absolute * largest + rules.rounding * Math.sqrt(terms);
      row.forEach((value, column) => {
        const off = Math.abs(values[start + column] - value);
        // Nothing agrees with a reference that is no number itself.
        if (off > rules.relative * Math.abs(value) + rest || !Number.isFinite(off)) {
          this.wrong.push(start + column);
        }
      });
    }
  }

  /** The output. */
  get output() {
    return this.values.subarray(0, this.expected.length);
  }

  /** The first element behind the output that was written, or -1. */
  get writtenBehind() {
    return this.values.findIndex((value, i) => i >= this.expected.length && value !== this.rules.untouched);
  }

  /** Whether the output is as it should be, and nothing behind it was written. */
  get isRight() {
    return this.wrong.length === 0 && this.writtenBehind < 0;
  }

  /**
   * Whether another kernel gave the same, up to rounding, behind the output too.
   * @param {LessonOutcome} other
   */
  isLike(other) {
    return this.values.every((a, i) => {
      const b = other.values[i];
      const off = Math.abs(a - b);
      return Object.is(a, b) || a === b || (Number.isFinite(off) && off <= 1e-4 * Math.abs(a) + 1e-6);
    });
  }

  /**
   * An index of the output as the index along each axis.
   * @param {number} index
   */
  place(index) {
    let rest = index;
    const along = this.shape.toReversed().map(size => {
      const own = rest % size;
      rest = Math.floor(rest / size);
      return own;
    });
    return `[${along.reverse().join(', ')}]`;
  }

  /** What is wrong first, in words. */
  get words() {
    const count = this.expected.length;
    const values = count === 1 ? 'value' : 'values';
    let words = `right (${count} ${values})`;
    if (this.wrong.length > 0) {
      const first = this.wrong[0];
      const [got, expected] = [this.values[first], fullNumber(this.expected[first])];
      const is = got === this.rules.untouched ? 'was never written, and' : `is ${fullNumber(got)}, and`;
      const place = this.place(first);
      words = `${this.wrong.length} of ${count} ${values} wrong. The first: element ${place} ${is} should be ${expected}`;
    }
    const at = this.writtenBehind;
    return at < 0 ? words : `${words}; and the output ends at element ${count - 1}, but element ${at} was written`;
  }
}

/**
 * A number with seven digits or so, as many as a float has.
 * @param {number} value
 */
export function fullNumber(value) {
  const size = Math.abs(value);
  if (value === 0 || !Number.isFinite(value)) {
    return String(value);
  }
  return size >= 1e-3 && size < 1e7 ? value.toFixed(6) : value.toExponential(6).replace('e+', 'e');
}
