//! Ops as the layers of a network, for code that inspects one: pictures of what it has learned, export to other formats.

use std::collections::HashMap;

use super::graph::ValueId;
use super::ops::{NormSettings, Window};
use super::{Graph, Result, Shape, Tensor, TensorError};

/// What an op computes in inference, in the field's own terms.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // the comment on each variant explains its fields
pub enum Layer {
    /// Convolution of images with a weight `[kernel_h, kernel_w, in, out]` and, if a third input is given, a bias; then ReLU
    /// if `relu` is set.
    Conv2d { window: Window, relu: bool },
    /// Dense layer on rows, with a weight `[in, out]` and a bias; then ReLU if `relu` is set.
    Linear { relu: bool },
    /// Batch normalisation of images with scale, shift, running mean and variance, and what is done in the same pass.
    BatchNorm(NormSettings),
    /// The maximum under each window.
    MaxPool(Window),
    /// The mean under each window; without `count_padding`, only over the pixels inside the image.
    AvgPool { window: Window, count_padding: bool },
    /// The mean over each image.
    GlobalAvgPool,
    /// The input where it is positive, else `slope` times it.
    LeakyRelu { slope: f32 },
    /// The sum of two inputs.
    Add,
    /// All inputs side by side, along the channels.
    Concat,
    /// Another shape for the same numbers.
    Reshape(Shape),
    /// To `[height, width]`, bilinear with half-pixel centres.
    ResizeBilinear([usize; 2]),
    /// A custom op of this name with one output. Pictures of activations show it if its output is images; export to other
    /// formats refuses it.
    Custom(&'static str),
}

/// A layer of a network, with its inputs and its output.
#[derive(Debug)]
pub struct LayerNode {
    /// Never fused: ReLU and pooling that an op does in its own pass are separate layers here.
    pub layer: Layer,
    /// Its inputs, parameters included.
    pub inputs: Vec<Tensor>,
    /// Its output.
    pub output: Tensor,
}

impl Graph {
    /// Records again what `output` needs, with every layer separate, and returns the layers in execution order. Each has an
    /// output to look at and to differentiate with respect to, which a fused layer lacks.
    ///
    /// # Errors
    /// [`TensorError::Parameter`] when an op is not a layer of a network in inference.
    pub fn layers(&self, output: &Tensor) -> Result<Vec<LayerNode>> {
        let mut again: HashMap<ValueId, Tensor> = HashMap::new();
        let mut layers = Vec::new();
        for node in self.nodes(&[output])? {
            let Some(layer) = node.layer else {
                return Err(TensorError::Parameter {
                    op: node.op,
                    problem: "it is no layer of a network in inference".to_owned(),
                });
            };
            let inputs = node.inputs.iter().map(|input| again.get(&input.id).unwrap_or(input));
            let mut inputs: Vec<Tensor> = inputs.cloned().collect();
            let Parts { before, itself, after } = layer.parts();
            for part in before {
                inputs[0] = record(&mut layers, part, vec![inputs[0].clone()])?;
            }
            let mut y = match itself {
                Layer::Custom(_) => {
                    let output = self.record_again(&node.output, &inputs)?;
                    layers.push(LayerNode { layer: itself, inputs, output: output.clone() });
                    output
                }
                itself => record(&mut layers, itself, inputs)?,
            };
            for part in after {
                y = record(&mut layers, part, vec![y])?;
            }
            again.insert(node.output.id, y);
        }
        Ok(layers)
    }
}

fn record(layers: &mut Vec<LayerNode>, layer: Layer, inputs: Vec<Tensor>) -> Result<Tensor> {
    let output = layer.apply(&inputs)?;
    layers.push(LayerNode { layer, inputs, output: output.clone() });
    Ok(output)
}

/// A fused layer taken apart.
struct Parts {
    before: Vec<Layer>,
    itself: Layer,
    after: Vec<Layer>,
}

impl Layer {
    const RELU: Self = Self::LeakyRelu { slope: 0.0 };

    fn parts(self) -> Parts {
        let relu = |wanted: bool| if wanted { vec![Self::RELU] } else { Vec::new() };
        let (before, itself, after) = match self {
            Self::Conv2d { window, relu: wanted } => (vec![], Self::Conv2d { window, relu: false }, relu(wanted)),
            Self::Linear { relu: wanted } => (vec![], Self::Linear { relu: false }, relu(wanted)),
            Self::BatchNorm(settings) => {
                let mut after = relu(settings.relu_after);
                after.extend(settings.pooling().map(Self::MaxPool));
                let plain = NormSettings::plain(settings.epsilon);
                (relu(settings.relu_before), Self::BatchNorm(plain), after)
            }
            whole => (vec![], whole, vec![]),
        };
        Parts { before, itself, after }
    }

    /// Records the layer.
    fn apply(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let input = |i: usize| {
            inputs
                .get(i)
                .ok_or_else(|| TensorError::Parameter { op: "layer", problem: format!("{self:?} has no input {i}") })
        };
        let x = input(0)?;
        match self {
            Self::Conv2d { window, relu } => x.conv2d(input(1)?, inputs.get(2), window.stride, window.padding, *relu),
            Self::Linear { relu } => x.linear(input(1)?, input(2)?, *relu),
            Self::BatchNorm(settings) => x.batch_norm_inference(input(1)?, input(2)?, input(3)?, input(4)?, *settings),
            Self::MaxPool(window) => x.max_pool(*window),
            Self::AvgPool { window, count_padding } => x.avg_pool(*window, *count_padding),
            Self::GlobalAvgPool => x.global_avg_pool(),
            Self::LeakyRelu { slope } => x.leaky_relu(*slope),
            Self::Add => x.add(input(1)?),
            Self::Concat => Tensor::concat(&inputs.iter().collect::<Vec<_>>()),
            Self::Reshape(shape) => x.reshape(shape.clone()),
            Self::ResizeBilinear(size) => x.resize_bilinear(*size),
            Self::Custom(name) => {
                Err(TensorError::Parameter { op: name, problem: "only the op itself can record it again".to_owned() })
            }
        }
    }
}
