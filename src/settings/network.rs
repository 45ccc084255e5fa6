//! The built-in networks by name, each with its own settings.

use std::fmt;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use serde::{Deserialize, Serialize};

use super::SettingsError;
use super::error::{check, check_share};
use super::kinds::{Kind, declare_all, refuse_others};

/// A network by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // the family says it all
pub enum Architecture {
    /// The four-convolution CNN.
    Cnn,
    /// torchvision's ResNet-18 for 28x28 images.
    Resnet18,
    /// The residual networks of the paper for CIFAR-10, by their number of layers.
    Resnet20,
    Resnet32,
    Resnet44,
    Resnet56,
    /// Inception V3.
    Inception,
}

impl Architecture {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Cnn, Self::Resnet18, Self::Resnet20, Self::Resnet32, Self::Resnet44, Self::Resnet56, Self::Inception];

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
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Settings of the four-convolution CNN.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Args)]
#[serde(deny_unknown_fields)]
pub struct Cnn4Settings {
    /// units of the first hidden dense layer; default 512
    #[arg(long, value_name = "N")]
    pub dense: usize,
    /// dropout after the hidden dense layers; default 0.1
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    pub dropout: f32,
}

impl Default for Cnn4Settings {
    fn default() -> Self {
        Self { dense: 512, dropout: 0.1 }
    }
}

/// How the input of a residual block reaches its output where the shape changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Shortcut {
    /// A 1x1 convolution with batch norm
    // Option B of the paper, torchvision's.
    Projection,
    /// Every second pixel, zeros for new channels
    // Half of the zeros on each side: option A, without parameters.
    Zeros,
}

/// Settings of residual networks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Args)]
#[serde(deny_unknown_fields)]
pub struct ResNetSettings {
    /// slope of leaky ReLU below zero; 0 is ReLU; default 0, inception 0.3
    #[arg(id = "leaky", long = "leaky", value_name = "SLOPE", allow_negative_numbers = true)]
    pub slope: f32,
    /// how a block's shortcut adapts its input where the shape changes; default projection
    #[arg(long, value_enum, value_name = "HOW")]
    pub shortcut: Shortcut,
    /// initial scale of each block's last batch norm; at zero a block starts out as its shortcut; default one
    // Goyal et al. 2017, section 5.1.
    #[arg(id = "last_scale", long = "last-scale", value_name = "AT", action = ArgAction::Set, value_parser = one_of("one", "zero"))]
    pub zero_last_scale: bool,
}

impl Default for ResNetSettings {
    /// Projections, scales of one, ReLU.
    fn default() -> Self {
        Self { slope: 0.0, shortcut: Shortcut::Projection, zero_last_scale: false }
    }
}

/// Settings of Inception V3.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Args)]
#[serde(deny_unknown_fields)]
pub struct InceptionSettings {
    /// units of the hidden dense layer of the head
    #[arg(long, value_name = "N")]
    pub dense: usize,
    /// dropout in the head
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    pub dropout: f32,
    /// slope of the head's activation below zero
    #[arg(id = "leaky", long = "leaky", value_name = "SLOPE", allow_negative_numbers = true)]
    pub slope: f32,
    /// side in pixels that images are resized to, at least 75; default 150
    #[arg(long, value_name = "N")]
    pub image_size: usize,
    /// whether average pooling counts the zeros of its padding, as in torchvision, or not, as in TensorFlow; default count
    #[arg(id = "pool_padding", long = "pool-padding", value_name = "HOW", action = ArgAction::Set, value_parser = one_of("ignore", "count"))]
    pub count_padding: bool,
}

impl InceptionSettings {
    /// The smallest side an image may have, so that every layer has at least one pixel.
    pub const SMALLEST_IMAGE: usize = 75;
}

impl Default for InceptionSettings {
    fn default() -> Self {
        Self { dense: 512, dropout: 0.1, slope: 0.0, image_size: 150, count_padding: true }
    }
}

/// A setting with two named values, which mean false and true.
pub(super) fn one_of(no: &'static str, yes: &'static str) -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new([no, yes]).map(move |text| text == yes)
}

/// A network with its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "model")]
#[allow(missing_docs)] // see [`Architecture`]
pub enum NetworkSettings {
    Cnn(Cnn4Settings),
    Resnet18(ResNetSettings),
    Resnet20(ResNetSettings),
    Resnet32(ResNetSettings),
    Resnet44(ResNetSettings),
    Resnet56(ResNetSettings),
    Inception(InceptionSettings),
}

impl NetworkSettings {
    /// The network's name.
    pub fn architecture(&self) -> Architecture {
        match self {
            Self::Cnn(_) => Architecture::Cnn,
            Self::Resnet18(_) => Architecture::Resnet18,
            Self::Resnet20(_) => Architecture::Resnet20,
            Self::Resnet32(_) => Architecture::Resnet32,
            Self::Resnet44(_) => Architecture::Resnet44,
            Self::Resnet56(_) => Architecture::Resnet56,
            Self::Inception(_) => Architecture::Inception,
        }
    }

    /// The network of this name. Settings that both networks have are kept, others get their default.
    pub fn of(self, architecture: Architecture) -> Self {
        let (mut cnn, mut resnet, mut inception) = match self {
            Self::Inception(own) => (Cnn4Settings::default(), ResNetSettings::default(), own),
            _ => Default::default(),
        };
        match self {
            Self::Cnn(own) => {
                (inception.dense, inception.dropout) = (own.dense, own.dropout);
                cnn = own;
            }
            Self::Resnet18(own)
            | Self::Resnet20(own)
            | Self::Resnet32(own)
            | Self::Resnet44(own)
            | Self::Resnet56(own) => {
                inception.slope = own.slope;
                resnet = own;
            }
            Self::Inception(own) => {
                (cnn.dense, cnn.dropout) = (own.dense, own.dropout);
                resnet.slope = own.slope;
            }
        }
        match architecture {
            Architecture::Cnn => Self::Cnn(cnn),
            Architecture::Resnet18 => Self::Resnet18(resnet),
            Architecture::Resnet20 => Self::Resnet20(resnet),
            Architecture::Resnet32 => Self::Resnet32(resnet),
            Architecture::Resnet44 => Self::Resnet44(resnet),
            Architecture::Resnet56 => Self::Resnet56(resnet),
            Architecture::Inception => Self::Inception(inception),
        }
    }

    /// Checks every number.
    ///
    /// # Errors
    /// [`SettingsError::Setting`] names the first one out of range and what is allowed.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let check_head = |dense: usize, dropout| {
            check((1..=65_536).contains(&dense), "dense", dense, "between 1 and 65536")?;
            check_share("dropout", dropout)
        };
        match self {
            Self::Cnn(own) => check_head(own.dense, own.dropout),
            Self::Resnet18(own)
            | Self::Resnet20(own)
            | Self::Resnet32(own)
            | Self::Resnet44(own)
            | Self::Resnet56(own) => check_share("leaky", own.slope),
            Self::Inception(own) => {
                check_head(own.dense, own.dropout)?;
                check_share("leaky", own.slope)?;
                check(
                    (InceptionSettings::SMALLEST_IMAGE..=1024).contains(&own.image_size),
                    "image-size",
                    own.image_size,
                    "between 75 and 1024 pixels",
                )
            }
        }
    }

    /// Whether it has hidden dense layers.
    pub fn has_hidden_dense(&self) -> bool {
        matches!(self, Self::Cnn(_) | Self::Inception(_))
    }

    fn family(&self) -> &'static str {
        match self {
            Self::Cnn(_) => "cnn",
            Self::Resnet18(_) | Self::Resnet20(_) | Self::Resnet32(_) | Self::Resnet44(_) | Self::Resnet56(_) => {
                "resnets"
            }
            Self::Inception(_) => "inception",
        }
    }
}

const FAMILIES: [Kind; 3] = [
    ("cnn", Cnn4Settings::augment_args_for_update),
    ("resnets", ResNetSettings::augment_args_for_update),
    ("inception", InceptionSettings::augment_args_for_update),
];

impl Args for NetworkSettings {
    fn augment_args(command: Command) -> Command {
        declare_all(command, "Network", &FAMILIES)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for NetworkSettings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut settings = Self::Cnn(Cnn4Settings::default());
        settings.update_from_arg_matches(matches)?;
        Ok(settings)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let name = self.architecture();
        refuse_others(matches, &FAMILIES, self.family(), |setting, _| {
            format!("--{setting} has no meaning for {name}")
        })?;
        match self {
            Self::Cnn(own) => own.update_from_arg_matches(matches),
            Self::Resnet18(own)
            | Self::Resnet20(own)
            | Self::Resnet32(own)
            | Self::Resnet44(own)
            | Self::Resnet56(own) => own.update_from_arg_matches(matches),
            Self::Inception(own) => own.update_from_arg_matches(matches),
        }
    }
}
