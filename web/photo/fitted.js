// @ts-check
/**
 * A picture given the size and the colours of a data set's images (src/data/photo/fitted.rs).
 * @import { ImageShape, Preparation, Rgba } from './photo.js'
 * @import { Raster } from './resize.js'
 */
import { luma } from './colors.js';
import { inTheMiddle, resized } from './resize.js';

/**
 * The picture on white, where it is transparent.
 * @param {Rgba} picture
 * @returns {Raster}
 */
export function opaque({ width, height, data: rgba }) {
  const data = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    const a = rgba[from + 3];
    for (let i = 0; i < 3; i++) data[to + i] = Math.floor((rgba[from + i] * a + 255 * (255 - a) + 127) / 255);
  }
  return { width, height, channels: 3, data };
}

/**
 * The picture with this shape's size.
 * @param {Raster} picture
 * @param {ImageShape} shape
 * @param {Preparation['fit']} fit
 */
export function fitted(picture, { width, height }, fit) {
  const [across, down] = [width / picture.width, height / picture.height];
  const side = (/** @type {number} */ length, /** @type {number} */ most) => Math.min(Math.max(Math.round(length), 1), most);
  if (fit === 'crop') {
    const scale = Math.max(across, down);
    const part = middlePart(picture, side(width / scale, picture.width), side(height / scale, picture.height));
    return resized(part, width, height);
  }
  if (fit === 'pad') {
    const scale = Math.min(across, down);
    const small = resized(picture, side(picture.width * scale, width), side(picture.height * scale, height));
    return inTheMiddle(small, { width, height });
  }
  return resized(picture, width, height);
}

/**
 * @param {Raster} picture
 * @param {number} width
 * @param {number} height
 * @returns {Raster}
 */
function middlePart(picture, width, height) {
  const { channels } = picture;
  const left = Math.floor((picture.width - width) / 2);
  const top = Math.floor((picture.height - height) / 2);
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * picture.width + left) * channels;
    data.set(picture.data.subarray(start, start + width * channels), y * width * channels);
  }
  return { width, height, channels, data };
}

/**
 * The lightness of pixels given as red, green and blue.
 * @param {Uint8Array} colours
 */
export function greys(colours) {
  return Uint8Array.from({ length: colours.length / 3 }, (_, pixel) => Math.round(luma(colours, 3 * pixel)));
}
