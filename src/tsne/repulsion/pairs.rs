//! The sum over given sources, which [`Exact`](super::Exact) takes over all of them and [`Tree`](super::Tree) over a list.

use multiversion::multiversion;

use crate::tsne::LANES;

/// Sources with weights, stored one axis after the other so that a vector instruction processes many.
#[derive(Debug, Clone)]
pub(super) struct Sources<const D: usize> {
    axes: [Vec<f32>; D],
    weights: Vec<f32>,
}

impl<const D: usize> Sources<D> {
    pub fn new() -> Self {
        Self { axes: std::array::from_fn(|_| Vec::new()), weights: Vec::new() }
    }

    pub fn clear(&mut self) {
        for axis in &mut self.axes {
            axis.clear();
        }
        self.weights.clear();
    }

    pub fn push(&mut self, place: [f32; D], weight: f32) {
        for (axis, value) in self.axes.iter_mut().zip(place) {
            axis.push(value);
        }
        self.weights.push(weight);
    }

    /// Pads to whole vectors with sources of weight 0.
    pub fn finish(&mut self) {
        let full = self.weights.len().next_multiple_of(LANES);
        for axis in &mut self.axes {
            axis.resize(full, 0.0);
        }
        self.weights.resize(full, 0.0);
    }

    /// Push and potential at `y`: 11 operations per source in the plane, one of which is a division.
    pub fn felt_at(&self, y: [f32; D]) -> ([f32; D], f32) {
        sum(y, &self.axes, &self.weights)
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn sum<const D: usize>(y: [f32; D], axes: &[Vec<f32>; D], weights: &[f32]) -> ([f32; D], f32) {
    let mut pushes = [[0.0; LANES]; D];
    let mut potentials = [0.0; LANES];
    let axes: [&[[f32; LANES]]; D] = std::array::from_fn(|axis| axes[axis].as_chunks().0);
    for (block, weights) in weights.as_chunks::<LANES>().0.iter().enumerate() {
        let mut apart = [[0.0; LANES]; D];
        let mut squared = [1.0; LANES];
        for axis in 0..D {
            let values = &axes[axis][block];
            for lane in 0..LANES {
                apart[axis][lane] = y[axis] - values[lane];
                squared[lane] += apart[axis][lane] * apart[axis][lane];
            }
        }
        let mut kernel = [0.0; LANES];
        for lane in 0..LANES {
            kernel[lane] = 1.0 / squared[lane];
            let potential = weights[lane] * kernel[lane];
            potentials[lane] += potential;
            kernel[lane] *= potential;
        }
        for axis in 0..D {
            for lane in 0..LANES {
                pushes[axis][lane] += kernel[lane] * apart[axis][lane];
            }
        }
    }
    (pushes.map(|lanes| lanes.iter().sum()), potentials.iter().sum())
}
