// @ts-check
/**
 * The reader's own picture, and what the network says of it now.
 * @import { Lab } from '../lab.js'
 * @import { Preparation } from '../photo/photo.js'
 */
import { element } from '../page/element.js';
import { PictureInput, drawImage } from '../page/picture.js';

export class OwnPicture {
  /** @param {Lab} lab */
  constructor(lab) {
    this.lab = lab;
    const { preparation, shape } = lab.about;
    this.input = new PictureInput(preparation, pixels => this.show(pixels));
    this.seen = element('canvas', { className: 'pixels seen', role: 'img', 'aria-label': 'as the network sees it' });
    drawImage(this.seen, new Uint8Array(shape.height * shape.width * shape.channels), shape);
    this.answers = element(
      'ol',
      { className: 'answers', 'aria-live': 'polite' },
      ...[1, 2, 3].map(() => element('li', {}, '\u00a0')),
    );
    this.element = element(
      'section',
      { className: 'own' },
      element('h3', {}, 'Draw something, or drop a picture'),
      element(
        'div',
        { className: 'beside' },
        this.input.element,
        element('div', {}, element('p', { className: 'note' }, seenAs(lab.about.preparation)), this.seen, this.answers),
      ),
    );
  }

  /** @param {Uint8Array} pixels */
  show(pixels) {
    this.pixels = pixels;
    drawImage(this.seen, pixels, this.lab.about.shape);
    this.answers.replaceChildren(...[1, 2, 3].map(() => element('li', {}, '…')));
    this.ask();
  }

  /** What the network says of it now. */
  async ask() {
    if (!this.pixels || !this.lab.predictor) {
      return;
    }
    const [probabilities] = await this.lab.predictor.predict(this.pixels);
    showAnswers(this.answers, probabilities, this.lab.about.classes);
  }
}

/** @param {Preparation} preparation */
function seenAs({ thing }) {
  return thing ? 'as the network sees it: cut out, in the middle, light on dark' : 'as the network sees it';
}

/**
 * The three most probable classes.
 * @param {HTMLElement} list
 * @param {Float32Array} probabilities
 * @param {string[]} classes
 */
function showAnswers(list, probabilities, classes) {
  const ranked = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]).slice(0, 3);
  const rows = ranked.map(place => {
    const share = probabilities[place];
    return element('li', { style: `--share: ${share}` }, element('b', {}, classes[place]), ` ${share.toFixed(3)}`);
  });
  list.replaceChildren(...rows);
}
