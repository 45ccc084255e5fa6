use thiserror::Error;

use super::{DType, Shape};
use crate::gpu::GpuError;

/// A mistake in building a graph, or a failure in running it.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum TensorError {
    /// The shapes do not fit the op. `problem` names the parameter at fault.
    #[error("{op}: {problem} (inputs: {})", shapes(inputs))]
    Shape { op: &'static str, inputs: Vec<Shape>, problem: String },

    #[error("{op}: input {input} holds {given}, but must hold {wanted}")]
    Type { op: &'static str, input: usize, given: DType, wanted: DType },

    #[error("{op}: {problem}")]
    Parameter { op: &'static str, problem: String },

    #[error("a tensor of shape {shape} has {} elements, but {given} values were given", shape.len())]
    Data { shape: Shape, given: usize },

    #[error("a tensor of shape {shape} is too large: kernels index with 32 bits")]
    TooManyElements { shape: Shape },

    #[error("{op}: the tensors belong to different graphs")]
    OtherGraph { op: &'static str },

    #[error("backward() starts at a loss of one number, but this tensor has shape {shape}")]
    NotScalar { shape: Shape },

    #[error("the loss does not depend on parameter {index} (shape {shape})")]
    Unreached { index: usize, shape: Shape },

    #[error("{op} has no gradient with respect to its input {input}, and the loss needs one")]
    NoGradient { op: &'static str, input: usize },

    #[error("this tensor is not among the outputs the program was compiled for")]
    NotAnOutput,

    #[error("only a tensor made from data can be written; this one is computed by {op}")]
    NotWritable { op: &'static str },

    #[error(transparent)]
    Gpu(#[from] GpuError),
}

impl TensorError {
    /// Whether smaller tensors would help: the device is out of memory, cannot bind a buffer this large, or 32-bit indices
    /// do not reach that far.
    pub fn is_out_of_memory(&self) -> bool {
        matches!(
            self,
            Self::TooManyElements { .. }
                | Self::Gpu(GpuError::DoesNotFit { .. } | GpuError::TooLarge { .. } | GpuError::OutOfMemory { .. })
        )
    }
}

fn shapes(shapes: &[Shape]) -> String {
    let texts: Vec<String> = shapes.iter().map(Shape::to_string).collect();
    texts.join(" and ")
}

/// `Result` of the tensor layer.
pub type Result<T> = std::result::Result<T, TensorError>;
