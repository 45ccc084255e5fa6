//! The phases of a convolution's input gradient: pixels that the same taps of the kernel reach. Each is a product of its
//! own, and all are one launch; see `shaders/conv/rows_input_grad.wgsl`.

use super::Product;
use crate::gpu::params::conv::sizes::Convolution;

/// The phases of a convolution over `images` images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::tensor::ops) struct Phases {
    pub conv: Convolution,
    pub images: u32,
}

impl Phases {
    /// Their number along the image's height and width: the stride, unless the image is smaller.
    pub fn along(self) -> [u32; 2] {
        let conv = &self.conv;
        [conv.stride_h.min(conv.in_h), conv.stride_w.min(conv.in_w)]
    }

    /// How many there are.
    pub fn count(self) -> u32 {
        let [h, w] = self.along();
        h * w
    }

    /// The product of each.
    pub fn products(self) -> impl Iterator<Item = Product> {
        let [h, w] = self.along();
        (0..h).flat_map(move |first_h| (0..w).map(move |first_w| self.product(first_h, first_w)))
    }

    fn product(self, first_h: u32, first_w: u32) -> Product {
        let conv = &self.conv;
        let pixels = |first: u32, image: u32, stride: u32| (image - first).div_ceil(stride);
        let taps = |first: u32, kernel: u32, stride: u32, pad: u32| {
            kernel.saturating_sub((first + pad) % stride).div_ceil(stride)
        };
        let grid = pixels(first_h, conv.in_h, conv.stride_h) * pixels(first_w, conv.in_w, conv.stride_w);
        let taps = taps(first_h, conv.kernel_h, conv.stride_h, conv.pad_top)
            * taps(first_w, conv.kernel_w, conv.stride_w, conv.pad_left);
        self.of_size(self.images * grid, taps)
    }

    /// The launch of all: as many rows and segments as any of them has.
    pub fn largest(self) -> Product {
        let rows = self.products().map(|product| product.rows).max().unwrap_or(0);
        let taps = self.products().map(|product| product.segments).max().unwrap_or(0);
        self.of_size(rows, taps)
    }

    /// One product with as much work as all of them, to choose a tile for: all pixels, with the mean number of taps.
    pub fn as_one(self) -> Product {
        let conv = &self.conv;
        self.of_size(self.images * conv.in_h * conv.in_w, (conv.kernel_h * conv.kernel_w).div_ceil(self.count()))
    }

    fn of_size(self, rows: u32, taps: u32) -> Product {
        let Convolution { in_c, out_c, .. } = self.conv;
        Product { rows, cols: in_c, segments: taps, depth: out_c, terms: taps * out_c, ..Product::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows and segments of each phase of a 3x3 kernel, stride 2, padding 1, over one 5x4 image.
    #[test]
    fn phases_share_the_pixels_and_the_taps() {
        let conv = Convolution {
            in_h: 5,
            in_w: 4,
            in_c: 1,
            out_c: 1,
            kernel_h: 3,
            kernel_w: 3,
            stride_h: 2,
            stride_w: 2,
            pad_top: 1,
            pad_left: 1,
            ..Default::default()
        };
        let phases = Phases { conv, images: 1 };
        let sizes: Vec<_> = phases.products().map(|product| [product.rows, product.segments]).collect();
        assert_eq!(sizes, [[6, 1], [6, 2], [4, 2], [4, 4]]);
        assert_eq!([phases.largest().rows, phases.largest().segments], [6, 4]);
        assert_eq!([phases.as_one().rows, phases.as_one().segments], [20, 3]);
    }

    #[test]
    fn an_image_smaller_than_the_stride_has_fewer() {
        let conv =
            Convolution { in_h: 1, in_w: 2, kernel_h: 1, kernel_w: 1, stride_h: 3, stride_w: 3, ..Default::default() };
        assert_eq!(Phases { conv, images: 1 }.along(), [1, 2]);
    }
}
