//! The engine: every op forward and backward, graphs and memory, optimisers, ops of one's own.

#[cfg(feature = "cli")]
mod augmentation;
mod axes;
mod batch_norm_accuracy;
mod batched_matmul;
mod broadcasting;
#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "cli")]
mod compositions;
mod custom_op;
mod element_types;
mod empty_tensors;
mod gradcheck;
mod gradients;
mod gradients_of_images;
mod numerics;
mod optimisation;
mod optimisers;
mod pointwise;
mod program;
mod tiles;
