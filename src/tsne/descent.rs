//! Gradient descent with momentum and a gain per coordinate (Jacobs 1988), as in the t-SNE of van der Maaten.

/// The longest step. Without a limit a point between two clusters may be thrown out of the map.
const LONGEST: f32 = 5.0;
const SMALLEST_GAIN: f32 = 0.01;

/// The state of a descent.
#[derive(Debug)]
pub(super) struct Descent<const D: usize> {
    steps: Vec<[f32; D]>,
    gains: Vec<[f32; D]>,
}

impl<const D: usize> Descent<D> {
    pub fn new(count: usize) -> Self {
        Self { steps: vec![[0.0; D]; count], gains: vec![[1.0; D]; count] }
    }

    /// Moves the points against their gradients. A coordinate's gain grows while its gradient and its last step have
    /// opposite signs, that is while it keeps moving in one direction, and shrinks when it has overshot.
    pub fn step(&mut self, y: &mut [[f32; D]], gradients: &[[f32; D]], rate: f32, momentum: f32) {
        let state = self.steps.iter_mut().zip(&mut self.gains);
        for ((y, gradient), (step, gains)) in y.iter_mut().zip(gradients).zip(state) {
            let mut squared = 0.0;
            for axis in 0..D {
                let gain = &mut gains[axis];
                *gain = match sign(step[axis]) == sign(gradient[axis]) {
                    true => *gain * 0.8 + SMALLEST_GAIN,
                    false => *gain + 0.2,
                };
                step[axis] = momentum * step[axis] - rate * *gain * gradient[axis];
                squared += step[axis] * step[axis];
            }
            let length = squared.sqrt();
            let scale = if length > LONGEST { LONGEST / length } else { 1.0 };
            for (y, step) in y.iter_mut().zip(step) {
                *step *= scale;
                *y += *step;
            }
        }
    }
}

/// -1, 0 or 1. The step before the first is 0, which has neither sign.
fn sign(x: f32) -> i8 {
    i8::from(x > 0.0) - i8::from(x < 0.0)
}

/// Moves the points so that their mean is the origin.
pub(super) fn centre<const D: usize>(y: &mut [[f32; D]]) {
    for axis in 0..D {
        let sum: f64 = y.iter().map(|y| f64::from(y[axis])).sum();
        let mean = (sum / y.len() as f64) as f32;
        for y in &mut *y {
            y[axis] -= mean;
        }
    }
}
