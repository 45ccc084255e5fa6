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
struct ImageParams {
    batch: u32,
    pixels: u32,
    order_len: u32,
    images_len: u32,
    scale: f32,
    shift: f32,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct LabelParams {
    batch: u32,
    order_len: u32,
    labels_len: u32,
}

/// Inputs: images (bytes, four a word), order, cursor.
#[derive(Debug)]
struct GatherImages {
    batch: usize,
    pixels: Pixels,
}

impl Op for GatherImages {
    fn name(&self) -> &'static str {
        "gather_images"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        check_integers(inputs)?;
        let Pixels { height, width, .. } = self.pixels;
        if 4 * inputs.get(0)?.len() < height * width {
            return Err(inputs.mismatch(format!("the images hold not even one of {height}x{width}")));
        }
        Ok(vec![Info::f32([self.batch, height, width, 1])])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let Pixels {
            height,
            width,
            mean,
            deviation,
        } = self.pixels;
        let source = shader!("data/gather_images.wgsl");
        let kernel = kernel(self.name(), source, io.output(0).len()).params(ImageParams {
            batch: self.batch as u32,
            pixels: (height * width) as u32,
            order_len: io.input(1).len() as u32,
            images_len: (4 * io.input(0).len() / (height * width)) as u32,
            scale: 1.0 / (255.0 * deviation),
            shift: -mean / deviation,
        });
        launches.dispatch(kernel, &gather_operands());
        Ok(())
    }
}

/// Inputs: labels, order, cursor.
#[derive(Debug)]
struct GatherLabels {
    batch: usize,
}

impl Op for GatherLabels {
    fn name(&self) -> &'static str {
        "gather_labels"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        check_integers(inputs)?;
        Ok(vec![Info::u32([self.batch])])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let source = shader!("data/gather_labels.wgsl");
        let kernel = kernel(self.name(), source, self.batch).params(LabelParams {
            batch: self.batch as u32,
            order_len: io.input(1).len() as u32,
            labels_len: io.input(0).len() as u32,
        });
        launches.dispatch(kernel, &gather_operands());
        Ok(())
    }
}

fn gather_operands() -> [(Operand, crate::gpu::Access); 4] {
    [
        Operand::Input(0).read(),
        Operand::Input(1).read(),
        Operand::Input(2).read(),
        Operand::Output(0).write(),
    ]
}

fn check_integers(inputs: &Inputs) -> Result<()> {
    for (i, what) in (0..).zip(["the data", "the order", "the cursor"]) {
        let info = inputs.get(i)?;
        if info.dtype != DType::U32 || info.is_empty() {
            return Err(inputs.mismatch(format!("{what} (input {i}) must be integers, at least one")));
        }
    }
    Ok(())
}

impl Tensor {
    /// Of this data set of bytes (packed four a word, image after image), the `batch` images that `order` names from
    /// place `cursor[0]` on, as `[batch, height, width, 1]`.
    ///
    /// # Errors
    /// A shape error when one of the inputs does not hold integers.
    pub fn gather_images(&self, order: &Tensor, cursor: &Tensor, batch: usize, pixels: Pixels) -> Result<Tensor> {
        Self::apply_one(GatherImages { batch, pixels }, &[self, order, cursor])
    }

    /// Of these labels, the `batch` ones that `order` names from place `cursor[0]` on.
    ///
    /// # Errors
    /// A shape error when one of the inputs does not hold integers.
    pub fn gather_labels(&self, order: &Tensor, cursor: &Tensor, batch: usize) -> Result<Tensor> {
        Self::apply_one(GatherLabels { batch }, &[self, order, cursor])
    }
}
