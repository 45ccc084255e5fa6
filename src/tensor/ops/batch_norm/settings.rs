//! What is normalised, and what is done in the same passes over memory.

use super::images::Images;
use crate::tensor::ops::window::{Padding, Window};
use crate::tensor::{Inputs, Result, TensorError};

/// What is done in the same passes over memory as the normalisation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormSettings {
    /// Added to the variance, above 0.
    pub epsilon: f32,
    /// ReLU of the input.
    pub relu_before: bool,
    /// ReLU of the normalised input.
    pub relu_after: bool,
    /// Max pooling of the output with adjacent windows of `[height, width]`; `[1, 1]` for none. Pixels left over at the end
    /// are in no window. The input must be an image batch.
    pub pool: [usize; 2],
}

impl NormSettings {
    /// The normalisation alone.
    pub fn plain(epsilon: f32) -> Self {
        Self { epsilon, relu_before: false, relu_after: false, pool: [1, 1] }
    }

    pub(super) fn is_pooled(&self) -> bool {
        self.pool != [1, 1]
    }

    /// The max pooling, if there is one.
    pub(in crate::tensor) fn pooling(&self) -> Option<Window> {
        self.is_pooled().then(|| Window::new(self.pool, self.pool, Padding::Valid))
    }

    /// The sizes of the images before and after, or an error that says what is impossible.
    pub(super) fn images(&self, op: &'static str, inputs: &Inputs) -> Result<Images> {
        if !(self.epsilon > 0.0 && self.epsilon.is_finite()) {
            return Err(TensorError::Parameter {
                op,
                problem: format!("epsilon is {}, but must be above 0", self.epsilon),
            });
        }
        let x = inputs.shape(0)?;
        let channels = x.last();
        inputs.require(1, "gamma", [channels])?;
        inputs.require(2, "beta", [channels])?;
        let (n, image, windows) = match *x.axes() {
            // Without pooling, only the number of pixels matters.
            _ if !self.is_pooled() => (x.rows(), [1, 1], [1, 1]),
            [n, h, w, _] => {
                let windows = Window::new(self.pool, self.pool, Padding::Valid)
                    .over([h, w])
                    .map_err(|error| inputs.mismatch(error.to_string()))?;
                (n, [h, w], [windows.out_h(), windows.out_w()])
            }
            _ => return Err(inputs.mismatch("pooling wants an image batch, [N, H, W, C]")),
        };
        Ok(Images { n, image, windows, channels })
    }

    /// For a dispatch list.
    pub(super) fn describe(&self) -> String {
        let mut parts = Vec::new();
        if self.relu_before {
            parts.push("after ReLU".to_owned());
        }
        if self.relu_after {
            parts.push("ReLU".to_owned());
        }
        if self.is_pooled() {
            parts.push(format!("max pool {}x{}", self.pool[0], self.pool[1]));
        }
        parts.join(", ")
    }
}
