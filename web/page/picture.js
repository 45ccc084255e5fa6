// @ts-check
/**
 * A picture of the reader's own: drawn, dropped, pasted or photographed, and made into what the network sees.
 * @import { Preparation } from '../photo/photo.js'
 */
import { element } from './element.js';
import { prepared } from '../photo/photo.js';

const SIDE = 280;
const PEN = 22;
/** Larger photographs are made smaller by the browser: phones run out of memory. */
const MOST_PIXELS = 24e6;

export class PictureInput {
  /**
   * @param {Preparation} preparation
   * @param {(pixels: Uint8Array, inverted: boolean) => void} ready is given what the network is to see
   */
  constructor(preparation, ready) {
    this.preparation = preparation;
    this.ready = ready;
    this.canvas = element('canvas', {
      width: SIDE,
      height: SIDE,
      className: 'drawing',
      role: 'img',
      'aria-label': 'a place to draw with a mouse, a pen or a finger',
    });
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext('2d', { willReadFrequently: true }));
    this.file = element('input', { type: 'file', accept: 'image/*', onchange: () => this.open(this.file.files?.[0]) });
    this.problem = element('p', { className: 'problem', role: 'status' });
    this.element = element(
      'div',
      { className: 'picture' },
      this.canvas,
      element(
        'p',
        { className: 'buttons' },
        element('button', { type: 'button', onclick: () => this.clear() }, 'Clear'),
        element('label', { className: 'button' }, 'Picture or photo …', this.file),
      ),
      this.problem,
    );
    this.listen();
    this.blank();
  }

  listen() {
    /** @type {[number, number] | null} */
    let last = null;
    const place = (/** @type {PointerEvent} */ event) => {
      const { left, top, width, height } = this.canvas.getBoundingClientRect();
      return /** @type {[number, number]} */ ([((event.clientX - left) * SIDE) / width, ((event.clientY - top) * SIDE) / height]);
    };
    this.canvas.addEventListener('pointerdown', event => {
      this.canvas.setPointerCapture(event.pointerId);
      last = place(event);
      this.line(last, last);
    });
    this.canvas.addEventListener('pointermove', event => {
      if (last) {
        const next = place(event);
        this.line(last, next);
        last = next;
      }
    });
    const lift = () => {
      if (last) {
        last = null;
        this.send();
      }
    };
    this.canvas.addEventListener('pointerup', lift);
    this.canvas.addEventListener('pointercancel', lift);
    // Anywhere on the page: a browser would leave it for a picture that is dropped beside the place for it.
    document.addEventListener('dragover', event => event.preventDefault());
    document.addEventListener('drop', event => {
      event.preventDefault();
      this.open(event.dataTransfer?.files[0]);
    });
    document.addEventListener('paste', event => this.open(event.clipboardData?.files[0]));
  }

  /** White, as paper. */
  blank() {
    this.context.fillStyle = '#fff';
    this.context.fillRect(0, 0, SIDE, SIDE);
  }

  clear() {
    this.blank();
    this.problem.textContent = '';
  }

  /**
   * @param {[number, number]} start
   * @param {[number, number]} end
   */
  line(start, end) {
    Object.assign(this.context, { strokeStyle: '#111', lineWidth: PEN, lineCap: 'round' });
    this.context.beginPath();
    this.context.moveTo(...start);
    this.context.lineTo(...end);
    this.context.stroke();
  }

  /** What is drawn, to the network. */
  send() {
    this.prepare(this.context.getImageData(0, 0, SIDE, SIDE));
  }

  /** @param {File | undefined} file */
  async open(file) {
    if (!file) {
      return;
    }
    try {
      // Its numbers as they are, as `selvedge predict` takes them.
      const bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
      const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (bitmap.width * bitmap.height)));
      const [width, height] = [bitmap.width, bitmap.height].map(side => Math.max(1, Math.round(side * scale)));
      const whole = new OffscreenCanvas(width, height);
      const context = /** @type {OffscreenCanvasRenderingContext2D} */ (whole.getContext('2d'));
      context.drawImage(bitmap, 0, 0, width, height);
      const fit = Math.min(SIDE / width, SIDE / height);
      this.blank();
      const [across, down] = [width * fit, height * fit];
      this.context.drawImage(bitmap, (SIDE - across) / 2, (SIDE - down) / 2, across, down);
      bitmap.close();
      this.prepare(context.getImageData(0, 0, width, height));
    } catch (error) {
      this.problem.textContent = `${file.name} cannot be read as a picture by this browser (${error}).`;
    }
    this.file.value = '';
  }

  /** @param {ImageData} picture */
  prepare(picture) {
    try {
      const { pixels, inverted } = prepared(picture, this.preparation);
      this.problem.textContent = '';
      this.ready(pixels, inverted);
    } catch (error) {
      this.problem.textContent = error instanceof Error ? error.message : `${error}`;
    }
  }
}

/**
 * Bytes of an image on a canvas, one pixel each.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} pixels
 * @param {{ height: number, width: number, channels: number }} shape
 */
export function drawImage(canvas, pixels, { height, width, channels }) {
  canvas.width = width;
  canvas.height = height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const picture = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let color = 0; color < 3; color++) {
      picture.data[4 * i + color] = pixels[i * channels + Math.min(color, channels - 1)];
    }
    picture.data[4 * i + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}
