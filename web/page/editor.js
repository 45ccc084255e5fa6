// @ts-check
/** An editor for kernels: a text area, which every keyboard, phone and screen reader knows, over the same text in colours. */
import { element } from './element.js';
import { highlighted } from './highlight.js';

const INDENT = '    ';

export class Editor {
  /**
   * @param {string} text
   * @param {string} label for screen readers
   * @param {() => void} changed is called after each change
   */
  constructor(text, label, changed = () => {}) {
    this.colours = element('pre', { className: 'colours', 'aria-hidden': 'true' });
    this.area = element('textarea', { spellcheck: false, autocapitalize: 'off', 'aria-label': label, wrap: 'off' });
    this.numbers = element('pre', { className: 'numbers', 'aria-hidden': 'true' });
    this.element = element(
      'div',
      { className: 'editor' },
      this.numbers,
      element('div', { className: 'layers' }, this.colours, this.area),
    );
    /** Lines with something to say, such as the compiler's messages. @type {Set<number>} */
    this.marked = new Set();
    this.area.addEventListener('input', () => {
      this.marked.clear();
      this.draw();
      changed();
    });
    this.area.addEventListener('keydown', event => this.key(event));
    this.text = text;
  }

  get text() {
    return this.area.value;
  }

  set text(text) {
    this.area.value = text;
    this.marked.clear();
    this.draw();
  }

  /** Tab indents. After Escape it leaves the editor, as everywhere else. @param {KeyboardEvent} event */
  key(event) {
    if (event.key === 'Escape') {
      this.leaves = true;
    } else if (event.key === 'Tab' && !event.shiftKey && !this.leaves) {
      event.preventDefault();
      // As if it were typed, so that it can be undone.
      document.execCommand('insertText', false, INDENT);
    } else if (event.key !== 'Tab' && event.key !== 'Shift') {
      this.leaves = false;
    }
  }

  draw() {
    // The empty line behind a last line break has a height too.
    this.colours.replaceChildren(...highlighted(this.text), '\n');
    const lines = this.text.split('\n');
    const numbers = lines.map((_, i) => {
      const number = `${i + 1}`.padStart(4);
      return this.marked.has(i + 1) ? element('mark', {}, `${number}\n`) : `${number}\n`;
    });
    this.numbers.replaceChildren(...numbers);
    // The area is as large as its text, so that the page scrolls it and both layers stay together.
    this.area.style.height = `${lines.length * 1.5 + 1}em`;
    this.area.style.width = `${Math.max(...lines.map(line => line.length)) + 2}ch`;
  }

  /** Brings a line into view. @param {number} line from 1 */
  show(line) {
    this.area.focus({ preventScroll: true });
    const start =
      this.text
        .split('\n')
        .slice(0, line - 1)
        .join('\n').length + (line > 1 ? 1 : 0);
    this.area.setSelectionRange(start, start);
    this.element.scrollTo({ top: (line - 1) * (this.area.scrollHeight / this.text.split('\n').length), left: 0 });
  }

  /**
   * Marks lines and brings the first into view.
   * @param {number[]} lines from 1
   */
  mark(lines) {
    this.marked = new Set(lines);
    this.draw();
    if (lines.length > 0) {
      this.show(Math.min(...lines));
    }
  }
}
