//! The tile of C that a workgroup computes, and how wide its loads are.

use std::ops::RangeInclusive;

use super::Product;
use super::splits::Splits;
use super::tiled::Tiled;
use crate::gpu::{GemmCore, Source, Variant, shader};

/// Elements per load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    One,
    Four,
    Eight,
}

impl Width {
    /// The widest load for runs whose starts and lengths `divisor` divides.
    pub fn of(divisor: usize, tile: Tile, variant: Variant) -> Self {
        if matches!(tile, Tile::Subgroup { .. }) && variant.wide_integers && divisor.is_multiple_of(8) {
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
pub(super) enum Tile {
    Naive,
    Tiled(Tiled),
    Subgroup {
        lanes: u32,
        /// Whether rows of A are spread over the lanes; else columns of B are.
        over_rows: bool,
        /// Columns (or rows) that all lanes share.
        shared: u32,
    },
}

impl Tile {
    /// The tile of a core for a product, and how K is split; `splits` is the allowed number of splits.
    pub fn choose(core: GemmCore, product: &Product, splits: RangeInclusive<u64>, variant: Variant) -> (Self, Splits) {
        let tile = match core {
            GemmCore::Naive => Self::Naive,
            GemmCore::Tiled => {
                let (tile, splits) = Tiled::choose(product, splits, variant);
                return (Self::Tiled(tile), splits);
            }
            GemmCore::Subgroup => {
                Self::subgroup_candidates(variant.lanes).min_by_key(|tile| tile.cost(product)).unwrap_or(Self::Naive)
            }
        };
        // As many workgroups as keep the adapter busy.
        let wanted = u64::from(variant.busy_workgroups).div_ceil(tile.count(product).max(1));
        (tile, Splits::of(product, wanted.clamp(*splits.start(), *splits.end())))
    }

    /// Tiles of the subgroup core for subgroups of this size. The shared side is a multiple of the number of lanes, which
    /// load it together; a shared side above 24 takes the driver twice as long to compile and gained 3% at 1024^3.
    fn subgroup_candidates(lanes: u32) -> impl Iterator<Item = Self> {
        [16, 24, 32]
            .into_iter()
            .filter(move |shared| shared % lanes == 0 && (*shared <= 24 || lanes == 32))
            .flat_map(move |shared| [true, false].map(|over_rows| Self::Subgroup { lanes, over_rows, shared }))
    }

    /// The cost of all tiles, including the padding at the edges, in arbitrary units: a tile's loads cost about as much as
    /// four shared lines.
    fn cost(self, product: &Product) -> u64 {
        let shared = match self {
            Self::Subgroup { shared, .. } => u64::from(shared),
            _ => 0,
        };
        self.count(product) * (shared + 4)
    }

    /// Neighbours in memory that a thread asks for at once, by one load or several.
    pub fn run(self) -> usize {
        match self {
            Self::Naive | Self::Tiled(_) => 4,
            Self::Subgroup { .. } => 8,
        }
    }

    /// Rows and columns of C in one tile.
    fn size(self) -> (u32, u32) {
        match self {
            Self::Naive => (1, 4),
            Self::Tiled(tile) => (tile.rows, tile.cols),
            Self::Subgroup { lanes, over_rows: true, shared } => (8 * lanes, shared),
            Self::Subgroup { lanes, over_rows: false, shared } => (shared, 8 * lanes),
        }
    }

    /// Tiles of C per split.
    pub fn count(self, product: &Product) -> u64 {
        let (rows, cols) = self.size();
        u64::from(product.rows.div_ceil(rows)) * u64::from(product.cols.div_ceil(cols))
    }

    pub fn workgroups(self, product: &Product) -> u64 {
        let tiles = self.count(product) * u64::from(product.splits);
        match self {
            Self::Naive => tiles.div_ceil(64),
            Self::Tiled(_) | Self::Subgroup { .. } => tiles,
        }
    }

    /// Multiply-adds that its workgroups execute, including the padding at the edges of C and at the ends of segments.
    pub fn executed(self, product: &Product) -> u64 {
        let (rows, cols) = self.size();
        let terms = match self {
            Self::Naive => 4,
            Self::Tiled(tile) => tile.terms,
            Self::Subgroup { .. } => 8,
        };
        // The last segment may be shorter.
        let last = product.terms.saturating_sub(product.segments.saturating_sub(1) * product.depth);
        let padded = |depth: u32| u64::from(depth.next_multiple_of(terms));
        let depth = match (product.segments, self) {
            (0, _) => 0,
            (segments, Self::Tiled(_)) => u64::from(segments - 1) * padded(product.depth) + padded(last),
            // The other cores take the last segment for as long as the others.
            (segments, _) => u64::from(segments) * padded(product.depth),
        };
        self.count(product) * u64::from(rows) * u64::from(cols) * depth
    }

    pub fn source(self) -> Source {
        match self {
            Self::Naive => shader!("gemm/naive.wgsl"),
            Self::Tiled(tile) => tile.source(),
            Self::Subgroup { lanes, over_rows, shared } => shader!("gemm/subgroup.wgsl")
                .choose("lanes", if over_rows { "gemm/lanes_over_rows.wgsl" } else { "gemm/lanes_over_columns.wgsl" })
                .set("LANES", lanes)
                .set("SHARED", shared),
        }
    }
}
