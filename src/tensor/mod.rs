//! Tensors: handles to the values of a graph that is recorded once and replayed.
//!
//! A call such as `a.matmul(&b)` checks shapes and records a node; nothing runs. [`Graph::compile`] turns everything the
//! given outputs need into a [`Program`](crate::program::Program), and [`Tensor::to_vec`] does that for a single value:
//!
//! ```
//! use selvedge::{gpu::{Gpu, GpuOptions}, tensor::Graph};
//! let graph = Graph::new(&Gpu::open(&GpuOptions::default())?);
//! let x = graph.tensor([2], &[3.0, -4.0])?;
//! let loss = x.mul(&x)?.sum()?;
//! let gradient = &loss.backward(&[&x])?[0];
//! assert_eq!(loss.to_vec()?, [25.0]);
//! assert_eq!(gradient.to_vec()?, [6.0, -8.0]);
//! # Ok::<(), selvedge::tensor::TensorError>(())
//! ```
//!
//! The operators `+ - * /` do the same and return a [`Result`] too: `(&x * &x)?` is `x.mul(&x)?`.

mod autograd;
mod compile;
mod error;
mod graph;
mod layer;
mod op;
pub mod ops;
mod shape;

pub use compile::{Compiled, NodeSummary};
pub use error::{Result, TensorError};
pub use graph::{Arena, Graph, Tensor};
pub use layer::{Layer, LayerNode};
pub use op::{Backward, Inputs, Io, Launches, Op, Operand, Storage};
pub use shape::{DType, Info, Shape};
