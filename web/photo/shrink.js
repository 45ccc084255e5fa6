// @ts-check
/**
 * The first shrinking, to the means of square blocks (src/data/photo/shrink.rs).
 *
 * Two files may differ a little from Rust's: of a JPEG, Rust decodes less detail where it needs less; and a picture that a camera
 * took on its side is shrunk there before it is turned, which leaves the incomplete blocks on another side.
 * @import { ImageShape, Rgba } from './photo.js'
 */

/** About how many pixels are kept to find a thing: one that fills a twentieth of the width keeps the 28 that it will have. */
const KEPT_FOR_THING = 2 ** 18;
/** The most pixels kept. */
const MOST_KEPT = 2 ** 24;
/** Sums over a block of this side fit 32 bits. */
const LARGEST_BLOCK = 256;

/**
 * @param {Rgba} picture
 * @param {ImageShape | null} atLeast the size that is needed where the picture has it, or enough to find a thing
 * @returns {Rgba}
 */
export function shrunken(picture, atLeast) {
  const side = blockSide(picture, atLeast);
  const width = Math.ceil(picture.width / side);
  const height = Math.ceil(picture.height / side);
  const data = new Uint8ClampedArray(4 * width * height);
  const sums = new Uint32Array(4 * width);
  for (let row = 0; row < height; row++) {
    const end = Math.min((row + 1) * side, picture.height);
    sums.fill(0);
    for (let y = row * side; y < end; y++) addRow(sums, picture, y, side);
    const rows = end - row * side;
    for (let column = 0; column < width; column++) {
      const pixels = rows * Math.min(side, picture.width - column * side);
      const opacity = sums[4 * column + 3];
      for (let i = 0; i < 4; i++) {
        data[4 * (row * width + column) + i] = roundedMean(sums[4 * column + i], i < 3 ? opacity : pixels);
      }
    }
  }
  return { width, height, data };
}

/**
 * Side of a block in pixels.
 * @param {Rgba} picture
 * @param {ImageShape | null} atLeast
 */
function blockSide({ width, height }, atLeast) {
  const keeping = (/** @type {number} */ kept) => Math.ceil(Math.sqrt((width * height) / kept));
  const side =
    atLeast === null
      ? keeping(KEPT_FOR_THING)
      : // A camera may have stored height as width.
        Math.max(Math.floor(Math.min(width, height) / Math.max(atLeast.height, atLeast.width)), keeping(MOST_KEPT));
  return Math.min(Math.max(side, 1), LARGEST_BLOCK);
}

/**
 * Adds a row of pixels to the sums of r*a, g*a, b*a and a of its blocks.
 * @param {Uint32Array} sums
 * @param {Rgba} picture
 * @param {number} y
 * @param {number} side
 */
function addRow(sums, { width, data }, y, side) {
  for (let block = 0, x = 0; x < width; block += 4) {
    const end = Math.min(x + side, width);
    let [red, green, blue, opacity] = [0, 0, 0, 0];
    for (; x < end; x++) {
      const at = 4 * (y * width + x);
      const a = data[at + 3];
      red += data[at] * a;
      green += data[at + 1] * a;
      blue += data[at + 2] * a;
      opacity += a;
    }
    sums[block] += red;
    sums[block + 1] += green;
    sums[block + 2] += blue;
    sums[block + 3] += opacity;
  }
}

/**
 * @param {number} sum
 * @param {number} of
 */
function roundedMean(sum, of) {
  return Math.floor((sum + Math.floor(of / 2)) / Math.max(of, 1));
}
