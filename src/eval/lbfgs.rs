//! The limited-memory BFGS method (Nocedal and Wright 2006, "Numerical Optimization", algorithms 7.4 and 7.5).

use std::collections::VecDeque;

/// Steps remembered to estimate the curvature.
const MEMORY: usize = 10;
const MOST_STEPS: usize = 500;
/// A step that lowers the value by less than this share of it is the last.
const SMALLEST_GAIN: f64 = 1e-13;
/// A step must achieve this share of the decrease that the slope promises (Armijo's condition).
const SUFFICIENT: f64 = 1e-4;

/// The minimiser of a smooth convex function `f`, which returns its value and its gradient, searched from `x`. If the search
/// converges, no element of the gradient exceeds `tolerance` in magnitude there.
pub(super) fn minimise(mut x: Vec<f64>, tolerance: f64, f: impl Fn(&[f64]) -> (f64, Vec<f64>)) -> Vec<f64> {
    let (mut value, mut gradient) = f(&x);
    let mut memory: VecDeque<Step> = VecDeque::new();
    for _ in 0..MOST_STEPS {
        if gradient.iter().all(|g| g.abs() <= tolerance) {
            break;
        }
        let direction = direction(&gradient, &memory);
        let slope = dot(&direction, &gradient);
        // Without a memory the direction's length means nothing: begin with a step of length one.
        let first = if memory.is_empty() { 1.0 / dot(&gradient, &gradient).sqrt().max(1.0) } else { 1.0 };
        let halvings = std::iter::successors(Some(first), |t| Some(t / 2.0)).take(40);
        let found = halvings.into_iter().find_map(|t| {
            let next: Vec<f64> = x.iter().zip(&direction).map(|(x, d)| x + t * d).collect();
            let (lower, slopes) = f(&next);
            (lower <= value + SUFFICIENT * t * slope).then_some((next, lower, slopes))
        });
        // Rounding hides any further gain.
        let Some((next, lower, slopes)) = found else { break };
        let step = Step::new(difference(&next, &x), difference(&slopes, &gradient));
        memory.extend(step);
        if memory.len() > MEMORY {
            memory.pop_front();
        }
        let is_last = value - lower <= SMALLEST_GAIN * value.abs();
        (x, value, gradient) = (next, lower, slopes);
        if is_last {
            break;
        }
    }
    x
}

/// How far a step went, and how it changed the gradient.
struct Step {
    s: Vec<f64>,
    y: Vec<f64>,
    /// Their dot product.
    sy: f64,
}

impl Step {
    /// `None` when the function does not curve upwards along the step.
    fn new(s: Vec<f64>, y: Vec<f64>) -> Option<Self> {
        let sy = dot(&s, &y);
        (sy > 0.0).then_some(Self { s, y, sy })
    }
}

/// The downhill direction: the negative gradient times the inverse curvature estimated from the steps.
fn direction(gradient: &[f64], memory: &VecDeque<Step>) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut alphas = Vec::new();
    for step in memory.iter().rev() {
        let alpha = dot(&step.s, &q) / step.sy;
        add(&mut q, -alpha, &step.y);
        alphas.push(alpha);
    }
    if let Some(last) = memory.back() {
        let scale = last.sy / dot(&last.y, &last.y);
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for (step, alpha) in memory.iter().zip(alphas.into_iter().rev()) {
        let beta = dot(&step.y, &q) / step.sy;
        add(&mut q, alpha - beta, &step.s);
    }
    q
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn add(to: &mut [f64], factor: f64, what: &[f64]) {
    to.iter_mut().zip(what).for_each(|(to, x)| *to += factor * x);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_valley_is_followed_to_its_end() {
        // sum of i (x_i - i)^2 over curvatures from 1 to 1000.
        let curvature = |i: usize| 1000.0_f64.powf(i as f64 / 19.0);
        let f = |x: &[f64]| {
            let distance = |i: usize| x[i] - i as f64;
            let value = (0..20).map(|i| curvature(i) * distance(i).powi(2)).sum();
            (value, (0..20).map(|i| 2.0 * curvature(i) * distance(i)).collect())
        };
        let x = minimise(vec![0.0; 20], 1e-6, f);
        for (i, x) in x.iter().enumerate() {
            approx::assert_abs_diff_eq!(*x, i as f64, epsilon = 1e-6);
        }
    }
}
