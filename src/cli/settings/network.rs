//! What the network is made of, on the command line.

use anyhow::bail;
use clap::{Args, ValueEnum};
use selvedge::models::{Architecture, Shortcut};
use selvedge::train::TrainConfig;

use super::set;

#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkOptions {
    /// cnn, inception: units of the first hidden dense layer [512]
    #[arg(long, value_name = "N")]
    dense: Option<usize>,
    /// resnets: slope of the activations below zero; inception: of that in the head [0; inception 0.3]
    #[arg(long, value_name = "SLOPE", allow_negative_numbers = true)]
    leaky: Option<f32>,
    /// resnets: how a block's input reaches its output where the shape changes [projection]
    #[arg(long, value_enum, value_name = "HOW")]
    shortcut: Option<ShortcutName>,
    /// resnets: where the scale of each block's last batch norm starts; at zero a block begins as its shortcut [one]
    #[arg(long, value_enum, value_name = "AT")]
    last_scale: Option<ScaleName>,
    /// inception: pixels a side that images are resized to, from 75 [150]
    #[arg(long, value_name = "N")]
    image_size: Option<usize>,
    /// inception: whether average pooling counts the zeros of its padding, as torchvision, or not, as TensorFlow [count]
    #[arg(long, value_enum, value_name = "HOW")]
    pool_padding: Option<PaddingName>,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum ShortcutName {
    /// A 1x1 convolution with batch norm
    Projection,
    /// Every second pixel, zeros for new channels
    Zeros,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum ScaleName {
    One,
    Zero,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum PaddingName {
    Count,
    Ignore,
}

impl NetworkOptions {
    pub fn apply(&self, config: &mut TrainConfig) -> anyhow::Result<()> {
        let model = config.model;
        let is_resnet = model.resnet_shape().is_some();
        let is_inception = model == Architecture::Inception;
        for (option, given, has_meaning) in [
            ("--dense", self.dense.is_some(), !is_resnet),
            ("--leaky", self.leaky.is_some(), is_resnet || is_inception),
            ("--shortcut", self.shortcut.is_some(), is_resnet),
            ("--last-scale", self.last_scale.is_some(), is_resnet),
            ("--image-size", self.image_size.is_some(), is_inception),
            ("--pool-padding", self.pool_padding.is_some(), is_inception),
        ] {
            if given && !has_meaning {
                bail!("{option} has no meaning for {model}");
            }
        }
        set(&mut config.dense, self.dense);
        set(&mut config.slope, self.leaky);
        let shortcut = self.shortcut.map(|name| match name {
            ShortcutName::Projection => Shortcut::Projection,
            ShortcutName::Zeros => Shortcut::Zeros,
        });
        set(&mut config.shortcut, shortcut);
        set(
            &mut config.zero_last_scale,
            self.last_scale.map(|scale| scale == ScaleName::Zero),
        );
        set(&mut config.image_size, self.image_size);
        let counts = self.pool_padding.map(|padding| padding == PaddingName::Count);
        set(&mut config.count_padding, counts);
        Ok(())
    }
}
