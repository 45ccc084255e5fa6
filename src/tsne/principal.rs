//! Principal directions: for the start of the map, for fewer numbers per point, and for bounds on distances.

use nalgebra::{DMatrix, DMatrixView};
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;
use rayon::prelude::*;

use super::points::Points;
use super::progress::Told;

/// Rows multiplied per task. Fixed, so that sums do not depend on the number of threads.
const ROWS: usize = 2048;
/// Directions followed in addition to those wanted, which makes these converge sooner.
const SPARE: usize = 8;

/// Orthonormal directions in which centred points vary, the largest variance first, as the columns of `[dims, directions]`.
#[derive(Debug, Clone)]
pub(super) struct Directions(DMatrix<f32>);

impl Directions {
    /// The first `wanted` directions, or as many as there are, by subspace iteration: Q <- orth(XᵀXQ), `rounds` times from a
    /// random Q, then the eigenvectors of QᵀXᵀXQ (Halko, Martinsson and Tropp 2011, algorithm 4.4). A few rounds are enough
    /// where any orthonormal directions are valid and the principal ones only better. Each round is reported to `told`;
    /// `None` when it breaks.
    pub fn principal(points: &Points, wanted: usize, rounds: usize, seed: u64, told: Told) -> Option<Self> {
        let dims = points.dims();
        let most = dims.min(points.count());
        let (wanted, followed) = (wanted.min(most), (wanted + SPARE).min(most));
        let mut rng = Pcg64::seed_from_u64(seed);
        let random = DMatrix::from_fn(dims, followed, |_, _| StandardNormal.sample(&mut rng));
        let mut directions = Self(random.qr().q());
        for _ in 1..rounds {
            directions = Self(scatter(points, &directions.0).qr().q());
            if told(1).is_break() {
                return None;
            }
        }
        let small = directions.0.transpose() * scatter(points, &directions.0);
        if told(1).is_break() {
            return None;
        }
        let eigen = (0.5 * (&small + small.transpose())).symmetric_eigen();
        let mut order: Vec<usize> = (0..followed).collect();
        order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
        let turned = directions.0 * eigen.eigenvectors.select_columns(&order[..wanted]);
        Some(Self(with_signs_fixed(turned)))
    }

    /// Number of directions.
    pub fn len(&self) -> usize {
        self.0.ncols()
    }

    /// The points projected onto these directions, `[count, directions]`.
    pub fn project(&self, points: &Points) -> Points {
        let mut values = vec![0.0; points.count() * self.len()];
        let blocks = points.values().par_chunks(ROWS * points.dims());
        let out = values.par_chunks_mut(ROWS * self.len());
        blocks.zip(out).for_each(|(block, out)| {
            // Row-major rows are the columns of a column-major matrix.
            let product = self.0.transpose() * columns(block, points.dims());
            out.copy_from_slice(product.as_slice());
        });
        Points::new(values, self.len())
    }
}

/// XᵀXQ, block by block.
fn scatter(points: &Points, q: &DMatrix<f32>) -> DMatrix<f32> {
    let blocks = points.values().par_chunks(ROWS * points.dims());
    let parts: Vec<DMatrix<f32>> = blocks
        .map(|block| {
            let x = columns(block, points.dims());
            x * (x.transpose() * q)
        })
        .collect();
    let zero = DMatrix::zeros(points.dims(), q.ncols());
    parts.into_iter().fold(zero, |sum, part| sum + part)
}

/// Rows of points as the columns of a matrix `[dims, rows]`.
fn columns(block: &[f32], dims: usize) -> DMatrixView<'_, f32> {
    DMatrixView::from_slice(block, dims, block.len() / dims)
}

/// A direction and its opposite are equally principal. This takes the one whose entry of largest magnitude is positive.
fn with_signs_fixed(mut directions: DMatrix<f32>) -> DMatrix<f32> {
    for mut column in directions.column_iter_mut() {
        if column[column.icamax()] < 0.0 {
            column.neg_mut();
        }
    }
    directions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tsne::progress::UNTOLD;
    use rand::RngExt;

    /// Points that vary less and less along the axes of a rotated frame, moved to their mean.
    fn points(count: usize, dims: usize) -> Points {
        let mut rng = Pcg64::seed_from_u64(3);
        let random = DMatrix::from_fn(dims, dims, |_, _| rng.random::<f32>() - 0.5).qr().q();
        let stretched = DMatrix::from_fn(dims, count, |axis, _| (rng.random::<f32>() - 0.5) * 0.7f32.powi(axis as i32));
        let values = (random * stretched).as_slice().to_vec();
        let points = Points::new(values, dims);
        points.framed().unwrap()
    }

    #[test]
    fn directions_are_the_singular_vectors() {
        // More points than a task has; fewer points than dimensions; one dimension.
        for (count, dims, wanted) in [(5000, 12, 3), (20, 50, 5), (40, 1, 1)] {
            let points = points(count, dims);
            let directions = Directions::principal(&points, wanted, 12, 1, UNTOLD).unwrap();
            assert_eq!(directions.len(), wanted);
            let matrix = DMatrix::from_column_slice(dims, count, points.values()).cast::<f64>();
            let exact = matrix.svd(true, false).u.unwrap();
            for (found, right) in directions.0.column_iter().zip(exact.column_iter()) {
                let cosine: f64 = found.iter().zip(right.iter()).map(|(a, b)| f64::from(*a) * b).sum();
                assert!(cosine.abs() > 1.0 - 1e-5, "{count} {dims}: {cosine}");
                assert!(found[found.icamax()] > 0.0);
            }
        }
    }

    #[test]
    fn there_are_no_more_directions_than_points_or_dimensions() {
        for (count, dims, there) in [(4, 9, 4), (40, 3, 3)] {
            let directions = Directions::principal(&points(count, dims), 8, 3, 1, UNTOLD);
            assert_eq!(directions.unwrap().len(), there);
        }
    }

    #[test]
    fn projected_points_keep_what_lies_along_the_directions() {
        let points = points(300, 8);
        let all = Directions::principal(&points, 8, 3, 1, UNTOLD).unwrap().project(&points);
        let square = |row: &[f32]| row.iter().map(|x| x * x).sum::<f32>();
        for (whole, projected) in points.rows().zip(all.rows()) {
            assert!((square(whole) / square(projected) - 1.0).abs() < 1e-4);
        }
    }
}
