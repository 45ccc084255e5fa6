//! Given weights and what is trained from them, on the command line.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use selvedge::files::{FileError, FileTask};
use selvedge::optim::{LearningRate, Schedule};
use selvedge::train::{FineTune, Learned, OptimiserKind, TrainConfig};

use super::optimisation::OptimiserName;
use super::set;

#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Transfer: the head is trained first, then the end of the base too")]
pub struct Transfer {
    /// Weights for all but the head: a safetensors file, such as one of torchvision's or timm's
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Second phase: train from this layer or block on, such as Mixed_6e [Mixed_5c]
    #[arg(long, value_name = "LAYER", conflicts_with = "unfreeze_blocks")]
    unfreeze_from: Option<String>,
    /// Second phase: train the last N blocks of the base
    #[arg(long, value_name = "N")]
    unfreeze_blocks: Option<usize>,
    /// Second phase: epochs, 0 to leave it out [3]
    #[arg(long, value_name = "N")]
    fine_tune_epochs: Option<usize>,
    /// Second phase: images a step [32]
    #[arg(long, value_name = "N")]
    fine_tune_batch_size: Option<usize>,
    /// Second phase: the rule that moves the weights [sgd]
    #[arg(long, value_enum, value_name = "NAME")]
    fine_tune_optimizer: Option<OptimiserName>,
    /// Second phase: learning rate [0.001]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    fine_tune_lr: Option<f64>,
    /// Second phase: the rate is divided by 1 + X * step [0.000001]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    fine_tune_decay: Option<f64>,
    /// Second phase: weight decay, as --weight-decay in the first [0]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    fine_tune_weight_decay: Option<f32>,
}

impl Transfer {
    /// The epochs of the second phase, taken out.
    pub fn take_epochs(&mut self) -> Option<usize> {
        self.fine_tune_epochs.take()
    }

    /// Whether the second phase was given a batch size of its own.
    pub fn has_batch_size(&self) -> bool {
        self.fine_tune_batch_size.is_some()
    }

    pub fn apply(&self, config: &mut TrainConfig) -> anyhow::Result<()> {
        if let Some(path) = &self.weights {
            // So that the run can be resumed from any folder.
            let path = path.canonicalize().map_err(FileError::io(path, FileTask::Read))?;
            config.weights = Some(path);
        }
        let without_weights = Self {
            weights: None,
            ..self.clone()
        };
        if without_weights == Self::default() {
            return Ok(());
        }
        if config.weights.is_none() {
            bail!(
                "--unfreeze-from, --unfreeze-blocks and --fine-tune-* need --weights: without, all is trained at once"
            );
        }
        let tune = config.fine_tune.get_or_insert(FineTune {
            learned: Learned::All,
            epochs: 3,
            batch_size: config.batch_size,
            learning_rate: LearningRate {
                peak: 1e-3,
                floor: 0.0,
                warm_up: 0.0,
                schedule: Schedule::InverseTime { decay: 1e-6 },
                cycle_start: 0,
            },
            optimiser: OptimiserKind::Sgd,
            weight_decay: 0.0,
        });
        set(&mut tune.learned, self.unfreeze_from.clone().map(Learned::From));
        set(&mut tune.learned, self.unfreeze_blocks.map(Learned::Blocks));
        set(&mut tune.epochs, self.fine_tune_epochs);
        set(&mut tune.batch_size, self.fine_tune_batch_size);
        set(&mut tune.optimiser, self.fine_tune_optimizer.map(OptimiserName::kind));
        set(&mut tune.weight_decay, self.fine_tune_weight_decay);
        set(&mut tune.learning_rate.peak, self.fine_tune_lr);
        if let Some(decay) = self.fine_tune_decay {
            tune.learning_rate.schedule = Schedule::InverseTime { decay };
        }
        if self.fine_tune_epochs == Some(0) {
            config.fine_tune = None;
        }
        Ok(())
    }
}
