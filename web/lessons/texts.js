// @ts-check
/** What a reader has written and solved: kept by the browser where it lets a page do so, else until the page is closed. */

const PREFIX = 'selvedge lessons: ';

export class LessonTexts {
  constructor() {
    /** What the browser did not keep. @type {Map<string, string>} */
    this.memory = new Map();
  }

  /**
   * @param {string} key
   * @returns {string | undefined}
   */
  get(key) {
    try {
      return this.memory.get(key) ?? localStorage.getItem(PREFIX + key) ?? undefined;
    } catch {
      // A page from disk may have no storage.
      return undefined;
    }
  }

  /**
   * @param {string} key
   * @param {string} text
   */
  set(key, text) {
    try {
      localStorage.setItem(PREFIX + key, text);
      this.memory.delete(key);
    } catch {
      this.memory.set(key, text);
    }
  }

  /** @param {string} key */
  remove(key) {
    this.memory.delete(key);
    try {
      localStorage.removeItem(PREFIX + key);
    } catch {
      // Then nothing was kept.
    }
  }
}
