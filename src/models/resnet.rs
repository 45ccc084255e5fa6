//! Residual networks of basic blocks (He et al. 2015, "Deep Residual Learning for Image Recognition").

use crate::data::ImageShape;
use crate::nn::{
    BatchNorm2d, Beside, Conv2d, ConvSettings, Forward, Linear, Model, ParameterBuilder, Role, WeightStart,
};
use crate::settings::{ResNetSettings, Shortcut};
use crate::tensor::ops::{Padding, Window};
use crate::tensor::{Result, Tensor};

/// The blocks of a [`ResNet`]: one description serves the whole family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResNetShape {
    /// Side and stride of the first convolution, whose output has as many channels as the first stage.
    pub stem: [usize; 2],
    /// Whether the stem ends with 3x3 max pooling that halves the image.
    pub pool: bool,
    /// Channels of each stage; all but the first halve the image.
    pub stages: &'static [usize],
    /// Blocks of two convolutions in each stage.
    pub blocks: usize,
}

impl ResNetShape {
    /// torchvision's ResNet-18 has max pooling after the first convolution, for images of 224x224; the study's for 28x28 has
    /// none. Images of at least this side are pooled: eight by eight pixels or more then reach the blocks.
    pub const SMALLEST_POOLED: usize = 64;

    /// ResNet-18 for images of this shape.
    pub fn resnet18(images: ImageShape) -> Self {
        let pool = images.height.min(images.width) >= Self::SMALLEST_POOLED;
        Self { stem: [7, 2], pool, stages: &[64, 128, 256, 512], blocks: 2 }
    }

    /// The paper's for CIFAR-10 with `6 blocks + 2` layers.
    pub const fn cifar(blocks: usize) -> Self {
        Self { stem: [3, 1], pool: false, stages: &[16, 32, 64], blocks }
    }
}

/// `Conv, BatchNorm, ReLU`, max pooling for large images, stages of basic blocks, the mean over each image, and logits. No convolution has a bias; names
/// are torchvision's.
#[derive(Debug)]
pub struct ResNet {
    stem: (Conv2d, BatchNorm2d),
    pool: bool,
    blocks: Vec<BasicBlock>,
    last: Linear,
    settings: ResNetSettings,
}

impl ResNet {
    /// Declares the parameters: `conv1`, `bn1`, `layer1.0.conv1` and so on, `fc`.
    pub fn new(
        builder: &mut ParameterBuilder,
        shape: ResNetShape,
        settings: ResNetSettings,
        in_c: usize,
        classes: usize,
    ) -> Self {
        let [side, stride] = shape.stem;
        let first = shape.stages.first().copied().unwrap_or(1);
        let stem =
            (convolution(builder, "conv1", [in_c, first], side, stride), BatchNorm2d::new(builder, "bn1", first));
        let mut blocks = Vec::new();
        let mut from = first;
        for (stage, to) in shape.stages.iter().copied().enumerate() {
            for block in 0..shape.blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let name = format!("layer{}.{block}", stage + 1);
                blocks.push(BasicBlock::new(builder, &name, [from, to], stride, settings));
                from = to;
            }
        }
        Self {
            stem,
            pool: shape.pool,
            blocks,
            last: Linear::new(builder, "fc", [from, classes], Role::OutputWeight),
            settings,
        }
    }
}

impl Model for ResNet {
    fn features(&self, pass: &mut Forward, images: &Tensor) -> Result<Tensor> {
        let (conv, norm) = &self.stem;
        let mut x = norm_activation(pass, norm, &conv.forward(pass, images)?, self.settings.slope)?;
        if self.pool {
            x = x.max_pool(Window::new([3, 3], [2, 2], Padding::symmetric(1, 1)))?;
        }
        for block in &self.blocks {
            x = block.forward(pass, &x, self.settings.slope)?;
        }
        x.global_avg_pool()
    }

    fn head(&self, pass: &mut Forward, features: &Tensor) -> Result<Tensor> {
        self.last.forward(pass, features, false)
    }
}

/// `f(BatchNorm(Conv(f(BatchNorm(Conv(x))))) + shortcut(x))`
#[derive(Debug)]
struct BasicBlock {
    first: (Conv2d, BatchNorm2d),
    second: (Conv2d, BatchNorm2d),
    shortcut: BlockShortcut,
}

#[derive(Debug)]
enum BlockShortcut {
    Identity,
    Projection(Conv2d, BatchNorm2d),
    Zeros { stride: usize, channels: usize },
}

impl BasicBlock {
    fn new(
        builder: &mut ParameterBuilder,
        name: &str,
        [from, to]: [usize; 2],
        stride: usize,
        settings: ResNetSettings,
    ) -> Self {
        let last_scale = if settings.zero_last_scale { 0.0 } else { 1.0 };
        Self {
            first: (
                convolution(builder, &format!("{name}.conv1"), [from, to], 3, stride),
                BatchNorm2d::new(builder, &format!("{name}.bn1"), to),
            ),
            second: (
                convolution(builder, &format!("{name}.conv2"), [to, to], 3, 1),
                BatchNorm2d::with_scale(builder, &format!("{name}.bn2"), to, last_scale),
            ),
            shortcut: match settings.shortcut {
                _ if from == to && stride == 1 => BlockShortcut::Identity,
                Shortcut::Zeros => BlockShortcut::Zeros { stride, channels: to },
                Shortcut::Projection => BlockShortcut::Projection(
                    convolution(builder, &format!("{name}.downsample.0"), [from, to], 1, stride),
                    BatchNorm2d::new(builder, &format!("{name}.downsample.1"), to),
                ),
            },
        }
    }

    fn forward(&self, pass: &mut Forward, x: &Tensor, slope: f32) -> Result<Tensor> {
        let (conv, norm) = &self.first;
        let hidden = norm_activation(pass, norm, &conv.forward(pass, x)?, slope)?;
        let (conv, norm) = &self.second;
        let residual = conv.forward(pass, &hidden)?;
        let shortcut = match &self.shortcut {
            BlockShortcut::Identity => x.clone(),
            BlockShortcut::Projection(conv, norm) => norm.forward(pass, &conv.forward(pass, x)?, Beside::NOTHING)?,
            BlockShortcut::Zeros { stride, channels } => pad_channels(x, *stride, *channels)?,
        };
        if slope == 0.0 {
            norm.forward_residual(pass, &residual, &shortcut)
        } else {
            norm.forward(pass, &residual, Beside::NOTHING)?.add(&shortcut)?.leaky_relu(slope)
        }
    }
}

/// Every `stride`th pixel, zero-padded to `channels` channels, half before and half after.
fn pad_channels(x: &Tensor, stride: usize, channels: usize) -> Result<Tensor> {
    // A mean of one pixel is that pixel.
    let pixel = Window::new([1, 1], [stride, stride], Padding::Valid);
    let pixels = x.avg_pool(pixel, true)?;
    let shape = pixels.shape();
    let missing = channels.saturating_sub(shape.last());
    let zeros = |count| x.graph().zeros(shape.with_last(count));
    let (before, after) = (zeros(missing / 2)?, zeros(missing - missing / 2)?);
    Tensor::concat(&[&before, &pixels, &after])
}

/// A convolution without bias whose padding keeps the size at stride 1.
fn convolution(builder: &mut ParameterBuilder, name: &str, channels: [usize; 2], side: usize, stride: usize) -> Conv2d {
    let settings = ConvSettings {
        window: Window::new([side, side], [stride, stride], Padding::symmetric(side / 2, side / 2)),
        bias: false,
        start: WeightStart::He,
    };
    Conv2d::new(builder, name, channels, settings)
}

/// Batch norm and activation; ReLU is fused into the batch norm's pass.
fn norm_activation(pass: &mut Forward, norm: &BatchNorm2d, x: &Tensor, slope: f32) -> Result<Tensor> {
    if slope == 0.0 {
        norm.forward(pass, x, Beside::RELU)
    } else {
        norm.forward(pass, x, Beside::NOTHING)?.leaky_relu(slope)
    }
}
