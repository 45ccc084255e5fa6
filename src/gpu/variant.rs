//! What of an adapter decides how kernels are launched on it, and what its user has asked for instead.

use std::str::FromStr;

use super::AdapterSummary;

/// The ways to compute a matrix product; see `shaders/gemm/`. This layer only hands on which one was asked for: what each
/// is for, and which an adapter gets, stands in [`gemm_core`](crate::tensor::ops::gemm_core).
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

/// The facts by which ops choose among their kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// The core of the matrix product that was asked for.
    pub asked_gemm: Option<GemmCore>,
    /// Whether the "GPU" is a program on the processor.
    pub is_cpu: bool,
    /// Lanes in a subgroup, 1 without subgroups of one size.
    pub lanes: u32,
    /// Whether there are 64-bit integers, so that eight floats can be loaded at once.
    pub wide_integers: bool,
    /// Whether threads of a workgroup can wait for each other at little cost: on a GPU, not on a processor.
    pub barriers_are_cheap: bool,
    /// Whether shaders check every index and bound every loop, which lengthens them.
    pub checked: bool,
    /// Workgroups that keep the whole adapter busy.
    pub busy_workgroups: u32,
}

impl Variant {
    /// The facts of an adapter on which shaders run with bounds checks or without.
    pub fn of(adapter: &AdapterSummary, checked: bool, asked_gemm: Option<GemmCore>) -> Self {
        Self {
            asked_gemm,
            is_cpu: adapter.is_cpu(),
            lanes: adapter.subgroup_lanes.unwrap_or(1),
            wide_integers: adapter.wide_integers,
            // Who asks for the tiled core by hand wants to see what a GPU would do.
            barriers_are_cheap: !adapter.is_cpu() || asked_gemm == Some(GemmCore::Tiled),
            checked,
            busy_workgroups: if adapter.is_cpu() { 8 } else { 512 },
        }
    }

    /// Threads of a memory-bound kernel that keep the whole adapter busy.
    pub fn busy_threads(&self) -> usize {
        64 * self.busy_workgroups as usize
    }
}
