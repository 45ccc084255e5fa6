//! The layers that have parameters.

use super::{Forward, Init, Layout, ParameterBuilder, ParameterId, Role};
use crate::tensor::ops::{NormSettings, Window};
use crate::tensor::{Result, Tensor, TensorError};

/// Settings of a [`Conv2d`].
#[derive(Debug, Clone, Copy)]
pub struct ConvSettings {
    /// Kernel, stride and padding.
    pub window: Window,
    /// Whether it has a bias; a convolution in front of a batch norm needs none.
    pub bias: bool,
    /// How its weights are initialised.
    pub start: WeightStart,
}

/// How the weights of a layer are initialised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightStart {
    /// [`Init::GlorotUniform`].
    Glorot,
    /// [`Init::HeNormal`], derived for ReLU.
    He,
}

/// A convolution.
#[derive(Debug, Clone, Copy)]
pub struct Conv2d {
    weight: ParameterId,
    bias: Option<ParameterId>,
    window: Window,
}

impl Conv2d {
    /// Declares `name.weight` and, if it has one, `name.bias`, which starts at zero.
    pub fn new(builder: &mut ParameterBuilder, name: &str, [in_c, out_c]: [usize; 2], settings: ConvSettings) -> Self {
        let [kernel_h, kernel_w] = settings.window.kernel;
        let taps = kernel_h * kernel_w;
        let fan_in = taps * in_c;
        let init = match settings.start {
            WeightStart::Glorot => Init::GlorotUniform { fan_in, fan_out: taps * out_c },
            WeightStart::He => Init::HeNormal { fan_in },
        };
        Self {
            weight: builder.declare(
                format!("{name}.weight"),
                [kernel_h, kernel_w, in_c, out_c],
                Layout::Conv,
                Role::ConvWeight,
                init,
            ),
            bias: settings.bias.then(|| declare_channels(builder, name, "bias", out_c, 0.0)),
            window: settings.window,
        }
    }

    /// Records the convolution.
    ///
    /// # Errors
    /// A shape error when `x` does not fit.
    pub fn forward(&self, pass: &Forward, x: &Tensor) -> Result<Tensor> {
        let (weight, bias) = (pass.parameter(self.weight), self.bias.map(|b| pass.parameter(b)));
        x.conv2d(weight, bias, self.window.stride, self.window.padding, false)
    }
}

/// A dense layer with bias.
#[derive(Debug, Clone, Copy)]
pub struct Linear {
    weight: ParameterId,
    bias: ParameterId,
}

impl Linear {
    /// Declares `name.weight`, of this role, and `name.bias`; Glorot-uniform weights, zero bias.
    pub fn new(builder: &mut ParameterBuilder, name: &str, [fan_in, fan_out]: [usize; 2], role: Role) -> Self {
        Self {
            weight: builder.declare(
                format!("{name}.weight"),
                [fan_in, fan_out],
                Layout::Linear,
                role,
                Init::GlorotUniform { fan_in, fan_out },
            ),
            bias: declare_channels(builder, name, "bias", fan_out, 0.0),
        }
    }

    /// Records the layer, with ReLU in the same pass when `relu` is set.
    ///
    /// # Errors
    /// A shape error when `x` does not fit.
    pub fn forward(&self, pass: &Forward, x: &Tensor, relu: bool) -> Result<Tensor> {
        x.linear(pass.parameter(self.weight), pass.parameter(self.bias), relu)
    }

    /// Records the layer with ReLU and, in training, dropout in the same pass.
    ///
    /// # Errors
    /// A shape error when `x` does not fit, or a rate that is not in `0 .. 1`.
    pub fn forward_dropout(&self, pass: &mut Forward, x: &Tensor, rate: f32) -> Result<Tensor> {
        let (weight, bias) = (pass.parameter(self.weight), pass.parameter(self.bias));
        match pass.next_dropout() {
            Some((seed_step_row, stream)) if rate > 0.0 => x.linear_dropout(weight, bias, rate, seed_step_row, stream),
            _ => x.linear(weight, bias, true),
        }
    }
}

/// Zeroes each element with probability `rate`, in training.
///
/// # Errors
/// A rate that is not in `0 .. 1`.
pub fn dropout(pass: &mut Forward, x: &Tensor, rate: f32) -> Result<Tensor> {
    match pass.next_dropout() {
        Some((seed_step_row, stream)) if rate > 0.0 => x.dropout(rate, seed_step_row, stream),
        _ => Ok(x.clone()),
    }
}

/// Batch norm over the channels of an image batch.
#[derive(Debug, Clone, Copy)]
pub struct BatchNorm2d {
    gamma: ParameterId,
    beta: ParameterId,
    mean: ParameterId,
    variance: ParameterId,
    epsilon: f32,
}

impl BatchNorm2d {
    /// PyTorch's default.
    pub const EPSILON: f32 = 1e-5;
    /// Weight of a batch's statistics in the running ones; PyTorch's default.
    pub const MOMENTUM: f32 = 0.1;

    /// Declares `name.weight`, which starts at one, `name.bias`, `name.running_mean` and `name.running_var`.
    pub fn new(builder: &mut ParameterBuilder, name: &str, channels: usize) -> Self {
        Self::with_scale(builder, name, channels, 1.0)
    }

    /// As [`BatchNorm2d::new`], with weights that start at `scale`.
    pub fn with_scale(builder: &mut ParameterBuilder, name: &str, channels: usize, scale: f32) -> Self {
        let gamma = declare_channels(builder, name, "weight", channels, scale);
        let beta = declare_channels(builder, name, "bias", channels, 0.0);
        let mut statistic = |suffix: &str, value| {
            builder.declare(
                format!("{name}.{suffix}"),
                [channels],
                Layout::Same,
                Role::Statistic,
                Init::Constant(value),
            )
        };
        Self {
            gamma,
            beta,
            mean: statistic("running_mean", 0.0),
            variance: statistic("running_var", 1.0),
            epsilon: Self::EPSILON,
        }
    }

    /// The same with another epsilon.
    pub fn with_epsilon(self, epsilon: f32) -> Self {
        Self { epsilon, ..self }
    }

    /// Records the normalisation, with the batch's statistics in training, with the running ones in inference and where the
    /// layer is frozen, and with the ops of `beside` in the same pass.
    ///
    /// # Errors
    /// A shape error when `x` has a different number of channels.
    pub fn forward(&self, pass: &mut Forward, x: &Tensor, beside: Beside) -> Result<Tensor> {
        let settings = self.settings(beside);
        let (gamma, beta) = (pass.parameter(self.gamma), pass.parameter(self.beta));
        if pass.trains(self.gamma) {
            let norm = match pass.whole_batch() {
                None => x.batch_norm(gamma, beta, settings)?,
                Some(whole) => x.batch_norm_over_ranks(gamma, beta, None, settings, whole)?,
            };
            pass.update_running(self.mean, norm.moments);
            Ok(norm.y)
        } else {
            let (mean, variance) = (pass.parameter(self.mean), pass.parameter(self.variance));
            x.batch_norm_inference(gamma, beta, mean, variance, settings)
        }
    }

    /// Records `max(norm(x) + residual, 0)`, the end of a residual block, for two tensors `[N, H, W, C]` of one shape: in training
    /// in the same passes, with given statistics one after the other, as layers to look at and to export.
    ///
    /// # Errors
    /// A shape error when `x` has a different number of channels, or the residual another shape.
    pub fn forward_residual(&self, pass: &mut Forward, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        if residual.shape() != x.shape() {
            let problem = format!("the residual is {}, the input {}", residual.shape(), x.shape());
            return Err(TensorError::Parameter { op: "batch_norm", problem });
        }
        if !pass.trains(self.gamma) {
            return self.forward(pass, x, Beside::NOTHING)?.add(residual)?.relu();
        }
        let (gamma, beta) = (pass.parameter(self.gamma), pass.parameter(self.beta));
        let settings = self.settings(Beside::RELU);
        let norm = match pass.whole_batch() {
            None => x.batch_norm_residual(gamma, beta, residual, settings)?,
            Some(whole) => x.batch_norm_over_ranks(gamma, beta, Some(residual), settings, whole)?,
        };
        pass.update_running(self.mean, norm.moments);
        Ok(norm.y)
    }

    fn settings(&self, beside: Beside) -> NormSettings {
        NormSettings {
            epsilon: self.epsilon,
            relu_before: beside.relu_before,
            relu_after: beside.relu_after,
            pool: beside.pool,
        }
    }
}

/// Ops next to a batch norm that are fused into its passes over memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beside {
    /// `max(x, 0)` before it.
    pub relu_before: bool,
    /// `max(y, 0)` after it.
    pub relu_after: bool,
    /// Max pooling after it, with non-overlapping windows of `[height, width]`; `[1, 1]` for none.
    pub pool: [usize; 2],
}

impl Beside {
    /// Nothing.
    pub const NOTHING: Self = Self { relu_before: false, relu_after: false, pool: [1, 1] };
    /// ReLU after it.
    pub const RELU: Self = Self { relu_after: true, ..Self::NOTHING };
}

fn declare_channels(
    builder: &mut ParameterBuilder,
    layer: &str,
    suffix: &str,
    channels: usize,
    value: f32,
) -> ParameterId {
    builder.declare(format!("{layer}.{suffix}"), [channels], Layout::Same, Role::Channel, Init::Constant(value))
}
