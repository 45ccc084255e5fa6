//! The four-convolution CNN.

use crate::data::{Form, ImageShape};
use crate::nn::{
    BatchNorm2d, Beside, Conv2d, ConvSettings, Forward, Linear, Model, ParameterBuilder, Role, WeightStart,
};
use crate::settings::Cnn4Settings;
use crate::tensor::ops::{Padding, Window};
use crate::tensor::{Result, Tensor};

/// `4 x [Conv 3x3 same, ReLU, BatchNorm, MaxPool 2x2]` with 32, 68, 128 and 256 filters, then dense layers of 512 (or as chosen) and 256
/// with ReLU and dropout, then a logit per class.
#[derive(Debug)]
pub struct Cnn4 {
    blocks: Vec<(Conv2d, BatchNorm2d)>,
    hidden: [Linear; 2],
    last: Linear,
    settings: Cnn4Settings,
}

impl Cnn4 {
    const FILTERS: [usize; 4] = [32, 68, 128, 256];
    const SECOND_HIDDEN: usize = 256;
    /// The smallest side of an image: four poolings leave one pixel of 16.
    pub const SMALLEST_IMAGE: usize = 1 << Self::FILTERS.len();

    /// Declares the parameters: `conv1` to `conv4`, `bn1` to `bn4`, `fc1` to `fc3`.
    pub fn new(builder: &mut ParameterBuilder, settings: Cnn4Settings, form: &Form) -> Self {
        let convolution =
            ConvSettings { window: Window::new([3, 3], [1, 1], Padding::Same), bias: true, start: WeightStart::Glorot };
        let mut from = form.shape.channels;
        let blocks = (1..)
            .zip(Self::FILTERS)
            .map(|(i, to)| {
                let from = std::mem::replace(&mut from, to);
                let conv = format!("conv{i}");
                (Conv2d::new(builder, &conv, [from, to], convolution), BatchNorm2d::new(builder, &format!("bn{i}"), to))
            })
            .collect();
        // Each pooling halves the sides and drops a last odd pixel: 28, 14, 7, 3, 1.
        let ImageShape { height, width, .. } = form.shape;
        let left = (height / Self::SMALLEST_IMAGE) * (width / Self::SMALLEST_IMAGE);
        let (first, second) = (settings.dense, Self::SECOND_HIDDEN);
        Self {
            blocks,
            hidden: [
                Linear::new(builder, "fc1", [from * left, first], Role::LinearWeight),
                Linear::new(builder, "fc2", [first, second], Role::LinearWeight),
            ],
            last: Linear::new(builder, "fc3", [second, form.classes()], Role::OutputWeight),
            settings,
        }
    }
}

impl Model for Cnn4 {
    fn features(&self, pass: &mut Forward, images: &Tensor) -> Result<Tensor> {
        let mut x = images.clone();
        for (conv, norm) in &self.blocks {
            let relu_and_pool = Beside { relu_before: true, relu_after: false, pool: [2, 2] };
            x = norm.forward(pass, &conv.forward(pass, &x)?, relu_and_pool)?;
        }
        x.flatten()
    }

    fn head(&self, pass: &mut Forward, features: &Tensor) -> Result<Tensor> {
        let mut x = features.clone();
        for layer in &self.hidden {
            x = layer.forward_dropout(pass, &x, self.settings.dropout)?;
        }
        self.last.forward(pass, &x, false)
    }
}
