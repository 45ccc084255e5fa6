//! selvedge: a deep-learning engine written by hand, for any Vulkan, Metal or DX12 GPU.
//!
//! Every kernel is WGSL under `shaders/`, every gradient is derived here. The engine, from the bottom up, needs no Cargo feature:
//!
//! - [`gpu`]: adapter, device, pipelines, buffers, read-back.
//! - [`program`]: a list of dispatches with all memory planned, made once and run every step.
//! - [`tensor`]: tensors that record a graph, the ops, reverse-mode differentiation.
//! - [`nn`], [`optim`]: layers and weight files, SGD, Adam and Muon.
//! - [`tape`]: recorded runs of programs, to be replayed elsewhere.
//! - [`gradcheck`](mod@gradcheck): checks a custom op as the built-in ones are checked.
//! - [`files`]: reads and writes so that nothing hangs and nothing is lost.
//!
//! Built on it, with the feature `training`: `data`, `settings`, `models`, `network` (a network on a device), `ranks`
//! (several that train together), `run` (its folder), `train`, `search`, `inference`, `eval` and `plot`. `report`, `onnx` and `tsne` each have their own feature;
//! `lessons` and `lab`, pages that run kernels, come with `cli`.
//!
//! A layer uses those below it, never those above. Start with [`tensor`], or with `examples/autograd.rs`.
#![warn(missing_docs)]
#![deny(clippy::print_stdout, clippy::print_stderr)]

#[cfg(feature = "training")]
pub mod data;
#[cfg(feature = "training")]
pub mod eval;
pub mod files;
pub mod gpu;
pub mod gradcheck;
#[cfg(feature = "training")]
pub mod inference;
#[cfg(feature = "cli")]
pub mod lab;
#[cfg(feature = "cli")]
pub mod lessons;
#[cfg(feature = "training")]
pub mod models;
#[cfg(feature = "training")]
pub mod network;
pub mod nn;
#[cfg(feature = "training")]
pub mod numbers;
#[cfg(feature = "onnx")]
pub mod onnx;
pub mod optim;
#[cfg(feature = "training")]
pub mod plot;
pub mod program;
#[cfg(feature = "training")]
pub mod ranks;
#[cfg(feature = "report")]
pub mod report;
#[cfg(feature = "training")]
pub mod run;
#[cfg(feature = "training")]
pub mod search;
#[cfg(feature = "training")]
pub mod settings;
pub mod tape;
pub mod tensor;
#[cfg(feature = "training")]
pub mod train;
#[cfg(feature = "cli")]
pub mod translation;
#[cfg(feature = "tsne")]
pub mod tsne;
