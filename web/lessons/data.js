// @ts-check
/**
 * The lessons as src/lessons/page.rs writes them for the page; what each field means stands there.
 *
 * @typedef {{ margin: number, untouched: number, behind: number, relative: number, absolute: number, rounding: number,
 *             most_workgroups: number, largest_multiple: number }} LessonRules
 * @typedef {{ sizes: number[], inputs: string[], shape: number[], expected: string }} LessonCase
 * @typedef {{ sizes: number[], inputs: number[], output: number }} LessonLengths
 * @typedef {{ file: string, title: string, why: string, text: string }} LadderStep
 * @typedef {{ name: string, computes: string, letters: string[], operations: number, steps: LadderStep[], awkward: number[][],
 *             cases: LessonCase[], timed: number[][], lengths: LessonLengths[] }} Ladder
 * @typedef {{ number: number, file: string, title: string, task: string, letters: string[], text: string, hint: string,
 *             solution: string, mistakes: { words: string, text: string }[], cases: LessonCase[] }} Exercise
 * @typedef {{ rules: LessonRules, ladders: Ladder[], exercises: Exercise[] }} Lessons
 */

/**
 * The numbers of a text: base64 of little-endian bytes, as every machine with a browser has them.
 * @param {string} base64
 */
export function lessonFloats(base64) {
  return new Float32Array(Uint8Array.from(atob(base64), letter => letter.charCodeAt(0)).buffer);
}

/**
 * Sizes with their letters, such as `M 65, K 33`.
 * @param {string[]} letters
 * @param {number[]} sizes
 */
export function sizesInWords(letters, sizes) {
  return sizes.map((size, i) => `${letters[i]} ${size}`).join(', ');
}

/**
 * The one that has these sizes.
 * @template {{ sizes: number[] }} Sized
 * @param {Sized[]} all
 * @param {string[]} letters
 * @param {number[]} sizes
 */
export function atLessonSizes(all, letters, sizes) {
  const found = all.find(one => one.sizes.every((size, i) => size === sizes[i]));
  if (!found) {
    throw new Error(
      `its comments ask for sizes that this page has no inputs for (${sizesInWords(letters, sizes)}): leave the lines ` +
        '"// Multiples:" and "// Most:" as they were, or use the command `selvedge lesson`, which can check at any sizes',
    );
  }
  return found;
}
