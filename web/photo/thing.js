// @ts-check
/**
 * Finds the thing in a picture: what is farther from the background's colour than the corners are, in large enough patches
 * (src/data/photo/thing.rs).
 * @import { Box, Inversion, Rgba } from './photo.js'
 * @import { Colours } from './colors.js'
 * @import { Raster } from './resize.js'
 */
import { cornersOf, distance, frameOf, luma, onCanvas, smoothed, withoutFrame } from './colors.js';
import { f32, quantile } from './numbers.js';
import { backgroundOf } from './plane.js';

/** A thing differs from its background by at least a sixteenth of the range, */
const LEAST_DISTANCE = 16;
/** by this many times the median difference of the corners from it, */
const TIMES_TEXTURE = 4;
/** and by this share of the difference that most of the thing has: shadows are fainter. */
const SHADOW = Math.fround(0.15);
/** Patches smaller than this share of the largest are specks. */
const SPECK = 0.02;
/** A thing covers at least this share of its picture. */
const LEAST_SHARE = 0.001;

/**
 * How far each pixel is from the background, 0 where it is background, cropped to the thing; whether that is darker than its
 * background; and where in the picture it is.
 * @typedef {{ distances: Raster, dark: boolean, box: Box }} Thing
 */

/**
 * @param {Rgba} picture
 * @param {Inversion} inversion
 * @returns {Thing}
 * @throws {Error} when there is almost nothing but background
 */
export function foundThing(picture, inversion) {
  const framed = onCanvas(picture, inversion);
  const frame = frameOf(framed);
  const colours = withoutFrame(framed, frame);
  const smooth = smoothed(colours);
  const background = backgroundOf(smooth);
  const far = contrasts(colours, background, inversion);
  const mask = maskOf(far, contrasts(smooth, background, inversion), cornersOf(colours));
  const kept = keepPatches(mask, colours.width);
  if (kept === 0 || kept < LEAST_SHARE * mask.length) throw new Error('Nothing stands out from its background.');
  const box = boxAround(mask, colours.width);
  return {
    distances: distancesWithin(box, mask, far, colours.width),
    dark: isDark(mask, colours, background),
    box: { ...box, left: box.left + frame, top: box.top + frame },
  };
}

/**
 * How far each pixel is from the background, to either side or only to the wanted one.
 * @param {Colours} colours
 * @param {Colours} background
 * @param {Inversion} inversion
 */
function contrasts({ values }, { values: behind }, inversion) {
  const far = new Float32Array(values.length / 3);
  for (let pixel = 0, at = 0; pixel < far.length; pixel++, at += 3) {
    if (inversion === 'auto') far[pixel] = distance(values, at, behind, at);
    else if (inversion === 'yes') far[pixel] = luma(behind, at) - luma(values, at);
    else far[pixel] = luma(values, at) - luma(behind, at);
  }
  return far;
}

/**
 * Which pixels may belong to a thing.
 * @param {Float32Array} sharp contrasts of the picture
 * @param {Float32Array} smooth and of the smoothed one
 * @param {number[]} corners
 */
function maskOf(sharp, smooth, corners) {
  const texture = quantile(
    Float32Array.from(corners, pixel => Math.abs(smooth[pixel])),
    0.5,
  );
  const least = Math.max(LEAST_DISTANCE, f32(TIMES_TEXTURE * texture));
  const strong = strongest(sharp, bothAbove(least, sharp, smooth));
  return bothAbove(Math.max(least, f32(SHADOW * strong)), sharp, smooth);
}

/**
 * @param {number} least
 * @param {Float32Array} a
 * @param {Float32Array} b
 */
function bothAbove(least, a, b) {
  const mask = new Uint8Array(a.length);
  for (let i = 0; i < mask.length; i++) mask[i] = Number(Math.min(a[i], b[i]) > least);
  return mask;
}

/**
 * What all but a twentieth of the masked values stay below.
 * @param {Float32Array} values
 * @param {Uint8Array} mask
 */
function strongest(values, mask) {
  return quantile(
    values.filter((_, pixel) => mask[pixel]),
    0.95,
  );
}

/**
 * Clears all but the large patches of a mask, and returns the number of pixels in these.
 * @param {Uint8Array} mask
 * @param {number} width
 */
function keepPatches(mask, width) {
  const patchOf = new Int32Array(mask.length).fill(-1);
  /** @type {number[]} */
  const sizes = [];
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] && patchOf[start] < 0) sizes.push(markPatch(start, sizes.length, patchOf, mask, width));
  }
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  const isKept = (/** @type {number} */ size) => size >= SPECK * largest;
  for (let pixel = 0; pixel < mask.length; pixel++) {
    if (mask[pixel] && !isKept(sizes[patchOf[pixel]])) mask[pixel] = 0;
  }
  return sizes.filter(isKept).reduce((sum, size) => sum + size, 0);
}

/**
 * Marks all pixels of the mask that touch the first one directly or through others, and counts them.
 * @param {number} start
 * @param {number} patch
 * @param {Int32Array} patchOf
 * @param {Uint8Array} mask
 * @param {number} width
 */
function markPatch(start, patch, patchOf, mask, width) {
  let size = 0;
  const next = [start];
  patchOf[start] = patch;
  for (let pixel = next.pop(); pixel !== undefined; pixel = next.pop()) {
    size++;
    const column = pixel % width;
    for (let row = pixel - column - width; row <= pixel - column + width; row += width) {
      for (let x = Math.max(column - 1, 0); x < Math.min(column + 2, width); x++) {
        // Outside of the picture there is no mask.
        if (mask[row + x] && patchOf[row + x] < 0) {
          patchOf[row + x] = patch;
          next.push(row + x);
        }
      }
    }
  }
  return size;
}

/**
 * @param {Uint8Array} mask
 * @param {number} width
 * @returns {Box}
 */
function boxAround(mask, width) {
  let [left, right] = [width, 0];
  mask.forEach((inside, pixel) => {
    if (inside) [left, right] = [Math.min(left, pixel % width), Math.max(right, pixel % width)];
  });
  const [top, bottom] = [mask.indexOf(1), mask.lastIndexOf(1)].map(pixel => Math.floor(pixel / width));
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * Whether the masked pixels are darker than their background, all in all.
 * @param {Uint8Array} mask
 * @param {Colours} colours
 * @param {Colours} background
 */
function isDark(mask, { values }, { values: behind }) {
  let lighter = 0;
  mask.forEach((inside, pixel) => {
    if (inside) lighter += f32(luma(values, 3 * pixel) - luma(behind, 3 * pixel));
  });
  return lighter < 0;
}

/**
 * The contrasts inside the mask, scaled to bytes.
 * @param {Box} box
 * @param {Uint8Array} mask
 * @param {Float32Array} far
 * @param {number} rowLength
 * @returns {Raster}
 */
function distancesWithin({ left, top, width, height }, mask, far, rowLength) {
  const scale = f32(255 / strongest(far, mask));
  const data = Uint8Array.from({ length: width * height }, (_, i) => {
    const pixel = (top + Math.floor(i / width)) * rowLength + left + (i % width);
    return mask[pixel] ? Math.min(Math.round(f32(scale * far[pixel])), 255) : 0;
  });
  return { width, height, channels: 1, data };
}
