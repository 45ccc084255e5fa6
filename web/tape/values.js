// @ts-check
/**
 * The numbers of a part of a buffer.
 * @import { Part } from './tape.js'
 */

/** Floats, or integers of 32 bits, which only doubles hold. @typedef {Float32Array | Float64Array} Values */

/**
 * @param {ArrayBuffer} bytes
 * @param {Part} part
 * @returns {Values}
 */
export function valuesOf(bytes, part) {
  const values = part.integers ? Float64Array.from(new Uint32Array(bytes)) : new Float32Array(bytes);
  return part.shape.length > 0 ? values.subarray(0, elements(part.shape)) : values;
}

/** @param {number[]} shape */
export function elements(shape) {
  return shape.reduce((product, size) => product * size, 1);
}
