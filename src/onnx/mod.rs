//! A trained network as an ONNX model, for onnxruntime and others.
//!
//! The model's input `images` is `[N, 1, 28, 28]` with pixels as byte / 255; the scaling that the network was trained with is
//! its first two nodes. Its output `logits` is `[N, 10]`. Both say so in the file, where the names of the classes stand too.

mod export;
mod proto;

pub use export::{OnnxError, export};
