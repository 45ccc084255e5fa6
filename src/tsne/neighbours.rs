//! The nearest neighbours of every point, exactly.
//!
//! All pairs of N points in d dimensions cost N² d products: 2.8 · 10¹² for 60,000 images. But what is asked for is few
//! pairs, and most others are far: with P the projection onto a few orthonormal directions and r(a) the length of what
//! it leaves of a,
//!
//! ```text
//! |a - b|² >= |Pa - Pb|² + (r(a) - r(b))²
//! ```
//!
//! by Pythagoras and the triangle inequality. The right side is a product of short rows (Pa, r(a)), a blocked matrix
//! product at the speed of the processor's vector units. Only the pairs that it cannot tell to be too far are measured,
//! directly as Σ(a - b)², which has none of the cancellation of |a|² + |b|² - 2ab. The result is the exact one.

use std::cmp::Ordering;

use multiversion::multiversion;
use nalgebra::{DMatrixView, DMatrixViewMut, Dyn, U1};
use rayon::prelude::*;

use super::points::Points;
use super::principal::Directions;

/// The nearest points of each query, nearest first.
#[derive(Debug)]
pub(super) struct Neighbours {
    /// How many each.
    pub k: usize,
    /// Whose, `[queries, k]`.
    pub indices: Vec<u32>,
    /// Squared distances, `[queries, k]`.
    pub squared: Vec<f32>,
}

/// Directions that bounds are made of. More make bounds better and dearer; measured on images of 784 pixels.
const DIRECTIONS: usize = 128;
/// With fewer points or shorter rows all pairs are measured with whole rows, which then costs less than finding directions.
const MANY_POINTS: usize = 8192;
/// Rounds of the search for directions. Any directions make true bounds, so that few will do.
const ROUNDS: usize = 3;
/// Bounds that a task holds, 32 MB of them.
const BOUNDS: usize = 8 << 20;
/// Bounds that are looked at together.
const GROUP: usize = 64;
/// A bound has lost this share of the squared lengths to rounding, at most.
const ROUNDING: f64 = 1e-5;

/// The `k` nearest of `points` for each of them, itself left out.
pub(super) fn nearest_of_all(points: &Points, k: usize, seed: u64) -> Neighbours {
    let search = Search::new(points, seed);
    search.nearest(points, k, true)
}

/// Points prepared to be searched.
pub(super) struct Search<'a> {
    points: &'a Points,
    directions: Option<Directions>,
    sketch: Sketch,
}

/// Short rows whose distances are bounds of the points' distances.
struct Sketch {
    rows: Points,
    /// Squared lengths, made smaller by what rounding may have added.
    squares: Vec<f32>,
}

impl<'a> Search<'a> {
    pub fn new(points: &'a Points, seed: u64) -> Self {
        let worth_it = points.count() >= MANY_POINTS && points.dims() > 2 * DIRECTIONS;
        let directions = worth_it.then(|| Directions::principal(points, DIRECTIONS, ROUNDS, seed));
        let sketch = Sketch::new(points, directions.as_ref());
        Self {
            points,
            directions,
            sketch,
        }
    }

    /// The `k` nearest points of each query. Query i is point i when `among` themselves, and not its own neighbour.
    pub fn nearest(&self, queries: &Points, k: usize, among: bool) -> Neighbours {
        let count = self.points.count();
        let block = (BOUNDS / count).clamp(16, 256).min(queries.count().max(1));
        let own;
        let sketch = match among {
            true => &self.sketch,
            false => {
                own = Sketch::new(queries, self.directions.as_ref());
                &own
            }
        };
        let mut found = vec![(0.0, 0); queries.count() * k];
        found.par_chunks_mut(block * k).enumerate().for_each_init(
            || vec![0.0; block * count],
            |bounds, (number, found)| {
                let first = number * block;
                let bounds = &mut bounds[..found.len() / k * count];
                self.products(sketch, first, bounds);
                let rows = bounds.chunks_exact_mut(count).zip(found.chunks_exact_mut(k));
                for (i, (bounds, found)) in (first..).zip(rows) {
                    let own = among.then_some(i);
                    self.nearest_of_one(queries.row(i), sketch.squares[i], own, bounds, found);
                }
            },
        );
        Neighbours {
            k,
            indices: found.iter().map(|(_, index)| *index).collect(),
            squared: found.iter().map(|(squared, _)| *squared).collect(),
        }
    }

    /// -2ab of all points with a block of queries, a row a query.
    fn products(&self, queries: &Sketch, first: usize, out: &mut [f32]) {
        let (count, width) = (self.points.count(), self.sketch.rows.dims());
        let block = out.len() / count;
        // nalgebra counts by columns, so rows of ours are strided rows there; its product takes strides as they are.
        let points = DMatrixView::from_slice_with_strides_generic(
            self.sketch.rows.values(),
            Dyn(count),
            Dyn(width),
            Dyn(width),
            U1,
        );
        let queries = DMatrixView::from_slice(&queries.rows.values()[first * width..][..block * width], width, block);
        DMatrixViewMut::from_slice(out, count, block).gemm(-2.0, &points, &queries, 0.0);
    }

    /// One query's nearest points, from the products with all points.
    fn nearest_of_one(
        &self,
        query: &[f32],
        square: f32,
        own: Option<usize>,
        bounds: &mut [f32],
        found: &mut [(f32, u32)],
    ) {
        let k = found.len();
        add(bounds, &self.sketch.squares, square);
        if let Some(own) = own {
            bounds[own] = f32::INFINITY;
        }
        let measure = |j: usize| (squared_distance(query, self.points.row(j)), j as u32);
        // At least k bounds are no larger than the k-th smallest of the groups' smallest, and with many more groups than k
        // hardly more.
        let group = [GROUP, LANES].into_iter().find(|group| bounds.len() >= 3 * group * k);
        let mut smallest: Vec<f32> = bounds.chunks(group.unwrap_or(1)).map(smallest).collect();
        let guess = *smallest.select_nth_unstable_by(k - 1, f32::total_cmp).1;
        let mut measured = Vec::with_capacity(4 * k);
        visit(bounds, f32::NEG_INFINITY, guess, |j| measured.push(measure(j)));
        // Nothing farther than the k-th of these is among the k nearest.
        let reach = measured.select_nth_unstable_by(k - 1, by_distance).1.0;
        if reach > guess {
            visit(bounds, guess, reach, |j| measured.push(measure(j)));
            measured.select_nth_unstable_by(k - 1, by_distance);
        }
        measured.truncate(k);
        measured.sort_unstable_by(by_distance);
        found.copy_from_slice(&measured);
    }
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
        let squares = rows.rows().map(|row| (square(row) * (1.0 - ROUNDING)) as f32).collect();
        Self { rows, squares }
    }
}

/// Nearest first, and of equals the one that comes first.
fn by_distance(a: &(f32, u32), b: &(f32, u32)) -> Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}

/// Numbers that one vector instruction may take.
const LANES: usize = 16;

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn add(products: &mut [f32], squares: &[f32], square: f32) {
    for (product, other) in products.iter_mut().zip(squares) {
        *product += other + square;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn smallest(values: &[f32]) -> f32 {
    let mut lanes = [f32::INFINITY; LANES];
    for values in values.chunks(LANES) {
        for (lane, value) in lanes.iter_mut().zip(values) {
            *lane = if *value < *lane { *value } else { *lane };
        }
    }
    lanes.into_iter().fold(f32::INFINITY, f32::min)
}

/// Calls `each` with the places of the values in `(above, up_to]`.
fn visit(values: &[f32], above: f32, up_to: f32, mut each: impl FnMut(usize)) {
    for (group, values) in values.chunks(GROUP).enumerate() {
        // Most groups have none, which is seen many values at a time.
        if smallest(values) > up_to {
            continue;
        }
        for (i, value) in values.iter().enumerate() {
            if *value > above && *value <= up_to {
                each(group * GROUP + i);
            }
        }
    }
}

/// Σ(a - b)², in lanes.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
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
