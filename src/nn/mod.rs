//! Layers and the parameters they own.
//!
//! A layer is a description: it declares its parameters to a [`ParameterBuilder`] and keeps their ids. The numbers live
//! in [`Parameters`], all in one arena of device memory, and a [`Forward`] pass looks them up.

mod forward;
mod init;
mod layers;
mod parameters;
pub mod weights;

pub use forward::{Forward, Mode};
pub use init::Init;
pub use layers::{BatchNorm2d, Beside, Conv2d, Linear};
pub use parameters::{Layout, ParameterBuilder, ParameterId, Parameters, Role};
pub use weights::WeightsError;

use crate::tensor::{Result, Tensor};

/// A network from a batch of images to logits.
pub trait Model {
    /// Records the forward pass: `[N, H, W, C] -> [N, classes]`.
    ///
    /// # Errors
    /// A shape error when the images do not fit the network.
    fn forward(&self, pass: &mut Forward, x: &Tensor) -> Result<Tensor>;
}
