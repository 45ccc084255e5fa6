//! The tile of C that a workgroup computes, and how wide its loads are.

use super::Product;
use crate::gpu::{GemmCore, Source, Variant, shader};

/// Elements that one load brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    One,
    Four,
    Eight,
}

impl Width {
    /// The widest load for runs that `divisor` divides.
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
    /// The tile for a product of a core.
    pub fn choose(core: GemmCore, product: &Product, variant: Variant) -> Self {
        match core {
            GemmCore::Naive => Self::Naive,
            GemmCore::Tiled => {
                let large = Self::Tiled { size: 128 };
                // The large tile loads half as much for each multiply-add, but must leave no multiprocessor idle.
                if large.count(product) >= u64::from(variant.busy_workgroups) / 4 {
                    large
                } else {
                    Self::Tiled { size: 64 }
                }
            }
            GemmCore::Subgroup => {
                Self::subgroup_candidates(variant.lanes).min_by_key(|tile| tile.cost(product)).unwrap_or(Self::Naive)
            }
        }
    }

    /// Tiles of the subgroup core for subgroups of this size. The shared side is a multiple of the lanes, which load it
    /// together; more than 24 takes the driver twice as long to compile and gained 3% at 1024^3.
    fn subgroup_candidates(lanes: u32) -> impl Iterator<Item = Self> {
        [16, 24, 32]
            .into_iter()
            .filter(move |shared| shared % lanes == 0 && (*shared <= 24 || lanes == 32))
            .flat_map(move |shared| [true, false].map(|over_rows| Self::Subgroup { lanes, over_rows, shared }))
    }

    /// Arithmetic of all tiles, the padding at the edges included, in arbitrary units: a tile's loads cost some four
    /// shared lines.
    fn cost(self, product: &Product) -> u64 {
        let shared = match self {
            Self::Subgroup { shared, .. } => u64::from(shared),
            _ => 0,
        };
        self.count(product) * (shared + 4)
    }

    /// Rows and columns of C in one tile.
    fn size(self) -> (u32, u32) {
        match self {
            Self::Naive => (1, 4),
            Self::Tiled { size } => (size, size),
            Self::Subgroup { lanes, over_rows: true, shared } => (8 * lanes, shared),
            Self::Subgroup { lanes, over_rows: false, shared } => (shared, 8 * lanes),
        }
    }

    /// Tiles of C, in one split.
    pub fn count(self, product: &Product) -> u64 {
        let (rows, cols) = self.size();
        u64::from(product.rows.div_ceil(rows)) * u64::from(product.cols.div_ceil(cols))
    }

    pub fn workgroups(self, product: &Product) -> u64 {
        let tiles = self.count(product) * u64::from(product.splits);
        match self {
            Self::Naive => tiles.div_ceil(64),
            Self::Tiled { .. } | Self::Subgroup { .. } => tiles,
        }
    }

    pub fn source(self) -> Source {
        match self {
            Self::Naive => shader!("gemm/naive.wgsl"),
            Self::Tiled { size } => shader!("gemm/tiled.wgsl").set("TILE", size),
            Self::Subgroup { lanes, over_rows, shared } => shader!("gemm/subgroup.wgsl")
                .choose("lanes", if over_rows { "gemm/lanes_over_rows.wgsl" } else { "gemm/lanes_over_columns.wgsl" })
                .set("LANES", lanes)
                .set("SHARED", shared),
        }
    }
}
