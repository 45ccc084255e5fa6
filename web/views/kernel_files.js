// @ts-check
/** The files that a kernel's text is joined from, and what they say of themselves. */

/** The folder of what every kernel may use. */
const COMMON = /^common\//;

/** A file of a kernel, and the line where it begins, from 1. @typedef {{ name: string, header: string, isMain: boolean, line: number }} KernelFile */

/**
 * All files of a kernel.
 * @param {string} text
 * @returns {KernelFile[]}
 */
export function filesOf(text) {
  let line = 1;
  return text.split(/^(?=\/\/ ---- )/m).map(file => {
    const [first, ...lines] = file.split('\n');
    const end = lines.findIndex(one => !one.startsWith('//'));
    const header = lines
      .slice(0, end < 0 ? lines.length : end)
      .map(one => one.replace(/^\/\/ ?/, ''))
      .join('\n');
    const found = { name: first.replace('// ---- ', ''), header, isMain: file.includes('@compute'), line };
    line += lines.length;
    return found;
  });
}

/**
 * Those that say something in their first lines, such as the equation: first the file whose name is most like the kernel's, then the
 * one where it begins.
 * @param {string} text
 * @param {string} kernel the kernel's name, such as `conv2d_weight_grad`
 */
export function explainingFiles(text, kernel) {
  const words = kernel.replaceAll('2d', '').split('_');
  const rank = (/** @type {KernelFile} */ { name, isMain }) =>
    2 * words.filter(word => name.includes(word)).length + (isMain ? 1 : 0) - (COMMON.test(name) ? 1 : 0);
  const files = filesOf(text).filter(({ header }) => header !== '');
  return files.toSorted((one, other) => rank(other) - rank(one));
}
