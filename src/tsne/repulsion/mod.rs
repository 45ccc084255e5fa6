//! The push of all points on all others, in three ways.
//!
//! With K(d) = 1 / (1 + d²), what a map point y feels of the points s_j is
//!
//! ```text
//! potential  φ(y) = Σ_j K(|y - s_j|)
//! push       F(y) = Σ_j K(|y - s_j|)² (y - s_j) = -½ ∇φ(y)
//! ```
//!
//! The normalising sum of t-SNE is then Z = Σ_i φ(y_i), where each map point leaves out its own K(0) = 1.
//!
//! - [`Exact`]: every pair. N² work.
//! - [`Tree`]: far points combined into one (Barnes and Hut 1986). N log N work, in any dimension.
//! - [`Grid`]: a convolution with K on a grid, by FFT (Linderman et al. 2019). N work plus that of the grid; in the plane.

mod exact;
mod grid;
mod pairs;
mod tree;

use rayon::prelude::*;

pub(super) use exact::Exact;
pub(super) use grid::Grid;
pub(super) use tree::Tree;

/// What points feel: a push and a potential for each.
#[derive(Debug, Clone, Default)]
pub(super) struct Felt<const D: usize> {
    pub push: Vec<[f32; D]>,
    pub potential: Vec<f32>,
}

impl<const D: usize> Felt<D> {
    pub fn of(count: usize) -> Self {
        Self { push: vec![[0.0; D]; count], potential: vec![0.0; count] }
    }
}

/// A way to sum over all points.
pub(super) trait Repulsion<const D: usize>: Send + Sync {
    /// Sets the positions of the sources.
    fn place(&mut self, sources: &[[f32; D]]);

    /// Computes what other points feel of the sources, each as if it were alone.
    fn feel(&self, points: &[[f32; D]], felt: &mut Felt<D>);

    /// Sets the positions of the sources, and computes what they feel of each other.
    fn among(&mut self, sources: &[[f32; D]], felt: &mut Felt<D>);
}

/// Points per task.
const POINTS: usize = 256;

/// Fills in what each point feels, in parallel. Each task may keep a workspace.
fn feel_each<const D: usize, W>(
    points: &[[f32; D]],
    felt: &mut Felt<D>,
    workspace: impl Fn() -> W + Send + Sync,
    one: impl Fn(&mut W, &[f32; D]) -> ([f32; D], f32) + Send + Sync,
) {
    let pushes = felt.push.par_chunks_mut(POINTS);
    let potentials = felt.potential.par_chunks_mut(POINTS);
    let tasks = points.par_chunks(POINTS).zip(pushes).zip(potentials);
    tasks.for_each_init(workspace, |workspace, ((points, pushes), potentials)| {
        for ((point, push), potential) in points.iter().zip(pushes).zip(potentials) {
            (*push, *potential) = one(workspace, point);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points in a few clusters of different density, and a few far out, in a box of about this extent.
    fn heaps<const D: usize>(count: usize, extent: f32) -> Vec<[f32; D]> {
        let mut state = 1u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0 - 0.5
        };
        let heap = |i: usize, axis: usize| ((i % 7) * (axis + 3) % 5) as f32 / 5.0 - 0.4;
        let width = |i: usize| [0.02, 0.1, 0.3][i % 3];
        let place = |i| std::array::from_fn(|axis| extent * (heap(i, axis) + width(i) * (random() + random())));
        (0..count).map(place).collect()
    }

    /// The two sums exactly as defined, in f64.
    fn reference<const D: usize>(sources: &[[f32; D]], points: &[[f32; D]]) -> Vec<([f64; D], f64)> {
        let one = |y: &[f32; D]| {
            let (mut push, mut potential) = ([0.0; D], 0.0);
            for s in sources {
                let apart: [f64; D] = std::array::from_fn(|axis| f64::from(y[axis]) - f64::from(s[axis]));
                let kernel = 1.0 / (1.0 + apart.iter().map(|d| d * d).sum::<f64>());
                potential += kernel;
                for (push, apart) in push.iter_mut().zip(apart) {
                    *push += kernel * kernel * apart;
                }
            }
            (push, potential)
        };
        points.iter().map(one).collect()
    }

    /// The errors of pushes and potentials, as shares of their root mean squares.
    fn off<const D: usize>(felt: &Felt<D>, right: &[([f64; D], f64)]) -> (f64, f64) {
        let mut sums = [0.0; 4];
        for ((push, potential), (right_push, right_potential)) in felt.push.iter().zip(&felt.potential).zip(right) {
            for axis in 0..D {
                sums[0] += (f64::from(push[axis]) - right_push[axis]).powi(2);
                sums[1] += right_push[axis].powi(2);
            }
            sums[2] += (f64::from(*potential) - right_potential).powi(2);
            sums[3] += right_potential.powi(2);
        }
        (f64::sqrt(sums[0] / sums[1]), f64::sqrt(sums[2] / sums[3]))
    }

    /// The same for what sources feel of each other.
    fn errors<const D: usize>(way: &mut dyn Repulsion<D>, sources: &[[f32; D]]) -> (f64, f64) {
        let mut felt = Felt::of(sources.len());
        way.among(sources, &mut felt);
        let mut right = reference(sources, sources);
        right.iter_mut().for_each(|(_, potential)| *potential -= 1.0);
        off(&felt, &right)
    }

    /// The same for what other points feel of the sources.
    fn errors_of_others<const D: usize>(
        way: &mut dyn Repulsion<D>,
        sources: &[[f32; D]],
        points: &[[f32; D]],
    ) -> (f64, f64) {
        way.place(sources);
        let mut felt = Felt::of(points.len());
        way.feel(points, &mut felt);
        off(&felt, &reference(sources, points))
    }

    /// A count that fills neither whole tasks nor whole vectors.
    const COUNT: usize = 1501;
    const EXTENTS: [f32; 4] = [1e-3, 1.0, 40.0, 300.0];

    fn is_within((push, potential): (f64, f64), allowed: (f64, f64), case: &dyn std::fmt::Debug) {
        assert!(push <= allowed.0, "{case:?}: pushes off by {push:e}");
        assert!(potential <= allowed.1, "{case:?}: potentials off by {potential:e}");
    }

    fn pairs_and_trees<const D: usize>() {
        for extent in EXTENTS {
            let points = heaps::<D>(COUNT, extent);
            is_within(errors(&mut Exact::new(), &points), (5e-7, 2e-6), &(D, extent));
            // The measured errors, and half as much again.
            for (theta, push, potential) in
                [(0.0, 5e-7, 2e-6), (0.2, 3.5e-3, 1e-3), (0.5, 0.031, 8.5e-3), (1.0, 0.15, 0.041)]
            {
                let errors = errors(&mut Tree::new(theta), &points);
                is_within(errors, (push, potential), &("tree", D, extent, theta));
            }
        }
    }

    #[test]
    fn pairs_and_trees_give_the_sums_on_a_line() {
        pairs_and_trees::<1>();
    }

    #[test]
    fn pairs_and_trees_give_the_sums_in_the_plane() {
        pairs_and_trees::<2>();
    }

    #[test]
    fn pairs_and_trees_give_the_sums_in_space() {
        pairs_and_trees::<3>();
    }

    fn grids<const D: usize>() {
        for extent in EXTENTS {
            let points = heaps::<D>(COUNT, extent);
            for (spacing, push, potential) in [(0.25, 3e-3, 2e-4), (0.5, 0.045, 2.5e-3), (1.0, 0.23, 0.016)] {
                let errors = errors(&mut Grid::with_spacing(spacing, 0.0), &points);
                is_within(errors, (push, potential), &("grid", D, extent, spacing));
            }
        }
    }

    #[test]
    fn grids_give_the_sums_on_a_line() {
        grids::<1>();
    }

    #[test]
    fn grids_give_the_sums_in_the_plane() {
        grids::<2>();
    }

    #[test]
    fn dense_maps_and_small_ones_are_seen_better_by_a_grid() {
        // As dense as a map of 60,000 points: each push is then the sum of many, whose errors differ.
        let dense = heaps::<2>(20 * COUNT, 80.0);
        is_within(errors(&mut Grid::new(0.0), &dense), (5e-3, 5e-4), &"dense");
        let small: Vec<_> = dense[..COUNT].iter().map(|place| place.map(|x| 1e-2 * x)).collect();
        is_within(errors(&mut Grid::new(0.0), &small), (2e-5, 1e-6), &"small");
    }

    #[test]
    fn few_points_far_apart_keep_their_small_potentials() {
        // Here the 1 of a point's own K(0) = 1 is a thousand times the sum that is wanted.
        let points = heaps::<2>(40, 600.0);
        is_within(errors(&mut Exact::new(), &points), (5e-7, 3e-6), &"exact");
        is_within(errors(&mut Tree::new(0.5), &points), (0.01, 0.01), &"tree");
        is_within(errors(&mut Grid::new(0.0), &points), (1e-3, 2e-4), &"grid");
    }

    #[test]
    fn other_points_feel_the_sources_too() {
        let sources = heaps::<2>(COUNT, 40.0);
        // Some of them outside the sources' box, but not far.
        let others: Vec<[f32; 2]> = heaps::<2>(700, 41.0).iter().map(|[x, y]| [x + 0.3, y - 0.2]).collect();
        is_within(errors_of_others(&mut Exact::new(), &sources, &others), (5e-7, 2e-6), &"exact");
        is_within(errors_of_others(&mut Tree::new(0.5), &sources, &others), (0.03, 0.027), &"tree");
        is_within(errors_of_others(&mut Grid::new(0.1), &sources, &others), (0.045, 0.035), &"grid");
    }

    #[test]
    fn whatever_counts_as_far_a_point_is_never_in_it() {
        // Two clusters, each smaller than a leaf, with a θ for which any other cell counts as far.
        let points: Vec<[f32; 2]> = (0..20).map(|i| [1000.0 * (i % 2) as f32, 1e-3 * i as f32]).collect();
        let mut felt = Felt::of(points.len());
        Tree::new(1e3).among(&points, &mut felt);
        for potential in felt.potential {
            assert!((potential - 9.0).abs() < 1e-2, "{potential}");
        }
    }

    #[test]
    fn points_in_one_place_push_nothing() {
        let points = vec![[3.0, -2.0]; 40];
        let ways: [Box<dyn Repulsion<2>>; 3] =
            [Box::new(Exact::new()), Box::new(Tree::new(0.5)), Box::new(Grid::new(0.0))];
        for mut way in ways {
            let mut felt = Felt::of(points.len());
            way.among(&points, &mut felt);
            for (push, potential) in felt.push.iter().zip(&felt.potential) {
                assert!(push.iter().all(|push| push.abs() < 1e-4), "{push:?}");
                assert!((potential - 39.0).abs() < 1e-3, "{potential}");
            }
        }
    }
}
