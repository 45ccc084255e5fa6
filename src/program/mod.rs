//! A graph made ready to run: a flat list of dispatches with every buffer, bind group and uniform created in advance.
//!
//! This layer knows buffers and kernels, not tensors: the tensor layer lowers a graph to a recipe, and a [`Program`] plans
//! its memory and creates everything a run needs. A run is then one pass over a list.

mod about;
mod ceiling;
mod describe;
mod memory;
mod profile;

pub use about::Pass;
pub(crate) use about::{About, Contents};
pub use ceiling::{Ceiling, Speed};
pub use describe::DispatchSummary;
pub use memory::MemoryPlan;
pub(crate) use memory::Slots;
pub use profile::{Clock, DispatchTime, Profile, Summary};

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::gpu::{Access, Gpu, GpuError, Kernel, Pipeline, Slice};

/// Identifies a buffer of a recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BufferId(usize);

/// Where the contents of a buffer are stored.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// Memory that exists already: parameters, states, inputs.
    Fixed(Slice),
    /// Memory that is needed from the first write to the last read of a run, and shared otherwise.
    Planned { bytes: u64 },
    /// The program's own memory, zero until something is written: outputs, gradients.
    Own { bytes: u64 },
    /// A part of a buffer that has memory of its own, from byte `offset` on.
    Part { of: BufferId, offset: u64, bytes: u64 },
}

/// One dispatch of a recipe: the kernel, and what it binds in order.
#[derive(Debug, Clone)]
pub(crate) struct Dispatch {
    pub kernel: Kernel,
    pub bindings: Vec<(BufferId, Access)>,
    pub about: About,
}

/// A value that ranks which run a program together replace by what they make of all their values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exchange {
    /// How many dispatches have run by then.
    pub after: usize,
    pub value: BufferId,
}

/// What a program should do, before memory is planned.
#[derive(Debug, Default)]
pub(crate) struct Recipe {
    pub places: Vec<Place>,
    pub dispatches: Vec<Dispatch>,
    pub exchanges: Vec<Exchange>,
}

impl Recipe {
    pub fn place(&mut self, place: Place) -> BufferId {
        self.places.push(place);
        BufferId(self.places.len() - 1)
    }
}

/// One dispatch, ready to run.
#[derive(Debug)]
struct Step {
    pipeline: Arc<Pipeline>,
    bind_group: wgpu::BindGroup,
    workgroups: [u32; 3],
}

/// A dispatch with the memory that it binds.
pub(crate) struct BoundDispatch<'a> {
    pub kernel: &'a Kernel,
    pub about: &'a About,
    pub bindings: Vec<Bound<'a>>,
}

/// Memory that a dispatch binds.
pub(crate) struct Bound<'a> {
    pub slice: &'a Slice,
    pub access: Access,
    /// Whether it is a slot of the memory plan, which values share within a run.
    pub is_planned: bool,
}

/// The number of the program that is made next.
static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// How many runs of one program may be in flight at once. Two keep the device busy while the host prepares the next; more
/// would only delay the results that the host sees.
const RUNS_IN_FLIGHT: usize = 2;

/// A compiled list of dispatches. Make one with [`crate::tensor::Graph::compile`].
#[derive(Debug)]
pub struct Program {
    gpu: Arc<Gpu>,
    /// Tells it from all other programs.
    id: u64,
    steps: Vec<Step>,
    dispatches: Vec<Dispatch>,
    exchanges: Vec<Exchange>,
    slices: Vec<Slice>,
    memory: MemoryPlan,
    in_flight: VecDeque<wgpu::SubmissionIndex>,
}

impl Program {
    pub(crate) fn new(gpu: &Arc<Gpu>, recipe: Recipe, shared: &mut Slots) -> Result<Self, GpuError> {
        let memory = MemoryPlan::new(&recipe);
        memory.check(gpu, shared, 1)?;
        let slots = shared.take(gpu, memory.slot_bytes())?;
        let mut slices: Vec<Slice> = Vec::with_capacity(recipe.places.len());
        for (i, place) in recipe.places.iter().enumerate() {
            slices.push(match (place, memory.slot_of(BufferId(i))) {
                (Place::Fixed(slice), _) => slice.clone(),
                (Place::Own { bytes }, _) => gpu.storage("an output or gradients", *bytes)?,
                // The buffer that a part belongs to has been placed before it.
                (Place::Part { of, offset, bytes }, _) => slices[of.0].part(*offset, *bytes),
                (Place::Planned { bytes }, Some(slot)) => slots[slot].part(0, *bytes),
                // A planned buffer without a slot is never bound; it gets a place so that ids stay indices.
                (Place::Planned { .. }, None) => gpu.storage("an unused value", 4)?,
            });
        }

        let uniforms = Uniforms::new(gpu, &recipe.dispatches)?;
        let steps = recipe
            .dispatches
            .iter()
            .enumerate()
            .map(|(i, dispatch)| make_step(gpu, dispatch, &slices, uniforms.slice(i)))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            gpu: Arc::clone(gpu),
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            steps,
            dispatches: recipe.dispatches,
            exchanges: recipe.exchanges,
            slices,
            memory,
            in_flight: VecDeque::new(),
        })
    }

    /// Submits one run. Returns when the device has accepted it, and waits only if several earlier runs are still in flight.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] when the device refuses a dispatch, after which it can be used as before;
    /// [`GpuError::Failed`] when it is lost.
    pub fn run(&mut self) -> Result<(), GpuError> {
        if self.gpu.recording().only_notes() {
            self.gpu.recording().run(self.id);
            return Ok(());
        }
        self.gpu.poll()?;
        if self.in_flight.len() >= RUNS_IN_FLIGHT
            && let Some(oldest) = self.in_flight.pop_front()
        {
            self.gpu.wait(Some(oldest))?;
        }
        self.submit(0..self.steps.len())?;
        self.gpu.recording().run(self.id);
        Ok(())
    }

    /// As [`Program::run`], for ranks that run the same program together. Wherever it has a
    /// [`mean_over_ranks`](crate::tensor::Tensor::mean_over_ranks), it stops, lets `replace` change the value, and goes on; this costs a wait for
    /// the device each time.
    ///
    /// # Errors
    /// As [`Program::run`]; those of `replace`.
    pub fn run_with<E: From<GpuError>>(
        &mut self,
        mut replace: impl FnMut(&mut [f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.exchanges.is_empty() {
            return Ok(self.run()?);
        }
        let mut done = 0;
        for Exchange { after, value } in self.exchanges.clone() {
            self.submit(done..after)?;
            let mut values: Vec<f32> = bytemuck::pod_collect_to_vec(&self.gpu.read(self.slice(value))?);
            replace(&mut values)?;
            self.gpu.write(self.slice(value), bytemuck::cast_slice(&values))?;
            done = after;
        }
        // All but what follows has been waited for.
        self.in_flight.clear();
        self.submit(done..self.steps.len())?;
        Ok(())
    }

    /// How many times [`Program::run_with`] stops in between.
    pub fn exchange_count(&self) -> usize {
        self.exchanges.len()
    }

    /// Submits some of its dispatches.
    fn submit(&mut self, steps: Range<usize>) -> Result<(), GpuError> {
        let submission =
            self.gpu.guarded(|| "a program's dispatches".to_owned(), || self.encode(&self.steps[steps]))?;
        self.in_flight.push_back(submission);
        Ok(())
    }

    fn encode(&self, steps: &[Step]) -> wgpu::SubmissionIndex {
        let mut encoder = self.gpu.device().create_command_encoder(&Default::default());
        {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            let mut bound: Option<&Arc<Pipeline>> = None;
            for step in steps {
                if !bound.is_some_and(|b| Arc::ptr_eq(b, &step.pipeline)) {
                    pass.set_pipeline(&step.pipeline.raw);
                    bound = Some(&step.pipeline);
                }
                pass.set_bind_group(0, &step.bind_group, &[]);
                let [x, y, z] = step.workgroups;
                pass.dispatch_workgroups(x, y, z);
            }
        }
        self.gpu.queue().submit([encoder.finish()])
    }

    /// Waits until every run has finished.
    ///
    /// # Errors
    /// [`GpuError::Failed`] when the device is lost or a run failed.
    pub fn finish(&mut self) -> Result<(), GpuError> {
        self.in_flight.clear();
        self.gpu.wait(None)
    }

    /// Seconds of the shortest of five runs after a first one, each waited for: disturbances only ever make a run longer.
    ///
    /// # Errors
    /// Those of [`Program::run`] and [`Program::finish`].
    pub fn best_time(&mut self) -> Result<f64, GpuError> {
        let mut times = Vec::new();
        for _ in 0..6 {
            let started = Instant::now();
            self.run()?;
            self.finish()?;
            times.push(started.elapsed().as_secs_f64());
        }
        // The first also does what a driver puts off until then.
        Ok(times[1..].iter().copied().fold(f64::INFINITY, f64::min))
    }

    /// Where a buffer of the recipe is stored.
    pub(crate) fn slice(&self, id: BufferId) -> &Slice {
        &self.slices[id.0]
    }

    /// The device this program runs on.
    pub fn gpu(&self) -> &Arc<Gpu> {
        &self.gpu
    }

    /// Kernels launched by one run.
    pub fn dispatch_count(&self) -> usize {
        self.steps.len()
    }

    /// Tells it from all other programs.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Its dispatches, with the memory that each binds.
    pub(crate) fn bound_dispatches(&self) -> impl Iterator<Item = BoundDispatch<'_>> {
        self.dispatches.iter().map(|dispatch| BoundDispatch {
            kernel: &dispatch.kernel,
            about: &dispatch.about,
            bindings: dispatch.bindings.iter().map(|(id, access)| self.bound(*id, *access)).collect(),
        })
    }

    fn bound(&self, id: BufferId, access: Access) -> Bound<'_> {
        Bound { slice: self.slice(id), access, is_planned: self.memory.slot_of(id).is_some() }
    }

    /// The kernels of one run, in order.
    pub fn kernels(&self) -> impl Iterator<Item = &Kernel> {
        self.dispatches.iter().map(|d| &d.kernel)
    }

    /// Floating-point operations of one run.
    pub fn flops(&self) -> u64 {
        self.dispatches.iter().map(|d| d.kernel.flops).sum()
    }

    /// Floating-point operations that the device carries out in one run, with the padding of tiles.
    pub fn executed(&self) -> u64 {
        self.dispatches.iter().map(|d| d.kernel.executed).sum()
    }

    /// How the values of a run share memory.
    pub fn memory(&self) -> &MemoryPlan {
        &self.memory
    }
}

/// The uniform structs of all dispatches, in one buffer.
struct Uniforms {
    buffer: Option<Slice>,
    /// Offset and length of each dispatch's struct.
    ranges: Vec<(u64, u64)>,
}

impl Uniforms {
    fn new(gpu: &Gpu, dispatches: &[Dispatch]) -> Result<Self, GpuError> {
        let mut contents = Vec::new();
        let mut ranges = Vec::new();
        for dispatch in dispatches {
            let params = &dispatch.kernel.params;
            ranges.push((contents.len() as u64, params.len() as u64));
            contents.extend_from_slice(params);
            contents.resize(contents.len().next_multiple_of(Gpu::slice_alignment() as usize), 0);
        }
        let buffer = if contents.is_empty() { None } else { Some(gpu.uniform_with("uniforms", &contents)?) };
        Ok(Self { buffer, ranges })
    }

    fn slice(&self, dispatch: usize) -> Option<Slice> {
        let (offset, bytes) = self.ranges[dispatch];
        let buffer = self.buffer.as_ref()?;
        (bytes > 0).then(|| buffer.part(offset, bytes))
    }
}

/// WebGPU forbids a dispatch to write a buffer that it also reads under another binding, even another part of it.
fn check_exclusive(dispatch: &Dispatch, slices: &[Slice]) -> Result<(), GpuError> {
    let buffers = |wanted: Access| {
        let bound = dispatch.bindings.iter().filter(move |(_, access)| *access == wanted);
        bound.map(|(id, _)| &slices[id.0])
    };
    if buffers(Access::Write).any(|written| buffers(Access::Read).any(|read| read.shares_buffer(written))) {
        return Err(GpuError::Invalid {
            what: format!("{} ({})", dispatch.kernel.label, dispatch.about.shapes),
            message: "it would read and write one buffer at once; let it read a copy, such as scale(1.0) gives"
                .to_owned(),
        });
    }
    Ok(())
}

fn make_step(gpu: &Gpu, dispatch: &Dispatch, slices: &[Slice], uniform: Option<Slice>) -> Result<Step, GpuError> {
    let access: Vec<Access> = dispatch.bindings.iter().map(|(_, access)| *access).collect();
    check_exclusive(dispatch, slices)?;
    let pipeline = gpu.pipeline(&dispatch.kernel, &access)?;
    let storage = (1..).zip(dispatch.bindings.iter().map(|(id, _)| &slices[id.0]));
    let entries: Vec<_> = uniform
        .iter()
        .map(|u| (0, u))
        .chain(storage)
        .map(|(binding, slice)| wgpu::BindGroupEntry { binding, resource: slice.binding() })
        .collect();
    let bind_group = gpu.guarded(
        || format!("buffers of {}", dispatch.kernel.label),
        || {
            gpu.device().create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(dispatch.kernel.label),
                layout: &pipeline.layout,
                entries: &entries,
            })
        },
    )?;
    gpu.count_bind_group();
    Ok(Step { pipeline, bind_group, workgroups: dispatch.kernel.workgroups })
}
