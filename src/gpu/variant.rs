//! The facts about an adapter that decide how kernels are launched on it, and what the user has asked for instead.

use std::str::FromStr;

use super::AdapterSummary;

/// The ways to compute a matrix product; see `shaders/gemm/`. This layer only passes on which one was asked for;
/// [`gemm_core`](crate::tensor::ops::gemm_core) says what each is for and chooses one for an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GemmCore {
    /// One thread computes four neighbouring outputs. For reading and for comparison.
    Naive,
    /// Workgroup-memory tiles: for real GPUs.
    Tiled,
    /// Registers and subgroup shuffles, no barrier: for drivers that run on the CPU.
    Subgroup,
}

impl GemmCore {
    /// All of them, in reading order.
    pub const ALL: [Self; 3] = [Self::Naive, Self::Tiled, Self::Subgroup];

    /// The name that `SELVEDGE_GEMM` accepts.
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
    /// Whether the "GPU" is software running on the CPU.
    pub is_cpu: bool,
    /// Lanes in a subgroup, 1 without subgroups of a fixed size.
    pub lanes: u32,
    /// Whether the adapter has 64-bit integers, so that eight floats can be loaded at once.
    pub wide_integers: bool,
    /// Whether threads of a workgroup can wait for each other at little cost: on a GPU, not on a CPU.
    pub barriers_are_cheap: bool,
    /// Whether shaders check every index and bound every loop, which lengthens them.
    pub checked: bool,
    /// Number of workgroups that keeps the whole adapter busy.
    pub busy_workgroups: u32,
}

impl Variant {
    /// The facts about an adapter; `checked` says whether shaders run with bounds checks.
    pub fn of(adapter: &AdapterSummary, checked: bool, asked_gemm: Option<GemmCore>) -> Self {
        Self {
            asked_gemm,
            is_cpu: adapter.is_cpu(),
            lanes: adapter.subgroup_lanes.unwrap_or(1),
            wide_integers: adapter.wide_integers,
            // Whoever explicitly asks for the tiled core wants to see what a GPU would do.
            barriers_are_cheap: !adapter.is_cpu() || asked_gemm == Some(GemmCore::Tiled),
            checked,
            busy_workgroups: if adapter.is_cpu() { 8 } else { Self::OF_LARGE_GPU },
        }
    }

    /// Workgroups that keep a large GPU busy: four for each of 128 multiprocessors.
    const OF_LARGE_GPU: u32 = 512;

    /// The same, as if the adapter were a large GPU.
    pub fn as_large_gpu(self) -> Self {
        Self { is_cpu: false, barriers_are_cheap: true, busy_workgroups: Self::OF_LARGE_GPU, ..self }
    }

    /// The same on any GPU of which nothing more is known.
    pub fn portable(self) -> Self {
        Self { asked_gemm: None, lanes: 1, wide_integers: false, ..self.as_large_gpu() }
    }

    /// Number of threads of a memory-bound kernel that keeps the whole adapter busy.
    pub fn busy_threads(&self) -> usize {
        64 * self.busy_workgroups as usize
    }
}
