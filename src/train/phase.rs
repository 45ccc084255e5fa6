//! The phases of a training: first the head alone on a base with given weights, then the end of the base too.

use serde::{Deserialize, Serialize};

use super::{Network, OptimiserKind, TrainConfig, TrainError};
use crate::nn::HEAD;
use crate::optim::LearningRate;

/// Which parameters a phase moves. The others stay as they are, and so do their layers' running statistics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Learned {
    /// All of them.
    All,
    /// Those of the head.
    Head,
    /// Those from this layer or block on, such as `Mixed_5c` or `layer4.1.conv2`.
    From(String),
    /// Those of the last so many blocks of the base, and the head. A block is what the first part of a name says.
    Blocks(usize),
}

/// The second phase of a transfer: the base's end is trained too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FineTune {
    /// What is trained.
    pub learned: Learned,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images a step.
    pub batch_size: usize,
    /// How the learning rate moves; it starts anew.
    pub learning_rate: LearningRate,
    /// The rule that moves the weights.
    pub optimiser: OptimiserKind,
    /// Weight decay.
    pub weight_decay: f32,
}

/// One phase: its settings, and what it trains.
#[derive(Debug, Clone)]
pub(super) struct Phase {
    pub config: TrainConfig,
    pub learned: Learned,
}

impl Phase {
    /// Whether it is enough to compute the base once: it is frozen, and every epoch sees the images as they are stored.
    pub fn trains_on_features(&self) -> bool {
        self.learned == Learned::Head && self.config.augmentation().is_none() && !self.config.mixes()
    }

    /// What a person is told before it starts.
    pub fn description(&self, number: usize, network: &Network) -> String {
        let what = match &self.learned {
            Learned::All => "all layers".to_owned(),
            Learned::Head => "the head alone".to_owned(),
            Learned::From(layer) => format!("the layers from {layer} on"),
            Learned::Blocks(1) => "the last block and the head".to_owned(),
            Learned::Blocks(count) => format!("the last {count} blocks and the head"),
        };
        let parameters = &network.parameters;
        format!(
            "phase {}: {what}, {} of {} parameters, {} epochs",
            number + 1,
            parameters.learned_count(),
            parameters.count(),
            self.config.epochs
        )
    }
}

impl Learned {
    /// How many of the parameters, in the order of declaration, stay as they are.
    ///
    /// # Errors
    /// [`TrainError::Option`] when there is no such layer, or not so many blocks.
    pub fn frozen(&self, names: &[&str]) -> Result<usize, TrainError> {
        let block_of = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let head = names.iter().position(|n| n.starts_with(HEAD)).unwrap_or(names.len());
        let mut blocks: Vec<String> = names[..head].iter().map(|name| block_of(name)).collect();
        blocks.dedup();
        match self {
            Self::All => Ok(0),
            Self::Head => Ok(head),
            Self::From(layer) => {
                let is_of_layer = |name: &&str| name.strip_prefix(layer.as_str()).is_some_and(|r| r.starts_with('.'));
                names.iter().position(is_of_layer).ok_or_else(|| TrainError::Option {
                    option: "--unfreeze-from",
                    value: layer.clone(),
                    allowed: format!("a layer or block of the network; its blocks are {}", blocks.join(", ")),
                })
            }
            Self::Blocks(count) => {
                let first = blocks.len().checked_sub(*count).and_then(|i| match i {
                    _ if *count == 0 => Some(head),
                    i => names.iter().position(|name| block_of(name) == blocks[i]),
                });
                first.ok_or_else(|| TrainError::Option {
                    option: "--unfreeze-blocks",
                    value: count.to_string(),
                    allowed: format!("at most {}, the blocks of the base", blocks.len()),
                })
            }
        }
    }
}

impl TrainConfig {
    /// The settings of one phase, from 1, and what it learns.
    ///
    /// # Errors
    /// [`TrainError::Option`] when the training has no such phase.
    pub fn phase(&self, number: usize) -> Result<(TrainConfig, Learned), TrainError> {
        let mut phases = self.phases();
        let count = phases.len();
        if !(1..=count).contains(&number) {
            return Err(TrainError::Option {
                option: "--phase",
                value: number.to_string(),
                allowed: format!("between 1 and {count}, the phases of this training"),
            });
        }
        let Phase { config, learned } = phases.swap_remove(number - 1);
        Ok((config, learned))
    }

    /// The phases of a training with these settings, one after the other.
    pub(super) fn phases(&self) -> Vec<Phase> {
        // Without given weights there is nothing that is worth keeping.
        if self.weights.is_none() {
            return vec![Phase {
                config: self.clone(),
                learned: Learned::All,
            }];
        }
        let mut phases = vec![Phase {
            config: self.clone(),
            learned: Learned::Head,
        }];
        phases.extend(self.fine_tune.as_ref().map(|tune| Phase {
            config: TrainConfig {
                epochs: tune.epochs,
                batch_size: tune.batch_size,
                learning_rate: tune.learning_rate.clone(),
                optimiser: tune.optimiser,
                weight_decay: tune.weight_decay,
                ..self.clone()
            },
            learned: tune.learned.clone(),
        }));
        phases
    }

    /// Epochs of all phases together.
    pub fn total_epochs(&self) -> usize {
        self.phases().iter().map(|phase| phase.config.epochs).sum()
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
        let error = Learned::From("layer2".to_owned())
            .frozen(&NAMES)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("--unfreeze-from is layer2") && error.contains("conv1, bn1, layer1, layer10"),
            "{error}"
        );
        let error = Learned::Blocks(5).frozen(&NAMES).unwrap_err().to_string();
        assert!(
            error.contains("--unfreeze-blocks is 5") && error.contains("at most 4"),
            "{error}"
        );
    }
}
