//! Layers and the parameters they own.
//!
//! A layer is a description: it declares its parameters to a [`ParameterBuilder`] and keeps their ids. The numbers are
//! in [`Parameters`], in arenas of device memory, and a [`Forward`] pass looks them up.

mod forward;
mod init;
mod layers;
mod parameters;
pub mod weights;

pub use forward::{Forward, Mode};
pub use init::Init;
pub use layers::{BatchNorm2d, Beside, Conv2d, ConvSettings, Linear, WeightStart, dropout};
pub use parameters::{Layout, ParameterBuilder, ParameterId, Parameters, Role};
pub use weights::WeightsError;

use crate::tensor::{Result, Tensor};

/// A network: a base that turns images into features, and a head that turns features into logits.
pub trait Model {
    /// Records the base: `[N, H, W, C] -> [N, features]`.
    ///
    /// # Errors
    /// A shape error when the images do not fit the network.
    fn features(&self, pass: &mut Forward, images: &Tensor) -> Result<Tensor>;

    /// Records the head: `[N, features] -> [N, classes]`. Its parameters, and no others, have names that start with
    /// [`HEAD`].
    ///
    /// # Errors
    /// A shape error when the features are not the base's.
    fn head(&self, pass: &mut Forward, features: &Tensor) -> Result<Tensor>;

    /// Records the whole network: `[N, H, W, C] -> [N, classes]`.
    ///
    /// # Errors
    /// As [`Model::features`].
    fn forward(&self, pass: &mut Forward, images: &Tensor) -> Result<Tensor> {
        let features = self.features(pass, images)?;
        self.head(pass, &features)
    }
}

/// What the names of a head's parameters start with, as in torchvision.
pub const HEAD: &str = "fc";

/// The layer that a parameter belongs to, such as `layer1.0.conv1` of `layer1.0.conv1.weight`.
pub fn layer_of(parameter: &str) -> &str {
    parameter.rsplit_once('.').map_or(parameter, |(layer, _)| layer)
}
