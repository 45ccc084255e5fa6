// @ts-check
/** Where a view says what came out. Screen readers read it aloud; its height is fixed, so that nothing moves when it changes. */
import { element } from '../page/element.js';

export class LessonStatus {
  /** @param {string} label for screen readers */
  constructor(label) {
    this.element = element('div', { className: 'lesson-status', role: 'status', 'aria-label': label, tabIndex: 0 });
    this.isBusy = false;
  }

  /** @param {...(Node | string)} parts */
  say(...parts) {
    this.element.replaceChildren(...parts);
    this.element.scrollTop = 0;
  }

  /**
   * Runs an action, one at a time, and says what it could not do.
   * @param {string} words what is being done
   * @param {() => Promise<unknown>} action
   */
  async during(words, action) {
    if (this.isBusy) {
      return;
    }
    this.isBusy = true;
    this.say(element('p', {}, words));
    try {
      await action();
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.say(element('p', { className: 'problem' }, 'It cannot be run: ', problem));
    } finally {
      this.isBusy = false;
    }
  }
}
