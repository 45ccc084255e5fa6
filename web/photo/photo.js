// @ts-check
/**
 * A reader's own picture as a network sees it: to the byte what `selvedge predict` makes of the same pixels. This file must agree
 * with src/data/photo/mod.rs, and the files beside it with the files there of the same names.
 *
 * Rust's arithmetic is followed operation by operation, in its order and in 32 bits where it has 32: whether a pixel belongs to a
 * thing is decided by thresholds, and one that falls on the other side could move all others.
 * @import { Thing } from './thing.js'
 */
import { borderLuma, luma, onCanvas } from './colors.js';
import { fitted, greys, opaque } from './fitted.js';
import { f32 } from './numbers.js';
import { inTheMiddle, resized } from './resize.js';
import { shrunken } from './shrink.js';
import { foundThing } from './thing.js';

/**
 * A picture as ImageData has it: red, green, blue and opacity of each pixel, not premultiplied.
 * @typedef {{ width: number, height: number, data: Uint8ClampedArray | Uint8Array }} Rgba
 */
/** @typedef {{ height: number, width: number, channels: number }} ImageShape */
/** Whether light and dark are swapped. @typedef {'auto' | 'yes' | 'no'} Inversion */
/**
 * What is done to a picture: with `thing`, it is cut out of its background; without, `fit` says how it is given the shape.
 * @typedef {{ shape: ImageShape, fit: 'stretch' | 'crop' | 'pad', thing: Inversion | null }} Preparation
 */
/** @typedef {{ left: number, top: number, width: number, height: number }} Box */
/**
 * What the network sees, whether light and dark were swapped for it, the picture after the first shrinking, and where in that the
 * thing was found, if one was looked for.
 * @typedef {{ pixels: Uint8Array, inverted: boolean, small: Rgba, box: Box | null }} Prepared
 */

/**
 * @param {Rgba} picture the right way up
 * @param {Preparation} preparation
 * @returns {Prepared}
 * @throws {Error} when nothing stands out from its background
 */
export function prepared(picture, { shape, fit, thing }) {
  const small = shrunken(picture, thing === null ? shape : null);
  if (thing !== null) return { ...seen(small, shape, thing), small };
  const colours = fitted(opaque(small), shape, fit).data;
  return { pixels: shape.channels === 3 ? colours : greys(colours), inverted: false, small, box: null };
}

/**
 * @param {Rgba} picture
 * @param {ImageShape} shape
 * @param {Inversion} inversion
 */
function seen(picture, shape, inversion) {
  const isInverted = (/** @type {boolean} */ looksDark) => (inversion === 'auto' ? looksDark : inversion === 'yes');
  // An image of the data set's size is used as it is.
  if (picture.width === shape.width && picture.height === shape.height) {
    const inverted = isInverted(borderLuma(onCanvas(picture, inversion)) > 127);
    return { pixels: lightness(picture, inverted), inverted, box: null };
  }
  const thing = foundThing(picture, inversion);
  return { pixels: centred(thing, shape), inverted: isInverted(thing.dark), box: thing.box };
}

/**
 * The lightness of each pixel, or its darkness; transparent pixels are black in either case.
 * @param {Rgba} picture
 * @param {boolean} inverted
 */
function lightness({ data }, inverted) {
  return Uint8Array.from({ length: data.length / 4 }, (_, pixel) => {
    const light = luma(data, 4 * pixel);
    const shown = inverted ? f32(255 - light) : light;
    return Math.round(f32(f32(shown * data[4 * pixel + 3]) / 255));
  });
}

/**
 * A thing as large as fits, in the middle of a black image.
 * @param {Thing} thing
 * @param {ImageShape} shape
 */
function centred({ distances }, shape) {
  const longest = Math.max(distances.width, distances.height);
  const side = Math.min(shape.width, shape.height);
  const length = (/** @type {number} */ of) => Math.max(1, Math.floor((of * side + Math.floor(longest / 2)) / longest));
  return inTheMiddle(resized(distances, length(distances.width), length(distances.height)), shape).data;
}
