//! Pipelines, created once for each distinct shader text and set of constants.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::source::join;
use super::unrolling::Loops;
use super::{Access, Gpu, GpuError, Kernel};

/// A compiled kernel and the layout of its one bind group.
#[derive(Debug)]
pub struct Pipeline {
    pub(crate) raw: wgpu::ComputePipeline,
    pub(crate) layout: wgpu::BindGroupLayout,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    text: String,
    entry: &'static str,
    /// Whether it runs with bounds checks.
    checked: bool,
    /// Constants by name and bits of the value, since `f64` has no `Eq`.
    constants: Vec<(&'static str, u64)>,
    access: Vec<Access>,
}

#[derive(Debug, Default)]
pub(super) struct PipelineCache(HashMap<Key, Arc<Pipeline>>);

impl Gpu {
    /// The pipeline of `kernel` with storage buffers used according to `access`; created at the first request.
    ///
    /// # Errors
    /// [`GpuError::Source`] when the shader's files cannot be joined; [`GpuError::Invalid`] with the compiler's message when
    /// the text or its bindings are wrong, or when it would miss most of a folded launch (see [`Kernel::threads`]).
    pub fn pipeline(&self, kernel: &Kernel, access: &[Access]) -> Result<Arc<Pipeline>, GpuError> {
        let pieces = kernel.source.pieces(&self.shaders, self.loops())?;
        let key = Key {
            text: join(&pieces),
            entry: kernel.entry,
            checked: self.checked || !kernel.source.trusts(&pieces),
            constants: kernel.constants.iter().map(|(name, value)| (*name, value.to_bits())).collect(),
            access: access.to_vec(),
        };
        if kernel.folded && !key.text.contains("num_workgroups") {
            return Err(GpuError::Invalid {
                what: format!("shader of {}", kernel.label),
                message: "this many workgroups are folded over two dimensions, but the shader does not ask for num_workgroups. \
                          Let it find its thread's number with linear_workgroup() of '#import common/grid.wgsl'"
                    .to_owned(),
            });
        }
        // The lock is held while compiling, so that two threads never make the same pipeline.
        // A poisoned lock only means that another thread panicked between two map operations.
        let mut cache = self.pipelines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(found) = cache.0.get(&key) {
            return Ok(Arc::clone(found));
        }
        let files = pieces.iter().map(|piece| piece.name).collect::<Vec<_>>().join(" + ");
        let pipeline =
            self.guarded(|| format!("shader of {} ({files})", kernel.label), || self.make_pipeline(kernel, &key))?;
        self.counters.pipelines.fetch_add(1, Ordering::Relaxed);
        let pipeline = Arc::new(pipeline);
        cache.0.insert(key, Arc::clone(&pipeline));
        Ok(pipeline)
    }

    /// The text that this device compiles for `kernel`: every file once, below a line with its name and below the files it
    /// imports. `override` constants are `const` here, with the values that the host gives them.
    ///
    /// # Errors
    /// [`GpuError::Source`] when the files cannot be joined.
    pub fn text_of(&self, kernel: &Kernel) -> Result<String, GpuError> {
        Ok(kernel.with_constants(&join(&kernel.source.pieces(&self.shaders, self.loops())?)))
    }

    /// The same as DX12 gets it, with the loops below a line `#unroll` written out.
    ///
    /// # Errors
    /// As [`Gpu::text_of`].
    pub fn unrolled_text_of(&self, kernel: &Kernel) -> Result<String, GpuError> {
        Ok(kernel.with_constants(&join(&kernel.source.pieces(&self.shaders, Loops::WrittenOut)?)))
    }

    /// DX12's compilers keep an array that a loop indexes in memory instead of registers.
    fn loops(&self) -> Loops {
        match self.summary.backend {
            wgpu::Backend::Dx12 if !self.portable => Loops::WrittenOut,
            _ => Loops::Kept,
        }
    }

    fn make_pipeline(&self, kernel: &Kernel, key: &Key) -> Pipeline {
        let descriptor = wgpu::ShaderModuleDescriptor {
            label: Some(kernel.label),
            source: wgpu::ShaderSource::Wgsl(key.text.as_str().into()),
        };
        let module = if key.checked {
            self.device.create_shader_module(descriptor)
        } else {
            // SAFETY: without checks the shader itself must stay inside its buffers, end its loops and not divide by zero.
            // Only texts from this crate's `shaders/` get here, and those whose author has promised as much in an `unsafe`
            // block (`Source::trusted`). Ours take their sizes from the same shape rule that sized the buffers, and the test
            // suite runs each of them, in every variant, with checks on and against references.
            unsafe { self.device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked()) }
        };
        let uniform = (!kernel.params.is_empty()).then_some((0, wgpu::BufferBindingType::Uniform));
        let storage = (1..).zip(
            key.access.iter().map(|access| wgpu::BufferBindingType::Storage { read_only: *access == Access::Read }),
        );
        let entries: Vec<_> = uniform
            .into_iter()
            .chain(storage)
            .map(|(binding, ty)| wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
                count: None,
            })
            .collect();
        let layout = self.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some(kernel.label),
            entries: &entries,
        });
        let pipeline_layout = self.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(kernel.label),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let raw = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(kernel.label),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some(kernel.entry),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &kernel.constants,
                // Every kernel writes its workgroup memory before reading it.
                zero_initialize_workgroup_memory: key.checked,
            },
            cache: None,
        });
        Pipeline { raw, layout }
    }
}
