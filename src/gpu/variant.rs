//! Which core of the matrix product an adapter gets, and how much parallel work it wants.

use std::str::FromStr;

use super::{AdapterSummary, GpuError};

/// The ways to compute a matrix product; see `shaders/gemm/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GemmCore {
    /// One thread computes four neighbouring outputs. To read, and to compare with.
    Naive,
    /// Workgroup-memory tiles: for real GPUs.
    Tiled,
    /// Registers and subgroup shuffles, no barrier: for drivers that run on the processor.
    Subgroup,
}

impl GemmCore {
    /// All of them, in reading order.
    pub const ALL: [Self; 3] = [Self::Naive, Self::Tiled, Self::Subgroup];

    /// The name that `SELVEDGE_GEMM` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Tiled => "tiled",
            Self::Subgroup => "subgroup",
        }
    }
}

impl FromStr for GemmCore {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|core| core.name() == text).ok_or(())
    }
}

/// The choices that depend on the adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// The core of the matrix product.
    pub gemm: GemmCore,
    /// Lanes in a subgroup; used by [`GemmCore::Subgroup`] only.
    pub lanes: u32,
    /// Whether [`GemmCore::Subgroup`] may load eight floats at once, as 64-bit integers.
    pub wide_loads: bool,
    /// Whether threads of a workgroup can wait for each other at little cost: on a GPU, not on a processor.
    pub barriers_are_cheap: bool,
    /// Whether shaders check every index and bound every loop, which lengthens them.
    pub checked: bool,
    /// Workgroups that keep the whole adapter busy: a product with fewer tiles is split along K.
    pub busy_workgroups: u32,
}

impl Variant {
    /// The table:
    ///
    /// | adapter | core | why |
    /// |---|---|---|
    /// | CPU with subgroups of one size, 4 to 32 lanes | subgroup, with 64-bit loads where there are 64-bit integers | 22 GFLOP/s at 256^3 on lavapipe against 5.4 for tiled and 2.4 for naive; 64-bit loads: 39 against 27 at 1024^3 |
    /// | everything else | tiled | uses each loaded number 128 or 64 times; on lavapipe still before naive |
    ///
    /// The tile is chosen for each product in `tensor/ops/gemm.rs`, by the padding at its edges. What else depends on the
    /// adapter goes with the core: the tiled one means a GPU, where barriers are cheap.
    ///
    /// `asked` overrides the core.
    ///
    /// # Errors
    /// [`GpuError::UnsupportedCore`] when `asked` needs what the adapter lacks.
    pub fn for_adapter(adapter: &AdapterSummary, asked: Option<GemmCore>) -> Result<Self, GpuError> {
        let lanes = adapter.subgroup_lanes.filter(|lanes| (4..=32).contains(lanes));
        let gemm = asked.unwrap_or(if adapter.is_cpu() && lanes.is_some() {
            GemmCore::Subgroup
        } else {
            GemmCore::Tiled
        });
        if gemm == GemmCore::Subgroup && lanes.is_none() {
            return Err(GpuError::UnsupportedCore {
                adapter: adapter.name.clone(),
                core: gemm.name(),
                reason: "it has no subgroups of one fixed size between 4 and 32 lanes".to_owned(),
            });
        }
        Ok(Self {
            gemm,
            lanes: lanes.unwrap_or(1),
            wide_loads: adapter.wide_integers,
            checked: false,
            // Who asks for the tiled core by hand wants to see what a GPU would do.
            barriers_are_cheap: gemm == GemmCore::Tiled,
            busy_workgroups: if adapter.is_cpu() { 8 } else { 512 },
        })
    }

    /// Terms that one workgroup may sum up. lavapipe ends the loops of a thread after 65,535 rounds together, without a word.
    /// Measured as the longest sum of ones that is right there, and halved or more; a GPU loses nothing by it.
    pub fn longest_sum(&self) -> u32 {
        match self.gemm {
            GemmCore::Tiled => 1 << 15,
            GemmCore::Subgroup if self.checked => 1 << 13,
            GemmCore::Naive | GemmCore::Subgroup => 1 << 17,
        }
    }

    /// Threads of a memory-bound kernel that keep the whole adapter busy.
    pub fn busy_threads(&self) -> usize {
        64 * self.busy_workgroups as usize
    }
}
