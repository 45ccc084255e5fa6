//! Ops as the layers of a network, for those who read one: pictures of what it has learned, other formats.

use std::collections::HashMap;

use super::graph::ValueId;
use super::ops::{NormSettings, Window};
use super::{Graph, Result, Shape, Tensor, TensorError};

/// What an op computes in inference, in the terms of the field.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // what stands over a variant explains its fields
pub enum Layer {
    /// Of images with a weight `[kernel_h, kernel_w, in, out]` and, if there is a third input, a bias; then ReLU if asked.
    Conv2d { window: Window, relu: bool },
    /// Of rows with a weight `[in, out]` and a bias; then ReLU if asked.
    Linear { relu: bool },
    /// Of images with scale, shift, running mean and variance, and what is done in the same pass.
    BatchNorm(NormSettings),
    /// The largest under each window.
    MaxPool(Window),
    /// The mean under each window; without `count_padding` that of the pixels inside of the image.
    AvgPool { window: Window, count_padding: bool },
    /// The mean of each image.
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
    /// An op of one's own by this name, of one output. Pictures of activations show it where it gives images; other formats
    /// refuse it.
    Custom(&'static str),
}

/// A layer of a network: what it computes of what.
#[derive(Debug)]
pub struct LayerNode {
    /// Never fused: ReLU and pooling that an op does in its own pass are layers here.
    pub layer: Layer,
    /// What goes in, parameters included.
    pub inputs: Vec<Tensor>,
    /// What comes out.
    pub output: Tensor,
}

impl Graph {
    /// Records what `output` needs once more, with every layer on its own, in running order: each has an output to look at
    /// and to differentiate by, which a fused one has not.
    ///
    /// # Errors
    /// [`TensorError::Parameter`] when an op is no layer of a network in inference.
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
