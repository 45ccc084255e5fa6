//! The networks.

mod cnn4;
mod inception;
mod resnet;

pub use cnn4::{Cnn4, Cnn4Settings};
pub use inception::{InceptionSettings, InceptionV3};
pub use resnet::{ResNet, ResNetSettings, ResNetShape, Shortcut};

use std::fmt;

use serde::{Deserialize, Serialize};

/// A network by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // the family says it all
pub enum Architecture {
    /// [`Cnn4`].
    Cnn,
    /// [`ResNetShape::RESNET18`].
    Resnet18,
    /// [`ResNetShape::cifar`] with 3 blocks a stage, and so on.
    Resnet20,
    Resnet32,
    Resnet44,
    Resnet56,
    /// [`InceptionV3`].
    Inception,
}

impl Architecture {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Cnn,
        Self::Resnet18,
        Self::Resnet20,
        Self::Resnet32,
        Self::Resnet44,
        Self::Resnet56,
        Self::Inception,
    ];

    /// The name on the command line, in files and in the names of run folders.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cnn => "cnn",
            Self::Resnet18 => "resnet18",
            Self::Resnet20 => "resnet20",
            Self::Resnet32 => "resnet32",
            Self::Resnet44 => "resnet44",
            Self::Resnet56 => "resnet56",
            Self::Inception => "inception",
        }
    }

    /// The blocks of a residual network; `None` for the others.
    pub fn resnet_shape(self) -> Option<ResNetShape> {
        match self {
            Self::Resnet18 => Some(ResNetShape::RESNET18),
            Self::Resnet20 => Some(ResNetShape::cifar(3)),
            Self::Resnet32 => Some(ResNetShape::cifar(5)),
            Self::Resnet44 => Some(ResNetShape::cifar(7)),
            Self::Resnet56 => Some(ResNetShape::cifar(9)),
            Self::Cnn | Self::Inception => None,
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
