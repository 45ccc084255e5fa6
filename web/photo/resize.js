// @ts-check
/**
 * Resizing as the crate `image` does it for src/data/photo: `resize` with `FilterType::Triangle`, which takes means weighted by a
 * triangle over the pixels near each new one, and `overlay` on black.
 */
import { f32 } from './numbers.js';

/**
 * Bytes row by row, `channels` for each pixel.
 * @typedef {{ width: number, height: number, channels: number, data: Uint8Array }} Raster
 */

/** The pixels that a new one is made of. @typedef {{ first: number, weights: Float32Array }} Sources */

/**
 * @param {Raster} picture
 * @param {number} width
 * @param {number} height
 * @returns {Raster}
 */
export function resized(picture, width, height) {
  const { channels } = picture;
  const rows = resizedRows(picture, height);
  const data = new Uint8Array(width * height * channels);
  for (let x = 0; x < width; x++) {
    const { first, weights } = sourcesOf(x, picture.width, width);
    for (let y = 0; y < height; y++) {
      for (let i = 0; i < channels; i++) {
        const start = (y * picture.width + first) * channels + i;
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum = f32(sum + f32(rows[start + k * channels] * weights[k]));
        data[(y * width + x) * channels + i] = Math.round(Math.min(Math.max(sum, 0), 255));
      }
    }
  }
  return { width, height, channels, data };
}

/**
 * The picture with another number of rows, not yet rounded.
 * @param {Raster} picture
 * @param {number} height
 */
function resizedRows({ width, height: from, channels, data }, height) {
  const bytes = width * channels;
  const rows = new Float32Array(height * bytes);
  for (let y = 0; y < height; y++) {
    const { first, weights } = sourcesOf(y, from, height);
    weights.forEach((weight, k) => {
      const start = (first + k) * bytes;
      for (let i = 0; i < bytes; i++) rows[y * bytes + i] += f32(data[start + i] * weight);
    });
  }
  return rows;
}

/**
 * @param {number} at the new pixel's place along a side
 * @param {number} from length of that side
 * @param {number} to its new length
 * @returns {Sources}
 */
function sourcesOf(at, from, to) {
  const ratio = f32(from / to);
  const reach = Math.max(ratio, 1);
  const middle = f32((at + 0.5) * ratio);
  const first = Math.min(Math.max(Math.floor(f32(middle - reach)), 0), from - 1);
  const end = Math.min(Math.max(Math.ceil(f32(middle + reach)), first + 1), from);
  const weights = new Float32Array(end - first);
  let sum = 0;
  for (let k = 0; k < weights.length; k++) {
    const away = Math.abs(f32(f32(first + k - f32(middle - 0.5)) / reach));
    weights[k] = away < 1 ? 1 - away : 0;
    sum = f32(sum + weights[k]);
  }
  return { first, weights: weights.map(weight => weight / sum) };
}

/**
 * A picture in the middle of a black one.
 * @param {Raster} picture no larger than that
 * @param {{ width: number, height: number }} size
 * @returns {Raster}
 */
export function inTheMiddle(picture, { width, height }) {
  const { channels } = picture;
  const left = Math.floor((width - picture.width) / 2);
  const top = Math.floor((height - picture.height) / 2);
  const data = new Uint8Array(width * height * channels);
  const bytes = picture.width * channels;
  for (let y = 0; y < picture.height; y++) {
    data.set(picture.data.subarray(y * bytes, (y + 1) * bytes), ((top + y) * width + left) * channels);
  }
  return { width, height, channels, data };
}
