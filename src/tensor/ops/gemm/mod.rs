//! Launching the one matrix product behind dense layers and all three convolution products.
//!
//! A kernel is a core (`shaders/gemm/{naive,tiled,subgroup}.wgsl`) joined with files that define how A and B are read, how C
//! is written, and what is done to a sum before it is stored.

mod core;
mod operands;
mod phases;
mod splits;
mod tile;
mod tiled;

pub use core::gemm_core;
pub(super) use operands::{Cols, Finish, Rows};
pub(super) use phases::Phases;

use std::ops::RangeInclusive;

use core::longest_sum;
use tile::{Tile, Width};

use super::reduce;
pub(super) use crate::gpu::params::gemm::product::Product;
use crate::gpu::params::gemm::split_sum;
use crate::gpu::{GemmCore, Kernel, Variant, shader};
use crate::tensor::{Launches, Operand, Result, TensorError};

/// One product, ready to be launched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gemm {
    pub label: &'static str,
    pub rows: Rows,
    pub cols: Cols,
    pub finish: Finish,
    /// Its sizes; the launch decides how K is split.
    pub product: Product,
    /// A number that divides the start and the length of every run of A in memory.
    pub a_run: usize,
    /// Multiply-adds without padding, for the FLOP count: rows * cols * K.
    pub multiply_adds: u64,
}

/// The minimum number of terms of K in a split.
const SHORTEST_SPLIT: u64 = 256;

/// The maximum number of terms in a segment: fewer than any core can sum up.
pub(super) const LONGEST_SEGMENT: u32 = 1 << 12;

/// Terms that every core can sum up, also with bounds checks.
pub(super) const LONGEST_PART: usize = 1 << 13;

/// Terms of a segment of a weight gradient: the unit in which its K is split.
pub(super) const WEIGHT_GRAD_DEPTH: u32 = 128;

impl Gemm {
    /// Appends the product of A and B, which is stored in C.
    ///
    /// # Errors
    /// When the sum is too long and must not be cut, or the adapter cannot run the core that was asked for.
    pub fn launch(mut self, variant: Variant, launches: &mut Launches, [a, b, c]: [Operand; 3]) -> Result<()> {
        let core = gemm_core(variant)?;
        let allowed = self.allowed_splits(core, variant)?;
        let bias_row = matches!(self.finish, Finish::BiasGrad(_));
        let tile = if let Some(phases) = self.rows.phases() {
            self.product.splits = phases.count();
            Tile::choose(core, &phases.as_one(), allowed, variant).0
        } else {
            let (tile, splits) = Tile::choose(core, &self.product, allowed, variant);
            self.product.segments_per_split = splits.segments;
            self.product.splits = splits.count;
            tile
        };
        if self.product.splits == 1 || self.rows.phases().is_some() {
            let mut operands = vec![a.read(), b.read(), c.write()];
            operands.extend(self.finish.operands());
            launches.dispatch(self.kernel(tile, variant, bias_row), &operands);
            return Ok(());
        }
        let splits = self.product.splits as usize;
        // Partial products, each followed by the sums of its row of ones, then their sum.
        let len = self.rows.c_rows(&self.product) * self.product.cols as usize;
        let bias_len = if bias_row { self.product.cols as usize } else { 0 };
        let partial = launches.scratch(splits * (len + bias_len));
        let product = Self { finish: Finish::Plain, ..self };
        let kernel = product.kernel(tile, variant, bias_row);
        launches.dispatch(kernel, &[a.read(), b.read(), partial.write()]);
        match self.finish {
            Finish::BiasGrad(bias_grad) => {
                launch_split_sum(variant, launches, [partial, c], Rest::BiasGrad(bias_grad), [splits, len, bias_len]);
            }
            Finish::Add(addend) => {
                launch_split_sum(variant, launches, [partial, c], Rest::Add(addend), [splits, len, 0]);
            }
            _ => {
                let sum = reduce::Extent { outer: 1, len: splits, inner: len };
                reduce::launch_sum(variant, launches, [partial, c], sum, 1.0);
            }
        }
        Ok(())
    }

    /// Appends the products of the parts into which `product` says that K is split; they are stored in C one after the other. No part may
    /// have more than [`LONGEST_PART`] terms.
    ///
    /// # Errors
    /// When the adapter cannot run the core that was asked for.
    pub fn launch_parts(self, variant: Variant, launches: &mut Launches, [a, b, c]: [Operand; 3]) -> Result<()> {
        debug_assert!(self.finish == Finish::Plain && self.rows.phases().is_none());
        let segments = self.product.segments_per_split;
        let part = Product { segments, terms: segments * self.product.depth, splits: 1, ..self.product };
        let (tile, _) = Tile::choose(gemm_core(variant)?, &part, 1..=1, variant);
        launches.dispatch(self.kernel(tile, variant, false), &[a.read(), b.read(), c.write()]);
        Ok(())
    }

    /// How many splits K may have: enough that no workgroup's sum is too long for the core, and few enough that each split
    /// is worth the second pass.
    fn allowed_splits(&self, core: GemmCore, variant: Variant) -> Result<RangeInclusive<u64>> {
        let Product { terms, segments, depth, .. } = self.product;
        let longest = longest_sum(core, variant.checked);
        let must_be_whole = self.rows.phases().is_some() || self.finish.wants_the_whole_sum();
        // A split has whole segments.
        let longest_split = longest / depth.max(1);
        if terms > longest && (must_be_whole || longest_split == 0) {
            return Err(TensorError::Parameter {
                op: self.label,
                problem: format!("a sum of {terms} products is longer than the {longest} that one pass can do"),
            });
        }
        let least = if terms > longest { u64::from(segments.div_ceil(longest_split)) } else { 1 };
        let most = (u64::from(terms) / SHORTEST_SPLIT).clamp(least, u64::from(segments).max(least));
        Ok(least..=if must_be_whole { 1 } else { most })
    }

    /// The kernel; `bias_row` says whether A has a row of ones.
    fn kernel(&self, tile: Tile, variant: Variant, bias_row: bool) -> Kernel {
        let product = &self.product;
        let b_run = match self.cols {
            Cols::Dense => product.cols,
            // 4 (or 8) divides both exactly when it divides their bitwise OR.
            Cols::Transposed => product.depth | product.terms,
        };
        let a = match Width::of(self.a_run, tile, variant) {
            Width::One => "gemm/a_scalar.wgsl",
            Width::Four => "gemm/a_vec4.wgsl",
            Width::Eight => "gemm/a_wide.wgsl",
        };
        let b = match Width::of(b_run as usize, tile, variant) {
            Width::One => "gemm/b_scalar.wgsl",
            Width::Four => "gemm/b_vec4.wgsl",
            Width::Eight => "gemm/b_wide.wgsl",
        };
        let c = if product.cols.is_multiple_of(4) { "gemm/c_vec4.wgsl" } else { "gemm/c_scalar.wgsl" };
        let source = tile
            .source()
            .choose("rows", self.rows.file())
            .choose("cols", self.cols.file())
            .choose("a", a)
            .choose("b", b)
            .choose("c", c)
            .choose("finish", self.finish.file());
        let executed = match self.rows.phases() {
            Some(phases) => phases.products().map(|product| tile.executed(&product)).sum(),
            None => tile.executed(product),
        };
        let kernel = Kernel::new(self.label, source)
            .workgroups(tile.workgroups(product))
            .flops(2 * self.multiply_adds)
            .executed(2 * executed);
        let kernel = self.rows.set_params(kernel, *product, self.finish.dropout());
        let kernel = self.finish.set_constants(kernel);
        match self.rows {
            Rows::Dense => kernel,
            Rows::ConvForward { parts, .. } => kernel.constant("CUT", parts > 1),
            Rows::ConvInputGrad(..) => kernel.constant("STRIDED", self.rows.phases().is_some()),
            Rows::DenseTransposed { .. } => kernel.constant("BIAS", bias_row),
            Rows::ConvWeightGrad { .. } => {
                kernel.constant("BIAS", bias_row).constant("ONE_PIXEL", self.a_run.is_multiple_of(tile.run()))
            }
        }
    }
}

/// What [`launch_split_sum`] does besides summing up C.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rest {
    /// The sums after those of C go here.
    BiasGrad(Operand),
    /// Adds another gradient of C's shape.
    Add(Operand),
}

/// Adds up the partial products of all splits: `len` elements of C and `bias_len` of a bias's gradient each.
pub(super) fn launch_split_sum(
    variant: Variant,
    launches: &mut Launches,
    [partial, c]: [Operand; 2],
    rest: Rest,
    [splits, len, bias_len]: [usize; 3],
) {
    let (file, rest) = match rest {
        Rest::BiasGrad(bias_grad) => ("gemm/split_bias_grad.wgsl", bias_grad.write()),
        Rest::Add(addend) => ("gemm/split_add.wgsl", addend.read()),
    };
    let source = shader!("gemm/split_sum.wgsl").choose("keep", file);
    let sum = reduce::in_teams("split_sum", source, [len + bias_len, splits], variant).params(split_sum::Params {
        splits: splits as u32,
        len: (len + bias_len) as u32,
        own: len as u32,
    });
    launches.dispatch(sum, &[partial.read(), c.write(), rest]);
}
