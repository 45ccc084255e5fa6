//! The ops: shape rule, launch and gradient. Their calls are methods of [`Tensor`](super::Tensor).
//!
//! Pointwise ops are rows of a table, [`Unary::ALL`] and [`Binary::ALL`]; every other op has a file of its own.

mod augment;
mod average;
mod avg_pool;
mod batch_norm;
mod batched;
mod binary;
mod clip_norm;
mod concat;
mod conv2d;
mod cross_entropy;
mod dropout;
mod elementwise;
mod extreme;
mod gather;
mod gather_rows;
mod gemm;
mod leaky_relu;
mod matmul;
mod max_pool;
mod mean_over_ranks;
mod operators;
mod optimiser_step;
mod pack;
mod pool;
mod reduce;
mod reduce_axes;
mod reshape;
mod resize;
mod rows;
mod running_totals;
mod slice;
mod softmax;
mod strided;
mod strides;
mod unary;
mod window;
mod winograd;

pub use augment::{Augment, Erased, Erasing, Fill, Flip, Shift};
pub use batch_norm::{BatchNorm, NormSettings, RunningUpdate};
pub use binary::Binary;
pub use cross_entropy::CrossEntropy;
pub use gather::{Batch, DataSet, MIXING, Pixels};
pub use gemm::gemm_core;
pub use optimiser_step::{OptimiserInputs, Rule};
pub use unary::Unary;
pub use window::{Pad, Padding, Window};

pub(super) use elementwise::copy_kernel;
use leaky_relu::before_relu;

use crate::gpu::{Kernel, Source};

/// Threads per workgroup of every kernel but the matrix products: a multiple of all subgroup sizes in use.
const WORKGROUP: u32 = 64;

/// The maximum number of iterations of a thread's loops in total. lavapipe silently ends them after 65,535.
const MOST_ROUNDS: usize = 1 << 15;

/// A kernel of `threads` threads in workgroups of [`WORKGROUP`], numbered in the shader by `linear_workgroup`.
fn kernel(label: &'static str, source: Source, threads: usize) -> Kernel {
    Kernel::new(label, source).threads(threads as u64, WORKGROUP)
}
