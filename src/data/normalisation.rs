//! How pixels become numbers.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::{ImageSet, PIXELS};

/// How pixels are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum PixelScale {
    /// 0 to 1
    Unit,
    /// Mean 0 and deviation 1 over the training images
    Standard,
    /// -1 to 1, as Inception's published weights expect
    Symmetric,
}

/// Pixels are scaled to `(byte / 255 - mean) / deviation`, in training, validation and test alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Mean of the training split on a scale of 0 to 1, or 0.
    pub mean: f32,
    /// Standard deviation of the training split on a scale of 0 to 1, or 1.
    pub deviation: f32,
}

impl Normalisation {
    /// Pixels from 0 to 1 as they are.
    pub const UNIT: Self = Self { mean: 0.0, deviation: 1.0 };

    /// How the pixels of `images` are scaled; [`PixelScale::Standard`] uses the mean and deviation of the `chosen` images.
    pub fn of(scale: PixelScale, images: &ImageSet, chosen: &[u32]) -> Self {
        match scale {
            PixelScale::Unit => return Self::UNIT,
            PixelScale::Symmetric => {
                return Self { mean: 0.5, deviation: 0.5 };
            }
            PixelScale::Standard => {}
        }
        // Exact: sums of bytes and of their squares fit 64-bit integers.
        let (mut sum, mut squares) = (0_u64, 0_u64);
        for i in chosen {
            for byte in images.image(*i as usize) {
                sum += u64::from(*byte);
                squares += u64::from(*byte).pow(2);
            }
        }
        let n = (chosen.len() * PIXELS).max(1) as f64;
        let mean = sum as f64 / n;
        let variance = squares as f64 / n - mean * mean;
        Self {
            mean: (mean / 255.0) as f32,
            // A set of one colour has no deviation; any number above zero will do.
            deviation: (variance.max(1.0).sqrt() / 255.0) as f32,
        }
    }
}
