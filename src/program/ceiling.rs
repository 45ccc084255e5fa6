//! What an adapter can do at best: arithmetic, memory, and the cost of a dispatch.

use std::sync::Arc;

use serde::Serialize;

use super::{About, BufferId, Dispatch, Place, Program, Recipe, Slots};
use crate::gpu::params::elementwise::map;
use crate::gpu::params::measure::multiply_add;
use crate::gpu::{Access, Gpu, GpuError, Kernel, shader};

/// Measured limits of an adapter: the ceilings that kernels are compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ceiling {
    /// Floating-point operations per second in registers; a multiply-add counts as two.
    pub flops: f64,
    /// Bytes per second that a copy moves, reads and writes together.
    pub bytes: f64,
    /// Seconds that one more independent dispatch costs.
    pub dispatch: f64,
    /// Seconds that waiting for the previous dispatch adds.
    pub barrier: f64,
}

/// How fast something was done, and how near to the ceiling.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Speed {
    /// Time in milliseconds.
    pub milliseconds: f64,
    /// 10^9 floating-point operations per second.
    pub gflops: f64,
    /// 10^9 bytes per second.
    pub gigabytes_per_second: f64,
    /// The larger of the shares of arithmetic and of memory that the adapter can do.
    pub share_of_ceiling: f64,
}

/// Dispatches in the programs that measure what a dispatch costs.
const DISPATCHES: usize = 256;

impl Ceiling {
    /// Measures, in a second or two.
    ///
    /// # Errors
    /// Those of the device.
    pub fn measure(gpu: &Arc<Gpu>) -> Result<Self, GpuError> {
        let alone = dispatches(gpu, 1, false)?;
        let independent = dispatches(gpu, DISPATCHES, false)?;
        let chained = dispatches(gpu, DISPATCHES, true)?;
        let each = |seconds: f64| seconds.max(0.0) / (DISPATCHES - 1) as f64;
        Ok(Self {
            flops: multiply_adds(gpu)?,
            bytes: copy(gpu)?,
            dispatch: each(independent - alone),
            barrier: each(chained - independent),
        })
    }

    /// How fast these operations and bytes were in this time.
    pub fn speed(&self, flops: u64, bytes: u64, seconds: f64) -> Speed {
        let seconds = seconds.max(1e-9);
        let (flops, bytes) = (flops as f64 / seconds, bytes as f64 / seconds);
        Speed {
            milliseconds: 1e3 * seconds,
            gflops: flops / 1e9,
            gigabytes_per_second: bytes / 1e9,
            share_of_ceiling: (flops / self.flops).max(bytes / self.bytes),
        }
    }
}

fn multiply_adds(gpu: &Arc<Gpu>) -> Result<f64, GpuError> {
    let threads = 16 * gpu.variant().busy_threads() as u64;
    let mut rounds = 1024_u32;
    loop {
        let mut recipe = Recipe::default();
        let y = recipe.place(own(4 * threads));
        let flops = 32 * u64::from(rounds) * threads;
        let source = shader!("measure/multiply_add.wgsl");
        let kernel = Kernel::new("multiply_add", source)
            .params(multiply_add::Params { rounds, factor: 0.5, addend: 1.0 })
            .threads(threads, 64)
            .flops(flops);
        recipe.dispatches.push(dispatch(kernel, vec![(y, Access::Write)]));
        let seconds = alone(gpu, recipe)?.best_time()?;
        // Long enough that launching it does not matter, and far below what a driver takes for a hang.
        if seconds > 0.03 || rounds >= 1 << 18 {
            return Ok(flops as f64 / seconds);
        }
        rounds *= 4;
    }
}

fn copy(gpu: &Arc<Gpu>) -> Result<f64, GpuError> {
    // Larger than the caches of any adapter, if it can bind as much.
    let bytes = (256 << 20).min(gpu.adapter().max_binding / 2).next_multiple_of(16);
    let mut recipe = Recipe::default();
    let (x, y) = (recipe.place(own(bytes)), recipe.place(own(bytes)));
    recipe.dispatches.push(copy_of(x, y, bytes / 16));
    Ok(2.0 * bytes as f64 / alone(gpu, recipe)?.best_time()?)
}

/// Seconds of a run of `count` dispatches that copy 16 bytes: each from one buffer to a buffer of its own, or back and forth
/// between two, so that each waits for the previous one.
fn dispatches(gpu: &Arc<Gpu>, count: usize, chained: bool) -> Result<f64, GpuError> {
    let mut recipe = Recipe::default();
    let buffers = if chained { 1 } else { count };
    let buffers = (0..=buffers)
        .map(|_| Ok(recipe.place(Place::Fixed(gpu.storage("a dispatch", 16)?))))
        .collect::<Result<Vec<_>, GpuError>>()?;
    for i in 0..count {
        let (from, to) = if chained { (i % 2, (i + 1) % 2) } else { (0, i + 1) };
        recipe.dispatches.push(copy_of(buffers[from], buffers[to], 1));
    }
    alone(gpu, recipe)?.best_time()
}

/// A copy of `quads` times 16 bytes.
fn copy_of(from: BufferId, to: BufferId, quads: u64) -> Dispatch {
    let source =
        shader!("elementwise/map.wgsl").choose("value", "common/value_vec4.wgsl").choose("f", "elementwise/copy.wgsl");
    let kernel =
        Kernel::new("copy", source).params(map::Params { len: quads as u32, c: 0.0, d: 0.0 }).threads(quads, 64);
    dispatch(kernel, vec![(from, Access::Read), (to, Access::Write)])
}

fn alone(gpu: &Arc<Gpu>, recipe: Recipe) -> Result<Program, GpuError> {
    Program::new(gpu, recipe, &mut Slots::default())
}

fn own(bytes: u64) -> Place {
    Place::Own { bytes }
}

fn dispatch(kernel: Kernel, bindings: Vec<(BufferId, Access)>) -> Dispatch {
    Dispatch { kernel, bindings, about: About::default() }
}
