//! Settings that belong together, by name.

use super::{Monitor, OptimiserKind, PixelScale, TrainConfig};
use crate::optim::{LearningRate, Plateau, Schedule};
use crate::tensor::ops::{Augment, Erased, Erasing, Fill, Flip, Shift};

/// A whole training by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipe {
    /// What does best here; docs/results.md says where it comes from and what it gave.
    Standard,
    /// The study's: Keras' `Adam(0.01)`, plateau, L2 on the dense layers, dropout a half. Its two mistakes are not copied.
    IcdssCnn,
}

impl Recipe {
    /// Its settings.
    pub fn config(self) -> TrainConfig {
        let standard = TrainConfig {
            data: None,
            epochs: 15,
            batch_size: 128,
            learning_rate: LearningRate {
                peak: 3e-3,
                floor: 0.0,
                warm_up: 0.0,
                schedule: Schedule::OneCycle,
            },
            optimiser: OptimiserKind::AdamW,
            weight_decay: 0.05,
            dense_l2: 0.0,
            clip_norm: None,
            label_smoothing: 0.1,
            dropout: 0.3,
            dense: 512,
            ema: None,
            mixup: 0.0,
            cutmix: 0.0,
            augment: Policy::Standard.augment(),
            pixels: PixelScale::Standard,
            monitor: Monitor::Loss,
            patience: None,
            min_delta: 0.0,
            seed: 1,
            limit: None,
        };
        match self {
            Self::Standard => standard,
            Self::IcdssCnn => TrainConfig {
                epochs: 50,
                batch_size: 256,
                learning_rate: LearningRate {
                    peak: 0.01,
                    floor: 1e-3,
                    warm_up: 0.0,
                    schedule: Schedule::Plateau(Plateau {
                        factor: 0.2,
                        patience: 5,
                        min_delta: 1e-4,
                        cooldown: 0,
                    }),
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
        }
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
    /// What gives the best accuracy here: alternating flips, and shifts by up to two pixels.
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
                shift: [Shift::Pixels(2), Shift::Pixels(2)],
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
