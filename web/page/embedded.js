// @ts-check
/** What is in the page itself, in elements `<script type="…">` that are no scripts. */
import { byId } from './element.js';

/**
 * Bytes in base64.
 * @param {string} id
 */
export function embedded(id) {
  return Uint8Array.from(atob(byId(id).textContent?.trim() ?? ''), letter => letter.charCodeAt(0));
}

/**
 * JSON.
 * @param {string} id
 */
export function embeddedJson(id) {
  return JSON.parse(byId(id).textContent ?? '');
}
