//! A batch out of the data set that lies in device memory.

use bytemuck::{Pod, Zeroable};

use super::kernel;
use crate::gpu::shader;
use crate::tensor::{DType, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor};

/// How bytes become numbers: `(byte / 255 - mean) / deviation`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pixels {
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// Mean of the data set, in 0 to 1.
    pub mean: f32,
    /// Standard deviation of the data set, in 0 to 1.
    pub deviation: f32,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    batch: u32,
    pixels: u32,
    order_len: u32,
    images_len: u32,
    scale: f32,
    shift: f32,
}

/// Inputs: images (bytes, four a word), labels, order, cursor. Outputs: images and labels of the batch.
#[derive(Debug)]
struct Gather {
    batch: usize,
    pixels: Pixels,
}

impl Op for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        for (i, what) in (0..).zip(["the images", "the labels", "the order", "the cursor"]) {
            let info = inputs.get(i)?;
            if info.dtype != DType::U32 || info.is_empty() {
                return Err(inputs.mismatch(format!("{what} (input {i}) must be integers, at least one")));
            }
        }
        let Pixels { height, width, .. } = self.pixels;
        let images = inputs.get(1)?.len();
        if 4 * inputs.get(0)?.len() < images * height * width {
            return Err(inputs.mismatch(format!(
                "there are {images} labels, but not as many images of {height}x{width}"
            )));
        }
        let x = Info::f32([self.batch, height, width, 1]);
        Ok(vec![x, Info::u32([self.batch])])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let Pixels {
            height,
            width,
            mean,
            deviation,
        } = self.pixels;
        let kernel = kernel(self.name(), shader!("data/gather.wgsl"), io.output(0).len()).params(Params {
            batch: self.batch as u32,
            pixels: (height * width) as u32,
            order_len: io.input(2).len() as u32,
            images_len: io.input(1).len() as u32,
            scale: 1.0 / (255.0 * deviation),
            shift: -mean / deviation,
        });
        let read = (0..4).map(|i| Operand::Input(i).read());
        let written = (0..2).map(|i| Operand::Output(i).write());
        let operands: Vec<_> = read.chain(written).collect();
        launches.dispatch(kernel, &operands);
        Ok(())
    }
}

/// A data set in device memory.
#[derive(Debug, Clone)]
pub struct DataSet {
    /// Bytes, four a word, the first in the lowest bits, image after image.
    pub images: Tensor,
    /// One integer an image.
    pub labels: Tensor,
}

impl DataSet {
    /// The `batch` images that `order` names from place `cursor[0]` on, as `[batch, height, width, 1]`, and their labels.
    ///
    /// # Errors
    /// A shape error when one of the tensors does not hold integers, or there are fewer images than labels.
    pub fn gather(&self, order: &Tensor, cursor: &Tensor, batch: usize, pixels: Pixels) -> Result<(Tensor, Tensor)> {
        let mut outputs = Tensor::apply(Gather { batch, pixels }, &[&self.images, &self.labels, order, cursor])?;
        let labels = outputs.swap_remove(1);
        Ok((outputs.swap_remove(0), labels))
    }
}
