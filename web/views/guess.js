// @ts-check
/**
 * One held-out image with what the network says of it.
 * @import { Lab } from '../lab.js'
 */
import { element } from '../page/element.js';
import { drawImage } from '../page/picture.js';
import { largest } from '../tape/predictor.js';

export class Guess {
  /**
   * @param {Lab} lab
   * @param {number} label
   * @param {Uint8Array} pixels
   */
  constructor(lab, label, pixels) {
    this.lab = lab;
    this.label = label;
    const { classes, shape } = lab.about;
    const canvas = element('canvas', { className: 'pixels', role: 'img', 'aria-label': classes[label] });
    drawImage(canvas, pixels, shape);
    this.said = element('span', { className: 'said' }, '\u00a0');
    const truth = element('span', { className: 'truth' }, classes[label]);
    this.sure = element('span', { className: 'sure', style: '--share: 0' });
    this.element = element('li', {}, canvas, truth, this.said, this.sure);
  }

  clear() {
    this.said.textContent = '\u00a0';
    this.element.className = '';
    this.sure.style.setProperty('--share', '0');
  }

  /** @param {Float32Array} probabilities */
  show(probabilities) {
    const best = largest(probabilities);
    const isRight = best === this.label;
    // A sign besides the colour.
    this.said.textContent = `${isRight ? '✓' : '✗'} ${this.lab.about.classes[best]}`;
    this.element.className = isRight ? 'right' : 'wrong';
    this.sure.style.setProperty('--share', `${probabilities[best]}`);
  }
}
