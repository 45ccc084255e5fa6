//! The ops, one file each: shape rule, launch and gradient. Their calls are methods of [`Tensor`](super::Tensor).

mod add;
mod augment;
mod average;
mod avg_pool;
mod batch_norm;
mod clip_norm;
mod concat;
mod conv2d;
mod cross_entropy;
mod dropout;
mod elementwise;
mod gather;
mod gather_rows;
mod gemm;
mod leaky_relu;
mod matmul;
mod max_pool;
mod mul;
mod optimiser_step;
mod pack;
mod pool;
mod reduce;
mod reshape;
mod resize;
mod running_totals;
mod scale;
mod softmax;
mod transpose;
mod window;

pub use augment::{Augment, Erased, Erasing, Fill, Flip, Shift};
pub use batch_norm::{BatchNorm, NormSettings, RunningUpdate};
pub use cross_entropy::CrossEntropy;
pub use gather::{Batch, DataSet, MIXING, Pixels};
pub use gemm::gemm_core;
pub use optimiser_step::{OptimiserInputs, Rule};
pub use window::{Pad, Padding, Window};

pub(super) use elementwise::copy_kernel;
use leaky_relu::before_relu;

use crate::gpu::{Kernel, Source, shader};

/// Threads in a workgroup of every kernel but the matrix products: a multiple of all subgroup sizes in use.
const WORKGROUP: u32 = 64;

/// Rounds that a thread's loops may go together. lavapipe silently ends them after 65,535.
const MOST_ROUNDS: usize = 1 << 15;

/// A kernel of `threads` threads in workgroups of [`WORKGROUP`], which finds its number with `linear_workgroup`.
fn kernel(label: &'static str, source: Source, threads: usize) -> Kernel {
    Kernel::new(label, shader!("common/grid.wgsl").join(source)).threads(threads as u64, WORKGROUP)
}
