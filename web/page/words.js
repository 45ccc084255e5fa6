// @ts-check
/** Words with links and code among them. */
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

/**
 * A text in which `code` stands between backticks.
 * @param {string} text
 */
export function withCode(text) {
  return text.split('`').map((part, i) => (i % 2 === 1 ? element('code', {}, part) : part));
}
