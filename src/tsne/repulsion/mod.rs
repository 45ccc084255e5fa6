//! The push of all points on all others, three ways.
//!
//! With K(d) = 1 / (1 + d²), what a map point y feels of the points s_j is
//!
//! ```text
//! potential  φ(y) = Σ_j K(|y - s_j|)
//! push       F(y) = Σ_j K(|y - s_j|)² (y - s_j) = -½ ∇φ(y)
//! ```
//!
//! The normalising sum of t-SNE is then Z = Σ_i φ(y_i) - N, without each point's own K(0) = 1.
//!
//! - [`Exact`]: every pair. N² work.
//! - [`Tree`]: far points together as one (Barnes and Hut 1986). N log N work, in any dimension.
//! - [`Grid`]: a convolution with K on a grid, by FFT (Linderman et al. 2019). N work and that of the grid; in the plane.

mod exact;
mod grid;
mod pairs;
mod tree;

pub(super) use exact::Exact;
pub(super) use grid::Grid;
pub(super) use tree::Tree;

/// What points feel: a push and a potential each.
#[derive(Debug, Clone, Default)]
pub(super) struct Felt<const D: usize> {
    pub push: Vec<[f32; D]>,
    pub potential: Vec<f32>,
}

impl<const D: usize> Felt<D> {
    pub fn of(count: usize) -> Self {
        Self {
            push: vec![[0.0; D]; count],
            potential: vec![0.0; count],
        }
    }
}

/// A way to sum over all points. Sources that are among the points feel their own potential of 1 too.
pub(super) trait Repulsion<const D: usize>: Send + Sync {
    /// Takes in where the sources are now.
    fn place(&mut self, sources: &[[f32; D]]);

    /// What points feel of the sources.
    fn feel(&self, points: &[[f32; D]], felt: &mut Felt<D>);
}

/// Points of a task.
const POINTS: usize = 256;
