// @ts-check
/**
 * A background whose colour changes evenly across a picture: `Plane` of src/data/photo/colors.rs, whose equations nalgebra's
 * Cholesky decomposition solves.
 * @import { Colours } from './colors.js'
 */
import { cornersOf, distance, medianColour } from './colors.js';
import { f32, quantile } from './numbers.js';

/** `a + b*x + c*y`: each term has a value for each channel. @typedef {Float32Array[]} Plane */

/**
 * The plane on which most of the corners' pixels lie, as a picture: fitted by least squares, repeatedly, without the outliers.
 * @param {Colours} colours
 * @returns {Colours}
 */
export function backgroundOf(colours) {
  const { width, height, values } = colours;
  const corners = cornersOf(colours);
  const flat = medianColour(
    values,
    corners.map(pixel => 3 * pixel),
  );
  /** @type {Plane} */
  let plane = [flat, new Float32Array(3), new Float32Array(3)];
  for (let round = 0; round < 4; round++) {
    const off = Float32Array.from(corners, pixel => {
      return distance(values, 3 * pixel, onPlane(plane, pixel % width, Math.floor(pixel / width)), 0);
    });
    const typical = quantile(off.slice(), 0.5);
    const most = f32(f32(2.5 * typical) + 4);
    const better = fittedPlane(
      colours,
      corners.filter((_, i) => off[i] <= most),
    );
    if (better === null) break;
    plane = better;
  }
  return painted(plane, width, height);
}

/**
 * @param {Plane} plane
 * @param {number} x
 * @param {number} y
 */
function onPlane([a, b, c], x, y) {
  return a.map((value, i) => f32(value + f32(b[i] * x)) + f32(c[i] * y));
}

/**
 * @param {Plane} plane
 * @param {number} width
 * @param {number} height
 * @returns {Colours}
 */
function painted([a, b, c], width, height) {
  const values = new Float32Array(3 * width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let i = 0; i < 3; i++, at++) values[at] = f32(a[i] + f32(b[i] * x)) + f32(c[i] * y);
    }
  }
  return { width, height, values };
}

/**
 * @param {Colours} colours
 * @param {number[]} pixels
 * @returns {Plane | null}
 */
function fittedPlane({ width, values }, pixels) {
  // The normal equations.
  const matrix = [0, 1, 2].map(() => [0, 0, 0]);
  const right = [0, 1, 2].map(() => [0, 0, 0]);
  for (const pixel of pixels) {
    const terms = [1, pixel % width, Math.floor(pixel / width)];
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        matrix[i][j] += terms[i] * terms[j];
        right[i][j] += terms[i] * values[3 * pixel + j];
      }
    }
  }
  const lower = cholesky(matrix);
  if (lower === null) return null;
  const channels = [0, 1, 2].map(channel =>
    solved(
      lower,
      right.map(row => row[channel]),
    ),
  );
  return [0, 1, 2].map(term => Float32Array.from(channels, solution => solution[term]));
}

/**
 * The lower triangular matrix L with L * transposed L = matrix, if there is one.
 * @param {number[][]} matrix
 */
function cholesky(matrix) {
  const lower = matrix.map(row => row.slice());
  for (let j = 0; j < 3; j++) {
    for (let k = 0; k < j; k++) {
      const factor = lower[j][k];
      for (let i = j; i < 3; i++) lower[i][j] -= factor * lower[i][k];
    }
    if (!(lower[j][j] > 0)) return null;
    lower[j][j] = Math.sqrt(lower[j][j]);
    for (let i = j + 1; i < 3; i++) lower[i][j] /= lower[j][j];
  }
  return lower;
}

/**
 * The x with L * transposed L * x = right.
 * @param {number[][]} lower
 * @param {number[]} right
 */
function solved(lower, right) {
  const x = right.slice();
  for (let i = 0; i < 3; i++) {
    x[i] /= lower[i][i];
    for (let j = i + 1; j < 3; j++) x[j] -= x[i] * lower[j][i];
  }
  for (let i = 2; i >= 0; i--) {
    let known = 0;
    for (let j = i + 1; j < 3; j++) known += lower[j][i] * x[j];
    x[i] = (x[i] - known) / lower[i][i];
  }
  return x;
}
