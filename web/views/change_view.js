// @ts-check
/**
 * Part 4: the kernel of a dispatch in an editor, run on the same inputs as the original, and trained with.
 * @import { Lab } from '../lab.js'
 * @import { Runner } from '../tape/runner.js'
 */
import { Editor } from '../page/editor.js';
import { duration, element } from '../page/element.js';
import { joined } from '../page/words.js';
import { comparisonOf, verdictOf } from '../tape/compare.js';
import { compiled, inLines } from '../tape/compile.js';
import { timeOf } from '../tape/timing.js';
import { filesOf } from './kernel_files.js';

export class ChangeView {
  /**
   * @param {Lab} lab
   * @param {number} program
   * @param {number} number
   */
  constructor(lab, program, number) {
    this.lab = lab;
    this.program = program;
    this.number = number;
    this.dispatch = lab.tape.programs[program].dispatches[number];
    const { kernel } = this.dispatch;
    const text = lab.drafts.get(kernel) ?? lab.textOf(kernel);
    this.editor = new Editor(text, 'the kernel', () => {
      lab.drafts.set(kernel, this.editor.text);
      this.restore.disabled = false;
    });
    this.verdict = element('div', { className: 'verdict', role: 'status' });
    const button = (/** @type {string} */ name, /** @type {() => void} */ onclick, className = '') =>
      element('button', { type: 'button', className, onclick, disabled: !lab.runner }, name);
    this.run = button('Run on the same inputs', () => this.compare(), 'main');
    this.use = button('Train on with it', () => this.train());
    this.restore = button('The original again', () => this.putBack());
    this.restore.disabled = !lab.isChanged(kernel) && !lab.drafts.has(kernel);
    this.editor.element.addEventListener('keydown', event => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.run.click();
      }
    });
    const files = filesOf(text).map(({ name, line }) =>
      element('button', { type: 'button', className: 'file', onclick: () => this.editor.show(line) }, name),
    );
    this.element = element(
      'section',
      {},
      element('h3', {}, 'Change it'),
      element(
        'p',
        { className: 'note' },
        'The whole kernel, as it is compiled, joined from ',
        ...joined(files),
        '. Escape, then Tab leaves the editor.',
      ),
      this.editor.element,
      element('div', { className: 'bar' }, element('p', { className: 'buttons' }, this.run, this.use, this.restore), this.verdict),
    );
    this.invite();
  }

  /** What can be done. */
  invite() {
    const isChanged = this.lab.isChanged(this.dispatch.kernel);
    const words = isChanged
      ? 'The training runs with your version of this kernel; a line in the charts of "Train" shows since when.'
      : 'Change a line, then run it (Ctrl+Enter): both versions get the very same inputs, and the page compares what they write.';
    this.verdict.replaceChildren(element('p', { className: 'note' }, this.lab.runner ? words : this.lab.whyNot()));
  }

  /**
   * What the compiler makes of the text in the editor; where it makes nothing of it, what it says is shown.
   * @param {Runner} runner
   */
  async made(runner) {
    const { module, said } = await compiled(runner.device, this.editor.text);
    const errors = said.filter(({ isError }) => isError);
    if (errors.length > 0) {
      this.editor.mark(errors.filter(({ line }) => line > 0).map(({ line }) => line));
      this.refuse('It does not compile.', inLines(said).join('\n'));
      return undefined;
    }
    try {
      const { layout } = runner.programs[this.program][this.number];
      return { module, pipeline: await runner.pipeline(this.dispatch, layout, module) };
    } catch (error) {
      this.refuse('No pipeline can be made of it.', error instanceof Error ? error.message : `${error}`);
      return undefined;
    }
  }

  /**
   * @param {string} what
   * @param {string} why
   */
  refuse(what, why) {
    this.verdict.replaceChildren(element('p', { className: 'problem' }, what), element('pre', {}, why));
  }

  /** Runs the original and the text in the editor on the same inputs. */
  async compare() {
    const { inspector, runner } = this.lab;
    this.verdict.replaceChildren(element('p', { className: 'note' }, 'Running …'));
    const made = inspector && runner && (await this.made(runner));
    if (!made) {
      return;
    }
    const { dispatch, number, program } = this;
    const done = await this.lab.between(async () => {
      const outputs = await inspector.compared(program, number, made.pipeline);
      const before = await timeOf(inspector, program, number, runner.programs[program][number].original);
      return { outputs, before, after: await timeOf(inspector, program, number, made.pipeline) };
    });
    if (!done) {
      return;
    }
    const { outputs, before, after } = done;
    const written = dispatch.bindings.filter(binding => binding.writes);
    const comparisons = written.map((binding, i) => ({
      ...comparisonOf(outputs.original[i], outputs.changed[i], binding),
      binding: dispatch.bindings.indexOf(binding) + 1,
    }));
    const { isSame, words } = verdictOf(comparisons);
    this.verdict.replaceChildren(
      element('p', { className: isSame ? 'good' : 'problem' }, words),
      element(
        'p',
        { className: 'note' },
        `Time: ${duration(before)} the original, ${duration(after)} yours. It has trained nothing yet.`,
      ),
    );
  }

  /** From now on the training runs with the text in the editor. */
  async train() {
    const { runner } = this.lab;
    const made = runner && (await this.made(runner));
    if (made) {
      await this.lab.change(this.dispatch.kernel, this.editor.text, made.module);
      this.restore.disabled = false;
      this.invite();
      this.lab.controls.train();
    }
  }

  putBack() {
    this.lab.restore(this.dispatch.kernel);
    this.lab.drafts.delete(this.dispatch.kernel);
    this.editor.text = this.lab.textOf(this.dispatch.kernel);
    this.restore.disabled = true;
    this.invite();
  }
}
