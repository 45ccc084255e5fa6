// @ts-check
/** WGSL in colours. */
import { element } from './element.js';

const KEYWORDS = new Set(
  (
    'alias break case const const_assert continue continuing default diagnostic discard else enable fn for if let loop override ' +
    'requires return struct switch var while true false'
  ).split(' '),
);
const TYPES = /^(?:bool|[fiu]32|f16|atomic|array|ptr|vec[234][fiuh]?|mat[234]x[234][fh]?)$/;

/** What a kernel's text is made of, in the order in which a part is looked for. */
const TOKEN = new RegExp(
  [
    /(?<name>\/\/ ---- .*)/,
    /(?<comment>\/\/.*|\/\*[^]*?\*\/)/,
    /(?<attribute>@[a-z_]+|#[a-z]+)/,
    /(?<number>\b(?:0x[0-9a-fA-F]+|\d+(?:\.\d*)?(?:e[+-]?\d+)?)[fuhi]?\b)/,
    /(?<word>[A-Za-z_]\w*)/,
  ]
    .map(part => part.source)
    .join('|'),
  'g',
);

/**
 * The text as elements: a span for each part that has a colour.
 * @param {string} text
 * @returns {(string | HTMLElement)[]}
 */
export function highlighted(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const kind = kindOf(match, text);
    if (kind) {
      parts.push(text.slice(end, match.index), element('span', { className: kind }, match[0]));
      end = match.index + match[0].length;
    }
  }
  parts.push(text.slice(end));
  return parts;
}

/**
 * @param {RegExpMatchArray} match
 * @param {string} text
 */
function kindOf(match, text) {
  const { name, comment, attribute, number, word } = match.groups ?? {};
  if (name) return 'file';
  if (comment) return 'comment';
  if (attribute) return 'attribute';
  if (number) return 'number';
  if (KEYWORDS.has(word)) return 'keyword';
  if (TYPES.test(word)) return 'type';
  const behind = (match.index ?? 0) + word.length;
  return text[behind] === '(' ? 'call' : '';
}
