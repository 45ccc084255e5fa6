// @ts-check
/**
 * Arithmetic as Rust's `f32` does it. One sum, product, quotient or root of 32-bit numbers in JavaScript's 64 bits, rounded to
 * 32, is what 32 bits give: so each is rounded, by `f32` or by being stored in a Float32Array.
 */
export const f32 = Math.fround;

/**
 * The value below which this share of the values lies (`quantile` in src/data/photo/thing.rs).
 * @param {Float32Array} values are sorted
 * @param {number} share
 */
export function quantile(values, share) {
  if (values.length === 0) return 0;
  const at = Math.round(f32((values.length - 1) * f32(share)));
  return values.sort()[at];
}
