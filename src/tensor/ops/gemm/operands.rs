//! The operands of a product and what is done to its sums: each is a file of `shaders/`, with the parameters it needs.

use super::phases::Phases;
use crate::gpu::params::conv::rows_forward;
use crate::gpu::params::conv::rows_input_grad;
use crate::gpu::params::conv::rows_weight_grad::{self, Steps};
use crate::gpu::params::conv::sizes::Convolution;
use crate::gpu::params::gemm::dropout::Dropout;
use crate::gpu::params::gemm::product::Product;
use crate::gpu::params::gemm::{rows_dense, rows_dense_transposed};
use crate::gpu::{Access, Kernel};
use crate::tensor::Operand;

/// How A is laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::tensor::ops) enum Rows {
    Dense,
    DenseTransposed {
        /// Columns of the matrix as it is stored.
        features: u32,
    },
    ConvForward {
        conv: Convolution,
        /// Segments in a kernel row.
        parts: u32,
    },
    ConvInputGrad(Phases),
    ConvWeightGrad {
        conv: Convolution,
        /// Rows of A per kernel row.
        row_pitch: u32,
    },
}

impl Rows {
    pub fn file(self) -> &'static str {
        match self {
            Self::Dense => "gemm/rows_dense.wgsl",
            Self::DenseTransposed { .. } => "gemm/rows_dense_transposed.wgsl",
            Self::ConvForward { .. } => "conv/rows_forward.wgsl",
            Self::ConvInputGrad(..) => "conv/rows_input_grad.wgsl",
            Self::ConvWeightGrad { .. } => "conv/rows_weight_grad.wgsl",
        }
    }

    /// Gives the kernel its uniform, which the file declares.
    pub fn set_params(self, kernel: Kernel, product: Product, dropout: Dropout) -> Kernel {
        match self {
            Self::Dense => kernel.params(rows_dense::Params { product, dropout, ..Default::default() }),
            Self::DenseTransposed { features } => {
                kernel.params(rows_dense_transposed::Params { product, features, ..Default::default() })
            }
            Self::ConvForward { conv, parts } => {
                kernel.params(rows_forward::Params { product, conv, parts, ..Default::default() })
            }
            Self::ConvInputGrad(phases) => {
                let (Phases { conv, images }, [_, phases_w]) = (phases, phases.along());
                kernel.params(rows_input_grad::Params { product, conv, images, phases_w, ..Default::default() })
            }
            Self::ConvWeightGrad { conv, row_pitch } => {
                let steps = steps(&conv);
                kernel.params(rows_weight_grad::Params { product, conv, steps, row_pitch, ..Default::default() })
            }
        }
    }

    /// Rows of C: those of A without the padding and the bias row of a weight gradient.
    pub fn c_rows(self, product: &Product) -> usize {
        match self {
            Self::ConvWeightGrad { conv, .. } => (conv.kernel_h * conv.kernel_w * conv.in_c) as usize,
            Self::DenseTransposed { features } => features as usize,
            _ => product.rows as usize,
        }
    }

    /// The phases of a strided input gradient, several products in one launch.
    pub fn phases(self) -> Option<Phases> {
        match self {
            Self::ConvInputGrad(phases) => Some(phases).filter(|phases| phases.count() > 1),
            _ => None,
        }
    }
}

/// The sizes of a convolution as the weight gradient's kernel multiplies with them.
fn steps(conv: &Convolution) -> Steps {
    let [out_h, out_w, stride_h, stride_w, in_h, in_w] =
        [conv.out_h, conv.out_w, conv.stride_h, conv.stride_w, conv.in_h, conv.in_w].map(|size| size as f32);
    Steps { out_h, out_w, per_out_h: 1.0 / out_h, per_out_w: 1.0 / out_w, stride_h, stride_w, in_h, in_w }
}

/// How B is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tensor::ops) enum Cols {
    Dense,
    Transposed,
}

impl Cols {
    pub fn file(self) -> &'static str {
        match self {
            Self::Dense => "gemm/cols_dense.wgsl",
            Self::Transposed => "gemm/cols_transposed.wgsl",
        }
    }
}

/// What is done to a sum before it is stored, and the operands that this needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::tensor::ops) enum Finish {
    Plain,
    /// Adds a bias; ReLU when `relu` is set.
    Bias {
        bias: Operand,
        relu: bool,
    },
    /// Bias, ReLU and dropout.
    Dropout {
        bias: Operand,
        seed_step_row: Operand,
        dropout: Dropout,
    },
    /// Adds a matrix as large as C.
    Add(Operand),
    /// The sums of A's row of ones go here.
    BiasGrad(Operand),
}

impl Finish {
    pub fn file(self) -> &'static str {
        match self {
            Self::Plain => "gemm/finish_plain.wgsl",
            Self::Bias { .. } => "gemm/finish_bias.wgsl",
            Self::Dropout { .. } => "gemm/finish_dropout.wgsl",
            Self::Add(_) => "gemm/finish_add.wgsl",
            Self::BiasGrad(_) => "gemm/finish_bias_grad.wgsl",
        }
    }

    pub fn operands(self) -> Vec<(Operand, Access)> {
        match self {
            Self::Plain => vec![],
            Self::Bias { bias, .. } => vec![bias.read()],
            Self::Dropout { bias, seed_step_row, .. } => vec![bias.read(), seed_step_row.read()],
            Self::Add(addend) => vec![addend.read()],
            Self::BiasGrad(bias_grad) => vec![bias_grad.write()],
        }
    }

    pub fn set_constants(self, kernel: Kernel) -> Kernel {
        match self {
            Self::Bias { relu, .. } => kernel.constant("RELU", relu),
            _ => kernel,
        }
    }

    /// The parameters of dropout, zero if there is none.
    pub fn dropout(self) -> Dropout {
        match self {
            Self::Dropout { dropout, .. } => dropout,
            _ => Dropout::default(),
        }
    }

    /// Extra rows of A for the bias's gradient: eight, the first of which is all ones.
    pub fn bias_rows(self) -> usize {
        if matches!(self, Self::BiasGrad(_)) { 8 } else { 0 }
    }

    /// Whether it applies to the whole sum, so that K must not be split.
    pub fn wants_the_whole_sum(self) -> bool {
        matches!(self, Self::Bias { .. } | Self::Dropout { .. })
    }
}
