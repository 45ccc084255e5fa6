//! How weights are moved and held back, on the command line.

use anyhow::bail;
use clap::{Args, ValueEnum};
use selvedge::optim::{Plateau, Schedule};
use selvedge::train::{Monitor, OptimiserKind, TrainConfig};

use super::set;

#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Optimisation")]
pub struct Optimisation {
    /// The rule that moves the weights [adamw]
    #[arg(long, value_enum, value_name = "NAME")]
    optimizer: Option<OptimiserName>,
    /// Peak learning rate [adamw 0.003, adam 0.001, sgd 0.1]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    lr: Option<f64>,
    /// How the learning rate moves [one-cycle]
    #[arg(long, value_enum, value_name = "NAME")]
    schedule: Option<ScheduleName>,
    /// Epochs in which the rate rises in a straight line: before the schedule, or as the rise of one-cycle and triangular [0]
    #[arg(long, value_name = "EPOCHS", allow_negative_numbers = true)]
    warmup: Option<f64>,
    /// Lowest rate of cosine, one-cycle, triangular, inverse-time and plateau [0]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    lr_floor: Option<f64>,
    /// Step, plateau: what the rate is multiplied by [0.1]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    lr_factor: Option<f64>,
    /// Inverse-time: the rate is divided by 1 + X * step [0]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    lr_decay: Option<f64>,
    /// Step: after how many epochs, such as 150,225
    #[arg(long, value_name = "EPOCHS", value_delimiter = ',')]
    milestones: Option<Vec<usize>>,
    /// Plateau: epochs without a better figure [5]
    #[arg(long, value_name = "EPOCHS")]
    plateau_patience: Option<usize>,
    /// Plateau: how much better counts as better [0.0001]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    plateau_delta: Option<f64>,
    /// Plateau: epochs after a reduction that do not count [0]
    #[arg(long, value_name = "EPOCHS")]
    plateau_cooldown: Option<usize>,
    /// Make gradients shorter whose norm, of all together, is above X
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    clip_norm: Option<f32>,
    /// Average the weights with this decay, such as 0.999; validation, test and weight files are the average's
    #[arg(long, value_name = "DECAY", allow_negative_numbers = true)]
    ema: Option<f64>,
    /// What chooses the best epoch, and what plateau and patience watch [loss]
    #[arg(long, value_enum, value_name = "FIGURE")]
    monitor: Option<MonitorName>,
    /// Stop after so many epochs without a better figure
    #[arg(long, value_name = "EPOCHS")]
    patience: Option<usize>,
    /// Patience: how much better counts as better [0]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    min_delta: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Regularisation")]
pub struct Regularisation {
    /// Weight decay of convolution and dense weights [adamw 0.05, adam 0, sgd 0.0005]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    weight_decay: Option<f32>,
    /// L2 penalty X * sum of squares on the hidden dense weights of cnn and inception, as Keras' l2(X) [0]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    dense_l2: Option<f32>,
    /// The same on convolution weights [0]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    conv_l2: Option<f32>,
    /// Share of the target spread over all classes [0.1]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    label_smoothing: Option<f32>,
    /// cnn, inception: dropout after the hidden dense layers [0.1]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    dropout: Option<f32>,
    /// Mix images in pairs, by shares drawn from Beta(X, X) [0]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    mixup: Option<f32>,
    /// Exchange rectangles, of shares drawn from Beta(X, X) [0]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    cutmix: Option<f32>,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum ScheduleName {
    Constant,
    /// Multiplied by --lr-factor after --milestones
    Step,
    /// Down along half a cosine
    Cosine,
    /// Up for a quarter of the steps, down along half a cosine
    OneCycle,
    /// Up for a quarter of the steps, down in a straight line
    Triangular,
    /// Divided by 1 + --lr-decay * step, as Keras' decay
    InverseTime,
    /// Multiplied by --lr-factor when the monitored figure stops getting better
    Plateau,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
pub enum OptimiserName {
    /// Nesterov momentum 0.9
    Sgd,
    Adam,
    Adamw,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum MonitorName {
    Loss,
    Accuracy,
}

impl OptimiserName {
    pub fn kind(self) -> OptimiserKind {
        match self {
            Self::Sgd => OptimiserKind::Sgd,
            Self::Adam => OptimiserKind::Adam,
            Self::Adamw => OptimiserKind::AdamW,
        }
    }
}

impl Optimisation {
    pub fn apply(&self, config: &mut TrainConfig) -> anyhow::Result<()> {
        if let Some(name) = self.optimizer {
            let kind = name.kind();
            let (rate, decay) = match kind {
                OptimiserKind::Sgd => (0.1, 5e-4),
                OptimiserKind::Adam => (1e-3, 0.0),
                OptimiserKind::AdamW => (3e-3, 0.05),
            };
            // A rate that suits one optimiser does not suit another.
            if kind != config.optimiser {
                config.learning_rate.peak = rate;
                config.weight_decay = decay;
            }
            config.optimiser = kind;
        }
        let rate = &mut config.learning_rate;
        set(&mut rate.peak, self.lr);
        set(&mut rate.floor, self.lr_floor);
        set(&mut rate.warm_up, self.warmup);
        if self.min_delta.is_some() && self.patience.or(config.patience).is_none() {
            bail!("--min-delta needs --patience");
        }
        if let Some(name) = self.schedule {
            rate.schedule = match name {
                ScheduleName::Constant => Schedule::Constant,
                ScheduleName::Step => Schedule::Step {
                    milestones: Vec::new(),
                    factor: 0.1,
                },
                ScheduleName::Cosine => Schedule::Cosine,
                ScheduleName::OneCycle => Schedule::OneCycle,
                ScheduleName::Triangular => Schedule::Triangular,
                ScheduleName::InverseTime => Schedule::InverseTime { decay: 0.0 },
                ScheduleName::Plateau => Schedule::Plateau(Plateau {
                    factor: 0.1,
                    patience: 5,
                    min_delta: 1e-4,
                    cooldown: 0,
                }),
            };
        }
        match &mut rate.schedule {
            Schedule::Step { milestones, factor } => {
                set(milestones, self.milestones.clone());
                set(factor, self.lr_factor);
                if self.lr_floor.is_some() {
                    bail!("--lr-floor has no meaning for --schedule step");
                }
                if milestones.is_empty() {
                    bail!("--schedule step needs --milestones, such as --milestones 8,12");
                }
            }
            Schedule::Plateau(plateau) => {
                set(&mut plateau.factor, self.lr_factor);
                set(&mut plateau.patience, self.plateau_patience);
                set(&mut plateau.min_delta, self.plateau_delta);
                set(&mut plateau.cooldown, self.plateau_cooldown);
            }
            Schedule::Constant if self.lr_floor.is_some() => bail!("--lr-floor has no meaning for --schedule constant"),
            _ if self.milestones.is_some() => bail!("--milestones needs --schedule step"),
            _ if self.lr_factor.is_some() => bail!("--lr-factor needs --schedule step or plateau"),
            _ if self.plateau_patience.or(self.plateau_cooldown).is_some() || self.plateau_delta.is_some() => {
                bail!("--plateau-patience, --plateau-delta and --plateau-cooldown need --schedule plateau")
            }
            _ => {}
        }
        match &mut rate.schedule {
            Schedule::InverseTime { decay } => set(decay, self.lr_decay),
            _ if self.lr_decay.is_some() => bail!("--lr-decay needs --schedule inverse-time"),
            _ => {}
        }
        config.clip_norm = self.clip_norm.or(config.clip_norm);
        config.ema = self.ema.or(config.ema);
        config.patience = self.patience.or(config.patience);
        set(&mut config.min_delta, self.min_delta);
        let monitor = self.monitor.map(|name| match name {
            MonitorName::Loss => Monitor::Loss,
            MonitorName::Accuracy => Monitor::Accuracy,
        });
        set(&mut config.monitor, monitor);
        Ok(())
    }
}

impl Regularisation {
    pub fn apply(&self, config: &mut TrainConfig) -> anyhow::Result<()> {
        if config.model.resnet_shape().is_some() && self.dense_l2.or(self.dropout).is_some() {
            bail!(
                "--dense-l2 and --dropout have no meaning for {}: it has no hidden dense layer",
                config.model
            );
        }
        set(&mut config.weight_decay, self.weight_decay);
        set(&mut config.dense_l2, self.dense_l2);
        set(&mut config.conv_l2, self.conv_l2);
        set(&mut config.label_smoothing, self.label_smoothing);
        set(&mut config.dropout, self.dropout);
        set(&mut config.mixup, self.mixup);
        set(&mut config.cutmix, self.cutmix);
        Ok(())
    }
}
