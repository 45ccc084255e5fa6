//! How pixels become numbers.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::ImageSet;

/// How pixels are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum PixelScale {
    /// 0 to 1
    Unit,
    /// Mean 0 and deviation 1 over the training images, for each colour
    Standard,
    /// -1 to 1, as Inception's published weights expect
    Symmetric,
}

/// Pixels are scaled to `(byte / 255 - mean) / deviation`, in training, validation and test alike, each channel with numbers of
/// its own; grey images have one channel.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Mean of the training split on a scale of 0 to 1, or 0.
    #[serde(with = "channels")]
    pub mean: [f32; 3],
    /// Standard deviation of the training split on a scale of 0 to 1, or 1.
    #[serde(with = "channels")]
    pub deviation: [f32; 3],
}

impl Normalisation {
    /// Pixels from 0 to 1 as they are.
    pub const UNIT: Self = Self { mean: [0.0; 3], deviation: [1.0; 3] };

    /// How the pixels of `images` are scaled; [`PixelScale::Standard`] uses the mean and deviation of the `chosen` images.
    pub fn of(scale: PixelScale, images: &ImageSet, chosen: &[u32]) -> Self {
        match scale {
            PixelScale::Unit => return Self::UNIT,
            PixelScale::Symmetric => {
                return Self { mean: [0.5; 3], deviation: [0.5; 3] };
            }
            PixelScale::Standard => {}
        }
        let channels = images.shape().channels;
        // Exact: sums of bytes and of their squares fit 64-bit integers.
        let (mut sums, mut squares) = ([0_u64; 3], [0_u64; 3]);
        for i in chosen {
            for pixel in images.image(*i as usize).chunks_exact(channels) {
                for (channel, byte) in pixel.iter().enumerate() {
                    sums[channel] += u64::from(*byte);
                    squares[channel] += u64::from(*byte).pow(2);
                }
            }
        }
        let n = (chosen.len() * images.shape().len() / channels).max(1) as f64;
        let of_channel = |channel: usize| {
            // The one channel of grey images stands in all three places.
            let channel = channel.min(channels - 1);
            let mean = sums[channel] as f64 / n;
            let variance = squares[channel] as f64 / n - mean * mean;
            // A set of one colour has no deviation; any number above zero will do.
            ((mean / 255.0) as f32, (variance.max(1.0).sqrt() / 255.0) as f32)
        };
        let channels: [(f32, f32); 3] = std::array::from_fn(of_channel);
        Self { mean: channels.map(|(mean, _)| mean), deviation: channels.map(|(_, deviation)| deviation) }
    }

    /// The bytes of whole pixels with this many channels as scaled numbers, in the same order.
    pub fn apply(&self, bytes: &[u8], channels: usize) -> Vec<f32> {
        let scaled = |(i, byte): (usize, &u8)| {
            let channel = i % channels;
            (f32::from(*byte) / 255.0 - self.mean[channel]) / self.deviation[channel]
        };
        bytes.iter().enumerate().map(scaled).collect()
    }
}

/// One number if it is the same for all channels, which is what files of the first versions hold, else three.
mod channels {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Channels {
        Same(f32),
        Each([f32; 3]),
    }

    pub fn serialize<S: Serializer>(of: &[f32; 3], serializer: S) -> Result<S::Ok, S::Error> {
        let is_same = of.iter().all(|value| *value == of[0]);
        let channels = if is_same { Channels::Same(of[0]) } else { Channels::Each(*of) };
        channels.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[f32; 3], D::Error> {
        Ok(match Channels::deserialize(deserializer)? {
            Channels::Same(value) => [value; 3],
            Channels::Each(values) => values,
        })
    }
}
