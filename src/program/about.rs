//! What a dispatch is for: nothing that running it needs, but people and tapes do.

use serde::{Deserialize, Serialize};

/// A part of a training step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pass {
    /// From inputs to outputs.
    #[default]
    Forward,
    /// Gradients.
    Backward,
    /// What is done with gradients, and all else that outlives the step: the optimiser, running statistics, totals.
    Update,
}

/// What a dispatch is for.
#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    /// The op with its shapes and settings, to read.
    pub shapes: String,
    pub pass: Pass,
    /// The number of the op, which may have several dispatches.
    pub op: usize,
    /// The first dispatch of the op whose gradient it is part of.
    pub gradient_of: Option<usize>,
    /// What each binding holds.
    pub contents: Vec<Contents>,
}

/// What a binding holds. A scratch buffer has no axes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contents {
    /// The sizes of the axes.
    pub shape: Vec<usize>,
    /// Whether it holds unsigned integers, not floats.
    pub integers: bool,
}
