//! t-SNE in f64 as in the paper (van der Maaten and Hinton 2008), deliberately naive.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use selvedge::tsne::Embedding;

/// Points, one after the other.
pub type Points = Vec<Vec<f64>>;

pub fn points(values: &[f32], dims: usize) -> Points {
    let rows = values.chunks_exact(dims);
    rows.map(|row| row.iter().map(|x| f64::from(*x)).collect()).collect()
}

fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

/// p_ij over each point's `k` nearest neighbours, found by bisection.
pub fn joint(points: &Points, perplexity: f64, k: usize) -> Points {
    let count = points.len();
    let mut p = vec![vec![0.0; count]; count];
    for i in 0..count {
        let mut near: Vec<usize> = (0..count).filter(|j| *j != i).collect();
        near.sort_by(|a, b| squared(&points[i], &points[*a]).total_cmp(&squared(&points[i], &points[*b])));
        near.truncate(k);
        let conditional = |beta: f64| -> Vec<f64> {
            let least = squared(&points[i], &points[near[0]]);
            let weights: Vec<f64> =
                near.iter().map(|j| (-beta * (squared(&points[i], &points[*j]) - least)).exp()).collect();
            let sum: f64 = weights.iter().sum();
            weights.iter().map(|weight| weight / sum).collect()
        };
        let (mut low, mut high) = (1e-12, 1e12);
        for _ in 0..300 {
            let middle = f64::sqrt(low * high);
            let entropy: f64 = conditional(middle).iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
            match entropy > perplexity.ln() {
                true => low = middle,
                false => high = middle,
            }
        }
        for (j, value) in near.iter().zip(conditional(low)) {
            p[i][*j] += value / (2 * count) as f64;
            p[*j][i] += value / (2 * count) as f64;
        }
    }
    p
}

fn kernel(y: &Points, i: usize, j: usize) -> f64 {
    1.0 / (1.0 + squared(&y[i], &y[j]))
}

fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |i| (0..count).filter(move |j| *j != i).map(move |j| (i, j)))
}

/// Σ p_ij ln(p_ij / q_ij).
pub fn divergence(p: &Points, y: &Points) -> f64 {
    let z: f64 = pairs(y.len()).map(|(i, j)| kernel(y, i, j)).sum();
    let terms = pairs(y.len()).filter(|(i, j)| p[*i][*j] > 0.0);
    terms.map(|(i, j)| p[i][j] * (p[i][j] * z / kernel(y, i, j)).ln()).sum()
}

/// The gradient of the divergence, with the probabilities multiplied by `exaggeration`.
pub fn gradient(p: &Points, y: &Points, exaggeration: f64) -> Points {
    let (count, dims) = (y.len(), y[0].len());
    let z: f64 = pairs(count).map(|(i, j)| kernel(y, i, j)).sum();
    let mut gradient = vec![vec![0.0; dims]; count];
    for (i, j) in pairs(count) {
        let kernel = kernel(y, i, j);
        for axis in 0..dims {
            let force = (exaggeration * p[i][j] - kernel / z) * kernel;
            gradient[i][axis] += 4.0 * force * (y[i][axis] - y[j][axis]);
        }
    }
    gradient
}

/// Gradient descent with momentum, gains and a maximum step length.
pub struct Descent {
    pub y: Points,
    steps: Points,
    gains: Points,
}

impl Descent {
    pub fn from(y: Points) -> Self {
        let like = |value: f64| y.iter().map(|row| vec![value; row.len()]).collect();
        Self { steps: like(0.0), gains: like(1.0), y }
    }

    pub fn step(&mut self, gradient: &Points, rate: f64) {
        let dims = self.y[0].len();
        let state = self.steps.iter_mut().zip(&mut self.gains);
        for ((y, gradient), (step, gains)) in self.y.iter_mut().zip(gradient).zip(state) {
            for ((step, gain), gradient) in step.iter_mut().zip(gains).zip(gradient) {
                // A zero step (none has been made yet) has no sign.
                *gain = if *step * gradient > 0.0 { 0.8 * *gain + 0.01 } else { *gain + 0.2 };
                *step = 0.8 * *step - rate * *gain * gradient;
            }
            let length = step.iter().map(|x| x * x).sum::<f64>().sqrt();
            for (y, step) in y.iter_mut().zip(step) {
                *step *= (5.0 / length).min(1.0);
                *y += *step;
            }
        }
        for axis in 0..dims {
            let mean = self.y.iter().map(|y| y[axis]).sum::<f64>() / self.y.len() as f64;
            for y in &mut self.y {
                y[axis] -= mean;
            }
        }
    }
}

/// Clusters of points in many dimensions, and the cluster of each point.
pub fn heaps(count: usize, dims: usize, seed: u64) -> (Vec<f32>, Vec<u16>) {
    let mut rng = Pcg64::seed_from_u64(seed);
    let middles: Vec<f32> = (0..3 * dims).map(|_| 6.0 * rng.random::<f32>()).collect();
    let heap = |i: usize| i % 3;
    let mut values = Vec::with_capacity(count * dims);
    for i in 0..count {
        for axis in 0..dims {
            values.push(middles[heap(i) * dims + axis] + rng.random::<f32>() + rng.random::<f32>());
        }
    }
    (values, (0..count).map(|i| heap(i) as u16).collect())
}

/// A random map, centred on the origin.
pub fn start(count: usize, components: usize, extent: f32) -> Vec<f32> {
    let mut rng = Pcg64::seed_from_u64(11);
    let mut y: Vec<f32> = (0..count * components).map(|_| extent * (rng.random::<f32>() - 0.5)).collect();
    for axis in 0..components {
        let mean = y.iter().skip(axis).step_by(components).sum::<f32>() / count as f32;
        y.iter_mut().skip(axis).step_by(components).for_each(|value| *value -= mean);
    }
    y
}

/// Whether all values of a map are finite.
pub fn finite(map: &Embedding) -> bool {
    map.positions().iter().all(|value| value.is_finite()) && map.kl().is_finite()
}
