//! Muon's directions: momentum made orthogonal.
//!
//! Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks". A weight is a matrix between the inputs and the outputs
//! of a layer, and its gradient is usually dominated by a few directions. Muon moves the weight by the nearest orthogonal matrix instead,
//! so that all directions are learned at the same rate: with the singular value decomposition `M = U S V^T` of the momentum, by `U V^T`.
//! It is not computed by a decomposition, but by a few matrix products.

use crate::tensor::ops::Binary;
use crate::tensor::{Arena, Result, Tensor};

/// Iterations of the polynomial. They bring every singular value between 0.002 and 1 to between 0.68 and 1.21: it does not matter that
/// they are not equal.
const ITERATIONS: usize = 5;
/// Of `f(x) = a x + b x^3 + c x^5`, chosen by Jordan et al. for the steepest rise at zero.
const A: f32 = 3.4445;
/// `b S + c S^2` of S and its square, in one pass.
const B_AND_C: Binary = Binary {
    name: "muon_polynomial",
    about: "Part of Muon's polynomial.",
    f: "-4.7750 * a + 2.0315 * b",
    gradients: ["-4.7750 * dy", "2.0315 * dy"],
    reference: |square, fourth| -4.7750 * square + 2.0315 * fourth,
    domains: [[0.0, 1.0], [0.0, 1.0]],
    kink_at_ties: false,
};
/// Keeps the norm of a zero matrix from being zero.
const TINY: f32 = 1e-14;
/// Smaller sides have too few directions to even out, such as a 3x3 convolution of grey images, which has nine inputs.
const SMALLEST_SIDE: usize = 16;

/// A part of an arena that is a matrix.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matrix {
    /// Its first element in the arena.
    start: usize,
    /// The inputs of a unit: for a convolution those of all taps of its window.
    rows: usize,
    /// The units.
    cols: usize,
}

impl Matrix {
    /// The part of this number, if it is a matrix that is large enough: all axes but the last are its rows.
    pub fn of(arena: &Arena, part: usize) -> Option<Self> {
        let shape = arena.parts[part].shape();
        let cols = shape.last();
        let rows = shape.len().checked_div(cols)?;
        let start = arena.offsets[part];
        (shape.rank() >= 2 && rows.min(cols) >= SMALLEST_SIDE).then_some(Self { start, rows, cols })
    }

    /// How far it moves at a rate of one: a matrix with more units than inputs moves farther (Jordan et al.), so that each unit's
    /// output moves as far as in other layers.
    pub fn reach(&self) -> f32 {
        (self.cols as f32 / self.rows as f32).max(1.0).sqrt()
    }

    /// Its elements of an arena.
    fn of_flat(&self, flat: &Tensor) -> Result<Tensor> {
        flat.slice(0, self.start, self.start + self.rows * self.cols)?.reshape([self.rows, self.cols])
    }
}

/// The direction of each matrix, laid out like the arena. `velocity` is the momentum before this step, of which the fraction `momentum` is
/// kept; as in Nesterov's method, the direction is that of the momentum after the next step with the same gradient.
pub(super) fn directions(
    arena: &Arena,
    matrices: &[Matrix],
    velocity: &Tensor,
    gradients: &Tensor,
    momentum: f32,
) -> Result<Tensor> {
    let made = matrices.iter().map(|matrix| {
        // g + momentum (momentum v + g), up to a factor, which the direction does not depend on.
        let before = matrix.of_flat(velocity)?.scale(momentum * momentum / (1.0 + momentum))?;
        orthogonal(&matrix.of_flat(gradients)?.add(&before)?, [matrix.rows, matrix.cols])
    });
    let made = made.collect::<Result<Vec<_>>>()?;
    let parts: Vec<&Tensor> = made.iter().collect();
    let offsets: Vec<usize> = matrices.iter().map(|matrix| matrix.start).collect();
    Tensor::pack(&parts, &offsets, arena.flat.shape().len())
}

/// A matrix whose singular vectors are those of X, of this size, and whose singular values are near one (Newton-Schulz iteration):
/// each iteration replaces `X` by `a X + b (X X^T) X + c (X X^T)^2 X`, which applies the polynomial to the singular values.
fn orthogonal(x: &Tensor, [rows, cols]: [usize; 2]) -> Result<Tensor> {
    let graph = x.graph();
    // The products over the longer side give the smaller square.
    let is_tall = rows > cols;
    let side = rows.min(cols);
    let diagonal: Vec<f32> = (0..side * side).map(|i| if i % (side + 1) == 0 { A } else { 0.0 }).collect();
    let diagonal = graph.tensor([side, side], &diagonal)?;
    let tiny = graph.tensor([1], &[TINY])?;
    // No singular value is above the root of the sum of all squares.
    let mut x = x.mul(&x.square()?.sum()?.add(&tiny)?.rsqrt()?)?;
    for _ in 0..ITERATIONS {
        let square = if is_tall { x.transposed_matmul(&x)? } else { x.matmul_transposed(&x)? };
        let factor = B_AND_C.apply_built_in(&square, &square.matmul(&square)?)?.add(&diagonal)?;
        x = if is_tall { x.matmul(&factor)? } else { factor.matmul(&x)? };
    }
    Ok(x)
}
