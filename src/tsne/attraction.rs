//! The pull between likely neighbours, and how far the map is from the probabilities.

use multiversion::multiversion;
use rayon::prelude::*;

use super::LANES;
use super::affinities::Affinities;

/// Points per task.
const ROWS: usize = 256;

/// F_i = Σ_j p_ij (y_i - y_j) / (1 + |y_i - y_j|²), between points i of `y` and points j of `others`.
pub(super) fn attraction<const D: usize>(
    affinities: &Affinities,
    y: &[[f32; D]],
    others: &[[f32; D]],
    forces: &mut [[f32; D]],
) {
    forces.par_chunks_mut(ROWS).enumerate().for_each(|(number, forces)| {
        for (i, force) in (number * ROWS..).zip(forces) {
            let (columns, values) = affinities.row(i);
            *force = pull(y[i], others, columns, values);
        }
    });
}

/// The part of the divergence that depends on the distances of pairs: Σ p_ij ln(1 + |y_i - y_j|²), in f64 over the rows.
pub(super) fn mean_log_distance<const D: usize>(affinities: &Affinities, y: &[[f32; D]]) -> f64 {
    let row = |i: usize| {
        let (columns, values) = affinities.row(i);
        let terms = columns.iter().zip(values).map(|(j, p)| {
            let squared: f32 = (0..D).map(|axis| (y[i][axis] - y[*j as usize][axis]).powi(2)).sum();
            // A p of 0 is padding.
            if *p > 0.0 { p * squared.ln_1p() } else { 0.0 }
        });
        f64::from(terms.sum::<f32>())
    };
    let rows: Vec<f64> = (0..affinities.count()).into_par_iter().map(row).collect();
    rows.into_iter().sum()
}

/// The force on one point. Its neighbours are gathered LANES at a time, and the arithmetic is done on all of them at once.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn pull<const D: usize>(y: [f32; D], others: &[[f32; D]], columns: &[u32], values: &[f32]) -> [f32; D] {
    let mut sums = [[0.0; LANES]; D];
    let (columns, _) = columns.as_chunks::<LANES>();
    let (values, _) = values.as_chunks::<LANES>();
    for (columns, values) in columns.iter().zip(values) {
        let mut apart = [[0.0; LANES]; D];
        for lane in 0..LANES {
            let other = others[columns[lane] as usize];
            for axis in 0..D {
                apart[axis][lane] = y[axis] - other[axis];
            }
        }
        let mut squared = [1.0; LANES];
        for apart in &apart {
            for lane in 0..LANES {
                squared[lane] += apart[lane] * apart[lane];
            }
        }
        for (sums, apart) in sums.iter_mut().zip(&apart) {
            for lane in 0..LANES {
                sums[lane] += values[lane] / squared[lane] * apart[lane];
            }
        }
    }
    sums.map(|lanes| lanes.iter().sum())
}
