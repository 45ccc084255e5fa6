//! From layers to ONNX nodes.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use prost::Message;
use thiserror::Error;

use super::proto::{
    Attribute, AttributeType, DataType, Dimension, Graph, Model, Node, OperatorSet, Property, Shape, Tensor as Stored,
    TensorType, Type, ValueInfo,
};
use crate::data::ImageShape;
use crate::files::{FileError, write_atomically};
use crate::inference::{Classifier, InferenceError};
use crate::nn::weights::{DiskTensor, in_pytorch_layout};
use crate::tensor::ops::{Padding, Window};
use crate::tensor::{Layer, LayerNode, Tensor};

/// A network that could not be exported.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum OnnxError {
    #[error("the network cannot be written as ONNX: {problem}")]
    Unsupported { problem: String },

    #[error(transparent)]
    File(#[from] FileError),

    #[error(transparent)]
    Inference(#[from] InferenceError),
}

impl From<crate::tensor::TensorError> for OnnxError {
    fn from(error: crate::tensor::TensorError) -> Self {
        Self::Inference(error.into())
    }
}

/// Opset 18: the first in which `Resize` accepts sizes for only some axes.
const OPSET: i64 = 18;
/// The version of the file format that came with it.
const IR_VERSION: i64 = 8;
const INPUT: &str = "images";
const OUTPUT: &str = "logits";

/// Writes a trained network as an ONNX file, as [`write_atomically`].
///
/// # Errors
/// [`OnnxError`].
pub fn export(classifier: &Classifier, path: &Path) -> Result<(), OnnxError> {
    let bytes = model(classifier)?.encode_to_vec();
    Ok(write_atomically(path, |file| file.write_all(&bytes))?)
}

fn model(classifier: &Classifier) -> Result<Model, OnnxError> {
    let network = classifier.network();
    // Recorded for one image; in the file the number of images is left open.
    let ImageShape { height, width, channels } = network.form().shape;
    let images = network.graph.zeros([1, height, width, channels])?;
    let layers = network.graph.layers(&network.record(&images)?)?;
    let mut writer = Writer::new(classifier)?;
    writer.scale(&images);
    for node in &layers {
        writer.layer(node)?;
    }
    let classes = network.class_names().join(",");
    let run = classifier.run();
    let name = run.own_network.clone().unwrap_or_else(|| run.train.network.architecture().to_string());
    Ok(Model {
        ir_version: IR_VERSION,
        producer_name: "selvedge".to_owned(),
        producer_version: run.version.clone(),
        doc_string: format!(
            "{name}, trained on {} images. Input: pixels as byte / 255. Output: logits of {classes}.",
            network.form().shape
        ),
        opset_import: vec![OperatorSet { domain: String::new(), version: OPSET }],
        metadata_props: [("classes", classes), ("pixel_scale", "1/255".to_owned()), ("selvedge", run.to_json())]
            .map(|(key, value)| Property { key: key.to_owned(), value })
            .to_vec(),
        graph: Some(writer.finish(&name)?),
    })
}

/// The graph under construction. Images are `[N, C, H, W]` in ONNX.
struct Writer<'a> {
    classifier: &'a Classifier,
    nodes: Vec<Node>,
    initializers: Vec<Stored>,
    /// The names of the values so far.
    names: Vec<(Tensor, String)>,
    counts: HashMap<&'static str, usize>,
    parameters: HashMap<String, DiskTensor>,
}

impl<'a> Writer<'a> {
    fn new(classifier: &'a Classifier) -> Result<Self, OnnxError> {
        let parameters = in_pytorch_layout(&classifier.network().parameters).map_err(InferenceError::from)?;
        Ok(Self {
            classifier,
            nodes: Vec::new(),
            initializers: Vec::new(),
            names: Vec::new(),
            counts: HashMap::new(),
            parameters: parameters.into_iter().map(|p| (p.name.clone(), p)).collect(),
        })
    }

    /// The network's own scaling of pixels in 0 to 1.
    fn scale(&mut self, images: &Tensor) {
        let normalisation = self.classifier.run().normalisation;
        let channels = self.classifier.network().form().shape.channels;
        // One number per channel, along the axis of the channels.
        let mut constant = |name: &str, values: [f32; 3]| {
            self.initializers.push(stored(name, &[channels, 1, 1], &values[..channels]));
            name.to_owned()
        };
        let mean = constant("pixel_mean", normalisation.mean);
        let deviation = constant("pixel_deviation", normalisation.deviation);
        let centred = self.node("Sub", vec![INPUT.to_owned(), mean], vec![]);
        let scaled = self.node("Div", vec![centred, deviation], vec![]);
        self.names.push((images.clone(), scaled));
    }

    fn layer(&mut self, node: &LayerNode) -> Result<(), OnnxError> {
        let output = if node.layer == Layer::Concat {
            self.concat(node)?
        } else {
            let inputs = node.inputs.iter().map(|input| self.name_of(input));
            let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
            self.translate(node, inputs)?
        };
        self.names.push((node.output.clone(), output));
        Ok(())
    }

    /// Adds a layer with inputs of these names; returns the name of its output.
    fn translate(&mut self, node: &LayerNode, mut inputs: Vec<String>) -> Result<String, OnnxError> {
        Ok(match &node.layer {
            Layer::Conv2d { window, .. } => self.node("Conv", inputs, sliding(window)),
            // Weights are stored as [out, in].
            Layer::Linear { .. } => self.node("Gemm", inputs, vec![int("transB", 1)]),
            Layer::BatchNorm(settings) => {
                let epsilon = float("epsilon", settings.epsilon);
                self.node("BatchNormalization", inputs, vec![epsilon])
            }
            Layer::MaxPool(window) => self.node("MaxPool", inputs, sliding(window)),
            Layer::AvgPool { window, count_padding } => {
                let mut attributes = sliding(window);
                attributes.push(int("count_include_pad", i64::from(*count_padding)));
                self.node("AveragePool", inputs, attributes)
            }
            Layer::GlobalAvgPool => {
                let pooled = self.node("GlobalAveragePool", inputs, vec![]);
                self.node("Flatten", vec![pooled], vec![int("axis", 1)])
            }
            Layer::LeakyRelu { slope: 0.0 } => self.node("Relu", inputs, vec![]),
            Layer::LeakyRelu { slope } => self.node("LeakyRelu", inputs, vec![float("alpha", *slope)]),
            // In ONNX channels come first, so broadcasting would repeat a tensor along other axes than here.
            Layer::Add if node.inputs.iter().any(|input| input.shape() != node.output.shape()) => {
                return Err(unsupported("it adds tensors of different shapes".to_owned()));
            }
            Layer::Add => self.node("Add", inputs, vec![]),
            Layer::Concat if !matches!(node.output.shape().rank(), 2 | 4) => {
                return Err(unsupported(format!("it joins tensors of {}", node.output.shape())));
            }
            Layer::Concat => self.node("Concat", inputs, vec![int("axis", 1)]),
            Layer::Reshape(shape) if shape.rank() != 2 => {
                return Err(unsupported(format!("it gives a tensor the shape {shape}")));
            }
            Layer::Reshape(_) => {
                // Channels come first in ONNX and last here: flattening gives the same order only when an image is one pixel.
                if matches!(node.inputs[0].shape().axes(), [_, height, width, _] if height * width > 1) {
                    let channels_last = self.node("Transpose", inputs, vec![ints("perm", &[0, 2, 3, 1])]);
                    inputs = vec![channels_last];
                }
                self.node("Flatten", inputs, vec![int("axis", 1)])
            }
            Layer::ResizeBilinear([height, width]) => {
                let sizes = self.integers("resize_sizes", &[*height as i64, *width as i64]);
                // Neither a region of interest nor scales.
                inputs.extend([String::new(), String::new(), sizes]);
                let attributes = vec![
                    text("mode", "linear"),
                    text("coordinate_transformation_mode", "half_pixel"),
                    ints("axes", &[2, 3]),
                ];
                self.node("Resize", inputs, attributes)
            }
            Layer::Custom(name) => {
                return Err(unsupported(format!("{name} is an op of one's own, which ONNX does not know")));
            }
        })
    }

    /// The name of a value that was computed before, or of a parameter, which is stored when it is first used.
    fn name_of(&mut self, tensor: &Tensor) -> Result<String, OnnxError> {
        if let Some((_, name)) = self.names.iter().find(|(known, _)| known.is(tensor)) {
            return Ok(name.clone());
        }
        let mut parameters = self.classifier.network().parameters.named();
        let own = parameters.find(|(_, own)| own.is(tensor)).and_then(|(name, _)| self.parameters.get(name));
        let Some(DiskTensor { name, shape, values }) = own else {
            return Err(unsupported(format!("it takes data of shape {}", tensor.shape())));
        };
        self.initializers.push(stored(name, shape, values));
        self.names.push((tensor.clone(), name.clone()));
        Ok(name.clone())
    }

    /// Inputs concatenated along the channels. The zero channels that shortcuts add become a `Pad` in ONNX: as stored data
    /// they would have a fixed number of images, one.
    fn concat(&mut self, node: &LayerNode) -> Result<String, OnnxError> {
        let inputs = &node.inputs;
        let is_computed = |tensor: &Tensor| self.names.iter().any(|(known, _)| known.is(tensor));
        let first = inputs.iter().position(is_computed).unwrap_or(0);
        let end = inputs.iter().rposition(is_computed).map_or(inputs.len(), |last| last + 1);
        let (before, after) = (&inputs[..first], &inputs[end..]);
        for zeros in before.iter().chain(after) {
            if zeros.to_vec()?.iter().any(|value| *value != 0.0) {
                return Err(unsupported("it puts data other than zeros beside channels".to_owned()));
            }
        }
        let names = inputs[first..end].iter().map(|input| self.name_of(input));
        let names = names.collect::<Result<Vec<_>, _>>()?;
        let joined = match &names[..] {
            [only] => only.clone(),
            _ => self.translate(node, names)?,
        };
        let channels = |zeros: &[Tensor]| zeros.iter().map(|zeros| zeros.shape().last() as i64).sum::<i64>();
        let (before, after) = (channels(before), channels(after));
        if before + after == 0 {
            return Ok(joined);
        }
        // Before and after each axis of N, C, H, W.
        let pads = self.integers(&format!("pads_of_{joined}"), &[0, before, 0, 0, 0, after, 0, 0]);
        Ok(self.node("Pad", vec![joined, pads], vec![]))
    }

    fn integers(&mut self, name: &str, values: &[i64]) -> String {
        self.initializers.push(Stored {
            dims: vec![values.len() as i64],
            data_type: DataType::Int64.into(),
            name: name.to_owned(),
            raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        });
        name.to_owned()
    }

    /// Adds a node and returns the name of its output.
    fn node(&mut self, op: &'static str, inputs: Vec<String>, attributes: Vec<Attribute>) -> String {
        let count = self.counts.entry(op).or_insert(0);
        *count += 1;
        let name = format!("{op}_{count}");
        self.nodes.push(Node {
            input: inputs,
            output: vec![name.clone()],
            name: name.clone(),
            op_type: op.to_owned(),
            attribute: attributes,
        });
        name
    }

    fn finish(mut self, name: &str) -> Result<Graph, OnnxError> {
        let form = self.classifier.network().form();
        let (classes, ImageShape { height, width, channels }) = (form.classes(), form.shape);
        let Some(last) = self.nodes.last_mut() else {
            return Err(unsupported("it has no layers".to_owned()));
        };
        last.output = vec![OUTPUT.to_owned()];
        Ok(Graph {
            node: self.nodes,
            name: name.to_owned(),
            initializer: self.initializers,
            input: vec![value(INPUT, &[channels, height, width], "pixels as byte / 255")],
            output: vec![value(OUTPUT, &[classes], "before softmax")],
        })
    }
}

fn unsupported(problem: String) -> OnnxError {
    OnnxError::Unsupported { problem }
}

fn stored(name: &str, dims: &[usize], values: &[f32]) -> Stored {
    Stored {
        dims: dims.iter().map(|size| *size as i64).collect(),
        data_type: DataType::Float.into(),
        name: name.to_owned(),
        raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
    }
}

/// A value of shape `[N, sizes...]`.
fn value(name: &str, sizes: &[usize], doc: &str) -> ValueInfo {
    let open = Dimension { dim_value: None, dim_param: Some("N".to_owned()) };
    let fixed = sizes.iter().map(|size| Dimension { dim_value: Some(*size as i64), dim_param: None });
    ValueInfo {
        name: name.to_owned(),
        r#type: Some(Type {
            tensor_type: Some(TensorType {
                elem_type: DataType::Float.into(),
                shape: Some(Shape { dim: std::iter::once(open).chain(fixed).collect() }),
            }),
        }),
        doc_string: doc.to_owned(),
    }
}

/// A window as ONNX attributes.
fn sliding(window: &Window) -> Vec<Attribute> {
    let pair = |[a, b]: [usize; 2]| [a as i64, b as i64];
    let pads = match window.padding {
        Padding::Explicit(pad) => [pad.top, pad.left, pad.bottom, pad.right].map(|side| side as i64),
        // Layers always give their padding in pixels.
        Padding::Valid | Padding::Same => [0; 4],
    };
    vec![ints("kernel_shape", &pair(window.kernel)), ints("strides", &pair(window.stride)), ints("pads", &pads)]
}

fn attribute(name: &str, r#type: AttributeType) -> Attribute {
    Attribute { name: name.to_owned(), r#type: r#type.into(), ..Attribute::default() }
}

fn int(name: &str, i: i64) -> Attribute {
    Attribute { i, ..attribute(name, AttributeType::Int) }
}

fn float(name: &str, f: f32) -> Attribute {
    Attribute { f, ..attribute(name, AttributeType::Float) }
}

fn text(name: &str, s: &str) -> Attribute {
    Attribute { s: s.as_bytes().to_vec(), ..attribute(name, AttributeType::String) }
}

fn ints(name: &str, ints: &[i64]) -> Attribute {
    Attribute { ints: ints.to_vec(), ..attribute(name, AttributeType::Ints) }
}

#[cfg(test)]
mod tests;
