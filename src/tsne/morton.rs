//! Points in the order of the Morton curve: consecutive points are near each other, and every cell of a quadtree (octree) is
//! a contiguous run.

use rayon::prelude::*;

use super::bounds::bounds;

/// The curve through some points.
pub(super) struct Curve<const D: usize> {
    /// The code and the index of each point, in the order of the curve.
    pub codes: Vec<(u64, u32)>,
    /// The side of the cube that the curve fills.
    pub side: f32,
}

impl<const D: usize> Curve<D> {
    /// Bits per axis in a code.
    const BITS: usize = if D > 2 { 21 } else { 31 };
    /// Bits per code.
    pub const DIGITS: usize = Self::BITS * D;

    pub fn through(points: &[[f32; D]]) -> Self {
        let (low, high) = bounds(points);
        let side = (0..D).map(|axis| high[axis] - low[axis]).fold(0.0, f32::max);
        let numbered = points.par_iter().zip(0..points.len() as u32);
        let mut codes: Vec<(u64, u32)> = numbered.map(|(point, i)| (Self::code(point, low, side), i)).collect();
        codes.par_sort_unstable();
        Self { codes, side }
    }

    /// The position of a point along the curve through the cube at `low`: the interleaved bits of its coordinates.
    fn code(point: &[f32; D], low: [f32; D], side: f32) -> u64 {
        let cells = (1u64 << Self::BITS) as f64;
        let mut code = 0;
        for axis in 0..D {
            let share = match side > 0.0 {
                true => f64::from(point[axis] - low[axis]) / f64::from(side),
                false => 0.0,
            };
            let cell = ((share * cells) as u64).min((1 << Self::BITS) - 1);
            for bit in 0..Self::BITS {
                code |= (cell >> bit & 1) << (bit * D + axis);
            }
        }
        code
    }
}
