//! What max and average pooling share.

use super::kernel;
use super::window::{Geometry, Window};
use crate::gpu::params::pool::windows::Params;
use crate::gpu::{Kernel, Source};
use crate::tensor::{Info, Inputs, Result, Tensor};

/// A pooling of `n` images of `channels` channels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pooling {
    pub geometry: Geometry,
    n: usize,
    channels: usize,
}

impl Pooling {
    /// # Errors
    /// A shape error when `x` is not an image batch or the window does not fit it.
    pub fn new(op: &'static str, x: &Tensor, window: Window) -> Result<Self> {
        let inputs = Inputs::of(op, &[x]);
        let [n, h, w, channels] = inputs.axes(0, "the image batch, [N, H, W, C],")?;
        let geometry = window.over([h, w]).map_err(|error| inputs.mismatch(error.to_string()))?;
        let pad = geometry.pad;
        if pad.top.max(pad.bottom) >= window.kernel[0] || pad.left.max(pad.right) >= window.kernel[1] {
            return Err(inputs.mismatch(format!(
                "the padding must be smaller than the kernel {window}, or a window holds no pixel"
            )));
        }
        Ok(Self { geometry, n, channels })
    }

    pub fn x(&self) -> Info {
        let [h, w] = self.geometry.image;
        Info::f32([self.n, h, w, self.channels])
    }

    pub fn y(&self) -> Info {
        let g = &self.geometry;
        Info::f32([self.n, g.out_h(), g.out_w(), self.channels])
    }

    /// A kernel with one thread per channel of each of `rows` rows per image.
    fn kernel(&self, label: &'static str, source: Source, rows: usize) -> Kernel {
        let g = &self.geometry;
        let threads = self.n * rows * self.channels;
        kernel(label, source, threads)
            .params(Params {
                n: self.n as u32,
                channels: self.channels as u32,
                in_h: g.image[0] as u32,
                in_w: g.image[1] as u32,
                out_h: g.out_h() as u32,
                out_w: g.out_w() as u32,
                pad_top: g.pad.top as u32,
                pad_left: g.pad.left as u32,
            })
            .constant("KERNEL_H", g.kernel[0] as u32)
            .constant("KERNEL_W", g.kernel[1] as u32)
            .constant("STRIDE_H", g.stride[0] as u32)
            .constant("STRIDE_W", g.stride[1] as u32)
            .flops(self.y().len() as u64 * (g.kernel[0] * g.kernel[1]) as u64)
    }

    /// A kernel whose threads walk along rows of the output.
    pub fn forward_kernel(&self, label: &'static str, source: Source) -> Kernel {
        self.kernel(label, source, self.geometry.out_h())
    }

    /// A kernel whose threads walk along rows of the input.
    pub fn backward_kernel(&self, label: &'static str, source: Source) -> Kernel {
        self.kernel(label, source, self.geometry.image[0])
    }
}
