//! A batch from the data set in device memory.

use super::{Augment, kernel};
use crate::gpu::params::data::images::Params;
use crate::gpu::shader;
use crate::tensor::{DType, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor};

/// How bytes become numbers: `(byte / 255 - mean) / deviation`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pixels {
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// Numbers of a pixel, 1 or 3.
    pub channels: usize,
    /// Subtracted from each channel, in 0 to 1.
    pub mean: [f32; 3],
    /// The divisor of each channel.
    pub deviation: [f32; 3],
}

/// Inputs: images (bytes, four per word), labels, order, place and, to mix images, six numbers. Outputs: images and labels
/// of the batch.
#[derive(Debug)]
struct Gather {
    batch: usize,
    pixels: Pixels,
    augment: Option<(Augment, u32)>,
    mix: bool,
    streamed: bool,
}

impl Op for Gather {
    fn name(&self) -> &'static str {
        match (self.mix, &self.augment) {
            (true, _) => "mix",
            (false, Some(_)) => "augment",
            (false, None) => "gather",
        }
    }

    /// Integers, except for the mixing numbers.
    fn element_type(&self, i: usize) -> Option<DType> {
        Some(if i < 4 { DType::U32 } else { DType::F32 })
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        for (i, what) in (0..).zip(["the images", "the labels", "the order", "the place"]) {
            if inputs.get(i)?.is_empty() {
                return Err(inputs.mismatch(format!("{what} (input {i}) must have at least one element")));
            }
        }
        inputs.require(3, "the place", [2])?;
        if self.mix {
            inputs.require(4, "the mixing", [MIXING])?;
        }
        let Pixels { height, width, channels, .. } = self.pixels;
        if height * width == 0 {
            return Err(inputs.mismatch(format!("images of {height}x{width} have no pixel")));
        }
        if !matches!(channels, 1 | 3) {
            return Err(inputs.mismatch(format!("images have 1 or 3 channels, not {channels}")));
        }
        let images = if self.streamed { self.batch } else { inputs.get(1)?.len() };
        let (bytes, needed) = (4 * inputs.get(0)?.len(), images * height * width * channels);
        if bytes < needed {
            return Err(inputs.mismatch(format!(
                "{images} images of {height}x{width}x{channels} take {needed} bytes, and there are {bytes}"
            )));
        }
        if let Some((augment, _)) = &self.augment {
            augment.validate(self.name())?;
        }
        let x = Info::f32([self.batch, height, width, channels]);
        let labels = if self.mix { Info::u32([self.batch, 2]) } else { Info::u32([self.batch]) };
        Ok(vec![x, labels])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let Pixels { height, width, channels, mean, deviation } = self.pixels;
        let seen = match &self.augment {
            Some(_) => "data/augment.wgsl",
            None => "data/as_stored.wgsl",
        };
        let batch = if self.mix { shader!("data/mix.wgsl") } else { shader!("data/gather.wgsl") };
        let seed = self.augment.as_ref().map_or(0, |(_, seed)| *seed);
        let mut kernel = kernel(self.name(), batch.choose("seen", seen), io.output(0).len()).params(Params {
            batch: self.batch as u32,
            height: height as u32,
            width: width as u32,
            channels: channels as u32,
            order_len: io.input(2).len() as u32,
            images_len: io.input(1).len() as u32,
            seed,
            mean_0: mean[0],
            mean_1: mean[1],
            mean_2: mean[2],
            deviation_0: deviation[0],
            deviation_1: deviation[1],
            deviation_2: deviation[2],
        });
        kernel = kernel.constant("STREAMED", self.streamed);
        if let Some((augment, _)) = &self.augment {
            kernel = augment.constants(kernel, [height, width]);
        }
        let read = (0..4).map(|i| Operand::Input(i).read());
        let written = (0..2).map(|i| Operand::Output(i).write());
        let mixing = self.mix.then(|| Operand::Input(4).read());
        let operands: Vec<_> = read.chain(written).chain(mixing).collect();
        launches.dispatch(kernel, &operands);
        Ok(())
    }
}

/// How many numbers say how to mix images; see `shaders/data/mix.wgsl`.
pub const MIXING: usize = 6;

/// A data set in device memory.
#[derive(Debug, Clone)]
pub struct DataSet {
    /// Bytes, four per word, the first in the lowest bits, image after image.
    pub images: Tensor,
    /// One integer per image.
    pub labels: Tensor,
}

/// Which images of a [`DataSet`] make a batch, and what is done to them.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Indices of images.
    pub order: &'a Tensor,
    /// `[2]` integers: the place in `order` where the batch starts, and the epoch, from 0.
    pub place: &'a Tensor,
    /// Images in the batch.
    pub size: usize,
    /// How images are changed at random, with the seed of the random numbers.
    pub augment: Option<(&'a Augment, u32)>,
    /// The [`MIXING`] numbers that say how images are mixed in pairs.
    pub mixing: Option<&'a Tensor>,
    /// Whether the images of the data set are those of this batch alone, in its order; the labels are always all.
    pub streamed: bool,
}

impl DataSet {
    /// The images of a batch as `[size, height, width, channels]`, and their labels: `[size]`, or `[size, 2]` when images are mixed.
    ///
    /// # Errors
    /// A shape error when one of the tensors does not hold integers, or there are fewer images than labels; an error when a
    /// setting of the augmentation is out of range.
    pub fn gather(&self, batch: Batch, pixels: Pixels) -> Result<(Tensor, Tensor)> {
        let op = Gather {
            batch: batch.size,
            pixels,
            augment: batch.augment.map(|(augment, seed)| (augment.clone(), seed)),
            mix: batch.mixing.is_some(),
            streamed: batch.streamed,
        };
        let mut inputs = vec![&self.images, &self.labels, batch.order, batch.place];
        inputs.extend(batch.mixing);
        let mut outputs = Tensor::apply(op, &inputs)?;
        let labels = outputs.swap_remove(1);
        Ok((outputs.swap_remove(0), labels))
    }
}
