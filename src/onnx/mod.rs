//! A trained network as an ONNX model, for onnxruntime and others.
//!
//! The model's input `images` is `[N, C, H, W]`, `[N, 1, 28, 28]` for Fashion-MNIST, with pixels as byte / 255; its first two nodes apply the scaling that the
//! network was trained with. Its output `logits` is `[N, classes]`. The file documents both, and contains the names of the classes.

mod export;
mod proto;

pub use export::{OnnxError, export};
