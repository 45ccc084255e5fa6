//! The device: choosing an adapter, creating pipelines and buffers, reading back, and the errors of all these.
//!
//! This layer knows kernels and bytes. It knows nothing about tensors, shapes or gradients.

mod adapter;
mod buffer;
mod error;
mod joining;
mod kernel;
mod memory;
mod mesa;
pub(crate) mod params;
mod pipeline;
mod readback;
mod recording;
mod shader_folder;
mod shaders;
mod source;
mod unrolling;
mod variant;

pub use adapter::{AdapterSummary, list_adapters};
pub use buffer::Slice;
pub use error::GpuError;
pub use kernel::{Access, Kernel, fold_workgroups};
pub use mesa::quiet_mesa;
pub use pipeline::Pipeline;
pub use readback::Readback;
pub(crate) use recording::{Event, Recording};
pub use shader_folder::ShaderFolder;
pub use shaders::{SHADER_FILES, ShaderFile, find_shader};
pub(crate) use shaders::{shader, shader_file};
pub use source::Source;
pub use variant::{GemmCore, Variant};

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pipeline::PipelineCache;

/// How to open a [`Gpu`]. [`GpuOptions::from_env`] reads the options from the environment.
#[derive(Debug, Clone, Default)]
pub struct GpuOptions {
    /// An adapter's number, or part of its name, ignoring case. `None`: the best real GPU, else a CPU adapter.
    pub adapter: Option<String>,
    /// Bounds checks in shaders. `None`: on in debug builds.
    pub checked: Option<bool>,
    /// The core of the matrix product. `None`: what [`gemm_core`](crate::tensor::ops::gemm_core) chooses for the adapter.
    pub gemm: Option<GemmCore>,
    /// Bytes of memory that buffers may take. `None`: what the adapter has.
    pub memory: Option<u64>,
    /// Whether kernels are chosen as for a large GPU, whatever the adapter: to see and test on a processor what a GPU would run.
    pub as_gpu: bool,
    /// Whether to ask for no more than WebGPU promises everywhere: no features, its default limits, and the kernels for GPUs, so that what
    /// is compiled can also run in a browser.
    pub portable: bool,
    /// A folder of shader files in place of those built in; see [`ShaderFolder`]. A kernel that any of them is part of runs with
    /// bounds checks.
    pub shaders: Option<PathBuf>,
    /// Whether images are sent batch by batch even if all of them fit: to test and measure that.
    pub stream: bool,
}

impl GpuOptions {
    /// Options from `SELVEDGE_ADAPTER`, `SELVEDGE_CHECKED` (0 or 1), `SELVEDGE_GEMM` (naive, tiled, subgroup),
    /// `SELVEDGE_MEMORY` (MiB), `SELVEDGE_AS_GPU` (0 or 1), `SELVEDGE_SHADERS` (a folder) and `SELVEDGE_STREAM` (0 or 1).
    ///
    /// # Errors
    /// [`GpuError::BadVariable`] when one of the variables holds something else.
    pub fn from_env() -> Result<Self, GpuError> {
        let text = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
        let switch = |name| match text(name).as_deref() {
            None => Ok(None),
            Some("0") => Ok(Some(false)),
            Some("1") => Ok(Some(true)),
            Some(other) => Err(GpuError::bad_variable(name, other, "0 or 1")),
        };
        let checked = switch("SELVEDGE_CHECKED")?;
        let as_gpu = switch("SELVEDGE_AS_GPU")?.unwrap_or(false);
        let stream = switch("SELVEDGE_STREAM")?.unwrap_or(false);
        let gemm = match text("SELVEDGE_GEMM") {
            None => None,
            Some(name) => Some(
                name.parse()
                    .map_err(|()| GpuError::bad_variable("SELVEDGE_GEMM", &name, "naive, tiled or subgroup"))?,
            ),
        };
        let memory = match text("SELVEDGE_MEMORY") {
            None => None,
            Some(number) => match number.parse::<u32>() {
                Ok(mebibytes) if mebibytes > 0 => Some(u64::from(mebibytes) << 20),
                _ => return Err(GpuError::bad_variable("SELVEDGE_MEMORY", &number, "a number of MiB")),
            },
        };
        let shaders = std::env::var_os("SELVEDGE_SHADERS").filter(|path| !path.is_empty()).map(PathBuf::from);
        let adapter = text("SELVEDGE_ADAPTER");
        Ok(Self { adapter, checked, gemm, memory, as_gpu, portable: false, shaders, stream })
    }
}

/// How many objects a [`Gpu`] has created since it was opened. After its first step a program creates none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// Buffers of all kinds.
    pub buffers: u64,
    /// Bind groups: one per dispatch of a program.
    pub bind_groups: u64,
    /// Compiled shaders.
    pub pipelines: u64,
}

#[derive(Debug, Default)]
struct Counters {
    buffers: AtomicU64,
    bind_groups: AtomicU64,
    pipelines: AtomicU64,
}

/// An open device with its queue, its pipeline cache and the facts about its adapter.
///
/// Share it as `Arc<Gpu>`; every method takes `&self` and may be called from several threads.
#[derive(Debug)]
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    summary: AdapterSummary,
    variant: Variant,
    checked: bool,
    shaders: ShaderFolder,
    pipelines: Mutex<PipelineCache>,
    counters: Counters,
    /// Bytes that buffers may take, if known, and bytes that they take.
    memory: Option<u64>,
    in_use: Arc<AtomicU64>,
    stream: bool,
    recording: Recording,
    portable: bool,
    /// Why the device was lost, once it is; it is then unusable.
    lost: Arc<OnceLock<String>>,
    /// An error that arrived outside any call; the next call reports it, and later ones work.
    stray: Arc<Mutex<Option<String>>>,
}

impl Gpu {
    /// Opens the adapter that `options` ask for, with its full limits.
    ///
    /// # Errors
    /// [`GpuError::NoAdapter`] and [`GpuError::AdapterNotFound`] say what was looked for and found;
    /// [`GpuError::OpenDevice`] when the driver refuses; those of [`ShaderFolder::read`].
    pub fn open(options: &GpuOptions) -> Result<Arc<Self>, GpuError> {
        let shaders = options.shaders.as_deref().map(ShaderFolder::read).transpose()?.unwrap_or_default();
        let (adapter, summary) = adapter::choose(options.adapter.as_deref())?;
        let checked = options.checked.unwrap_or(cfg!(debug_assertions));
        let variant = Variant::of(&summary, checked, options.gemm);
        let variant = if options.as_gpu { variant.as_large_gpu() } else { variant };
        let variant = if options.portable { variant.portable() } else { variant };
        let memory = options.memory.or_else(|| memory::of_adapter(&adapter, &summary));
        let wanted = wgpu::Features::SUBGROUP | wgpu::Features::TIMESTAMP_QUERY | wgpu::Features::SHADER_INT64;
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("selvedge"),
            required_features: if options.portable { wgpu::Features::empty() } else { adapter.features() & wanted },
            required_limits: if options.portable { wgpu::Limits::default() } else { adapter.limits() },
            ..Default::default()
        }))
        .map_err(|source| GpuError::OpenDevice { adapter: summary.name.clone(), source })?;

        let lost = Arc::new(OnceLock::new());
        let to_lost = Arc::clone(&lost);
        device.set_device_lost_callback(move |reason, message| {
            // `Destroyed` is our own drop of the device, not a failure.
            if reason != wgpu::DeviceLostReason::Destroyed {
                // Only the first failure is kept: later ones follow from it.
                let _ = to_lost.set(format!("device lost: {message}"));
            }
        });
        let stray = Arc::new(Mutex::new(None));
        let to_stray = Arc::clone(&stray);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            // A poisoned lock only means that another thread panicked while holding it: the text is intact.
            let mut first = to_stray.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert(error.to_string());
        }));

        Ok(Arc::new(Self {
            device,
            queue,
            summary,
            variant,
            checked,
            shaders,
            pipelines: Mutex::default(),
            counters: Counters::default(),
            memory,
            stream: options.stream,
            recording: Recording::default(),
            portable: options.portable,
            in_use: Arc::default(),
            lost,
            stray,
        }))
    }

    /// What is known about the adapter in use.
    pub fn adapter(&self) -> &AdapterSummary {
        &self.summary
    }

    /// The facts by which ops choose among their kernels.
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// What the host does to this device, while a tape is recorded.
    pub(crate) fn recording(&self) -> &Recording {
        &self.recording
    }

    /// The shader files that are not those built in.
    pub fn shaders(&self) -> &ShaderFolder {
        &self.shaders
    }

    /// Whether shaders run with bounds checks.
    pub fn checked(&self) -> bool {
        self.checked
    }

    /// Whether dispatches can be timed on the device.
    pub fn has_timestamps(&self) -> bool {
        self.device.features().contains(wgpu::Features::TIMESTAMP_QUERY)
    }

    /// The objects created so far.
    pub fn created(&self) -> Created {
        Created {
            buffers: self.counters.buffers.load(Ordering::Relaxed),
            bind_groups: self.counters.bind_groups.load(Ordering::Relaxed),
            pipelines: self.counters.pipelines.load(Ordering::Relaxed),
        }
    }

    /// The error that arrived outside any call, if one did.
    ///
    /// # Errors
    /// [`GpuError::Failed`] once the device is lost; [`GpuError::Invalid`], once, for work that the device refused after
    /// the call that asked for it had returned.
    pub fn health(&self) -> Result<(), GpuError> {
        if let Some(message) = self.lost.get() {
            return Err(GpuError::Failed { adapter: self.summary.name.clone(), message: message.clone() });
        }
        match self.stray.lock().unwrap_or_else(PoisonError::into_inner).take() {
            None => Ok(()),
            Some(message) => Err(GpuError::Invalid { what: "an earlier call".to_owned(), message }),
        }
    }

    /// Waits until the device has finished `submission`, or everything when `None`.
    pub(crate) fn wait(&self, submission: Option<wgpu::SubmissionIndex>) -> Result<(), GpuError> {
        // wgpu panics when a lost device is polled, so check first.
        self.health()?;
        self.device
            .poll(wgpu::PollType::Wait { submission_index: submission, timeout: None })
            .map_err(|e| GpuError::Failed { adapter: self.summary.name.clone(), message: e.to_string() })?;
        self.health()
    }

    /// Cleans up after finished work and runs callbacks, without waiting.
    pub(crate) fn poll(&self) -> Result<(), GpuError> {
        self.health()?;
        self.device
            .poll(wgpu::PollType::Poll)
            .map_err(|e| GpuError::Failed { adapter: self.summary.name.clone(), message: e.to_string() })?;
        Ok(())
    }

    pub(crate) fn device(&self) -> &wgpu::Device {
        &self.device
    }

    pub(crate) fn queue(&self) -> &wgpu::Queue {
        &self.queue
    }

    pub(crate) fn count_bind_group(&self) {
        self.counters.bind_groups.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs `make` and returns an error where wgpu would panic.
    pub(crate) fn guarded<T>(&self, what: impl Fn() -> String, make: impl FnOnce() -> T) -> Result<T, GpuError> {
        self.health()?;
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let made = make();
        let invalid = pollster::block_on(validation.pop());
        let no_room = pollster::block_on(memory.pop());
        if no_room.is_some() {
            return Err(GpuError::OutOfMemory { what: what() });
        }
        if let Some(error) = invalid {
            return Err(GpuError::Invalid { what: what(), message: error.to_string() });
        }
        Ok(made)
    }
}
