//! The activations of a network's layers for an image.

use super::{Classifier, InferenceError};
use crate::data::{ImageSet, ImageShape};
use crate::nn::layer_of;
use crate::ranks::Ranks;
use crate::tensor::{Layer, LayerNode, Tensor};

/// The output of a layer for one image.
#[derive(Debug, Clone, PartialEq)]
pub struct Activation {
    /// The layer's name: the one its parameters share, or what the layer does and a number.
    pub name: String,
    /// Rows, columns and channels.
    pub size: [usize; 3],
    /// Row by row, the channels of a pixel next to each other.
    pub values: Vec<f32>,
}

/// The first convolution of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Filters {
    /// Its name.
    pub name: String,
    /// Rows, columns, channels of the image, filters.
    pub size: [usize; 4],
    /// In the order of `size`, the last axis changing fastest.
    pub values: Vec<f32>,
}

impl Activation {
    /// One channel, row by row.
    pub fn channel(&self, channel: usize) -> Vec<f32> {
        let channels = self.size[2].max(1);
        self.values.iter().skip(channel).step_by(channels).copied().collect()
    }
}

impl Classifier {
    /// Records `count` copies of an image as `[count, H, W, C]`, scaled as the network expects.
    pub(super) fn images(&self, pixels: &[u8], count: usize) -> Result<Tensor, InferenceError> {
        let ImageShape { height, width, channels } = self.network().form().shape;
        let scaled = self.run().normalisation.apply(pixels, channels);
        Ok(self.network().graph.tensor([count, height, width, channels], &scaled.repeat(count))?)
    }

    /// The outputs of the first `most` convolutions, batch norms, poolings and custom ops for an image, given
    /// as bytes, in execution order. The output of a convolution includes a ReLU right after it.
    ///
    /// # Errors
    /// [`InferenceError::NotFinite`] names the first layer with values that are not finite; those of the device, or of an image
    /// of the wrong size.
    pub fn activations(&self, pixels: &[u8], most: usize) -> Result<Vec<Activation>, InferenceError> {
        let logits = self.network().record(&self.images(pixels, 1)?)?;
        let mut shown = self.shown_layers(&self.network().graph.layers(&logits)?);
        shown.truncate(most);
        let outputs: Vec<&Tensor> = shown.iter().map(|(_, output)| output).collect();
        let mut compiled = self.network().graph.compile(&outputs)?;
        compiled.run().map_err(crate::tensor::TensorError::from)?;
        let read = |(name, output): (String, Tensor)| {
            let &[_, height, width, channels] = output.shape().axes() else {
                return Ok(None);
            };
            let values = compiled.read(&output)?;
            self.must_be_finite(&values, &format!("the layer {name}"))?;
            Ok(Some(Activation { name, size: [height, width, channels], values }))
        };
        shown.into_iter().filter_map(|one| read(one).transpose()).collect()
    }

    /// Convolutions, batch norms, poolings and custom ops among these layers: their names and outputs.
    pub(super) fn shown_layers(&self, layers: &[LayerNode]) -> Vec<(String, Tensor)> {
        let mut shown: Vec<(String, Tensor)> = Vec::new();
        let mut poolings = 0;
        for (i, node) in layers.iter().enumerate() {
            match node.layer {
                Layer::Conv2d { .. } => {
                    let next = layers.get(i + 1).filter(|next| is_activation_of(next, node));
                    shown.push((self.name_of(node), next.unwrap_or(node).output.clone()));
                }
                Layer::Custom(name) => shown.push((name.to_owned(), node.output.clone())),
                Layer::BatchNorm(_) => shown.push((self.name_of(node), node.output.clone())),
                Layer::MaxPool(_) | Layer::AvgPool { .. } => {
                    poolings += 1;
                    shown.push((format!("pool{poolings}"), node.output.clone()));
                }
                _ => {}
            }
        }
        shown
    }

    /// The first convolution's filters.
    ///
    /// # Errors
    /// Those of the device.
    pub fn filters(&self) -> Result<Option<Filters>, InferenceError> {
        for (name, tensor) in self.network().parameters.named() {
            if let &[height, width, from, to] = tensor.shape().axes() {
                return Ok(Some(Filters {
                    name: layer_of(name).to_owned(),
                    size: [height, width, from, to],
                    values: tensor.to_vec()?,
                }));
            }
        }
        Ok(None)
    }

    /// The input of the last dense layer for each image of a set, row-major `[images, width]`, and the width: the features by
    /// which the network tells the classes apart.
    ///
    /// # Errors
    /// [`InferenceError::NotFinite`]; those of the device.
    pub fn penultimate(&self, set: &ImageSet) -> Result<(Vec<f32>, usize), InferenceError> {
        let (values, width) = self.network().penultimate(set)?;
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            // Fails with the name of the first layer that is not finite, if `activations` covers it.
            self.activations(set.image(at / width), usize::MAX)?;
        }
        self.must_be_finite(&values, "what comes before the last dense layer")?;
        Ok((values, width))
    }

    /// As [`Classifier::penultimate`], each rank for its part of the set.
    ///
    /// # Errors
    /// As [`Classifier::penultimate`]; [`InferenceError::Ranks`].
    pub fn penultimate_with(&self, ranks: &Ranks, set: &ImageSet) -> Result<(Vec<f32>, usize), InferenceError> {
        if ranks.is_alone() {
            return self.penultimate(set);
        }
        let (mine, width) = self.penultimate(&self.part_of(ranks, set)?)?;
        Ok((ranks.join(mine, set.len())?, width))
    }

    /// # Errors
    /// [`InferenceError::NotFinite`] when a value is not finite; `what` describes the values.
    pub(super) fn must_be_finite(&self, values: &[f32], what: &str) -> Result<(), InferenceError> {
        match values.iter().all(|value| value.is_finite()) {
            true => Ok(()),
            false => Err(InferenceError::NotFinite { model: self.name().to_owned(), what: what.to_owned() }),
        }
    }

    /// The prefix of the names of a layer's parameters.
    fn name_of(&self, node: &LayerNode) -> String {
        let mut named = self.network().parameters.named();
        let own = named.find(|(_, tensor)| node.inputs.iter().any(|input| input.is(tensor)));
        own.map_or("layer", |(name, _)| layer_of(name)).to_owned()
    }
}

fn is_activation_of(next: &LayerNode, node: &LayerNode) -> bool {
    matches!(next.layer, Layer::LeakyRelu { .. }) && next.inputs[0].is(&node.output)
}
