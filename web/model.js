// @ts-check
/**
 * A trained network as a page: what it says of a picture, why, and what its layers make of it.
 * @import { About } from './about.js'
 * @import { LayerOutput, Reason } from './tape/explained.js'
 */
import { readAbout } from './about.js';
import { byId, element } from './page/element.js';
import { embedded } from './page/embedded.js';
import { explained } from './tape/explained.js';
import { findGpu, help, nameOf } from './page/gpu.js';
import { PictureInput, drawImage } from './page/picture.js';
import { Predictor } from './tape/predictor.js';
import { Runner } from './tape/runner.js';
import { readTape } from './tape/tape.js';
import { valuesOf } from './tape/values.js';
import { colorsOf, drawSheet, sheetOf, statisticsOf } from './views/tensor.js';

class ModelView {
  /** @param {About} about */
  constructor(about) {
    this.about = about;
    this.state = element('p', { className: 'state', role: 'status' }, 'Looking for a GPU …');
    this.input = new PictureInput(about.preparation, (pixels, inverted) => this.show(pixels, inverted));
    this.seen = element('canvas', { className: 'pixels seen', role: 'img', 'aria-label': 'as the network sees it' });
    drawImage(this.seen, new Uint8Array(about.shape.height * about.shape.width * about.shape.channels), about.shape);
    this.prepared = element('p', { className: 'note' }, '\u00a0');
    this.reasons = element('ol', { className: 'reasons', 'aria-live': 'polite' });
    this.layers = element('div', { className: 'tensors' });
    this.element = element(
      'article',
      { className: 'model' },
      this.state,
      element(
        'div',
        { className: 'train' },
        element('section', {}, element('h3', {}, 'Draw something, drop a picture, or take a photo'), this.input.element),
        element('section', {}, element('h3', {}, 'As the network sees it'), this.seen, this.prepared),
        element(
          'section',
          {},
          element('h3', {}, 'What it says, and which parts of the picture say so'),
          this.reasons,
          element('p', { className: 'note' }, 'The brighter the yellow, the more that part of the picture speaks for the class.'),
        ),
      ),
      element('section', {}, element('h2', {}, 'What its layers make of it'), this.layers),
      element(
        'p',
        { className: 'note' },
        'This page is one file, needs no network and sends nothing anywhere. Made with ',
        element('code', {}, about.made),
      ),
    );
  }

  /** Finds the GPU and gets the network ready. */
  async start() {
    const found = await findGpu();
    if ('problem' in found) {
      this.state.replaceChildren(element('span', { className: 'problem' }, `${found.problem} To use the page:`), help());
      return;
    }
    found.device.lost.then(({ message }) => this.fail(`The GPU was lost: ${message}`));
    found.device.addEventListener('uncapturederror', event =>
      this.fail(/** @type {GPUUncapturedErrorEvent} */ (event).error.message),
    );
    const runner = new Runner(found.device, await readTape(embedded('tape')));
    await runner.prepare((done, all) => (this.state.textContent = `Compiling kernels: ${done} of ${all} dispatches`));
    this.predictor = new Predictor(runner, this.about.normalisation);
    this.state.textContent = `Ready on ${nameOf(found.adapter)}`;
    if (this.pixels) {
      await this.ask();
    }
  }

  /** @param {string} problem */
  fail(problem) {
    this.predictor = undefined;
    this.state.replaceChildren(element('span', { className: 'problem' }, problem), ' Reload the page to begin again.');
  }

  /**
   * @param {Uint8Array} pixels
   * @param {boolean} inverted
   */
  show(pixels, inverted) {
    this.pixels = pixels;
    this.reasons.replaceChildren(element('li', {}, '…'));
    drawImage(this.seen, pixels, this.about.shape);
    const { height, width } = this.about.shape;
    const thing = this.about.preparation.thing ? 'cut out of its background, put in the middle' : 'resized';
    this.prepared.textContent = `${width}x${height} pixels, ${thing}${inverted ? ', light and dark swapped' : ''}.`;
    this.ask();
  }

  /** What the network says of the picture. */
  async ask() {
    const { pixels, predictor } = this;
    if (!pixels || !predictor) {
      return;
    }
    const { probabilities, reasons, layers } = await explained(predictor, pixels);
    if (this.pixels !== pixels) {
      return;
    }
    // For whoever compares it with another program.
    this.reasons.dataset.probabilities = JSON.stringify([...probabilities]);
    this.reasons.replaceChildren(...reasons.map(reason => this.reason(pixels, reason)));
    this.layers.replaceChildren(...layers.map(layerView));
  }

  /**
   * @param {Uint8Array} pixels
   * @param {Reason} reason
   */
  reason(pixels, { label, probability, map }) {
    const name = this.about.classes[label];
    const canvas = element('canvas', { className: 'pixels seen', role: 'img', 'aria-label': `what speaks for ${name}` });
    drawImage(canvas, pixels, this.about.shape);
    if (map) {
      tint(canvas, map);
    }
    const answer = element('p', {}, element('b', {}, name), ` ${probability.toFixed(3)}`);
    return element('li', { style: `--share: ${probability}` }, answer, canvas);
  }
}

/**
 * Lays a map over a picture: yellow where most speaks for the class.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} map
 */
function tint(canvas, map) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const picture = context.getImageData(0, 0, canvas.width, canvas.height);
  map.forEach((share, i) => {
    [255, 190, 0].forEach((color, channel) => {
      const own = picture.data[4 * i + channel];
      picture.data[4 * i + channel] = own * (1 - 0.65 * share) + color * 0.65 * share;
    });
  });
  context.putImageData(picture, 0, 0);
}

/** @param {LayerOutput} output */
function layerView({ name, place, values }) {
  const numbers = valuesOf(values, place);
  const canvas = element('canvas', { className: 'pixels tensor', role: 'img', 'aria-label': `the channels of ${name}` });
  const sheet = sheetOf(place.shape, false, 0);
  const statistics = statisticsOf(numbers);
  drawSheet(canvas, numbers, sheet, statistics);
  const [, rows, columns, channels] = place.shape;
  const left = sheet.left > 0 ? `, ${sheet.left} are not shown` : '';
  return element(
    'figure',
    { className: 'tensor-view' },
    element('figcaption', {}, element('b', {}, name), ` ${channels} channels of ${rows}x${columns}${left}`),
    canvas,
    element('p', { className: 'note' }, colorsOf(statistics)),
  );
}

/** Opens the page. */
export async function openModel() {
  const main = byId('main');
  try {
    const view = new ModelView(readAbout());
    main.append(view.element);
    addEventListener('unhandledrejection', ({ reason }) => view.fail(reason instanceof Error ? reason.message : `${reason}`));
    await view.start().catch(error => view.fail(`${error}`));
  } catch (error) {
    main.replaceChildren(element('p', { className: 'problem', role: 'alert' }, `This page cannot be opened: ${error}`));
    throw error;
  }
}
