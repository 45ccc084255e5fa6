//! Launching the one matrix product behind dense layers and all three convolution products.
//!
//! A kernel is a core (`shaders/gemm/{naive,tiled,subgroup}.wgsl`) joined with files that say how A is read, how B is
//! read, how C is written, and what happens to a sum on its way there.

use bytemuck::{Pod, Zeroable};

use super::{kernel, reduce};
use crate::gpu::{Access, GemmCore, Kernel, Source, Variant, shader};
use crate::tensor::{Launches, Operand, Result, TensorError};

/// The sizes of one product; `struct Params` of `shaders/gemm/params.wgsl`, which explains them.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub(super) struct Params {
    pub rows: u32,
    pub cols: u32,
    pub segments: u32,
    pub depth: u32,
    pub terms: u32,
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
    pub first_h: u32,
    pub first_w: u32,
    pub grid_h: u32,
    pub grid_w: u32,
    pub tap_h: u32,
    pub tap_w: u32,
    pub taps_w: u32,
    pub run: u32,
    pub stream: u32,
    pub rate: f32,
}

/// How A is laid out; one file each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    Dense,
    DenseTransposed,
    ConvForward,
    ConvInputGrad,
    ConvWeightGrad,
}

impl Rows {
    fn file(self) -> &'static str {
        match self {
            Self::Dense => "gemm/rows_dense.wgsl",
            Self::DenseTransposed => "gemm/rows_dense_transposed.wgsl",
            Self::ConvForward => "conv/rows_forward.wgsl",
            Self::ConvInputGrad => "conv/rows_input_grad.wgsl",
            Self::ConvWeightGrad => "conv/rows_weight_grad.wgsl",
        }
    }
}

/// How B is laid out; one file each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cols {
    Dense,
    Transposed,
}

/// What is done to a sum before it is stored, and the operands that this needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    Plain,
    /// Adds a bias; ReLU when `relu` is set.
    Bias {
        bias: Operand,
        relu: bool,
    },
    /// Bias, ReLU and dropout by the clock.
    Dropout {
        bias: Operand,
        clock: Operand,
    },
    /// The sums of A's row of ones go here.
    BiasGrad(Operand),
}

impl Finish {
    pub fn file(self) -> &'static str {
        match self {
            Self::Plain => "gemm/finish_plain.wgsl",
            Self::Bias { .. } => "gemm/finish_bias.wgsl",
            Self::Dropout { .. } => "gemm/finish_dropout.wgsl",
            Self::BiasGrad(_) => "gemm/finish_bias_grad.wgsl",
        }
    }

    pub fn operands(self) -> Vec<(Operand, Access)> {
        match self {
            Self::Plain => vec![],
            Self::Bias { bias, .. } => vec![bias.read()],
            Self::Dropout { bias, clock } => vec![bias.read(), clock.read()],
            Self::BiasGrad(bias_grad) => vec![bias_grad.write()],
        }
    }

    pub fn set_constants(self, kernel: Kernel) -> Kernel {
        match self {
            Self::Bias { relu, .. } => kernel.constant("RELU", relu),
            _ => kernel,
        }
    }

    /// Rows that A has more for the bias's gradient: eight, of which the first is ones.
    pub fn bias_rows(self) -> usize {
        if matches!(self, Self::BiasGrad(_)) { 8 } else { 0 }
    }

    /// Whether it belongs to the whole sum, so that K must not be cut.
    fn wants_the_whole_sum(self) -> bool {
        matches!(self, Self::Bias { .. } | Self::Dropout { .. })
    }
}

/// One product, ready to be launched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gemm {
    pub label: &'static str,
    pub rows: Rows,
    pub cols: Cols,
    pub finish: Finish,
    pub params: Params,
    /// A number that divides the start and the length of every run of A in memory.
    pub a_run: usize,
    /// Terms that are really multiplied, for the FLOP count: rows * cols * K without padding.
    pub multiply_adds: u64,
}

/// Terms of K that a split has at least.
const SHORTEST_SPLIT: u64 = 256;

/// Terms that a segment has at most: less than any core can sum up.
pub(super) const LONGEST_SEGMENT: u32 = 1 << 12;

/// Terms of a segment of a weight gradient: the unit in which its K is split.
pub(super) const WEIGHT_GRAD_DEPTH: u32 = 128;

impl Gemm {
    /// Appends the product: A and B to C.
    ///
    /// # Errors
    /// When the sum is too long and must not be cut.
    pub fn launch(mut self, variant: Variant, launches: &mut Launches, [a, b, c]: [Operand; 3]) -> Result<()> {
        let tile = Tile::choose(variant, &self.params);
        self.split_k(tile, variant)?;
        let bias_row = matches!(self.finish, Finish::BiasGrad(_));
        let splits = self.params.splits as usize;
        if splits == 1 {
            let mut operands = vec![a.read(), b.read(), c.write()];
            operands.extend(self.finish.operands());
            launches.dispatch(self.kernel(tile, variant, bias_row), &operands);
            return Ok(());
        }
        // Partial products, each with the sums of the row of ones after it, then their sum.
        let len = self.c_rows() * self.params.cols as usize;
        let bias_len = if bias_row { self.params.cols as usize } else { 0 };
        let partial = launches.scratch(splits * (len + bias_len));
        let product = Self {
            finish: Finish::Plain,
            ..self
        };
        let kernel = product.kernel(tile, variant, bias_row);
        launches.dispatch(kernel, &[a.read(), b.read(), partial.write()]);
        if let Finish::BiasGrad(bias_grad) = self.finish {
            launch_split_sum(launches, [partial, c, bias_grad], [splits, len, bias_len]);
        } else {
            let sum = reduce::Extent {
                outer: 1,
                len: splits,
                inner: len,
            };
            reduce::launch_sum(launches, partial, c, sum, 1.0);
        }
        Ok(())
    }

    /// Cuts K in pieces when C has too few tiles to keep the adapter busy, long enough to be worth the second pass; or when
    /// K is too long for one workgroup.
    fn split_k(&mut self, tile: Tile, variant: Variant) -> Result<()> {
        let terms = u64::from(self.params.terms);
        let tiles = tile.count(&self.params).max(1);
        let wanted = u64::from(variant.busy_workgroups).div_ceil(tiles);
        let least = terms.div_ceil(u64::from(variant.longest_sum())).max(1);
        let most = (terms / SHORTEST_SPLIT).clamp(least, u64::from(self.params.segments).max(least));
        let splits = if self.is_scattered() || self.finish.wants_the_whole_sum() {
            1
        } else {
            wanted.clamp(least, most)
        };
        if splits < least {
            return Err(TensorError::Parameter {
                op: self.label,
                problem: format!(
                    "a sum of {terms} products is longer than the {} that one pass can do",
                    variant.longest_sum()
                ),
            });
        }
        self.params.segments_per_split = u64::from(self.params.segments).div_ceil(splits) as u32;
        self.params.splits = self
            .params
            .segments
            .div_ceil(self.params.segments_per_split.max(1))
            .max(1);
        Ok(())
    }

    /// Whether its rows are spread over C: those of one phase of a strided input gradient. Partial products could not be.
    fn is_scattered(&self) -> bool {
        self.rows == Rows::ConvInputGrad && self.params.stride_h * self.params.stride_w > 1
    }

    /// Rows of C: those of A without the padding and the bias row of a weight gradient.
    fn c_rows(&self) -> usize {
        let p = &self.params;
        match self.rows {
            Rows::ConvWeightGrad => (p.kernel_h * p.kernel_w * p.in_c) as usize,
            Rows::DenseTransposed => p.in_c as usize,
            _ => p.rows as usize,
        }
    }

    /// The kernel; `bias_row` says whether A has a row of ones.
    fn kernel(&self, tile: Tile, variant: Variant, bias_row: bool) -> Kernel {
        let p = &self.params;
        let b_run = match self.cols {
            Cols::Dense => p.cols,
            // 4 (or 8) divides both exactly when it divides their bits together.
            Cols::Transposed => p.depth | p.terms,
        };
        let source = tile
            .source()
            .choose("rows", self.rows.file())
            .choose(
                "cols",
                match self.cols {
                    Cols::Dense => "gemm/cols_dense.wgsl",
                    Cols::Transposed => "gemm/cols_transposed.wgsl",
                },
            )
            .choose(
                "a",
                match Width::of(self.a_run, tile, variant) {
                    Width::One => "gemm/a_scalar.wgsl",
                    Width::Four => "gemm/a_vec4.wgsl",
                    Width::Eight => "gemm/a_wide.wgsl",
                },
            )
            .choose(
                "b",
                match Width::of(b_run as usize, tile, variant) {
                    Width::One => "gemm/b_scalar.wgsl",
                    Width::Four => "gemm/b_vec4.wgsl",
                    Width::Eight => "gemm/b_wide.wgsl",
                },
            )
            .choose(
                "c",
                if p.cols.is_multiple_of(4) {
                    "gemm/c_vec4.wgsl"
                } else {
                    "gemm/c_scalar.wgsl"
                },
            )
            .choose("finish", self.finish.file());
        let mut kernel = Kernel::new(self.label, source)
            .params(*p)
            .workgroups(tile.workgroups(p))
            .flops(2 * self.multiply_adds);
        kernel = self.finish.set_constants(kernel);
        match self.rows {
            Rows::Dense | Rows::ConvForward => kernel,
            Rows::ConvInputGrad => kernel.constant("STRIDED", self.is_scattered()),
            Rows::DenseTransposed => kernel.constant("BIAS", bias_row),
            Rows::ConvWeightGrad => kernel
                .constant("BIAS", bias_row)
                .constant("LARGE", p.out_h * p.out_w > (1 << 20) - WEIGHT_GRAD_DEPTH),
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct SplitSumParams {
    splits: u32,
    len: u32,
    bias_len: u32,
}

/// Adds up the partial weight and bias gradients of all splits.
pub(super) fn launch_split_sum(
    launches: &mut Launches,
    [partial, c, bias_grad]: [Operand; 3],
    [splits, len, bias_len]: [usize; 3],
) {
    let sum = kernel("split_sum", shader!("gemm/split_sum.wgsl"), len + bias_len).params(SplitSumParams {
        splits: splits as u32,
        len: len as u32,
        bias_len: bias_len as u32,
    });
    launches.dispatch(sum, &[partial.read(), c.write(), bias_grad.write()]);
}

/// Elements that one load brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    One,
    Four,
    Eight,
}

impl Width {
    /// The widest load for runs that `divisor` divides.
    fn of(divisor: usize, tile: Tile, variant: Variant) -> Self {
        if matches!(tile, Tile::Subgroup { .. }) && variant.wide_loads && divisor.is_multiple_of(8) {
            Self::Eight
        } else if divisor.is_multiple_of(4) {
            Self::Four
        } else {
            Self::One
        }
    }
}

/// A core with its tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tile {
    Naive,
    Tiled {
        /// Rows and columns.
        size: u32,
    },
    Subgroup {
        lanes: u32,
        /// Whether rows of A lie over the lanes; else columns of B do.
        over_rows: bool,
        /// Columns (or rows) that all lanes share.
        shared: u32,
    },
}

impl Tile {
    fn choose(variant: Variant, params: &Params) -> Self {
        match variant.gemm {
            GemmCore::Naive => Self::Naive,
            GemmCore::Tiled => {
                let large = Self::Tiled { size: 128 };
                // The large tile loads half as much for each multiply-add, but must leave no multiprocessor idle.
                if large.count(params) >= u64::from(variant.busy_workgroups) / 4 {
                    large
                } else {
                    Self::Tiled { size: 64 }
                }
            }
            GemmCore::Subgroup => Self::subgroup_candidates(variant.lanes)
                .min_by_key(|tile| tile.cost(params))
                .unwrap_or(Self::Naive),
        }
    }

    /// Tiles of the subgroup core for subgroups of this size. The shared side is a multiple of the lanes, which load it
    /// together; more than 24 takes the driver twice as long to compile and gained 3% at 1024^3.
    fn subgroup_candidates(lanes: u32) -> impl Iterator<Item = Self> {
        [16, 24, 32]
            .into_iter()
            .filter(move |shared| shared % lanes == 0 && (*shared <= 24 || lanes == 32))
            .flat_map(move |shared| {
                [true, false].map(|over_rows| Self::Subgroup {
                    lanes,
                    over_rows,
                    shared,
                })
            })
    }

    /// Arithmetic of all tiles, the padding at the edges included, in arbitrary units: a tile's loads cost some four
    /// shared lines.
    fn cost(self, params: &Params) -> u64 {
        let shared = match self {
            Self::Subgroup { shared, .. } => u64::from(shared),
            _ => 0,
        };
        self.count(params) * (shared + 4)
    }

    /// Rows and columns of C in one tile.
    fn size(self) -> (u32, u32) {
        match self {
            Self::Naive => (1, 4),
            Self::Tiled { size } => (size, size),
            Self::Subgroup {
                lanes,
                over_rows: true,
                shared,
            } => (8 * lanes, shared),
            Self::Subgroup {
                lanes,
                over_rows: false,
                shared,
            } => (shared, 8 * lanes),
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
            Self::Tiled { .. } | Self::Subgroup { .. } => tiles,
        }
    }

    fn source(self) -> Source {
        match self {
            Self::Naive => shader!("gemm/naive.wgsl"),
            Self::Tiled { size } => shader!("gemm/tiled.wgsl").set("TILE", size),
            Self::Subgroup {
                lanes,
                over_rows,
                shared,
            } => shader!("gemm/subgroup.wgsl")
                .choose(
                    "lanes",
                    if over_rows {
                        "gemm/lanes_over_rows.wgsl"
                    } else {
                        "gemm/lanes_over_columns.wgsl"
                    },
                )
                .set("LANES", lanes)
                .set("SHARED", shared),
        }
    }
}
