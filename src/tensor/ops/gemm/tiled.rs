//! The tiles of the tiled core, and which of them is used for a product.

use std::ops::RangeInclusive;

use super::Product;
use super::splits::Splits;
use crate::gpu::{Source, Variant, shader};

/// A tile of the tiled core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tiled {
    pub rows: u32,
    pub cols: u32,
    /// Blocks of four rows and of four columns that a thread computes.
    blocks: [u32; 2],
    /// Terms processed at a time.
    pub terms: u32,
}

const fn tile([rows, cols]: [u32; 2], blocks: [u32; 2], terms: u32) -> Tiled {
    Tiled { rows, cols, blocks, terms }
}

/// All tiles. Each is for a shape that the others fit badly:
///
/// | tile | for |
/// |---|---|
/// | 128 x 128, 128 x 64 | large results; a thread with 8 x 8 sums reads workgroup memory least often |
/// | 64 x 64, 32 x 32 | results with too few large tiles; 32 terms at a time, so that threads wait less often |
/// | 128 x 32, 64 x 32 | 32 channels, and 68 (three tiles of 32 waste less than one of 128) |
/// | 128 x 16, 64 x 16 | 16 channels, and the ten classes of a last layer; 16 terms, for segments of 3 x 16 |
const TILES: [Tiled; 8] = [
    tile([128, 128], [2, 2], 16),
    tile([128, 64], [2, 2], 16),
    tile([64, 64], [2, 1], 32),
    tile([128, 32], [2, 1], 16),
    tile([64, 32], [2, 1], 32),
    tile([32, 32], [1, 1], 32),
    tile([128, 16], [2, 1], 16),
    tile([64, 16], [1, 1], 16),
];

// A multiprocessor of a large GPU (an H100), the model by which tiles are compared; all times are in its clock cycles.
const LANES: f64 = 128.0;
/// Time from a load from global memory to the multiplication, with nothing else to do.
const LATENCY: f64 = 1500.0;
/// Registers of a multiprocessor, and registers that a thread of the core uses.
const REGISTERS: u32 = 65_536;
const REGISTERS_OF_THREAD: u32 = 128;
/// The dispatch that adds up the partial products of the splits: its fixed cost, and the speed at which it processes them.
const SECOND_PASS: f64 = 10_000.0;
const SECOND_PASS_BYTES_PER_CYCLE: f64 = 16.0;

impl Tiled {
    /// The tile and the splits of K that take the least time in a simple model, in which both padding at the edges and too
    /// few workgroups cost time.
    pub fn choose(product: &Product, splits: RangeInclusive<u64>, variant: Variant) -> (Self, Splits) {
        let doublings = std::iter::successors(Some(*splits.start()), |splits| Some(2 * splits));
        let tried: Vec<Splits> = doublings
            .take_while(|count| count <= splits.end())
            .chain([*splits.end()])
            .map(|count| Splits::of(product, count))
            .collect();
        let mut best = (TILES[0], tried[0]);
        let mut least = f64::INFINITY;
        for tile in TILES {
            for splits in &tried {
                let cycles = tile.cycles(product, *splits, variant);
                if cycles < least {
                    (best, least) = ((tile, *splits), cycles);
                }
            }
        }
        best
    }

    /// The time of a product, in clock cycles of the adapter.
    fn cycles(self, product: &Product, splits: Splits, variant: Variant) -> f64 {
        let steps = f64::from(splits.segments) * f64::from(product.depth.div_ceil(self.terms));
        let multiprocessors = u64::from(variant.busy_workgroups / 4).max(1);
        let of_one = (self.count(product) * u64::from(splits.count)).div_ceil(multiprocessors);
        let at_once = of_one.min(u64::from(REGISTERS / REGISTERS_OF_THREAD / self.threads())).max(1);
        let busy = f64::from(self.rows * self.cols * self.terms) / LANES / self.share_of_peak();
        let step = (at_once as f64 * busy).max(busy + LATENCY);
        let second_pass = match splits.count {
            1 => 0.0,
            count => {
                let numbers = f64::from(count) * f64::from(product.rows) * f64::from(product.cols);
                SECOND_PASS + 8.0 * numbers / SECOND_PASS_BYTES_PER_CYCLE / multiprocessors as f64
            }
        };
        of_one.div_ceil(at_once) as f64 * steps * step + second_pass
    }

    /// The share of the peak that the inner loop can reach. A thread with fewer sums waits for workgroup memory more often.
    fn share_of_peak(self) -> f64 {
        match self.blocks[0] * self.blocks[1] {
            4 => 1.0,
            2 => 0.85,
            _ => 0.65,
        }
    }

    fn threads(self) -> u32 {
        self.rows * self.cols / (16 * self.blocks[0] * self.blocks[1])
    }

    /// Tiles of C per split.
    pub fn count(self, product: &Product) -> u64 {
        u64::from(product.rows.div_ceil(self.rows)) * u64::from(product.cols.div_ceil(self.cols))
    }

    pub fn source(self) -> Source {
        shader!("gemm/tiled.wgsl")
            .set("TILE_ROWS", self.rows)
            .set("TILE_COLS", self.cols)
            .set("ROW_BLOCKS", self.blocks[0])
            .set("COL_BLOCKS", self.blocks[1])
            .set("TERMS", self.terms)
            // Each round loads four lines of A or B at four terms per thread.
            .set("ROUNDS", ((self.rows + self.cols) * self.terms / 16).div_ceil(self.threads()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tile and the number of splits of a product whose K is `segments` times `depth`.
    fn chosen([rows, cols]: [u32; 2], [segments, depth]: [u32; 2]) -> (Tiled, u32) {
        let large_gpu = Variant {
            asked_gemm: None,
            is_cpu: false,
            lanes: 32,
            wide_integers: false,
            barriers_are_cheap: true,
            checked: false,
            busy_workgroups: 512,
        };
        let product = Product { rows, cols, segments, depth, terms: segments * depth, ..Product::default() };
        let (tile, splits) = Tiled::choose(&product, 1..=u64::from(segments), large_gpu);
        (tile, splits.count)
    }

    #[test]
    fn a_large_result_has_large_tiles_and_whole_sums() {
        let (tile, splits) = chosen([4096, 4096], [32, 128]);
        assert_eq!((tile.rows, tile.cols, splits), (128, 128, 1));
    }

    #[test]
    fn a_narrow_result_has_narrow_tiles() {
        // The last layer's ten classes, and a convolution with 32 channels.
        assert_eq!(chosen([100_352, 10], [1, 256]).0.cols, 16);
        assert_eq!(chosen([100_352, 32], [3, 96]).0.cols, 32);
    }

    #[test]
    fn a_small_result_of_a_long_sum_is_split() {
        // A weight gradient of the CNN: without splits, at most nine workgroups of 64 x 64 would have work.
        let (tile, splits) = chosen([296, 68], [196, 128]);
        assert!(
            splits > 8 && tile.count(&Product { rows: 296, cols: 68, ..Product::default() }) < 40,
            "{tile:?} {splits}"
        );
    }
}
