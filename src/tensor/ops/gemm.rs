//! Launching the one matrix product behind dense layers and all three convolution products.
//!
//! A kernel is a core (`shaders/gemm/{naive,tiled,subgroup}.wgsl`) joined with files that say how A is read, how B is
//! read, how C is written, and what happens to a sum on its way there.

use bytemuck::{Pod, Zeroable};

use super::reduce;
use crate::gpu::{GemmCore, Kernel, Source, Variant, shader};
use crate::tensor::{Launches, Operand};

/// The sizes of one product; `struct Params` of `shaders/gemm/params.wgsl`, which explains them.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub(super) struct Params {
    pub rows: u32,
    pub cols: u32,
    pub segments: u32,
    pub depth: u32,
    pub segments_per_split: u32,
    pub splits: u32,
    pub in_h: u32,
    pub in_w: u32,
    pub in_c: u32,
    pub out_h: u32,
    pub out_w: u32,
    pub out_c: u32,
    pub kernel_h: u32,
    pub kernel_w: u32,
    pub stride_h: u32,
    pub stride_w: u32,
    pub pad_top: u32,
    pub pad_left: u32,
    pub row_pitch: u32,
}

/// How A is laid out; one file each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    Dense,
    ConvForward,
    ConvInputGrad,
    ConvWeightGrad,
}

impl Rows {
    fn source(self) -> Source {
        match self {
            Self::Dense => shader!("gemm/rows_dense.wgsl"),
            Self::ConvForward => shader!("conv/rows_forward.wgsl"),
            Self::ConvInputGrad => shader!("conv/rows_input_grad.wgsl"),
            Self::ConvWeightGrad => shader!("conv/rows_weight_grad.wgsl"),
        }
    }
}

/// What is done to a sum before it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    Plain,
    Bias { relu: bool },
}

/// One product, ready to be launched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gemm {
    pub label: &'static str,
    pub rows: Rows,
    pub finish: Finish,
    pub params: Params,
    /// Whether every run of A starts at a multiple of four elements and has a multiple of four.
    pub a_in_quads: bool,
    /// Terms that are really multiplied, for the FLOP count: rows * cols * K without padding.
    pub multiply_adds: u64,
}

impl Gemm {
    /// Appends the product: A and B (and the bias, when the finish has one) to C.
    pub fn launch(mut self, variant: Variant, launches: &mut Launches, [a, b, c]: [Operand; 3], bias: Option<Operand>) {
        let tile = Tile::choose(variant, &self.params);
        self.split_k(tile, variant, bias.is_some());
        let splits = self.params.splits as usize;
        let kernel = self.kernel(tile);
        if splits == 1 {
            let mut operands = vec![a.read(), b.read(), c.write()];
            operands.extend(bias.map(Operand::read));
            launches.dispatch(kernel, &operands);
        } else {
            let len = self.c_rows() * self.params.cols as usize;
            let partial = launches.scratch(splits * len);
            launches.dispatch(kernel, &[a.read(), b.read(), partial.write()]);
            let sum = reduce::Extent {
                outer: 1,
                len: splits,
                inner: len,
            };
            reduce::launch_sum(launches, partial, c, sum, 1.0);
        }
    }

    /// Cuts K in pieces when C has too few tiles to keep the adapter busy. A product with a bias is never cut: its
    /// finish belongs to the whole sum, and a forward pass has many rows.
    fn split_k(&mut self, tile: Tile, variant: Variant, has_bias: bool) {
        let tiles = tile.count(&self.params).max(1);
        let wanted = u64::from(variant.busy_workgroups).div_ceil(tiles);
        let most = u64::from(self.params.segments);
        let splits = if has_bias { 1 } else { wanted.clamp(1, most.max(1)) };
        self.params.segments_per_split = u64::from(self.params.segments).div_ceil(splits) as u32;
        self.params.splits = self
            .params
            .segments
            .div_ceil(self.params.segments_per_split.max(1))
            .max(1);
    }

    /// Rows of C: those of A without the padding of the weight gradient.
    fn c_rows(&self) -> usize {
        let p = &self.params;
        match self.rows {
            Rows::ConvWeightGrad => (p.kernel_h * p.kernel_w * p.in_c) as usize,
            _ => p.rows as usize,
        }
    }

    fn kernel(&self, tile: Tile) -> Kernel {
        let p = &self.params;
        let cols_in_quads = p.cols.is_multiple_of(4);
        let source = shader!("common/grid.wgsl")
            .join(shader!("gemm/params.wgsl"))
            .join(if self.a_in_quads {
                shader!("gemm/a_vec4.wgsl")
            } else {
                shader!("gemm/a_scalar.wgsl")
            })
            .join(if cols_in_quads {
                shader!("gemm/b_vec4.wgsl").join(shader!("gemm/c_vec4.wgsl"))
            } else {
                shader!("gemm/b_scalar.wgsl").join(shader!("gemm/c_scalar.wgsl"))
            })
            .join(match self.finish {
                Finish::Plain => shader!("gemm/finish_plain.wgsl"),
                Finish::Bias { .. } => shader!("gemm/finish_bias.wgsl"),
            })
            .join(self.rows.source())
            .join(tile.source());
        let mut kernel = Kernel::new(self.label, source)
            .params(*p)
            .workgroups(tile.workgroups(p))
            .flops(2 * self.multiply_adds);
        if let Finish::Bias { relu } = self.finish {
            kernel = kernel.constant("RELU", relu);
        }
        match self.rows {
            Rows::Dense | Rows::ConvForward => kernel,
            Rows::ConvInputGrad => kernel.constant("STRIDE_H", p.stride_h).constant("STRIDE_W", p.stride_w),
            Rows::ConvWeightGrad => kernel.constant("PADDED", p.row_pitch != p.kernel_w * p.in_c),
        }
    }
}

/// A core with its tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tile {
    Naive,
    Tiled,
    Subgroup {
        lanes: u32,
        /// Groups of four columns that a lane keeps.
        vecs: u32,
    },
}

/// Subgroups in a workgroup of the subgroup core.
const SUBGROUPS: u32 = 4;

impl Tile {
    fn choose(variant: Variant, params: &Params) -> Self {
        match variant.gemm {
            GemmCore::Naive => Self::Naive,
            GemmCore::Tiled => Self::Tiled,
            GemmCore::Subgroup => {
                // The wide tile loads less for each multiply-add, but must not waste more than it saves:
                // 68 columns would fill half of it.
                let wide = 8 * variant.lanes;
                let wasted = params.cols.next_multiple_of(wide) - params.cols;
                Self::Subgroup {
                    lanes: variant.lanes,
                    vecs: if wasted * 4 <= params.cols { 2 } else { 1 },
                }
            }
        }
    }

    /// Rows and columns of C in one tile.
    fn size(self) -> (u32, u32) {
        match self {
            Self::Naive => (1, 4),
            Self::Tiled => (64, 64),
            Self::Subgroup { lanes, vecs } => (subgroup_rows(lanes), lanes * 4 * vecs),
        }
    }

    /// Tiles of C, in one split.
    fn count(self, params: &Params) -> u64 {
        let (rows, cols) = self.size();
        u64::from(params.rows.div_ceil(rows)) * u64::from(params.cols.div_ceil(cols))
    }

    fn workgroups(self, params: &Params) -> u64 {
        let tiles = self.count(params) * u64::from(params.splits);
        match self {
            Self::Naive => tiles.div_ceil(64),
            Self::Tiled => tiles,
            Self::Subgroup { .. } => tiles.div_ceil(u64::from(SUBGROUPS)),
        }
    }

    fn source(self) -> Source {
        match self {
            Self::Naive => shader!("gemm/naive.wgsl"),
            Self::Tiled => shader!("gemm/tiled.wgsl"),
            Self::Subgroup { lanes, vecs } => shader!("gemm/subgroup.wgsl").with(
                "tile",
                format!(
                    "const LANES: u32 = {lanes}u;\nconst SUBGROUPS: u32 = {SUBGROUPS}u;\n\
                     const ROWS: u32 = {}u;\nconst VECS: u32 = {vecs}u;\n",
                    subgroup_rows(lanes)
                ),
            ),
        }
    }
}

/// Rows of a subgroup's tile: a multiple of the lanes, which share the loading of A.
fn subgroup_rows(lanes: u32) -> u32 {
    lanes.max(16)
}
