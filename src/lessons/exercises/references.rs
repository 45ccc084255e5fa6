//! The exercises in double precision. Gradients are central differences of the forward pass: no formula of a gradient is trusted,
//! neither a reader's nor ours.

use super::super::problem::BORDER;
use crate::gradcheck::{Array, reference as f64_of};

pub(super) fn softmax(x: &Array) -> Vec<f64> {
    let row = |row: &[f64]| {
        // Even in double precision exp(1000) is infinite.
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = row.iter().map(|x| (x - largest).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.into_iter().map(move |power| power / sum)
    };
    x.data.chunks(x.shape.last()).flat_map(row).collect()
}

pub(super) fn pooled(s: &[usize]) -> Vec<usize> {
    vec![s[0], s[1].div_ceil(2), s[2].div_ceil(2), s[3]]
}

pub(super) fn max_pool(x: &Array) -> Vec<f64> {
    f64_of::max_pool(x, [3, 3], [2, 2], BORDER)
}

pub(super) fn taps(s: &[usize]) -> Vec<usize> {
    vec![3, 3, s[3], s[4]]
}

pub(super) fn convolved(s: &[usize]) -> Vec<usize> {
    vec![s[0], (s[1] - 1) / s[5] + 1, (s[2] - 1) / s[5] + 1, s[4]]
}

pub(super) fn conv(s: &[usize], x: &Array, k: &Array) -> Vec<f64> {
    f64_of::conv2d(x, k, [s[5]; 2], BORDER)
}

/// What dropout with a rate of a quarter multiplies by.
pub(super) fn dropout_factors(count: usize, seed: usize) -> impl Iterator<Item = f64> {
    (0..count as u32).map(move |i| {
        let random = f64::from(f64_of::pcg4d([i, seed as u32, 0, 0])[0] >> 8) / 16_777_216.0;
        if random >= 0.25 { 1.0 / 0.75 } else { 0.0 }
    })
}

pub(super) fn adam(s: &[usize], x: &[Array]) -> Vec<f64> {
    let (b1, b2, t) = (0.9_f64, 0.999_f64, s[1] as f64);
    let average =
        |old: &Array, new: fn(f64) -> f64, b: f64| f64_of::zip(old, &x[1], move |old, g| b * old + (1.0 - b) * new(g));
    let (m, v) = (average(&x[2], |g| g, b1), average(&x[3], |g| g * g, b2));
    let step = |(m, v): (&f64, &f64)| 0.01 * (m / (1.0 - b1.powf(t))) / ((v / (1.0 - b2.powf(t))).sqrt() + 1e-8);
    let weights = x[0].data.iter().zip(m.iter().zip(&v)).map(|(w, moments)| w - step(moments)).collect();
    [weights, m, v].concat()
}

pub(super) fn zeros(shape: &[usize]) -> Array {
    Array::new(shape, vec![0.0; shape.iter().product()])
}

/// The gradient of `sum of upstream * f(x)` with respect to each element of `x`, by central differences.
pub(super) fn gradient(x: &Array, upstream: &[f64], f: impl Fn(&Array) -> Vec<f64>) -> Vec<f64> {
    let step = 1e-6;
    let mut moved = x.clone();
    let mut sum_at = |i: usize, value: f64| {
        let before = std::mem::replace(&mut moved.data[i], value);
        let sum = f(&moved).iter().zip(upstream).map(|(y, g)| y * g).sum::<f64>();
        moved.data[i] = before;
        sum
    };
    let slope = |i: usize| (sum_at(i, x.data[i] + step) - sum_at(i, x.data[i] - step)) / (2.0 * step);
    (0..x.data.len()).map(slope).collect()
}
