// @ts-check
/**
 * Part 3: a dispatch with its equation, what it costs, what feeds it and what it feeds, and its numbers.
 * @import { Lab } from '../lab.js'
 * @import { Dispatch } from '../tape/tape.js'
 */
import { duration, element, short } from '../page/element.js';
import { joined, link } from '../page/words.js';
import { bytesOf, wordsOf } from '../tape/links.js';
import { timeOf } from '../tape/timing.js';
import { ChangeView } from './change_view.js';
import { explainingFiles } from './kernel_files.js';
import { tensorView } from './tensor_view.js';

/** Shows one dispatch after another. */
export class DispatchView {
  /** @param {Lab} lab */
  constructor(lab) {
    this.lab = lab;
    this.element = element('article', { className: 'dispatch' });
  }

  /**
   * @param {number} program
   * @param {number} number
   */
  show(program, number) {
    const dispatch = this.lab.tape.programs[program]?.dispatches[number];
    if (!dispatch) {
      this.element.replaceChildren(
        element('p', { className: 'problem' }, 'There is no such dispatch. ', link('#network', 'All of them')),
      );
      return;
    }
    const shown = new ShownDispatch(this.lab, program, number, dispatch);
    this.element.replaceChildren(...shown.parts());
    // Whoever follows a link goes on reading there.
    this.element.querySelector('h2')?.focus({ preventScroll: true });
    shown.see();
  }
}

class ShownDispatch {
  /**
   * @param {Lab} lab
   * @param {number} program
   * @param {number} number
   * @param {Dispatch} dispatch
   */
  constructor(lab, program, number, dispatch) {
    this.lab = lab;
    this.program = program;
    this.number = number;
    this.dispatch = dispatch;
    this.links = lab.linksOf(program);
    this.tensors = element('div', { className: 'tensors' });
    this.look = element('button', { type: 'button', onclick: () => this.see() }, 'Compute them again');
    this.time = element('td', {}, 'not measured yet');
  }

  parts() {
    const { kernel, label } = this.dispatch;
    const [first, ...others] = explainingFiles(this.lab.textOf(kernel), label).map(({ name, header }, i) =>
      element(
        'details',
        { open: i === 0 },
        element('summary', {}, element('code', {}, name)),
        element('pre', { className: 'header' }, header),
      ),
    );
    const rest = element('details', {}, element('summary', {}, `${others.length} more files that it is joined from`), ...others);
    return [
      this.heading(),
      element('section', {}, element('h3', {}, 'What it computes'), first, others.length > 0 && rest),
      element('section', {}, element('h3', {}, 'What it costs'), this.costs()),
      element(
        'section',
        {},
        element('h3', {}, 'What it reads and writes, with the numbers of the next step'),
        this.bindings(),
        element('p', { className: 'buttons' }, this.look),
        this.tensors,
      ),
      new ChangeView(this.lab, this.program, this.number).element,
    ];
  }

  heading() {
    const { dispatch, links, number, program } = this;
    const { gradient_of, pass, shapes } = dispatch;
    const others = links.gradients(number);
    const step = (/** @type {number} */ to, /** @type {string} */ text) =>
      links.dispatches[to] ? link(`#dispatch/${program}/${to}`, text) : element('span', {}, text);
    return element(
      'header',
      {},
      element('p', { className: 'steps' }, step(number - 1, '← before'), link('#network', 'all'), step(number + 1, 'next →')),
      element('h2', { tabIndex: -1 }, `${number} · ${wordsOf(dispatch)} · ${links.layerOf[number]}`),
      element(
        'p',
        {},
        element('span', { className: `pass ${pass}` }, pass),
        ' ',
        element('code', {}, shapes),
        gradient_of !== null && element('span', {}, ' · gradient of ', this.to(gradient_of)),
        others.length > 0 && element('span', {}, ' · its gradient: ', ...joined(others.map(other => this.to(other)))),
      ),
    );
  }

  /** A link to another dispatch of the program. @param {number} number */
  to(number) {
    return link(`#dispatch/${this.program}/${number}`, `${number} ${wordsOf(this.links.dispatches[number])}`);
  }

  costs() {
    const { workgroups, flops, executed, kernel } = this.dispatch;
    const bytes = bytesOf(this.dispatch);
    const users = this.links.dispatches.filter(other => other.kernel === kernel).length;
    const rows = /** @type {[string, string | HTMLElement][]} */ ([
      ['workgroups', workgroups.join(' × ')],
      ['operations', flops > 0 ? `${short(flops)}FLOP${padding(executed, flops)}` : 'none that are counted'],
      ['bytes', `${short(bytes)}B at least: each operand once`],
      ['operations per byte', short(flops / bytes)],
      ['time', this.time],
      ['kernel', users > 1 ? `used by ${users} dispatches of this program` : 'used here only'],
    ]);
    const body = rows.map(([name, value]) => {
      const cell = typeof value === 'string' ? element('td', {}, value) : value;
      return element('tr', {}, element('th', { scope: 'row' }, name), cell);
    });
    return element('table', { className: 'plain' }, element('tbody', {}, ...body));
  }

  bindings() {
    const { links, number, dispatch } = this;
    const rows = dispatch.bindings.map((binding, i) => {
      const writers = links.writers(number, binding).toReversed();
      const from = writers.length === 0 ? ['from before the step'] : joined(writers.map(writer => this.to(writer)));
      const to = binding.writes ? joined(links.readers(number, binding).map(reader => this.to(reader))) : [];
      return element(
        'tr',
        {},
        element('th', { scope: 'row' }, `${i + 1}`),
        element('td', {}, binding.writes ? 'writes' : 'reads'),
        element('td', {}, this.titleOf(i)),
        element('td', {}, ...(binding.writes ? to : from)),
      );
    });
    const headings = ['binding', '', 'what', 'from, or to'].map(heading => element('th', { scope: 'col' }, heading));
    const table = element(
      'table',
      { className: 'plain' },
      element('thead', {}, element('tr', {}, ...headings)),
      element('tbody', {}, ...rows),
    );
    return element('div', { className: 'scrolled' }, table);
  }

  /** A binding in words. @param {number} i */
  titleOf(i) {
    const { dispatch, links, number } = this;
    const binding = dispatch.bindings[i];
    const [writer, ...others] = binding.writes ? [] : links.writers(number, binding);
    const one = writer === undefined ? '' : `output of ${writer} ${wordsOf(links.dispatches[writer])}`;
    const from = others.length > 0 ? `outputs of ${others.length + 1} dispatches` : one;
    const name = links.nameOf(binding, dispatch.pass) || from || (binding.writes ? 'output' : '');
    const shape = binding.shape.length > 0 ? `[${binding.shape.join(', ')}]` : 'scratch';
    return `${name} ${shape}${binding.integers ? ' of integers' : ''}`.trim();
  }

  /** Reads and shows the tensors, and measures the time. */
  async see() {
    const { inspector, runner } = this.lab;
    const { program, number, dispatch } = this;
    this.look.disabled = !inspector;
    if (!inspector || !runner) {
      this.tensors.replaceChildren(element('p', { className: 'note' }, this.lab.whyNot()));
      return;
    }
    const seen = await this.lab.between(() => inspector.seen(program, number));
    if (!seen) {
      return;
    }
    const { before, after } = seen;
    const views = dispatch.bindings.flatMap((binding, i) => {
      const view = (/** @type {ArrayBuffer} */ bytes, /** @type {string} */ when) =>
        tensorView(binding, bytes, { isFilter: this.links.isFilter(binding), title: `${when}: ${this.titleOf(i)}` });
      const written = after[i];
      if (!written) {
        return [view(before[i], 'reads')];
      }
      // Elsewhere what was there before is written over.
      return dispatch.pass === 'update' ? [view(before[i], 'before'), view(written, 'after')] : [view(written, 'writes')];
    });
    this.tensors.replaceChildren(...views);
    const { pipeline } = runner.programs[program][number];
    const seconds = await this.lab.between(() => timeOf(inspector, program, number, pipeline));
    this.time.textContent = speeds(seconds ?? 0, dispatch);
  }
}

/**
 * @param {number} seconds
 * @param {Dispatch} dispatch
 */
function speeds(seconds, dispatch) {
  if (seconds <= 0) {
    return duration(seconds);
  }
  return `${duration(seconds)}: ${short(dispatch.executed / seconds)}FLOP/s, ${short(bytesOf(dispatch) / seconds)}B/s`;
}

/**
 * @param {number} executed
 * @param {number} flops
 */
function padding(executed, flops) {
  return executed > flops ? `, ${(executed / flops).toFixed(2)} times that with the padding of tiles` : '';
}
