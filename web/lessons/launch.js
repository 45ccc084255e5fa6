// @ts-check
/**
 * How a kernel is launched, as the comments of its file say: the counterpart of src/lessons/launch.rs, where they are described.
 * @import { LessonRules } from './data.js'
 */

/** A product of sizes and numbers, divisions rounded up. @typedef {(sizes: number[]) => number} LaunchProduct */

/** A browser can have 65,535 workgroups along an axis: more along x alone are folded into rows of this many. */
const FOLDED_ROW = 32768;
const LONGEST_AXIS = 65535;

export class LessonLaunch {
  /**
   * Reads the comments of a text, for sizes with these letters. What cannot be understood is an error, in words.
   * @param {string} text
   * @param {string[]} letters
   * @param {LessonRules} rules
   */
  constructor(text, letters, rules) {
    /** @param {string} name */
    const said = name => {
      const start = `// ${name}: `;
      return text
        .split(/\r?\n/)
        .find(line => line.startsWith(start))
        ?.slice(start.length)
        .trim();
    };
    /** @param {string} name */
    const grid = name => {
      const parts = said(name)?.split(',');
      if (parts && parts.length > 3) {
        throw new Error('a grid has one to three parts: along x, y and z');
      }
      return parts?.map(part => launchProduct(part, letters));
    };
    const first = grid('Grid');
    if (!first) {
      throw new Error("it has no line such as '// Grid: N / 64'");
    }
    const scratch = said('Scratch');
    this.rules = rules;
    this.letters = letters;
    this.grid = first;
    this.second = grid('Grid 2');
    this.scratch = scratch === undefined ? undefined : launchProduct(scratch, letters);
    this.needsSubgroups = said('Needs')?.startsWith('subgroups') ?? false;
    this.multiples = numbersOfSizes('Multiples', said('Multiples'), letters);
    this.most = numbersOfSizes('Most', said('Most'), letters);
    if ([...this.multiples.values()].some(number => number > rules.largest_multiple)) {
      throw new Error(`a size can be asked to be a multiple of ${rules.largest_multiple} at most`);
    }
  }

  /**
   * Sizes near these that the kernel can take: multiples of what it asks for, and no larger than it can be.
   * @param {number[]} sizes
   */
  fitting(sizes) {
    return sizes.map((size, i) => {
      const multiple = this.multiples.get(this.letters[i]) ?? 1;
      return Math.min(Math.ceil(size / multiple) * multiple, this.most.get(this.letters[i]) ?? Infinity);
    });
  }

  /**
   * The workgroups along x, y and z. A grid along x alone is folded where it is too long.
   * @param {LaunchProduct[]} grid
   * @param {number[]} sizes
   * @returns {[number, number, number]}
   */
  workgroups(grid, sizes) {
    const [x, y, z] = grid.map(product => product(sizes));
    const all = x * (y ?? 1) * (z ?? 1);
    const most = this.rules.most_workgroups;
    if (all > most) {
      throw new Error(`its grid has ${all} workgroups at these sizes, more than any lesson needs (${most})`);
    }
    return y === undefined && x > LONGEST_AXIS ? [FOLDED_ROW, Math.ceil(x / FOLDED_ROW), 1] : [x, y ?? 1, z ?? 1];
  }
}

/**
 * @param {string} text such as `N H W / 64`
 * @param {string[]} letters
 * @returns {LaunchProduct}
 */
function launchProduct(text, letters) {
  const wrong = new Error(`'${text.trim()}' is no product of numbers and sizes (${letters.join(', ')})`);
  /** @type {LaunchProduct[]} */
  const factors = [];
  /** @type {boolean[]} */
  const divides = [];
  let isDivisor = false;
  for (const word of text.trim().split(/\s+/)) {
    if (word === '/' && !isDivisor) {
      isDivisor = true;
      continue;
    }
    const place = isDivisor ? -1 : letters.indexOf(word);
    const number = positiveNumber(word);
    if (place < 0 && number === undefined) {
      throw wrong;
    }
    factors.push(place < 0 ? () => number ?? 1 : sizes => sizes[place]);
    divides.push(isDivisor);
    isDivisor = false;
  }
  if (isDivisor) {
    throw wrong;
  }
  return sizes => factors.reduce((value, factor, i) => (divides[i] ? Math.ceil(value / factor(sizes)) : value * factor(sizes)), 1);
}

/**
 * Reads `K 4, N 4`.
 * @param {string} name
 * @param {string | undefined} text
 * @param {string[]} letters
 * @returns {Map<string, number>}
 */
function numbersOfSizes(name, text, letters) {
  const pairs = text?.split(',').map(part => part.trim().split(' ')) ?? [];
  const numbers = new Map();
  for (const [letter, number, ...more] of pairs) {
    const value = positiveNumber(number ?? '');
    if (!letters.includes(letter) || value === undefined || more.length > 0) {
      throw new Error(`its line '// ${name}:' is not like 'K 4, N 4'`);
    }
    numbers.set(letter, value);
  }
  return numbers;
}

/** @param {string} word */
function positiveNumber(word) {
  const number = /^\d+$/.test(word) ? Number(word) : 0;
  return number > 0 ? number : undefined;
}
