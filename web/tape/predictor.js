// @ts-check
/**
 * What the network says of pictures, with its present weights.
 * @import { Place } from './tape.js'
 * @import { Runner } from './runner.js'
 */
import { placeOf, programNamed } from './tape.js';

/** Bytes of an image, and how they become numbers: `(byte / 255 - mean) / deviation`, for each channel. */
/** @typedef {{ mean: number[], deviation: number[] }} Normalisation */

export class Predictor {
  /**
   * @param {Runner} runner of a tape with a program `prediction`
   * @param {Normalisation} normalisation
   */
  constructor(runner, normalisation) {
    this.runner = runner;
    this.normalisation = normalisation;
    this.program = programNamed(runner.tape, 'prediction');
    this.input = /** @type {Place} */ (placeOf(runner.tape, 'input'));
    this.output = /** @type {Place} */ (placeOf(runner.tape, 'output'));
    /** Images at once. */
    this.batch = this.input.shape[0];
    this.classes = this.output.shape[1];
  }

  /**
   * The probabilities of the classes for each image.
   * @param {Uint8Array} pixels of any number of images, `[N, H, W, C]`
   * @returns {Promise<Float32Array[]>}
   */
  async predict(pixels) {
    const size = this.input.shape.slice(1).reduce((product, side) => product * side, 1);
    const count = pixels.length / size;
    const answers = [];
    for (let first = 0; first < count; first += this.batch) {
      this.show(pixels.subarray(first * size, Math.min(first + this.batch, count) * size));
      this.runner.submit(this.runner.programs[this.program]);
      answers.push(this.runner.read(this.output));
    }
    const rows = (await Promise.all(answers)).flatMap(bytes => {
      const values = new Float32Array(bytes);
      return Array.from({ length: this.batch }, (_, i) => values.slice(i * this.classes, (i + 1) * this.classes));
    });
    return rows.slice(0, count);
  }

  /**
   * Writes images, at most as many as fit, to where the network looks.
   * @param {Uint8Array} pixels
   */
  show(pixels) {
    const { mean, deviation } = this.normalisation;
    const channels = this.input.shape[3];
    const scaled = new Float32Array(this.input.bytes / 4);
    pixels.forEach((byte, i) => (scaled[i] = (byte / 255 - mean[i % channels]) / deviation[i % channels]));
    this.runner.device.queue.writeBuffer(this.runner.buffers[this.input.buffer], this.input.offset, scaled);
  }
}

/**
 * The place of the largest number.
 * @param {Float32Array} values
 */
export function largest(values) {
  return values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
}
