//! Settings that belong together, by name.

use super::{FineTune, Learned, Monitor, OptimiserKind, PixelScale, TrainConfig};
use crate::models::{Architecture, Shortcut};
use crate::optim::{LearningRate, Plateau, Schedule};
use crate::tensor::ops::{Augment, Erased, Erasing, Fill, Flip, Shift};

/// A whole training by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipe {
    /// What does best here; docs/results.md says where it comes from and what it gave.
    Standard,
    /// The study's: Keras' `Adam(0.01)`, plateau, L2 on the dense layers, dropout a half. Its two mistakes are not copied.
    IcdssCnn,
    /// The study's ResNet: He initialisation, L2 on the convolutions, Adam, plateau.
    IcdssResnet,
    /// The study's Inception V3: the head with Adam, then all but the first blocks with SGD.
    IcdssInception,
    /// Random erasing's (Zhong et al. 2017, section 5.1): 300 epochs of SGD with two steps down.
    RandomErasing,
}

impl Recipe {
    /// Its settings.
    pub fn config(self) -> TrainConfig {
        let standard = TrainConfig {
            model: Architecture::Cnn,
            weights: None,
            fine_tune: None,
            data: None,
            epochs: 15,
            batch_size: 128,
            accumulate: 1,
            learning_rate: rate(3e-3, Schedule::OneCycle),
            optimiser: OptimiserKind::AdamW,
            weight_decay: 0.05,
            dense_l2: 0.0,
            conv_l2: 0.0,
            clip_norm: None,
            label_smoothing: 0.1,
            dropout: 0.1,
            dense: 512,
            slope: 0.0,
            shortcut: Shortcut::Projection,
            zero_last_scale: false,
            image_size: 150,
            count_padding: true,
            ema: None,
            mixup: 0.0,
            cutmix: 0.0,
            augment: Policy::Standard.augment(),
            pixels: PixelScale::Standard,
            monitor: Monitor::Loss,
            patience: None,
            min_delta: 0.0,
            seed: 1,
            split_seed: None,
            limit: None,
        };
        match self {
            Self::Standard => standard,
            Self::IcdssCnn => TrainConfig {
                epochs: 50,
                batch_size: 256,
                learning_rate: LearningRate {
                    floor: 1e-3,
                    ..rate(0.01, Schedule::Plateau(plateau(0.2)))
                },
                optimiser: OptimiserKind::Adam,
                weight_decay: 0.0,
                dense_l2: 0.01,
                label_smoothing: 0.0,
                dropout: 0.5,
                augment: Policy::IcdssCnn.augment(),
                pixels: PixelScale::Unit,
                ..standard
            },
            Self::IcdssResnet => TrainConfig {
                model: Architecture::Resnet18,
                epochs: 10,
                learning_rate: LearningRate {
                    floor: 5e-7,
                    ..rate(1e-3, Schedule::Plateau(plateau(0.1)))
                },
                optimiser: OptimiserKind::Adam,
                weight_decay: 0.0,
                conv_l2: 1e-4,
                label_smoothing: 0.0,
                augment: Policy::IcdssResnet.augment(),
                pixels: PixelScale::Unit,
                ..standard
            },
            Self::IcdssInception => TrainConfig {
                model: Architecture::Inception,
                epochs: 3,
                batch_size: 32,
                learning_rate: rate(1e-3, Schedule::Constant),
                optimiser: OptimiserKind::Adam,
                weight_decay: 0.0,
                label_smoothing: 0.0,
                slope: 0.3,
                dropout: 0.5,
                augment: Augment::NONE,
                pixels: PixelScale::Symmetric,
                fine_tune: Some(FineTune {
                    // The study thawed all but the first 50 of Keras' layers, which end within this block.
                    learned: Learned::From("Mixed_5c".to_owned()),
                    epochs: 3,
                    batch_size: 32,
                    learning_rate: rate(1e-3, Schedule::InverseTime { decay: 1e-6 }),
                    optimiser: OptimiserKind::Sgd,
                    weight_decay: 0.0,
                }),
                ..standard
            },
            Self::RandomErasing => TrainConfig {
                model: Architecture::Resnet20,
                epochs: 300,
                learning_rate: rate(
                    0.1,
                    Schedule::Step {
                        milestones: vec![150, 225],
                        factor: 0.1,
                    },
                ),
                optimiser: OptimiserKind::Sgd,
                weight_decay: 5e-4,
                label_smoothing: 0.0,
                augment: Augment {
                    crop: 4,
                    flip: Flip::Random,
                    erasing: Some(PAPER_ERASING),
                    ..Augment::NONE
                },
                ..standard
            },
        }
    }
}

fn rate(peak: f64, schedule: Schedule) -> LearningRate {
    LearningRate {
        peak,
        floor: 0.0,
        warm_up: 0.0,
        cycle_start: 0,
        schedule,
    }
}

/// Keras' `ReduceLROnPlateau` with the study's patience.
fn plateau(factor: f64) -> Plateau {
    Plateau {
        factor,
        patience: 5,
        min_delta: 1e-4,
        cooldown: 0,
    }
}

/// An augmentation by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// No change.
    None,
    /// The study's for its CNN.
    IcdssCnn,
    /// The study's for its ResNet.
    IcdssResnet,
    /// What gives the best accuracy here: alternating flips, and shifts by up to a pixel.
    Standard,
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
        }
    }
}

/// Random erasing with the study's ranges.
pub const STUDY_ERASING: Erasing = Erasing {
    probability: 0.5,
    area: [0.02, 0.1],
    aspect: [0.1, 10.0],
    fill: Erased::Noise,
};

/// Random erasing with the ranges of its paper (Zhong et al. 2017, section 3.3).
pub const PAPER_ERASING: Erasing = Erasing {
    probability: 0.5,
    area: [0.02, 0.4],
    aspect: [0.3, 1.0 / 0.3],
    fill: Erased::Noise,
};
