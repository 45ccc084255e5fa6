// @ts-check
/**
 * Where a kernel waits for the other threads of its workgroup: the counterpart of src/lessons/barriers.rs. All threads must reach
 * a barrier; what can be seen in the text is looked for in the text.
 */

const BARRIER = 'workgroupBarrier';

/** @param {string} text */
function withoutComments(text) {
  return text.replace(/\/\/.*/g, '');
}

/**
 * How many barriers the text has.
 * @param {string} text
 */
export function barrierCount(text) {
  return withoutComments(text).split(BARRIER).length - 1;
}

/**
 * What is wrong with the place of a barrier, in words: it stands inside an `if`, or behind one that returns.
 * @param {string} text
 */
export function misplacedBarrier(text) {
  // What each open brace belongs to, and whether some threads may have returned from the function.
  /** @type {string[]} */
  const open = [];
  let last = '';
  let someReturned = false;
  for (const [word] of withoutComments(text).matchAll(/[\p{L}\p{N}_]+|[{}]/gu)) {
    if (word === '{') {
      open.push(last);
      last = '';
    } else if (word === '}') {
      open.pop();
      someReturned &&= open.length > 0;
    } else if (['if', 'else', 'for', 'while', 'loop'].includes(word)) {
      last = word;
    } else if (word === 'return' && open.includes('if')) {
      someReturned = true;
    } else if (word === BARRIER && (open.includes('if') || open.includes('else'))) {
      return 'a workgroupBarrier() stands inside an `if`: all threads of a workgroup must reach it';
    } else if (word === BARRIER && someReturned) {
      return 'a workgroupBarrier() stands behind an `if` that returns: all threads of a workgroup must reach it';
    }
  }
  return '';
}
