// @ts-check
/**
 * The colours of a picture (src/data/photo/colors.rs; the background's plane is in plane.js).
 * @import { Inversion, Rgba } from './photo.js'
 */
import { f32, quantile } from './numbers.js';

/**
 * Opaque colours, row by row: red, green and blue of each pixel.
 * @typedef {{ width: number, height: number, values: Float32Array }} Colours
 */

/** Weights of red, green and blue in the lightness of a colour (ITU-R BT.601). */
const LUMA = new Float32Array([0.299, 0.587, 0.114]);

/**
 * The lightness of the colour that starts at `values[i]`, 0 to 255.
 * @param {ArrayLike<number>} values
 * @param {number} i
 */
export function luma(values, i) {
  return f32(f32(f32(LUMA[0] * values[i]) + f32(LUMA[1] * values[i + 1])) + f32(LUMA[2] * values[i + 2]));
}

/**
 * How far apart the colours that start at `a[i]` and `b[j]` are.
 * @param {Float32Array} a
 * @param {number} i
 * @param {Float32Array} b
 * @param {number} j
 */
export function distance(a, i, b, j) {
  const red = f32(a[i] - b[j]);
  const green = f32(a[i + 1] - b[j + 1]);
  const blue = f32(a[i + 2] - b[j + 2]);
  const redAndGreen = f32(f32(LUMA[0] * f32(red * red)) + f32(LUMA[1] * f32(green * green)));
  return f32(Math.sqrt(f32(redAndGreen + f32(LUMA[2] * f32(blue * blue)))));
}

/**
 * The median of each channel.
 * @param {ArrayLike<number>} values
 * @param {number[]} starts where the colours start in `values`
 */
export function medianColour(values, starts) {
  return Float32Array.from([0, 1, 2], i =>
    quantile(
      Float32Array.from(starts, start => values[start + i]),
      0.5,
    ),
  );
}

/**
 * A picture with its transparent parts on a plain canvas.
 * @param {Rgba} picture
 * @param {Inversion} inversion
 * @returns {Colours}
 */
export function onCanvas(picture, inversion) {
  const { width, height, data } = picture;
  const canvas = canvasColour(picture, inversion);
  const values = new Float32Array(3 * width * height);
  for (let from = 0, to = 0; to < values.length; from += 4, to += 3) {
    const opaque = f32(data[from + 3] / 255);
    const clear = f32(1 - opaque);
    for (let i = 0; i < 3; i++) values[to + i] = f32(opaque * data[from + i]) + f32(clear * canvas[i]);
  }
  return { width, height, values };
}

/**
 * The border's colour when most of the border is opaque, or else black or white, whichever the opaque part stands out from.
 * @param {Rgba} picture
 * @param {Inversion} inversion
 */
function canvasColour({ width, height, data }, inversion) {
  const border = borderOf(width, height).map(pixel => 4 * pixel);
  const opaqueBorder = border.filter(start => data[start + 3] > 127);
  if (2 * opaqueBorder.length > border.length) return medianColour(data, opaqueBorder);
  let [sum, opaque] = [0, 0];
  for (let at = 0; at < data.length; at += 4) {
    sum += data[at + 3] * luma(data, at);
    opaque += data[at + 3];
  }
  const isWhite = inversion === 'auto' ? sum <= 127.5 * opaque : inversion === 'yes';
  return new Float32Array(3).fill(isWhite ? 255 : 0);
}

/**
 * @param {number} width
 * @param {number} height
 * @param {(x: number, y: number) => boolean} isWanted
 */
function pixelsWhere(width, height, isWanted) {
  const pixels = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) if (isWanted(x, y)) pixels.push(y * width + x);
  }
  return pixels;
}

/**
 * @param {number} width
 * @param {number} height
 */
function borderOf(width, height) {
  return pixelsWhere(width, height, (x, y) => x === 0 || y === 0 || x + 1 === width || y + 1 === height);
}

/**
 * The median lightness of the pixels along the border.
 * @param {Colours} colours
 */
export function borderLuma({ width, height, values }) {
  return quantile(
    Float32Array.from(borderOf(width, height), pixel => luma(values, 3 * pixel)),
    0.5,
  );
}

/**
 * The pixels along the border, a quarter of each side from each corner: a thing may touch the middle of all four sides.
 * @param {Colours} colours
 */
export function cornersOf({ width, height }) {
  const depth = Math.max(1, Math.floor(Math.min(width, height) / 50));
  const near = (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ reach) =>
    at < reach || size - 1 - at < reach;
  const [across, down] = [Math.ceil(width / 4), Math.ceil(height / 4)];
  return pixelsWhere(
    width,
    height,
    (x, y) => (near(y, height, depth) && near(x, width, across)) || (near(x, width, depth) && near(y, height, down)),
  );
}

/**
 * The thickness of a frame around the picture: a band of nearly one colour, up to a twentieth of the shorter side (or two
 * pixels) thick, with another colour along all four sides right inside it.
 * @param {Colours} colours
 */
export function frameOf(colours) {
  const shorter = Math.min(colours.width, colours.height);
  const most = Math.min(Math.max(2, Math.floor(shorter / 20)), Math.floor(shorter / 8));
  const outer = sidesOf(colours, 0);
  const isOther = (/** @type {Float32Array} */ side) => distance(side, 0, outer[0], 0) > 16;
  if (outer.some(isOther)) return 0;
  for (let depth = 1; depth <= most; depth++) {
    // The ring where the frame ends may be a mixture of both.
    if (sidesOf(colours, depth).every(isOther)) return depth + 1;
  }
  return 0;
}

/**
 * The median colour along each side at this depth.
 * @param {Colours} colours
 * @param {number} depth
 */
function sidesOf({ width, height, values }, depth) {
  const [right, bottom] = [width - 1 - depth, height - 1 - depth];
  const xs = Array.from({ length: right + 1 - depth }, (_, i) => depth + i);
  const ys = Array.from({ length: bottom + 1 - depth }, (_, i) => depth + i);
  const start = (/** @type {number} */ x, /** @type {number} */ y) => 3 * (y * width + x);
  return [
    xs.map(x => start(x, depth)),
    xs.map(x => start(x, bottom)),
    ys.map(y => start(depth, y)),
    ys.map(y => start(right, y)),
  ].map(starts => medianColour(values, starts));
}

/**
 * @param {Colours} colours
 * @param {number} frame its thickness
 * @returns {Colours}
 */
export function withoutFrame(colours, frame) {
  const [width, height] = [colours.width - 2 * frame, colours.height - 2 * frame];
  const values = new Float32Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const start = 3 * ((frame + y) * colours.width + frame);
    values.set(colours.values.subarray(start, start + 3 * width), 3 * y * width);
  }
  return { width, height, values };
}

/**
 * Means over squares of about a twenty-fifth of the shorter side, taken twice, which removes noise and texture: once is not
 * enough for stripes half as wide as a square.
 * @param {Colours} colours
 */
export function smoothed(colours) {
  const radius = Math.floor(Math.min(colours.width, colours.height) / 48);
  return averaged(averaged(colours, radius), radius);
}

/**
 * @param {Colours} colours
 * @param {number} radius
 * @returns {Colours}
 */
function averaged({ width, height, values }, radius) {
  const rows = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += 3 * width) {
    for (let i = 0; i < 3; i++) runningMeans(values, rows, at + i, 3, width, radius);
  }
  const columns = new Float32Array(values.length);
  for (let at = 0; at < 3 * width; at++) runningMeans(rows, columns, at, 3 * width, height, radius);
  return { width, height, values: columns };
}

/**
 * The mean of each of `count` values, from `start` on `step` apart, with up to `radius` before and after it; near the ends, that
 * of the nearest whole window.
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @param {number} start
 * @param {number} step
 * @param {number} count
 * @param {number} radius
 */
function runningMeans(from, to, start, step, count, radius) {
  const sums = new Float32Array(count + 1);
  for (let i = 0; i < count; i++) sums[i + 1] = sums[i] + from[start + i * step];
  const window = Math.min(2 * radius + 1, count);
  for (let i = 0; i < count; i++) {
    const first = Math.min(Math.max(i - radius, 0), count - window);
    to[start + i * step] = f32(sums[first + window] - sums[first]) / window;
  }
}
