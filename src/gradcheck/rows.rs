//! The check of a pointwise op, which needs nothing but its row.

use std::sync::Arc;

use super::{Array, BEFORE, Report, Tolerance, gradcheck};
use crate::gpu::Gpu;
use crate::tensor::ops::{Binary, Unary};
use crate::tensor::{Result, Shape};

/// How far inputs stay from a kink: much more than the step of the finite differences.
const NEAR: f64 = 1e-3;

/// [`gradcheck`] of a row with one input, at a tensor of `shape` drawn from its domain, once for each set of constants in its
/// `tried`.
///
/// # Errors
/// Those of the row and of the device.
pub fn unary(gpu: &Arc<Gpu>, row: &Unary, shape: impl Into<Shape>) -> Result<Report> {
    let shape = shape.into();
    let mut whole = Report::default();
    for constants in row.tried {
        let mut x = drawn(&shape, row.domain, 1);
        for x in &mut x.data {
            for kink in row.kinks {
                *x = away_from(*x, kink / f64::from(BEFORE));
            }
        }
        let exact: Vec<f64> = constants.iter().map(|c| f64::from(*c)).collect();
        whole.add(gradcheck(
            gpu,
            &[x],
            Tolerance::default(),
            |x| row.apply(&x[0], constants),
            |x| x[0].data.iter().map(|x| (row.reference)(*x, &exact)).collect(),
        )?);
    }
    Ok(whole)
}

/// [`gradcheck`] of a row with two inputs, at tensors of these shapes drawn from its domains.
///
/// # Errors
/// Those of the row, including shapes that do not broadcast, and of the device.
pub fn binary(gpu: &Arc<Gpu>, row: &Binary, shapes: [Shape; 2]) -> Result<Report> {
    let [a, mut b] = [0, 1].map(|i| drawn(&shapes[i], row.domains[i], 1 + i as u64));
    if row.kink_at_ties {
        // The values of a are put on a grid, and those of b between them.
        let on_grid = |x: f64, shift: f64| ((x * 16.0).floor() + shift) / 16.0;
        let a = Array::new(a.shape, a.data.iter().map(|x| on_grid(*x, 0.0)).collect());
        b.data.iter_mut().for_each(|x| *x = on_grid(*x, 0.5));
        return check_binary(gpu, row, [a, b]);
    }
    check_binary(gpu, row, [a, b])
}

fn check_binary(gpu: &Arc<Gpu>, row: &Binary, inputs: [Array; 2]) -> Result<Report> {
    gradcheck(
        gpu,
        &inputs,
        Tolerance::default(),
        |x| row.apply(&x[0], &x[1]),
        |x| broadcast(&x[0], &x[1], row.reference),
    )
}

/// `f(a, b)` with both broadcast as in NumPy, index by index.
fn broadcast(a: &Array, b: &Array, f: fn(f64, f64) -> f64) -> Vec<f64> {
    let rank = a.shape.rank().max(b.shape.rank());
    let padded = |x: &Array| -> Vec<usize> {
        let mut axes = vec![1; rank - x.shape.rank()];
        axes.extend(x.shape.axes());
        axes
    };
    let (a_axes, b_axes) = (padded(a), padded(b));
    let axes: Vec<usize> = a_axes.iter().zip(&b_axes).map(|(a, b)| if *a == 1 { *b } else { *a }).collect();
    let at = |x: &Array, own: &[usize], mut i: usize| {
        let (mut place, mut stride) = (0, 1);
        for (size, own) in axes.iter().zip(own).rev() {
            if *own > 1 {
                place += i % size * stride;
            }
            stride *= own;
            i /= size;
        }
        x.data[place]
    };
    let len: usize = axes.iter().product();
    (0..len).map(|i| f(at(a, &a_axes, i), at(b, &b_axes, i))).collect()
}

/// Numbers that are within `domain` when the op sees them: leaves are scaled before that.
fn drawn(shape: &Shape, [low, high]: [f32; 2], seed: u64) -> Array {
    Array::random(shape.clone(), low / BEFORE, high / BEFORE, seed)
}

fn away_from(x: f64, kink: f64) -> f64 {
    let apart = x - kink;
    if apart.abs() < NEAR { f64::from((kink + 2.0 * NEAR.copysign(apart)) as f32) } else { x }
}
