//! Which parts of an image speak for a class (Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via
//! Gradient-based Localization").

use super::{Classifier, InferenceError};
use crate::data::ImageShape;
use crate::tensor::{LayerNode, Tensor};

/// A map of the image for each class, or for the most probable ones.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassMaps {
    /// The classes, in the order of their labels.
    pub classes: Vec<usize>,
    /// One per class: a number per pixel, row by row, from 0 where nothing speaks for the class to 1 at the strongest evidence.
    /// All 0 when nothing speaks for it.
    pub maps: Vec<Vec<f32>>,
    /// The probability of each class.
    pub probabilities: Vec<f32>,
    /// Rows and columns of the layer that the maps are computed from.
    pub resolution: [usize; 2],
}

impl Classifier {
    /// The side of the coarsest map that still shows where something is. The last layers of a network for 28x28 images have
    /// sides of one to three pixels.
    const FEWEST_PIXELS: usize = 6;

    /// `map_c = max(0, sum over k of a_ck A_k)` with `a_ck` the mean over the pixels of `d logit_c / d A_k`, where the A are the
    /// channels of the last layer of at least 6x6 pixels; then enlarged. Of more than `most` classes, for the most probable ones.
    ///
    /// # Errors
    /// [`InferenceError::NotFinite`]; those of the device, or of an image of another size.
    pub fn class_maps(&self, pixels: &[u8], most: usize) -> Result<ClassMaps, InferenceError> {
        let chosen = self.most_probable(pixels, most.max(1))?;
        let (classes, all) = (chosen.len(), self.network().class_names().len());
        let ImageShape { height, width, .. } = self.network().form().shape;
        let size = [height, width];
        // One copy of the image per class, so that a single backward pass gives the gradients of all logits.
        let logits = self.network().record(&self.images(pixels, classes)?)?;
        let graph = &self.network().graph;
        let layers = graph.layers(&logits)?;
        let (Some(logits), Some(seen)) = (layers.last().map(|node| &node.output), Self::explaining_layer(&layers))
        else {
            // Every network here begins with a convolution of the whole image.
            return Ok(ClassMaps {
                classes: chosen,
                maps: vec![vec![0.0; size[0] * size[1]]; classes],
                probabilities: vec![0.0; classes],
                resolution: [0, 0],
            });
        };
        let mut one_hot = vec![0.0; classes * all];
        for (row, class) in one_hot.chunks_exact_mut(all).zip(&chosen) {
            row[*class] = 1.0;
        }
        let one_hot = graph.tensor([classes, all], &one_hot)?;
        let gradient = logits.backward_from(&one_hot, &[&seen])?.swap_remove(0);
        let probabilities = logits.softmax()?;
        let mut compiled = graph.compile(&[&seen, &gradient, &probabilities])?;
        compiled.run().map_err(crate::tensor::TensorError::from)?;
        let [activations, gradients] = [compiled.read(&seen)?, compiled.read(&gradient)?];
        let probabilities = compiled.read(&probabilities)?;
        self.must_be_finite(&activations, "the last layer with room for a map")?;
        self.must_be_finite(&gradients, "the backward pass from the classes")?;
        self.must_be_finite(&probabilities, "the last layer")?;
        let shape = seen.shape();
        let (image, channels) = (shape.len() / classes, shape.last());
        let resolution = match shape.axes() {
            [_, h, w, _] => [*h, *w],
            _ => [1, 1],
        };
        let maps = activations.chunks_exact(image).zip(gradients.chunks_exact(image));
        Ok(ClassMaps {
            maps: maps.map(|(a, g)| enlarged(&map(a, g, channels), resolution, size)).collect(),
            probabilities: chosen.iter().map(|class| probabilities[*class]).collect(),
            classes: chosen,
            resolution,
        })
    }

    /// The output of the last layer that still shows where something is.
    pub(super) fn explaining_layer(layers: &[LayerNode]) -> Option<Tensor> {
        let is_large = |tensor: &Tensor| match tensor.shape().axes() {
            [_, h, w, _] => (*h).min(*w) >= Self::FEWEST_PIXELS,
            _ => false,
        };
        layers.iter().rev().find(|node| is_large(&node.output)).map(|node| node.output.clone())
    }

    /// At most `most` classes, those with the largest probabilities.
    fn most_probable(&self, pixels: &[u8], most: usize) -> Result<Vec<usize>, InferenceError> {
        let classes = self.network().class_names().len();
        let mut chosen: Vec<usize> = (0..classes).collect();
        if classes > most {
            let logits = self.network().record(&self.images(pixels, 1)?)?.to_vec()?;
            self.must_be_finite(&logits, "the last layer")?;
            chosen.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]));
            chosen.truncate(most);
            chosen.sort_unstable();
        }
        Ok(chosen)
    }
}

/// The map of one class from the activations of one image and the gradients of that class' logit.
fn map(activations: &[f32], gradients: &[f32], channels: usize) -> Vec<f32> {
    // In f64, which holds the product of any two f32.
    let mut weights = vec![0.0; channels];
    for pixel in gradients.chunks_exact(channels) {
        for (weight, gradient) in weights.iter_mut().zip(pixel) {
            *weight += f64::from(*gradient);
        }
    }
    let sum = |pixel: &[f32]| pixel.iter().zip(&weights).map(|(a, w)| f64::from(*a) * w).sum::<f64>();
    let pixels = activations.chunks_exact(channels);
    let map: Vec<f64> = pixels.map(|pixel| sum(pixel).max(0.0)).collect();
    let largest = map.iter().copied().fold(0.0, f64::max);
    let share = |value: &f64| if largest > 0.0 { value / largest } else { 0.0 };
    map.iter().map(|value| share(value) as f32).collect()
}

/// Bilinear, with half-pixel centres.
fn enlarged(map: &[f32], [rows, columns]: [usize; 2], [height, width]: [usize; 2]) -> Vec<f32> {
    let place = |to: usize, size: usize, from: usize| {
        let x = ((to as f32 + 0.5) * from as f32 / size as f32 - 0.5).clamp(0.0, (from - 1) as f32);
        (x as usize, (x as usize + 1).min(from - 1), x.fract())
    };
    let mut large = Vec::with_capacity(height * width);
    for y in 0..height {
        let (top, bottom, down) = place(y, height, rows);
        for x in 0..width {
            let (left, right, across) = place(x, width, columns);
            let row = |y: usize| (1.0 - across) * map[y * columns + left] + across * map[y * columns + right];
            large.push((1.0 - down) * row(top) + down * row(bottom));
        }
    }
    large
}
