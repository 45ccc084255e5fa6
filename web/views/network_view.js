// @ts-check
/**
 * Part 2: the layers from left to right, under each its dispatches, as wide as their share of the time.
 * @import { Lab } from '../lab.js'
 * @import { Pass } from '../tape/tape.js'
 */
import { duration, element } from '../page/element.js';
import { bytesOf, wordsOf } from '../tape/links.js';
import { timesOf } from '../tape/timing.js';

const PASSES = /** @type {Pass[]} */ (['forward', 'backward', 'update']);
/** Operations that take as long as moving a byte, for lack of times: about what GPUs are built for. */
const OPERATIONS_PER_BYTE = 20;

export class NetworkView {
  /** @param {Lab} lab */
  constructor(lab) {
    this.lab = lab;
    this.program = 0;
    this.layers = element('div', { className: 'layers-row', role: 'list' });
    this.table = element('table', { className: 'plain dispatches' });
    this.note = element('p', { className: 'note', role: 'status' }, '\u00a0');
    const programs = lab.tape.programs.map(({ name }, i) => element('option', { value: `${i}` }, name));
    this.choice = element('select', { onchange: () => this.choose(Number(this.choice.value)) }, ...programs);
    this.measure = element('button', { type: 'button', disabled: true, onclick: () => this.time() }, 'Measure');
    this.element = element(
      'div',
      { className: 'network' },
      element('p', { className: 'buttons' }, element('label', {}, 'Program ', this.choice), this.measure),
      this.note,
      element('div', { className: 'scrolled', tabIndex: 0, role: 'region', 'aria-label': 'the layers' }, this.layers),
      element(
        'p',
        { className: 'note' },
        'Each block is a dispatch: one kernel, started once. Choose one to see its equation, its code and its numbers, and to change it. ' +
          'The forward pass goes from left to right, the backward pass back from the loss.',
      ),
      words(),
      element('h3', {}, 'All of them, in the order in which they run'),
      element('div', { className: 'scrolled' }, this.table),
    );
    this.draw();
  }

  /** @param {number} program */
  choose(program) {
    this.program = program;
    this.draw();
    if (this.lab.runner) {
      this.time();
    }
  }

  /** Measures the dispatches, and draws them again. */
  async time() {
    this.measure.disabled = true;
    this.note.textContent = 'Measuring …';
    const { program } = this;
    const { inspector } = this.lab;
    const times = inspector && (await this.lab.between(() => timesOf(inspector, program)));
    if (program === this.program) {
      this.draw(times ?? undefined);
    }
    this.measure.disabled = false;
  }

  /** @param {number[]} [times] seconds of each dispatch */
  draw(times) {
    const links = this.lab.linksOf(this.program);
    const { dispatches } = links;
    const costs = times ?? dispatches.map(dispatch => dispatch.executed + OPERATIONS_PER_BYTE * bytesOf(dispatch));
    const all = costs.reduce((sum, cost) => sum + cost, 0);
    this.note.textContent = times
      ? `Width: the share of the time on your GPU, ${duration(all)} for all ${dispatches.length} dispatches, each in a pass of its own.`
      : `${dispatches.length} dispatches. Width: estimated from operations and bytes, until they are measured.`;
    const share = (/** @type {number} */ number) => `${((100 * costs[number]) / all).toFixed(1)} %`;
    const layers = links.layers();
    const costOf = (/** @type {number[]} */ numbers) => numbers.reduce((sum, number) => sum + costs[number], 0);
    const columns = layers.map(({ name, passes }) => {
      const widest = Math.max(...PASSES.map(pass => costOf(passes[pass])));
      const rows = PASSES.map(pass => {
        const blocks = passes[pass].map(number => {
          const { shapes } = dispatches[number];
          const what = wordsOf(dispatches[number]);
          return element(
            'a',
            {
              href: `#dispatch/${this.program}/${number}`,
              className: `block ${pass}`,
              style: `flex-grow: ${(1000 * costs[number]) / all}`,
              title: `${number} ${what}, ${share(number)} of the ${times ? 'time' : 'work'}\n${shapes}`,
            },
            element('span', {}, `${number}`),
            ' ',
            element('small', {}, what),
          );
        });
        // What is left of the layer's width.
        const rest = element('span', { className: 'rest', style: `flex-grow: ${(1000 * (widest - costOf(passes[pass]))) / all}` });
        return element('div', { className: 'pass', role: 'group', 'aria-label': pass }, ...blocks, rest);
      });
      return element(
        'section',
        { className: 'layer', role: 'listitem', style: `flex-grow: ${(1000 * widest) / all}` },
        element('h3', {}, name),
        ...rows,
      );
    });
    const rows = dispatches.map(({ pass, shapes }, number) =>
      element(
        'tr',
        {},
        element(
          'td',
          {},
          element('a', { href: `#dispatch/${this.program}/${number}` }, `${number} ${wordsOf(dispatches[number])}`),
        ),
        element('td', {}, links.layerOf[number]),
        element('td', {}, element('span', { className: `pass ${pass}` }, pass)),
        element('td', { className: 'number' }, times ? duration(costs[number]) : share(number)),
        element('td', {}, element('code', {}, shapes)),
      ),
    );
    const headings = ['dispatch', 'layer', 'pass', times ? 'time' : 'work', 'shapes'].map(name =>
      element('th', { scope: 'col' }, name),
    );
    this.table.replaceChildren(element('thead', {}, element('tr', {}, ...headings)), element('tbody', {}, ...rows));
    const names = PASSES.map(pass => element('span', { className: `pass ${pass}` }, pass));
    this.layers.replaceChildren(
      element('div', { className: 'pass-names', 'aria-hidden': 'true' }, element('h3', {}, '\u00a0'), ...names),
      ...columns,
    );
  }
}

/** What a newcomer has to know. */
function words() {
  const meanings = [
    ['kernel', 'a program for the GPU, which many threads run at once, each for other numbers'],
    ['dispatch', 'one start of a kernel, with the memory that it reads and writes'],
    ['workgroup', 'threads that run together and can share fast memory; a dispatch starts many workgroups'],
    ['binding', 'a piece of memory that a dispatch is given'],
    [
      'forward, backward, update',
      'from images to the loss; from the loss to the gradient of every weight; the step that changes the weights',
    ],
    ['[n, h, w, c]', 'the shape of images: how many, rows, columns, channels; the last one changes fastest in memory'],
  ];
  const list = meanings.flatMap(([word, meaning]) => [element('dt', {}, word), element('dd', {}, meaning)]);
  return element('details', {}, element('summary', {}, 'Words used here'), element('dl', {}, ...list));
}
