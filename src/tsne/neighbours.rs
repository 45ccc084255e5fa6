//! The nearest neighbours of every point: all of them exactly, or most of them faster.
//!
//! All pairs of N points in d dimensions cost N² d products: 2.8 · 10¹² for 60,000 images. But few pairs are needed, and
//! most of the others are far apart: with P the projection onto a few orthonormal directions and r(a) the length of what it
//! leaves out of a,
//!
//! ```text
//! |a - b|² >= |Pa - Pb|² + (r(a) - r(b))²
//! ```
//!
//! by Pythagoras and the triangle inequality. The right side is a product of short rows (Pa, r(a)), a blocked matrix product
//! at the speed of the processor's vector units. Only the pairs that it cannot rule out as too far are measured, directly as
//! Σ(a - b)², which has none of the cancellation of |a|² + |b|² - 2ab. The result is exact.
//!
//! An approximate search uses fewer directions and measures only the points with the k smallest bounds. Of the 90 nearest of
//! 60,000 images it finds 68 % in a third of the time, and returns others for the rest. The map's closest neighbours are
//! then true ones a little less often, and its structure beyond them is better (docs/rejected-optimizations.md).
//!
//! Queries near each other are answered together, since they measure the same points, which are then still in the
//! processor's caches.

use std::collections::BinaryHeap;

use multiversion::multiversion;
use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};
use rayon::prelude::*;

use super::morton::Curve;
use super::points::Points;
use super::principal::Directions;
use super::progress::Told;
use super::{LANES, NeighbourSearch};

/// The nearest points of each query, nearest first.
#[derive(Debug)]
pub(super) struct Neighbours {
    /// Neighbours per query.
    pub k: usize,
    /// Indices of the neighbours, `[queries, k]`.
    pub indices: Vec<u32>,
    /// Squared distances, `[queries, k]`.
    pub squared: Vec<f32>,
}

impl Neighbours {
    /// Whether a tenth of the points coincide with at least half as many others as the perplexity. Such points end up in one
    /// place in the map too, where pull and push cancel up to the cube of a distance: almost nothing holds them together
    /// against the small errors of a grid, which change sign from node to node and spread the points over its cells. A tree
    /// sums nearby points exactly. Ten groups of 40 end at a divergence of 0.0022 with a tree, 0.055 with a grid. A tenth
    /// spread over cells is visible in a map; ordinary images, of which hardly any two are equal, are far from it and keep
    /// the faster grid.
    pub fn is_crowded(&self, perplexity: f64) -> bool {
        let count = ((0.5 * perplexity).ceil() as usize).clamp(1, self.k);
        let crowded = self.squared.chunks_exact(self.k).filter(|squared| squared[count - 1] == 0.0);
        CROWDED * crowded.count() * self.k >= self.squared.len()
    }
}

/// The points are crowded when at least one in this many is in a crowded place.
const CROWDED: usize = 10;
/// Directions that bounds are computed from, in an exact search and in an approximate one. More directions give better
/// bounds and cost more; measured on images of 784 pixels. Together with r(a), rows fill whole vectors.
const DIRECTIONS: usize = 127;
const FEW_DIRECTIONS: usize = 47;
/// With fewer points or shorter rows, all pairs are compared by their whole rows, which is then cheaper than finding
/// directions.
const MANY_POINTS: usize = 8192;
/// Rounds of the search for directions. Any directions give valid bounds, so a few rounds are enough.
const ROUNDS: usize = 3;
/// Bounds that a task holds (32 MB), or those of [`FEWEST`] queries if they are more.
const BOUNDS: usize = 8 << 20;
const FEWEST: usize = 16;
/// A bound loses at most this share of the squared lengths to rounding; more in very long rows, whose sums may be
/// accumulated one number at a time.
const ROUNDING: f64 = 1e-5;

/// The `k` nearest of `points` to each of them, excluding itself; `None` when `told` breaks.
pub(super) fn nearest_of_all(
    points: &Points,
    k: usize,
    how: NeighbourSearch,
    seed: u64,
    told: Told,
) -> Option<Neighbours> {
    let search = Search::new(points, how, seed, told)?;
    search.nearest(points, &search.sketch, k, true, told)
}

/// Points prepared for searching.
pub(super) struct Search<'a> {
    points: &'a Points,
    directions: Option<Directions>,
    sketch: Sketch,
    /// The sketch's rows, one axis after the other, as the matrix product needs them.
    axes: DMatrix<f32>,
    /// Whether only the points with the smallest bounds are measured.
    approximate: bool,
}

impl<'a> Search<'a> {
    /// Prepares the points; `None` when `told` breaks.
    pub fn new(points: &'a Points, how: NeighbourSearch, seed: u64, told: Told) -> Option<Self> {
        let wanted = match how {
            NeighbourSearch::Exact => DIRECTIONS,
            _ => FEW_DIRECTIONS,
        };
        let worth_it = points.count() >= MANY_POINTS && points.dims() > 2 * DIRECTIONS;
        // A round completes no points, but it may be time to stop.
        let round = |_| told(0);
        let directions = match worth_it {
            true => Some(Directions::principal(&points.tamed(), wanted, ROUNDS, seed, &round)?),
            false => None,
        };
        let sketch = Sketch::new(points, directions.as_ref());
        let axes = DMatrix::from_row_slice(points.count(), sketch.rows.dims(), sketch.rows.values());
        Some(Self {
            points,
            approximate: directions.is_some() && how != NeighbourSearch::Exact,
            directions,
            sketch,
            axes,
        })
    }

    /// The `k` nearest points of each query; `None` when `told` breaks.
    pub fn nearest_to(&self, queries: &Points, k: usize, told: Told) -> Option<Neighbours> {
        self.nearest(queries, &Sketch::new(queries, self.directions.as_ref()), k, false, told)
    }

    /// As [`nearest_to`](Self::nearest_to). With `among`, the queries are the points themselves: query i is point i, and not
    /// its own neighbour.
    fn nearest(&self, queries: &Points, sketch: &Sketch, k: usize, among: bool, told: Told) -> Option<Neighbours> {
        let count = self.points.count();
        let block = (BOUNDS / count).clamp(FEWEST, 256).min(queries.count().max(1));
        let order = sketch.order(self.directions.is_some());
        let answer = |bounds: &mut Vec<f32>, queried: &[u32]| -> Option<Vec<(f32, u32)>> {
            bounds.resize(queried.len() * count, 0.0);
            self.products(sketch, queried, bounds);
            let rows = bounds.chunks_exact_mut(count).zip(queried);
            let nearest = rows.flat_map(|(bounds, i)| {
                let i = *i as usize;
                // Infinitely far, whatever is added to it.
                if among {
                    bounds[i] = f32::INFINITY;
                }
                self.nearest_of_one(queries.row(i), sketch.squares[i], bounds, k)
            });
            let nearest = nearest.collect();
            told(queried.len()).is_continue().then_some(nearest)
        };
        let answers: Option<Vec<_>> = order.par_chunks(block).map_init(Vec::new, answer).collect();
        let answers = answers?;
        let mut found =
            Neighbours { k, indices: vec![0; queries.count() * k], squared: vec![0.0; queries.count() * k] };
        for (i, nearest) in order.iter().zip(answers.iter().flat_map(|answers| answers.chunks_exact(k))) {
            for (at, (squared, index)) in (*i as usize * k..).zip(nearest) {
                found.indices[at] = *index;
                found.squared[at] = *squared;
            }
        }
        Some(found)
    }

    /// -2ab of all points with some queries, one row per query.
    fn products(&self, sketch: &Sketch, queried: &[u32], out: &mut [f32]) {
        let width = self.axes.ncols();
        let queries: Vec<f32> = queried.iter().flat_map(|i| sketch.rows.row(*i as usize)).copied().collect();
        // Row-major rows are the columns of a column-major matrix.
        let queries = DMatrixView::from_slice(&queries, width, queried.len());
        DMatrixViewMut::from_slice(out, self.axes.nrows(), queried.len()).gemm(-2.0, &self.axes, &queries, 0.0);
    }

    /// One query's nearest points and their squared distances. `bounds` holds the products with all points, which become
    /// bounds in place.
    fn nearest_of_one(&self, query: &[f32], square: f32, bounds: &mut [f32], k: usize) -> Vec<(f32, u32)> {
        let mut smallest = vec![0.0; bounds.len().div_ceil(GROUP)];
        bound(bounds, &self.sketch.squares, square, &mut smallest);
        // At least k bounds are no larger than this guess, which is hardly larger than the k-th smallest bound: with many
        // more groups than k, it is the k-th smallest of the groups' minima.
        let mut some = match smallest.len() >= 3 * k {
            true => smallest.clone(),
            false => bounds.to_vec(),
        };
        let guess = *some.select_nth_unstable_by(k - 1, f32::total_cmp).1;

        let measured = |j: u32| (ordered(squared_distance(query, self.points.row(j as usize))), j);
        if self.approximate {
            let likely = within(bounds, &smallest, f32::NEG_INFINITY, guess).into_iter().take(k);
            let mut nearest: Vec<_> = likely.map(|(_, j)| measured(j)).collect();
            nearest.sort_unstable();
            return decoded(nearest);
        }
        // The k nearest so far, the farthest on top. Of equally far points the first counts as nearer.
        let mut nearest = BinaryHeap::with_capacity(k + 1);
        let mut measure = |bounds: Vec<(u32, u32)>| {
            for (bound, j) in bounds {
                // No remaining point can be nearer than these.
                if nearest.len() == k && nearest.peek().is_some_and(|(farthest, _)| bound > *farthest) {
                    break;
                }
                nearest.push(measured(j));
                if nearest.len() > k {
                    nearest.pop();
                }
            }
            nearest.peek().map_or(0.0, |(farthest, _)| f32::from_bits(*farthest))
        };
        let reach = measure(within(bounds, &smallest, f32::NEG_INFINITY, guess));
        measure(within(bounds, &smallest, guess, reach));
        decoded(nearest.into_sorted_vec())
    }
}

/// Short rows whose distances are lower bounds on the points' distances.
struct Sketch {
    rows: Points,
    /// Squared lengths, reduced by what rounding may have added.
    squares: Vec<f32>,
}

impl Sketch {
    fn new(points: &Points, directions: Option<&Directions>) -> Self {
        let square = |row: &[f32]| row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
        let rows = match directions {
            None => points.clone(),
            Some(directions) => {
                let projected = directions.project(points);
                let mut values = Vec::with_capacity(points.count() * (directions.len() + 1));
                for (whole, part) in points.rows().zip(projected.rows()) {
                    values.extend_from_slice(part);
                    values.push((square(whole) - square(part)).max(0.0).sqrt() as f32);
                }
                Points::new(values, directions.len() + 1)
            }
        };
        let rounding = ROUNDING.max(rows.dims() as f64 * f64::from(f32::EPSILON));
        let squares = rows.rows().map(|row| (square(row) * (1.0 - rounding)) as f32).collect();
        Self { rows, squares }
    }

    /// The order in which queries are answered: along a curve through the first three directions if there are directions.
    fn order(&self, directed: bool) -> Vec<u32> {
        if !directed {
            return (0..self.squares.len() as u32).collect();
        }
        let first = |row: &[f32]| std::array::from_fn(|axis| row.get(axis).copied().unwrap_or(0.0));
        let places: Vec<[f32; 3]> = self.rows.rows().map(first).collect();
        let curve = Curve::through(&places);
        curve.codes.into_iter().map(|(_, i)| i).collect()
    }
}

/// Bounds per group; the smallest of each group is kept.
const GROUP: usize = LANES;

/// Turns products into bounds, and finds the smallest of each group.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn bound(products: &mut [f32], squares: &[f32], square: f32, smallest: &mut [f32]) {
    let groups = products.chunks_mut(GROUP).zip(squares.chunks(GROUP));
    for ((products, squares), smallest) in groups.zip(smallest) {
        let mut least = f32::INFINITY;
        for (product, other) in products.iter_mut().zip(squares) {
            *product += other + square;
            least = if *product < least { *product } else { least };
        }
        *smallest = least;
    }
}

/// The bounds in `(above, up_to]` with their indices, in ascending order. Bounds are given as integers, see [`ordered`].
fn within(bounds: &[f32], smallest: &[f32], above: f32, up_to: f32) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    for ((group, bounds), smallest) in bounds.chunks(GROUP).enumerate().zip(smallest) {
        if *smallest <= up_to {
            for (i, bound) in bounds.iter().enumerate() {
                if *bound > above && *bound <= up_to {
                    found.push((ordered(*bound), (group * GROUP + i) as u32));
                }
            }
        }
    }
    found.sort_unstable();
    found
}

/// A number of at least 0 as an integer that sorts the same way.
fn ordered(value: f32) -> u32 {
    value.max(0.0).to_bits()
}

/// Squared distances and their points, from pairs whose distances are [`ordered`] integers.
fn decoded(nearest: Vec<(u32, u32)>) -> Vec<(f32, u32)> {
    let nearest = nearest.into_iter();
    nearest.map(|(squared, j)| (f32::from_bits(squared), j)).collect()
}

/// Σ(a - b)², in lanes.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
pub(super) fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..LANES {
            let difference = a[lane] - b[lane];
            lanes[lane] += difference * difference;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| (a - b) * (a - b)).sum();
    lanes.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tsne::neighbour_recall;
    use crate::tsne::progress::UNTOLD;
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64;

    /// Points along a few directions of many, in whole steps so that some are equal, plus noise in all directions.
    fn points(count: usize, dims: usize, noise: f32) -> Points {
        let mut rng = Pcg64::seed_from_u64(5);
        let axes: Vec<Vec<f32>> = (0..4).map(|_| (0..dims).map(|_| rng.random::<f32>() - 0.5).collect()).collect();
        let mut values = Vec::with_capacity(count * dims);
        for _ in 0..count {
            let along: [f32; 4] = std::array::from_fn(|_| rng.random_range(0..6) as f32);
            for axis in 0..dims {
                let place: f32 = axes.iter().zip(along).map(|(direction, step)| step * direction[axis]).sum();
                values.push(place + noise * (rng.random::<f32>() - 0.5));
            }
        }
        Points::new(values, dims)
    }

    /// Compares the neighbours of some queries with those found by sorting all distances in f64.
    fn check(points: &Points, queries: &Points, found: &Neighbours, among: bool, every: usize) {
        for i in (0..queries.count()).step_by(every) {
            let exact = |j: usize| -> f64 {
                let pairs = queries.row(i).iter().zip(points.row(j));
                pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
            };
            let others = (0..points.count()).filter(|j| !(among && *j == i));
            let mut sorted: Vec<f64> = others.map(exact).collect();
            sorted.sort_by(f64::total_cmp);
            let range = i * found.k..(i + 1) * found.k;
            let (indices, squared) = (&found.indices[range.clone()], &found.squared[range]);
            for ((index, squared), right) in indices.iter().zip(squared).zip(&sorted) {
                // Of nearly equal distances either may be chosen, but each must be measured correctly.
                let own = exact(*index as usize);
                assert!((f64::from(*squared) - own).abs() <= 1e-5 * own, "{i}: {squared} {own}");
                assert!((own - right).abs() <= 1e-5 * right + 1e-12, "{i}: {own} {right}");
                assert!(!(among && *index as usize == i), "{i} is its own neighbour");
            }
            let mut different = indices.to_vec();
            different.sort_unstable();
            different.dedup();
            assert_eq!(different.len(), found.k, "{i} has a neighbour twice");
        }
    }

    #[test]
    fn the_nearest_of_few_points_are_found() {
        for (count, dims, k) in [(2, 1, 1), (5, 3, 4), (100, 7, 17), (333, 68, 332), (700, 784, 90)] {
            for noise in [0.0, 0.3] {
                let points = points(count, dims, noise);
                check(
                    &points,
                    &points,
                    &nearest_of_all(&points, k, NeighbourSearch::Exact, 1, UNTOLD).unwrap(),
                    true,
                    1,
                );
            }
        }
    }

    #[test]
    fn the_nearest_of_many_points_are_found_by_bounds() {
        for noise in [0.0, 1.0] {
            let points = points(MANY_POINTS + 3, 2 * DIRECTIONS + 5, noise);
            let search = Search::new(&points, NeighbourSearch::Exact, 1, UNTOLD).unwrap();
            assert!(search.directions.is_some());
            check(&points, &points, &nearest_of_all(&points, 31, NeighbourSearch::Exact, 1, UNTOLD).unwrap(), true, 97);
        }
    }

    #[test]
    fn points_far_out_change_no_others_neighbours() {
        let mut values = points(MANY_POINTS + 3, 2 * DIRECTIONS + 5, 1.0).values().to_vec();
        for (at, value) in [(12_345, 1e11), (234_567, -4e12)] {
            values[at] = value;
        }
        let points = Points::new(values, 2 * DIRECTIONS + 5).framed().unwrap();
        let found = nearest_of_all(&points, 12, NeighbourSearch::Exact, 1, UNTOLD).unwrap();
        check(&points, &points, &found, true, 97);
    }

    #[test]
    fn the_nearest_of_other_points_may_be_equal_to_them() {
        let all = points(500, 20, 0.1);
        let queries = Points::new(all.values()[..33 * 20].to_vec(), 20);
        let found =
            Search::new(&all, NeighbourSearch::Auto, 1, UNTOLD).unwrap().nearest_to(&queries, 3, UNTOLD).unwrap();
        check(&all, &queries, &found, false, 1);
        assert!(found.squared.iter().step_by(3).all(|squared| *squared == 0.0));
    }

    #[test]
    fn of_equal_distances_the_first_points_are_taken() {
        let points = Points::new(vec![1.0; 50 * 4], 4);
        let found = nearest_of_all(&points, 3, NeighbourSearch::Exact, 1, UNTOLD).unwrap();
        assert_eq!(found.indices[..6], [1, 2, 3, 0, 2, 3]);
        assert_eq!(found.indices[49 * 3..], [0, 1, 2]);
    }

    #[test]
    fn an_approximate_search_finds_most() {
        let points = points(MANY_POINTS, 2 * DIRECTIONS + 5, 1.0);
        let recall = neighbour_recall(points.values(), points.dims(), 30, 1).unwrap();
        assert!((0.5..1.0).contains(&recall), "{recall}");
        let [exact, approximate] = [NeighbourSearch::Exact, NeighbourSearch::Auto]
            .map(|how| nearest_of_all(&points, 30, how, 1, UNTOLD).unwrap());
        // What is returned instead is measured exactly, and never nearer than the true ones.
        for (right, some) in exact.squared.iter().zip(&approximate.squared) {
            assert!(some >= right && *some < 1.5 * right, "{some} {right}");
        }
    }
}
