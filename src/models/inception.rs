//! Inception V3 (Szegedy et al. 2015, "Rethinking the Inception Architecture for Computer Vision"), without the auxiliary
//! classifier, and with its own head for transfer learning.
//!
//! Topology, padding, epsilon and names are torchvision's `inception_v3` and timm's.

use crate::nn::{
    BatchNorm2d, Beside, Conv2d, ConvSettings, Forward, Linear, Model, ParameterBuilder, Role, WeightStart, dropout,
};
use crate::settings::InceptionSettings;
use crate::tensor::ops::{Padding, Window};
use crate::tensor::{Result, Tensor};

/// The network: `features` are 2,048 numbers per image, `head` is
/// `Dense 512, LeakyReLU 0.3, Dropout 0.5, Dense 10` in the study.
#[derive(Debug)]
pub struct InceptionV3 {
    stem: [ConvNorm; 5],
    mixed: Vec<Mixed>,
    hidden: Linear,
    last: Linear,
    settings: InceptionSettings,
}

impl InceptionV3 {
    /// Features that the base computes per image.
    pub const FEATURES: usize = 2048;
    const EPSILON: f32 = 1e-3;

    /// Declares the parameters: `Conv2d_1a_3x3.conv.weight` to `Mixed_7c.branch_pool.bn.bias`, then `fc.0` and `fc.3`.
    pub fn new(builder: &mut ParameterBuilder, settings: InceptionSettings, classes: usize) -> Self {
        let mut layer = |name, channels, side, stride, pad| {
            ConvNorm::new(
                builder,
                name,
                channels,
                Window::new([side, side], [stride, stride], Padding::symmetric(pad, pad)),
            )
        };
        let stem = [
            layer("Conv2d_1a_3x3", [3, 32], 3, 2, 0),
            layer("Conv2d_2a_3x3", [32, 32], 3, 1, 0),
            layer("Conv2d_2b_3x3", [32, 64], 3, 1, 1),
            layer("Conv2d_3b_1x1", [64, 80], 1, 1, 0),
            layer("Conv2d_4a_3x3", [80, 192], 3, 1, 0),
        ];
        let mixed = vec![
            Mixed::a(builder, "Mixed_5b", 192, 32),
            Mixed::a(builder, "Mixed_5c", 256, 64),
            Mixed::a(builder, "Mixed_5d", 288, 64),
            Mixed::b(builder, "Mixed_6a", 288),
            Mixed::c(builder, "Mixed_6b", 768, 128),
            Mixed::c(builder, "Mixed_6c", 768, 160),
            Mixed::c(builder, "Mixed_6d", 768, 160),
            Mixed::c(builder, "Mixed_6e", 768, 192),
            Mixed::d(builder, "Mixed_7a", 768),
            Mixed::e(builder, "Mixed_7b", 1280),
            Mixed::e(builder, "Mixed_7c", 2048),
        ];
        Self {
            stem,
            mixed,
            hidden: Linear::new(builder, "fc.0", [Self::FEATURES, settings.dense], Role::LinearWeight),
            last: Linear::new(builder, "fc.3", [settings.dense, classes], Role::OutputWeight),
            settings,
        }
    }
}

impl Model for InceptionV3 {
    /// Images are resized; grey ones are given three equal channels.
    fn features(&self, pass: &mut Forward, images: &Tensor) -> Result<Tensor> {
        let side = self.settings.image_size;
        let mut x = match images.shape().axes() {
            [_, height, width, _] if [*height, *width] == [side, side] => images.clone(),
            _ => images.resize_bilinear([side, side])?,
        };
        if images.shape().last() == 1 {
            x = Tensor::concat(&[&x, &x, &x])?;
        }
        for (i, layer) in self.stem.iter().enumerate() {
            x = layer.forward(pass, &x)?;
            // After 2b and 4a.
            if i == 2 || i == 4 {
                x = x.max_pool(Window::new([3, 3], [2, 2], Padding::Valid))?;
            }
        }
        for block in &self.mixed {
            x = block.forward(pass, &x, self.settings.count_padding)?;
        }
        x.global_avg_pool()
    }

    fn head(&self, pass: &mut Forward, features: &Tensor) -> Result<Tensor> {
        let InceptionSettings { slope, dropout: rate, .. } = self.settings;
        let hidden = self.hidden.forward(pass, features, false)?.leaky_relu(slope)?;
        let hidden = dropout(pass, &hidden, rate)?;
        self.last.forward(pass, &hidden, false)
    }
}

/// `ReLU(BatchNorm(Conv(x)))`
#[derive(Debug)]
struct ConvNorm {
    conv: Conv2d,
    norm: BatchNorm2d,
}

impl ConvNorm {
    fn new(builder: &mut ParameterBuilder, name: &str, channels: [usize; 2], window: Window) -> Self {
        let settings = ConvSettings { window, bias: false, start: WeightStart::He };
        Self {
            conv: Conv2d::new(builder, &format!("{name}.conv"), channels, settings),
            norm: BatchNorm2d::new(builder, &format!("{name}.bn"), channels[1]).with_epsilon(InceptionV3::EPSILON),
        }
    }

    fn forward(&self, pass: &mut Forward, x: &Tensor) -> Result<Tensor> {
        let y = self.conv.forward(pass, x)?;
        self.norm.forward(pass, &y, Beside::RELU)
    }
}

/// One branch of a block.
#[derive(Debug)]
enum Branch {
    /// Layers in sequence.
    Chain(Vec<ConvNorm>),
    /// Layers in sequence, then two in parallel, concatenated.
    Fork(Vec<ConvNorm>, [ConvNorm; 2]),
    /// 3x3 average pooling, then a layer.
    AvgPool(ConvNorm),
    /// 3x3 max pooling with stride 2.
    MaxPool,
}

/// Parallel branches, concatenated along the channels.
#[derive(Debug)]
struct Mixed(Vec<Branch>);

/// Declares the layers of one block.
struct Layers<'a> {
    builder: &'a mut ParameterBuilder,
    block: &'a str,
    /// Input channels.
    from: usize,
}

impl Layers<'_> {
    /// Layers in sequence, each given as `(name, kernel, channels)`: stride 1, padding that keeps the size.
    fn chain(&mut self, layers: &[(&str, [usize; 2], usize)]) -> Vec<ConvNorm> {
        let mut from = self.from;
        let mut chain = Vec::new();
        for (name, kernel, to) in layers {
            chain.push(self.layer(name, [from, *to], *kernel));
            from = *to;
        }
        chain
    }

    fn layer(&mut self, name: &str, channels: [usize; 2], kernel: [usize; 2]) -> ConvNorm {
        let window = Window::new(kernel, [1, 1], Padding::symmetric(kernel[0] / 2, kernel[1] / 2));
        ConvNorm::new(self.builder, &format!("{}.{name}", self.block), channels, window)
    }

    /// The 3x3 layer at the end of a branch that halves the image: stride 2, no padding.
    fn halving(&mut self, name: &str, channels: [usize; 2]) -> ConvNorm {
        let window = Window::new([3, 3], [2, 2], Padding::Valid);
        ConvNorm::new(self.builder, &format!("{}.{name}", self.block), channels, window)
    }

    fn pool(&mut self, channels: usize) -> Branch {
        Branch::AvgPool(self.layer("branch_pool", [self.from, channels], [1, 1]))
    }
}

impl Mixed {
    /// Figure 5 of the paper, with 5x5: `from` channels to `224 + pool`.
    fn a(builder: &mut ParameterBuilder, block: &str, from: usize, pool: usize) -> Self {
        let mut layers = Layers { builder, block, from };
        Self(vec![
            Branch::Chain(layers.chain(&[("branch1x1", [1, 1], 64)])),
            Branch::Chain(layers.chain(&[("branch5x5_1", [1, 1], 48), ("branch5x5_2", [5, 5], 64)])),
            Branch::Chain(layers.chain(&[
                ("branch3x3dbl_1", [1, 1], 64),
                ("branch3x3dbl_2", [3, 3], 96),
                ("branch3x3dbl_3", [3, 3], 96),
            ])),
            layers.pool(pool),
        ])
    }

    /// Figure 10: halves the image, 288 to 768 channels.
    fn b(builder: &mut ParameterBuilder, block: &str, from: usize) -> Self {
        let mut layers = Layers { builder, block, from };
        let single = layers.halving("branch3x3", [from, 384]);
        let mut double = layers.chain(&[("branch3x3dbl_1", [1, 1], 64), ("branch3x3dbl_2", [3, 3], 96)]);
        double.push(layers.halving("branch3x3dbl_3", [96, 96]));
        Self(vec![Branch::Chain(vec![single]), Branch::Chain(double), Branch::MaxPool])
    }

    /// Figure 6 with n = 7: 768 channels, `c` inside the branches.
    fn c(builder: &mut ParameterBuilder, block: &str, from: usize, c: usize) -> Self {
        let mut layers = Layers { builder, block, from };
        Self(vec![
            Branch::Chain(layers.chain(&[("branch1x1", [1, 1], 192)])),
            Branch::Chain(layers.chain(&[
                ("branch7x7_1", [1, 1], c),
                ("branch7x7_2", [1, 7], c),
                ("branch7x7_3", [7, 1], 192),
            ])),
            Branch::Chain(layers.chain(&[
                ("branch7x7dbl_1", [1, 1], c),
                ("branch7x7dbl_2", [7, 1], c),
                ("branch7x7dbl_3", [1, 7], c),
                ("branch7x7dbl_4", [7, 1], c),
                ("branch7x7dbl_5", [1, 7], 192),
            ])),
            layers.pool(192),
        ])
    }

    /// Halves the image, 768 to 1280 channels.
    fn d(builder: &mut ParameterBuilder, block: &str, from: usize) -> Self {
        let mut layers = Layers { builder, block, from };
        let mut single = layers.chain(&[("branch3x3_1", [1, 1], 192)]);
        single.push(layers.halving("branch3x3_2", [192, 320]));
        let mut seven = layers.chain(&[
            ("branch7x7x3_1", [1, 1], 192),
            ("branch7x7x3_2", [1, 7], 192),
            ("branch7x7x3_3", [7, 1], 192),
        ]);
        seven.push(layers.halving("branch7x7x3_4", [192, 192]));
        Self(vec![Branch::Chain(single), Branch::Chain(seven), Branch::MaxPool])
    }

    /// Figure 7: to 2048 channels.
    fn e(builder: &mut ParameterBuilder, block: &str, from: usize) -> Self {
        let mut layers = Layers { builder, block, from };
        let one = layers.chain(&[("branch1x1", [1, 1], 320)]);
        let single = layers.chain(&[("branch3x3_1", [1, 1], 384)]);
        let single_fork =
            [layers.layer("branch3x3_2a", [384, 384], [1, 3]), layers.layer("branch3x3_2b", [384, 384], [3, 1])];
        let double = layers.chain(&[("branch3x3dbl_1", [1, 1], 448), ("branch3x3dbl_2", [3, 3], 384)]);
        let double_fork =
            [layers.layer("branch3x3dbl_3a", [384, 384], [1, 3]), layers.layer("branch3x3dbl_3b", [384, 384], [3, 1])];
        Self(vec![
            Branch::Chain(one),
            Branch::Fork(single, single_fork),
            Branch::Fork(double, double_fork),
            layers.pool(192),
        ])
    }

    fn forward(&self, pass: &mut Forward, x: &Tensor, count_padding: bool) -> Result<Tensor> {
        let mut parts = Vec::new();
        for branch in &self.0 {
            match branch {
                Branch::Chain(layers) => parts.push(run(layers, pass, x)?),
                Branch::Fork(layers, [a, b]) => {
                    let x = run(layers, pass, x)?;
                    parts.push(a.forward(pass, &x)?);
                    parts.push(b.forward(pass, &x)?);
                }
                Branch::AvgPool(layer) => {
                    let window = Window::new([3, 3], [1, 1], Padding::symmetric(1, 1));
                    parts.push(layer.forward(pass, &x.avg_pool(window, count_padding)?)?);
                }
                Branch::MaxPool => parts.push(x.max_pool(Window::new([3, 3], [2, 2], Padding::Valid))?),
            }
        }
        let parts: Vec<&Tensor> = parts.iter().collect();
        Tensor::concat(&parts)
    }
}

fn run(layers: &[ConvNorm], pass: &mut Forward, x: &Tensor) -> Result<Tensor> {
    layers.iter().try_fold(x.clone(), |x, layer| layer.forward(pass, &x))
}
