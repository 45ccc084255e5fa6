//! How K, the length of a product's sum, is divided among workgroups.

use super::Product;

/// The splits of a product's K.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Splits {
    /// How many there are; 1 leaves K whole.
    pub count: u32,
    /// Segments in each but the last.
    pub segments: u32,
}

impl Splits {
    /// About `wanted` splits of whole segments.
    pub fn of(product: &Product, wanted: u64) -> Self {
        let segments = u64::from(product.segments).div_ceil(wanted.max(1)).max(1) as u32;
        Self { count: product.segments.div_ceil(segments).max(1), segments }
    }
}
