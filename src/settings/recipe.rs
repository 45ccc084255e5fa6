//! Named sets of settings that belong together.

use clap::ValueEnum;

use super::{
    Architecture, Cnn4Settings, FineTune, InceptionSettings, Learned, Monitor, NetworkSettings, Optimisation,
    OptimiserKind, Regularisation, ResNetSettings, Stopping, TrainConfig, Transfer,
};
use crate::data::{PixelScale, Reading};
use crate::optim::{InverseTime, LearningRate, Plateau, Schedule, Step};
use crate::tensor::ops::{Augment, Erased, Erasing, Fill, Flip, Shift};

/// A complete set of training settings, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Recipe {
    /// The CNN's, when none is named: Muon, one cycle, batches of 256, flips, shifts and a little erasing
    // docs/results.md has its results, docs/rejected-recipes.md what it was chosen from.
    Cnn,
    /// The ResNets', when none is named: AdamW, one cycle, batches of 128, flips and shifts
    Standard,
    /// The study's CNN: Adam 0.01, plateau, L2, dropout 0.5, its augmentation; 50 epochs
    // Its two mistakes are not copied.
    IcdssCnn,
    /// The study's resnet18: Adam 0.001, plateau, L2, its augmentation (--augment none to leave it out); 10 epochs
    IcdssResnet,
    /// The study's Inception: the head with Adam 0.001, then most of the base with SGD 0.001
    IcdssInception,
    /// The random-erasing paper's, for resnet20 and the like: SGD 0.1 with two steps, crop, flip, erasing; 300 epochs
    // Zhong et al. 2017, section 5.1.
    RandomErasing,
    /// For `selvedge speedrun`: Muon on all training images, none for validation, in batches of 512; no erasing, 11 epochs
    Speedrun,
}

impl Recipe {
    /// That of a training for which none is named.
    pub fn usual(architecture: Architecture) -> Self {
        match architecture {
            Architecture::Cnn => Self::Cnn,
            Architecture::Inception => Self::IcdssInception,
            _ => Self::Standard,
        }
    }

    /// Its settings.
    pub fn config(self) -> TrainConfig {
        match self {
            Self::Cnn => cnn(),
            Self::Standard => standard(),
            Self::IcdssCnn => icdss_cnn(),
            Self::IcdssResnet => icdss_resnet(),
            Self::IcdssInception => icdss_inception(),
            Self::RandomErasing => random_erasing(),
            Self::Speedrun => speedrun(),
        }
    }
}

fn standard() -> TrainConfig {
    TrainConfig {
        data: None,
        reading: Reading::default(),
        epochs: 15,
        batch_size: 128,
        accumulate: 1,
        seed: 1,
        split_seed: None,
        limit: None,
        validation_share: TrainConfig::VALIDATION_SHARE,
        sync_batch_norm: false,
        pixels: PixelScale::Standard,
        network: NetworkSettings::Cnn(Cnn4Settings::default()),
        transfer: Transfer::default(),
        optimisation: Optimisation {
            optimiser: OptimiserKind::AdamW,
            learning_rate: LearningRate::new(3e-3, Schedule::OneCycle),
            clip_norm: None,
            ema: None,
        },
        stopping: Stopping { monitor: Monitor::Loss, patience: None, min_delta: 0.0 },
        regularisation: Regularisation { weight_decay: 0.05, label_smoothing: 0.1, ..UNREGULARISED },
        class_weights: None,
        augment: Policy::Standard.augment(),
    }
}

fn cnn() -> TrainConfig {
    TrainConfig {
        batch_size: 256,
        optimisation: optimisation(OptimiserKind::Muon, LearningRate::new(0.02, Schedule::OneCycle)),
        augment: Policy::Cnn.augment(),
        ..standard()
    }
}

/// No penalties, and no smoothed or mixed targets.
const UNREGULARISED: Regularisation =
    Regularisation { weight_decay: 0.0, dense_l2: 0.0, conv_l2: 0.0, label_smoothing: 0.0, mixup: 0.0, cutmix: 0.0 };

fn optimisation(optimiser: OptimiserKind, learning_rate: LearningRate) -> Optimisation {
    Optimisation { optimiser, learning_rate, clip_norm: None, ema: None }
}

fn icdss_cnn() -> TrainConfig {
    let rate = LearningRate { floor: 1e-3, ..LearningRate::new(0.01, Schedule::Plateau(plateau(0.2))) };
    TrainConfig {
        epochs: 50,
        batch_size: 256,
        pixels: PixelScale::Unit,
        network: NetworkSettings::Cnn(Cnn4Settings { dropout: 0.5, ..Cnn4Settings::default() }),
        optimisation: optimisation(OptimiserKind::Adam, rate),
        regularisation: Regularisation { dense_l2: 0.01, ..UNREGULARISED },
        augment: Policy::IcdssCnn.augment(),
        ..standard()
    }
}

fn icdss_resnet() -> TrainConfig {
    let rate = LearningRate { floor: 5e-7, ..LearningRate::new(1e-3, Schedule::Plateau(plateau(0.1))) };
    TrainConfig {
        epochs: 10,
        pixels: PixelScale::Unit,
        network: NetworkSettings::Resnet18(ResNetSettings::default()),
        optimisation: optimisation(OptimiserKind::Adam, rate),
        regularisation: Regularisation { conv_l2: 1e-4, ..UNREGULARISED },
        augment: Policy::IcdssResnet.augment(),
        ..standard()
    }
}

fn icdss_inception() -> TrainConfig {
    let decay = Schedule::InverseTime(InverseTime { decay: 1e-6 });
    TrainConfig {
        epochs: 3,
        batch_size: 32,
        pixels: PixelScale::Symmetric,
        network: NetworkSettings::Inception(InceptionSettings {
            slope: 0.3,
            dropout: 0.5,
            ..InceptionSettings::default()
        }),
        transfer: Transfer {
            weights: None,
            fine_tune: Some(FineTune {
                // The study unfroze all but the first 50 of Keras' layers, which end within this block.
                learned: Learned::From("Mixed_5c".to_owned()),
                epochs: 3,
                batch_size: 32,
                learning_rate: LearningRate::new(1e-3, decay),
                optimiser: OptimiserKind::Sgd,
                weight_decay: 0.0,
            }),
        },
        optimisation: optimisation(OptimiserKind::Adam, LearningRate::new(1e-3, Schedule::Constant)),
        regularisation: UNREGULARISED,
        augment: Augment::NONE,
        ..standard()
    }
}

fn random_erasing() -> TrainConfig {
    let steps = Schedule::Step(Step { milestones: vec![150, 225], factor: 0.1 });
    TrainConfig {
        epochs: 300,
        network: NetworkSettings::Resnet20(ResNetSettings::default()),
        optimisation: optimisation(OptimiserKind::Sgd, LearningRate::new(0.1, steps)),
        regularisation: Regularisation { weight_decay: 5e-4, ..UNREGULARISED },
        augment: Augment { crop: 4, flip: Flip::Random, erasing: Some(PAPER_ERASING), ..Augment::NONE },
        ..standard()
    }
}

fn speedrun() -> TrainConfig {
    TrainConfig {
        epochs: 11,
        batch_size: 512,
        validation_share: 0.0,
        optimisation: optimisation(OptimiserKind::Muon, LearningRate::new(0.04, Schedule::OneCycle)),
        augment: Policy::Standard.augment(),
        ..cnn()
    }
}

/// Keras' `ReduceLROnPlateau` with the study's patience.
fn plateau(factor: f64) -> Plateau {
    Plateau { factor, patience: 5, min_delta: 1e-4, cooldown: 0 }
}

/// An augmentation by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// No change
    None,
    /// The study's for its CNN: brightness, flip, height shift, erasing
    IcdssCnn,
    /// The study's for its ResNet: flip, shifts, erasing
    IcdssResnet,
    /// Alternating flip, shifts by up to a pixel
    Standard,
    /// The same, and up to a fifth of half the images erased
    Cnn,
}

impl Policy {
    /// Its settings.
    pub fn augment(self) -> Augment {
        let erasing = Some(STUDY_ERASING);
        match self {
            Self::None => Augment::NONE,
            Self::IcdssCnn => Augment {
                shift: [Shift::Fraction(0.2), Shift::Fraction(0.0)],
                flip: Flip::Random,
                brightness: [0.5, 1.5],
                erasing,
                ..Augment::NONE
            },
            Self::IcdssResnet => Augment {
                shift: [Shift::Fraction(0.1), Shift::Fraction(0.1)],
                flip: Flip::Random,
                erasing,
                ..Augment::NONE
            },
            Self::Standard => Augment {
                shift: [Shift::Pixels(1), Shift::Pixels(1)],
                fill: Fill::Nearest,
                flip: Flip::Alternating,
                ..Augment::NONE
            },
            Self::Cnn => {
                Augment { erasing: Some(Erasing { area: [0.02, 0.2], ..PAPER_ERASING }), ..Self::Standard.augment() }
            }
        }
    }
}

/// Random erasing with the study's ranges.
pub const STUDY_ERASING: Erasing =
    Erasing { probability: 0.5, area: [0.02, 0.1], aspect: [0.1, 10.0], fill: Erased::Noise };

/// Random erasing with the ranges of its paper (Zhong et al. 2017, section 3.3).
pub const PAPER_ERASING: Erasing =
    Erasing { probability: 0.5, area: [0.02, 0.4], aspect: [0.3, 1.0 / 0.3], fill: Erased::Noise };
