//! Transfer learning: the head is trained first, on a base with given weights, then the end of the base too.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use serde::{Deserialize, Serialize};

use super::{OptimiserKind, SettingsError, TrainConfig};
use crate::nn::HEAD;
use crate::optim::{InverseTime, LearningRate, Schedule};

/// Which parameters a phase trains. The others are frozen, and so are their layers' running statistics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Learned {
    /// All of them.
    All,
    /// Those of the head.
    Head,
    /// Those from this layer or block on, such as `Mixed_5c` or `layer4.1.conv2`.
    From(String),
    /// Those of the last blocks of the base, this many, and of the head. The first part of a name is its block.
    Blocks(usize),
}

impl Learned {
    /// How many of the parameters, in the order of declaration, are frozen.
    ///
    /// # Errors
    /// [`SettingsError::Setting`] when there is no such layer, or too few blocks.
    pub fn frozen(&self, names: &[&str]) -> Result<usize, SettingsError> {
        let block_of = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let head = names.iter().position(|n| n.starts_with(HEAD)).unwrap_or(names.len());
        let mut blocks: Vec<String> = names[..head].iter().map(|name| block_of(name)).collect();
        blocks.dedup();
        match self {
            Self::All => Ok(0),
            Self::Head => Ok(head),
            Self::From(layer) => {
                let is_of_layer = |name: &&str| name.strip_prefix(layer.as_str()).is_some_and(|r| r.starts_with('.'));
                names.iter().position(is_of_layer).ok_or_else(|| {
                    let blocks = blocks.join(", ");
                    let allowed = format!("a layer or block of the network; its blocks are {blocks}");
                    SettingsError::new("unfreeze-from", layer, allowed)
                })
            }
            Self::Blocks(count) => {
                let first = blocks.len().checked_sub(*count).and_then(|i| match i {
                    _ if *count == 0 => Some(head),
                    i => names.iter().position(|name| block_of(name) == blocks[i]),
                });
                first.ok_or_else(|| {
                    let allowed = format!("at most {}, the blocks of the base", blocks.len());
                    SettingsError::new("unfreeze-blocks", count, allowed)
                })
            }
        }
    }

    /// A description for people.
    pub fn description(&self) -> String {
        match self {
            Self::All => "all layers".to_owned(),
            Self::Head => "the head alone".to_owned(),
            Self::From(layer) => format!("the layers from {layer} on"),
            Self::Blocks(1) => "the last block and the head".to_owned(),
            Self::Blocks(count) => format!("the last {count} blocks and the head"),
        }
    }
}

/// The second phase of transfer learning: the end of the base is trained too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FineTune {
    /// What is trained.
    pub learned: Learned,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images per batch.
    pub batch_size: usize,
    /// The learning rate and its schedule, which starts anew.
    pub learning_rate: LearningRate,
    /// The optimiser.
    pub optimiser: OptimiserKind,
    /// Weight decay.
    pub weight_decay: f32,
}

/// Weights to start from, and what is trained on them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Weights of the base; at first only the head is trained. `None` trains everything from scratch.
    pub weights: Option<PathBuf>,
    /// The phase after the training of the head, when the base has given weights.
    pub fine_tune: Option<FineTune>,
}

/// [`Transfer`] on the command line, where the second phase may be given in part.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Transfer: the head is trained first, then the end of the base too")]
struct TransferOptions {
    /// Weights for all but the head: a safetensors file, such as one of torchvision's or timm's
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Second phase: train from this layer or block on, such as Mixed_6e; default Mixed_5c
    #[arg(long, value_name = "LAYER", conflicts_with = "unfreeze_blocks")]
    unfreeze_from: Option<String>,
    /// Second phase: train the last N blocks of the base
    #[arg(long, value_name = "N")]
    unfreeze_blocks: Option<usize>,
    /// Second phase: epochs, 0 to leave it out; default 3
    #[arg(long, value_name = "N")]
    fine_tune_epochs: Option<usize>,
    /// Second phase: batch size; default 32
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32))]
    fine_tune_batch_size: Option<u32>,
    /// Second phase: the optimiser; default sgd
    #[arg(long, value_enum, value_name = "NAME")]
    fine_tune_optimizer: Option<OptimiserKind>,
    /// Second phase: learning rate; default 0.001
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    fine_tune_lr: Option<f64>,
    /// Second phase: the rate is divided by 1 + X * step; default 0.000001
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    fine_tune_decay: Option<f64>,
    /// Second phase: weight decay, as --weight-decay in the first; default 0
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    fine_tune_weight_decay: Option<f32>,
}

impl TransferOptions {
    fn update(self, transfer: &mut Transfer) -> Result<(), clap::Error> {
        let Transfer { weights, fine_tune } = transfer;
        let second_phase = Self { weights: None, ..self.clone() };
        *weights = self.weights.or(weights.take());
        if second_phase == Self::default() {
            return Ok(());
        }
        if weights.is_none() {
            return Err(clap::Error::raw(
                ErrorKind::MissingRequiredArgument,
                "--unfreeze-from, --unfreeze-blocks and --fine-tune-* need --weights: without, all is trained at once",
            ));
        }
        let inverse_time = |decay| Schedule::InverseTime(InverseTime { decay });
        let tune = fine_tune.get_or_insert_with(|| FineTune {
            learned: Learned::All,
            epochs: 3,
            // That of the first phase: see `TrainConfig::settle_batch_size`.
            batch_size: TrainConfig::AUTOMATIC,
            learning_rate: LearningRate::new(1e-3, inverse_time(1e-6)),
            optimiser: OptimiserKind::Sgd,
            weight_decay: 0.0,
        });
        let learned = self.unfreeze_from.map(Learned::From);
        set(&mut tune.learned, learned.or(self.unfreeze_blocks.map(Learned::Blocks)));
        set(&mut tune.epochs, self.fine_tune_epochs);
        set(&mut tune.batch_size, self.fine_tune_batch_size.map(|size| size as usize));
        set(&mut tune.optimiser, self.fine_tune_optimizer);
        set(&mut tune.weight_decay, self.fine_tune_weight_decay);
        set(&mut tune.learning_rate.peak, self.fine_tune_lr);
        set(&mut tune.learning_rate.schedule, self.fine_tune_decay.map(inverse_time));
        if tune.epochs == 0 {
            *fine_tune = None;
        }
        Ok(())
    }
}

/// Overwrites `target` if a value was given.
fn set<T>(target: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *target = value;
    }
}

impl Args for Transfer {
    fn augment_args(command: Command) -> Command {
        TransferOptions::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        TransferOptions::augment_args(command)
    }
}

impl FromArgMatches for Transfer {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut transfer = Self::default();
        transfer.update_from_arg_matches(matches)?;
        Ok(transfer)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        TransferOptions::from_arg_matches(matches)?.update(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] = [
        "conv1.weight",
        "bn1.weight",
        "layer1.0.conv1.weight",
        "layer1.1.conv1.weight",
        "layer10.0.conv1.weight",
        "fc.weight",
    ];

    #[test]
    fn what_stands_before_the_first_learned_layer_is_frozen() {
        let frozen = |learned: Learned| learned.frozen(&NAMES).unwrap();
        assert_eq!(frozen(Learned::All), 0);
        assert_eq!(frozen(Learned::Head), 5);
        assert_eq!(frozen(Learned::From("layer1".to_owned())), 2);
        assert_eq!(frozen(Learned::From("layer1.1".to_owned())), 3);
        assert_eq!(frozen(Learned::From("fc".to_owned())), 5);
        assert_eq!(frozen(Learned::Blocks(0)), 5);
        assert_eq!(frozen(Learned::Blocks(1)), 4);
        assert_eq!(frozen(Learned::Blocks(2)), 2);
        assert_eq!(frozen(Learned::Blocks(4)), 0);
    }

    #[test]
    fn layers_that_are_not_there_are_named_with_those_that_are() {
        let error = Learned::From("layer2".to_owned()).frozen(&NAMES).unwrap_err().to_string();
        assert!(
            error.contains("`unfreeze-from` is layer2") && error.contains("conv1, bn1, layer1, layer10"),
            "{error}"
        );
        let error = Learned::Blocks(5).frozen(&NAMES).unwrap_err().to_string();
        assert!(error.contains("`unfreeze-blocks` is 5") && error.contains("at most 4"), "{error}");
    }
}
