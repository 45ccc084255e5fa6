//! Winograd's convolution F(4x4, 3x3), with a quarter of the multiplications; see `shaders/conv/winograd.wgsl`.

use super::gemm::{Cols, Finish, Gemm, LONGEST_PART, LONGEST_SEGMENT, Product, Rows, WEIGHT_GRAD_DEPTH};
use super::{kernel, reduce};
use crate::gpu::params::conv::{winograd_image, winograd_output, winograd_weight, winograd_weight_grad};
use crate::gpu::{Variant, shader};
use crate::tensor::{Launches, Operand, Result};

/// Pixels of a tile along each axis.
const TILE: usize = 4;
/// Products for each tile and pair of channels.
const POINTS: usize = 36;
/// Images for which the time of transforming the weights is counted once.
const USUAL_BATCH: usize = 64;
/// What writing a number and reading it again costs on lavapipe, in multiply-adds.
const COST_OF_A_NUMBER: usize = 26;
/// The most numbers in a buffer: 128 MiB, which every adapter binds.
const MOST_NUMBERS: usize = 1 << 25;

/// A convolution with 3x3 weights and a stride of one; the gradient of its input is one, too.
#[derive(Debug, Clone, Copy)]
pub(super) struct Winograd {
    pub n: usize,
    /// Rows, columns and channels of X.
    pub input: [usize; 3],
    /// Rows, columns and channels of Y.
    pub output: [usize; 3],
    /// Zeros above and to the left of X.
    pub pad: [usize; 2],
    /// Whether the weights are turned by half a turn, and their channels exchanged.
    pub turned: bool,
}

/// What tiles are made of.
enum Side {
    Input,
    Output,
}

/// Operations of `winograd_weight.wgsl` for a pair of channels.
const WEIGHT_FLOPS: usize = 135;
/// Operations of `winograd_weight_grad.wgsl` for a pair of channels.
const WEIGHT_GRAD_FLOPS: usize = 162;
/// Operations of `winograd_output.wgsl` for a tile and channel.
const OUTPUT_FLOPS: usize = 160;

/// How the weight gradient's sum over tiles is cut. Beyond the last tile it has zeros.
struct Slots {
    /// Parts of the sum, each a product of its own.
    parts: usize,
    /// Segments of a part.
    segments: usize,
    /// Tiles of a segment.
    depth: usize,
}

impl Slots {
    fn count(&self) -> usize {
        self.parts * self.segments * self.depth
    }
}

impl Winograd {
    /// Whether its kernels can compute this, and take less time than a product by the definition.
    ///
    /// Numbers are written and read again: 36 for each tile and channel in V and M, for each pair of channels in U. So images of 2x2 pixels
    /// or 16 channels do not pay. How many images there are does not matter, but for buffers that would be too large: an image has
    /// the same result in every batch.
    pub fn applies(&self) -> bool {
        let ([.., in_c], [h, w, out_c]) = (self.input, self.output);
        // A sum over channels is one segment of a product, and four channels are one value.
        let fits = [in_c, out_c].iter().all(|c| c.is_multiple_of(4) && *c <= LONGEST_SEGMENT as usize);
        let (tiles, pairs) = (self.tiles_of_image().iter().product::<usize>(), in_c * out_c);
        let by_definition = 9 * h * w * pairs;
        let numbers = POINTS * (tiles * (in_c + out_c) + pairs / USUAL_BATCH);
        let is_faster = POINTS * tiles * pairs + COST_OF_A_NUMBER * numbers < by_definition;
        let slots = self.slots();
        let is_small = POINTS * (slots.count() * in_c.max(out_c)).max(slots.parts * pairs) <= MOST_NUMBERS;
        self.n > 0 && fits && is_faster && is_small && self.pad.iter().all(|zeros| *zeros <= 2)
    }

    /// The gradient of X: a convolution of dY.
    pub fn of_gradient(self) -> Self {
        Self { input: self.output, output: self.input, pad: self.pad.map(|zeros| 2 - zeros), turned: true, ..self }
    }

    fn tiles_of_image(&self) -> [usize; 2] {
        [self.output[0].div_ceil(TILE), self.output[1].div_ceil(TILE)]
    }

    fn slots(&self) -> Slots {
        let tiles = self.tiles();
        let depth = tiles.next_multiple_of(8).clamp(8, WEIGHT_GRAD_DEPTH as usize);
        let parts = tiles.div_ceil(LONGEST_PART).max(1);
        Slots { parts, segments: tiles.div_ceil(depth * parts), depth }
    }

    fn tiles(&self) -> usize {
        let [tiles_h, tiles_w] = self.tiles_of_image();
        self.n * tiles_h * tiles_w
    }

    /// Y from X and W.
    pub fn launch(
        &self,
        variant: Variant,
        launches: &mut Launches,
        finish: Finish,
        [x, w, y]: [Operand; 3],
    ) -> Result<()> {
        let (tiles, in_c, out_c) = (self.tiles(), self.input[2], self.output[2]);
        let u = launches.scratch(POINTS * in_c * out_c);
        let v = launches.scratch(POINTS * tiles * in_c);
        let m = launches.scratch(POINTS * tiles * out_c);

        self.launch_weight(launches, [w, u]);
        self.launch_image(launches, Side::Input, [tiles, POINTS * in_c / 4, in_c / 4], [x, v]);
        let product = Gemm {
            label: "winograd_product",
            rows: Rows::Dense,
            cols: if self.turned { Cols::Transposed } else { Cols::Dense },
            finish: Finish::Plain,
            product: Product {
                rows: tiles as u32,
                cols: out_c as u32,
                segments: POINTS as u32,
                depth: in_c as u32,
                terms: (POINTS * in_c) as u32,
                segments_per_split: 1,
                splits: POINTS as u32,
            },
            a_run: in_c,
            multiply_adds: (POINTS * tiles * in_c * out_c) as u64,
        };
        product.launch_parts(variant, launches, [v, u, m])?;
        self.launch_output(launches, finish, [m, u, y]);
        Ok(())
    }

    /// U from W: stored by terms, or turned and by columns, as the product reads it.
    fn launch_weight(&self, launches: &mut Launches, [w, u]: [Operand; 2]) {
        let (in_c, out_c) = (self.input[2], self.output[2]);
        let [w_in, w_out] = if self.turned { [out_c, in_c] } else { [in_c, out_c] };
        let quads = w_out / 4;
        let [in_pitch, point_pitch] = if self.turned { [POINTS * quads, quads] } else { [quads, w_in * quads] };
        let weight = kernel("winograd_weight", shader!("conv/winograd_weight.wgsl"), w_in * quads)
            .constant("TURNED", self.turned)
            .params(winograd_weight::Params {
                in_c: w_in as u32,
                quads: quads as u32,
                in_pitch: in_pitch as u32,
                point_pitch: point_pitch as u32,
            })
            .flops((WEIGHT_FLOPS * in_c * out_c) as u64);
        launches.dispatch(weight, &[w.read(), u.write()]);
    }

    /// Y from M. U is bound too, and not read: see the shader.
    fn launch_output(&self, launches: &mut Launches, finish: Finish, [m, u, y]: [Operand; 3]) {
        let (tiles, out_c) = (self.tiles(), self.output[2]);
        let [tiles_h, tiles_w] = self.tiles_of_image();
        let source = shader!("conv/winograd_output.wgsl").choose("finish", finish.file());
        let output = kernel("winograd_output", source, tiles * out_c / 4).params(winograd_output::Params {
            product: Product { rows: tiles as u32, cols: out_c as u32, ..Product::default() },
            h: self.output[0] as u32,
            w: self.output[1] as u32,
            tiles_h: tiles_h as u32,
            tiles_w: tiles_w as u32,
            ..Default::default()
        });
        let mut operands = vec![m.read(), u.read(), y.write()];
        operands.extend(finish.operands());
        let output = output.flops((OUTPUT_FLOPS * tiles * out_c) as u64);
        launches.dispatch(finish.set_constants(output), &operands);
    }

    /// dW from X and dY, and db if there is a bias.
    pub fn launch_weight_grad(
        &self,
        variant: Variant,
        launches: &mut Launches,
        bias: bool,
        [x, dy, dw]: [Operand; 3],
    ) -> Result<()> {
        let (tiles, in_c, out_c) = (self.tiles(), self.input[2], self.output[2]);
        let cut = self.slots();
        let (slots, Slots { parts, segments, depth }) = (cut.count(), cut);

        let v = launches.scratch(POINTS * slots * in_c);
        let z = launches.scratch(POINTS * slots * out_c);
        let du = launches.scratch(POINTS * parts * in_c * out_c);
        self.launch_image(launches, Side::Input, [slots, in_c / 4, slots * in_c / 4], [x, v]);
        self.launch_image(launches, Side::Output, [slots, out_c / 4, slots * out_c / 4], [dy, z]);
        let product = Gemm {
            label: "winograd_weight_grad_product",
            rows: Rows::DenseTransposed { features: in_c as u32 },
            cols: Cols::Dense,
            finish: Finish::Plain,
            product: Product {
                rows: in_c.next_multiple_of(8) as u32,
                cols: out_c as u32,
                segments: (POINTS * parts * segments) as u32,
                depth: depth as u32,
                terms: (POINTS * slots) as u32,
                segments_per_split: segments as u32,
                splits: (POINTS * parts) as u32,
            },
            a_run: in_c,
            multiply_adds: (POINTS * tiles * in_c * out_c) as u64,
        };
        product.launch_parts(variant, launches, [v, z, du])?;
        let pairs = in_c * out_c / 4;
        let last = kernel("winograd_weight_grad", shader!("conv/winograd_weight_grad.wgsl"), pairs)
            .constant("PARTS", parts as u32)
            .params(winograd_weight_grad::Params { pairs: pairs as u32 })
            .flops(((WEIGHT_GRAD_FLOPS + POINTS * parts) * in_c * out_c) as u64);
        launches.dispatch(last, &[du.read(), dw.write()]);
        if bias {
            let extent = reduce::Extent { outer: 1, len: self.n * self.output[0] * self.output[1], inner: out_c };
            reduce::launch_sum(variant, launches, [dy, Operand::Output(1)], extent, 1.0);
        }
        Ok(())
    }

    /// Tiles of X or of dY at the 36 points; `slots` are at least as many as the tiles.
    fn launch_image(
        &self,
        launches: &mut Launches,
        side: Side,
        [slots, slot_pitch, point_pitch]: [usize; 3],
        [x, v]: [Operand; 2],
    ) {
        let ([h, w, c], pad, points, flops) = match side {
            Side::Output => (self.output, [0, 0], "conv/winograd_four.wgsl", 140),
            Side::Input => (self.input, self.pad, "conv/winograd_six.wgsl", 264),
        };
        let [tiles_h, tiles_w] = self.tiles_of_image();
        let source = shader!("conv/winograd_image.wgsl").choose("points", points);
        let image = kernel("winograd_image", source, slots * c / 4)
            .flops((flops * self.tiles() * c) as u64)
            .executed((flops * slots * c) as u64)
            .params(winograd_image::Params {
                h: h as u32,
                w: w as u32,
                quads: (c / 4) as u32,
                tiles_h: tiles_h as u32,
                tiles_w: tiles_w as u32,
                tiles: self.tiles() as u32,
                slots: slots as u32,
                pad_top: pad[0] as u32,
                pad_left: pad[1] as u32,
                slot_pitch: slot_pitch as u32,
                point_pitch: point_pitch as u32,
            });
        launches.dispatch(image, &[x.read(), v.write()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(n: usize, side: usize, channels: [usize; 2]) -> Winograd {
        let image = |c| [side, side, c];
        Winograd { n, input: image(channels[0]), output: image(channels[1]), pad: [1, 1], turned: false }
    }

    #[test]
    fn applies_where_it_is_faster_and_possible() {
        assert!(of(256, 14, [32, 68]).applies() && of(32, 7, [128, 128]).applies());
        // Too few channels, too small images, no image.
        assert!(!of(256, 28, [16, 16]).applies() && !of(32, 2, [512, 512]).applies() && !of(0, 14, [64, 64]).applies());
        // Channels that are no multiple of four, and more zeros than the window reaches over.
        assert!(!of(256, 14, [66, 68]).applies());
        assert!(!Winograd { pad: [3, 1], ..of(256, 14, [64, 64]) }.applies());
    }

    #[test]
    fn no_buffer_is_larger_than_every_adapter_binds() {
        let sizes = [(14, [32, 68]), (14, [64, 64]), (14, [512, 512]), (16, [1024, 1024]), (4, [256, 256])];
        for (n, (side, channels)) in
            [1, 4, 100, 113, 850, 900, 910, 2000].into_iter().flat_map(|n| sizes.map(|s| (n, s)))
        {
            let (winograd, [in_c, out_c]) = (of(n, side, channels), channels);
            let slots = winograd.slots();
            assert!(slots.count() >= winograd.tiles() && slots.segments * slots.depth <= LONGEST_PART);
            let largest = (slots.count() * in_c.max(out_c)).max(slots.parts * in_c * out_c);
            assert!(!winograd.applies() || 36 * largest * 4 <= 128 << 20, "{n} {side} {channels:?}");
        }
    }
}
