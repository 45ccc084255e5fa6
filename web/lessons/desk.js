// @ts-check
/**
 * A place to work on one kernel: an editor, buttons, and what is said about the text.
 * @import { LessonTexts } from './texts.js'
 * @import { LessonVerdict } from './check.js'
 */
import { inLines } from '../tape/compile.js';
import { Editor } from '../page/editor.js';
import { element } from '../page/element.js';
import { LessonStatus } from './status.js';

/** What compilers say where numbers of two kinds meet. */
const MIXED_NUMBERS = /no matching overload|cannot (?:assign|convert|initialize)|type mismatch|expected '[iuf]32'/i;

export class LessonDesk {
  /**
   * @param {LessonTexts} texts
   * @param {string} key under which the reader's text is kept
   * @param {string} original the text as it is handed out
   * @param {string} label of the kernel, for screen readers
   * @param {() => Promise<unknown>} check is run by the first button, and by Ctrl+Enter
   */
  constructor(texts, key, original, label, check) {
    this.texts = texts;
    this.key = key;
    this.original = original;
    this.status = new LessonStatus(`About ${label}`);
    const how = 'Not checked yet: Check, or Ctrl+Enter.';
    this.notChecked = element('p', { className: 'note' }, how);
    this.editor = new Editor(texts.get(key) ?? original, label, () => this.changed());
    const checks = () => this.status.during('Checks …', check);
    this.buttons = element(
      'div',
      { className: 'lesson-buttons' },
      element('button', { type: 'button', className: 'main', title: 'Ctrl+Enter', onclick: checks }, 'Check'),
      element('button', { type: 'button', onclick: () => this.startOver() }, 'Start over'),
    );
    this.element = element(
      'div',
      { className: 'lesson-desk' },
      this.editor.element,
      element('div', { className: 'lesson-bar' }, this.buttons, this.status.element),
    );
    this.element.addEventListener('keydown', event => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        checks();
      }
    });
    this.status.say(this.notChecked);
  }

  get text() {
    return this.editor.text;
  }

  /** Whether the text is as it was handed out. */
  get isOriginal() {
    return this.text.trim() === this.original.trim();
  }

  /**
   * Another button, before the last one.
   * @param {string} words
   * @param {() => void} onclick
   */
  addButton(words, onclick) {
    const button = element('button', { type: 'button', onclick }, words);
    this.buttons.lastElementChild?.before(button);
    return button;
  }

  /** What was said is about another text now. */
  changed() {
    this.keep();
    if (!this.notChecked.isConnected) {
      this.status.say(this.notChecked);
    }
  }

  keep() {
    if (this.isOriginal) {
      this.texts.remove(this.key);
    } else {
      this.texts.set(this.key, this.text);
    }
  }

  startOver() {
    const { text } = this;
    const back = () => {
      this.editor.text = text;
      this.keep();
      this.status.say(this.notChecked);
      this.editor.area.focus();
    };
    this.editor.text = this.original;
    this.keep();
    const takeBack = element('button', { type: 'button', onclick: back }, 'Take it back');
    this.status.say(element('p', {}, 'The text is as it was handed out. ', takeBack));
  }

  /**
   * Says what came out, and marks the lines that the compiler refuses.
   * @param {LessonVerdict} verdict
   * @param {(Node | string)[]} right what to say of a kernel that is right
   * @param {string} wrong and of one that is not
   */
  sayVerdict({ said, outcomes, diagnosis, isRight }, right, wrong) {
    const compiles = outcomes.length > 0;
    /** @type {HTMLElement[]} */
    const parts = [
      isRight
        ? element('p', { className: 'good' }, ...right)
        : element('p', { className: 'problem' }, compiles ? wrong : 'It does not compile.'),
    ];
    if (said.length > 0) {
      parts.push(element('pre', { className: 'lesson-said' }, inLines(said).join('\n')));
    }
    if (!compiles && said.some(one => MIXED_NUMBERS.test(one.message))) {
      parts.push(element('p', {}, 'i32, u32 and f32 do not mix: write 0u or 0.0, or convert with u32(x), f32(x).'));
    }
    if (diagnosis) {
      parts.push(element('p', {}, element('strong', {}, 'What is behind it: '), diagnosis));
    }
    if (compiles) {
      const lines = outcomes.map(outcome => {
        const className = outcome.isRight ? '' : 'problem';
        return element('li', { className }, `at ${outcome.sizes}: ${outcome.words}`);
      });
      parts.push(element('ul', { className: 'lesson-outcomes' }, ...lines));
    }
    this.status.say(...parts);
    const lines = said.filter(one => one.isError && one.line > 0).map(one => one.line);
    if (lines.length > 0) {
      this.editor.mark(lines);
    }
  }
}
