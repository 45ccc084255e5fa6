// @ts-check
/** Links within the page. */
import { element } from './element.js';

/**
 * @param {string} href
 * @param {string} text
 */
export function link(href, text) {
  return element('a', { href }, text);
}

/** With commas between. @param {Node[]} nodes @returns {(Node | string)[]} */
export function joined(nodes) {
  return nodes.flatMap((node, i) => (i > 0 ? [', ', node] : [node]));
}
