// @ts-check
/**
 * Numbers of a tensor as a picture: images with their channels side by side, filters, matrices, rows.
 * @import { Values } from '../tape/values.js'
 */

import { elements } from '../tape/values.js';

/** @typedef {{ count: number, smallest: number, largest: number, mean: number, notFinite: number, bins: number[] }} Statistics */
/** One tile: rows, columns, and the place of each number. @typedef {{ rows: number, columns: number, at: (y: number, x: number) => number }} Tile */
/** Tiles side by side. @typedef {{ what: string, tiles: Tile[], left: number }} Sheet */

const BINS = 40;
/** More tiles are not drawn, and none below this many rows of pixels. */
const MOST_TILES = 64;
const MOST_PIXEL_ROWS = 1500;
/** Pixels of a row of tiles. */
const ROW_PIXELS = 232;
/** Larger matrices are cut off. */
const MOST_ROWS = 64;
const MOST_COLUMNS = 256;

/**
 * @param {Values} values
 * @returns {Statistics}
 */
export function statisticsOf(values) {
  let [smallest, largest, sum, notFinite] = [Infinity, -Infinity, 0, 0];
  for (const value of values) {
    if (Number.isFinite(value)) {
      smallest = Math.min(smallest, value);
      largest = Math.max(largest, value);
      sum += value;
    } else {
      notFinite++;
    }
  }
  const bins = new Array(BINS).fill(0);
  const width = largest - smallest || 1;
  for (const value of values) {
    if (Number.isFinite(value)) {
      bins[Math.min(BINS - 1, Math.floor(((value - smallest) / width) * BINS))]++;
    }
  }
  return { count: values.length, smallest, largest, mean: sum / (values.length - notFinite), notFinite, bins };
}

/**
 * How a tensor of this shape is drawn. Images are `[N, H, W, C]`, filters `[KH, KW, in, out]`.
 * @param {number[]} shape
 * @param {boolean} isFilter
 * @param {number} image which of several images
 * @returns {Sheet}
 */
export function sheetOf(shape, isFilter, image) {
  if (shape.length === 4 && isFilter) {
    const [rows, columns, from, to] = shape;
    const filters = from * to;
    const tile = (/** @type {number} */ i) => {
      const place = (i % from) * to + Math.floor(i / from);
      return { rows, columns, at: (/** @type {number} */ y, /** @type {number} */ x) => (y * columns + x) * filters + place };
    };
    return tiled(`filters of ${rows}x${columns}, for each output those of its inputs`, filters, tile);
  }
  if (shape.length === 4) {
    const [images, rows, columns, channels] = shape;
    const start = Math.min(image, images - 1) * rows * columns * channels;
    const tile = (/** @type {number} */ channel) => ({
      rows,
      columns,
      at: (/** @type {number} */ y, /** @type {number} */ x) => start + (y * columns + x) * channels + channel,
    });
    return tiled(`channels of image ${Math.min(image, images - 1) + 1} of ${images}`, channels, tile);
  }
  const columns = shape.length > 1 ? shape[shape.length - 1] : Math.min(elements(shape), 128);
  const rows = Math.ceil(elements(shape) / columns);
  const shown = { rows: Math.min(rows, MOST_ROWS), columns: Math.min(columns, MOST_COLUMNS) };
  const what = shape.length > 1 ? `${rows} rows of ${columns}` : `${elements(shape)} numbers`;
  const cut = shown.rows < rows || shown.columns < columns ? `, the first ${shown.rows} x ${shown.columns}` : '';
  return { what: what + cut, tiles: [{ ...shown, at: (y, x) => y * columns + x }], left: 0 };
}

/**
 * @param {string} what
 * @param {number} count
 * @param {(number: number) => Tile} tile
 * @returns {Sheet}
 */
function tiled(what, count, tile) {
  const { rows, columns } = tile(0);
  const shown = Math.min(count, MOST_TILES, tilesAcross(columns) * Math.max(1, Math.floor(MOST_PIXEL_ROWS / rows)));
  return { what, tiles: Array.from({ length: shown }, (_, i) => tile(i)), left: count - shown };
}

/**
 * Draws a sheet, one pixel a number, on a canvas that the page enlarges.
 * @param {HTMLCanvasElement} canvas
 * @param {Values} values
 * @param {Sheet} sheet
 * @param {Statistics} statistics
 */
export function drawSheet(canvas, values, { tiles }, { smallest, largest }) {
  const { rows, columns } = tiles[0];
  const across = Math.min(tiles.length, tilesAcross(columns));
  const down = Math.ceil(tiles.length / across);
  const gap = tiles.length === 1 ? 0 : 1;
  canvas.width = across * (columns + gap) - gap;
  canvas.height = down * (rows + gap) - gap;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const picture = context.createImageData(canvas.width, canvas.height);
  const color = smallest < 0 ? signed(Math.max(-smallest, largest)) : unsigned(smallest, largest);
  tiles.forEach((tile, number) => {
    const left = (number % across) * (columns + gap);
    const top = Math.floor(number / across) * (rows + gap);
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const place = tile.at(y, x);
        if (place < values.length) {
          const [red, green, blue] = color(values[place]);
          picture.data.set([red, green, blue, 255], 4 * ((top + y) * canvas.width + left + x));
        }
      }
    }
  });
  context.putImageData(picture, 0, 0);
}

/** What the colours mean. @param {Statistics} statistics */
export function colorsOf({ smallest }) {
  return smallest < 0 ? 'blue below zero, white zero, orange above' : 'dark the smallest, yellow the largest';
}

/** Tiles of a row. @param {number} columns of a tile */
function tilesAcross(columns) {
  return Math.max(1, Math.min(Math.floor(ROW_PIXELS / (columns + 1)), 16));
}

/** What is no number, or infinite. */
const NO_NUMBER = [255, 0, 220];
/** From dark to light: legible for every eye, and in grey. */
const UNSIGNED = [
  [17, 20, 46],
  [30, 74, 122],
  [33, 130, 143],
  [110, 186, 121],
  [245, 231, 121],
];
/** Blue below zero, orange above, white at zero. */
const SIGNED = [
  [18, 64, 122],
  [92, 156, 214],
  [247, 247, 247],
  [240, 158, 84],
  [158, 66, 8],
];

/** @param {number} smallest @param {number} largest */
function unsigned(smallest, largest) {
  const width = largest - smallest || 1;
  return (/** @type {number} */ value) => onRamp(UNSIGNED, (value - smallest) / width);
}

/** @param {number} size the largest distance from zero */
function signed(size) {
  return (/** @type {number} */ value) => onRamp(SIGNED, 0.5 + value / (2 * size || 1));
}

/**
 * @param {number[][]} ramp
 * @param {number} share from 0 to 1
 */
function onRamp(ramp, share) {
  if (!Number.isFinite(share)) {
    return NO_NUMBER;
  }
  const place = Math.max(0, Math.min(1, share)) * (ramp.length - 1);
  const below = Math.min(Math.floor(place), ramp.length - 2);
  return ramp[below].map((from, i) => Math.round(from + (place - below) * (ramp[below + 1][i] - from)));
}
