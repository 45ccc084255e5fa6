//! Time of each dispatch, by the device's own clock.

use std::fmt;

use super::Program;
use crate::gpu::{GpuError, Readback, Slice};

/// The measured time of one dispatch, averaged over runs.
#[derive(Debug, Clone)]
pub struct DispatchTime {
    /// The kernel.
    pub label: &'static str,
    /// Shapes and settings of the op.
    pub note: String,
    /// Device time.
    pub seconds: f64,
    /// Floating-point operations.
    pub flops: u64,
    /// The least bytes the dispatch can move: every bound buffer once.
    pub bytes: u64,
}

/// The measured times of one program.
#[derive(Debug, Clone)]
pub struct Profile {
    /// In running order.
    pub dispatches: Vec<DispatchTime>,
}

impl Program {
    /// Runs the program `runs` times with a timestamp before and after each dispatch.
    ///
    /// Each dispatch gets a compute pass of its own here, which costs a little time that [`Program::run`] saves.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] when the adapter has no timestamps; else as [`Program::run`].
    pub fn profile(&mut self, runs: u32) -> Result<Profile, GpuError> {
        if !self.gpu.has_timestamps() {
            return Err(GpuError::Invalid {
                what: "profile".to_owned(),
                message: "this adapter has no timestamps".to_owned(),
            });
        }
        let mut seconds = vec![0.0; self.steps.len()];
        for _ in 0..runs.max(1) {
            for (sum, time) in seconds.iter_mut().zip(self.timed_run()?) {
                *sum += time / f64::from(runs.max(1));
            }
        }
        let dispatches = self
            .dispatches
            .iter()
            .zip(seconds)
            .map(|(dispatch, seconds)| DispatchTime {
                label: dispatch.kernel.label,
                note: dispatch.note.clone(),
                seconds,
                flops: dispatch.kernel.flops,
                bytes: dispatch.bytes(self),
            })
            .collect();
        Ok(Profile { dispatches })
    }

    fn timed_run(&self) -> Result<Vec<f64>, GpuError> {
        let mut seconds = Vec::with_capacity(self.steps.len());
        // A query set holds wgpu::QUERY_SET_MAX_QUERIES timestamps, two a dispatch.
        for steps in self.steps.chunks(wgpu::QUERY_SET_MAX_QUERIES as usize / 2) {
            let count = 2 * steps.len() as u32;
            let queries = self.gpu.device().create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("dispatch times"),
                ty: wgpu::QueryType::Timestamp,
                count,
            });
            let bytes = u64::from(count) * u64::from(wgpu::QUERY_SIZE);
            let buffer = self.gpu.device().create_buffer(&wgpu::BufferDescriptor {
                label: Some("dispatch times"),
                size: bytes,
                usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            });
            let mut encoder = self.gpu.device().create_command_encoder(&Default::default());
            for (i, step) in (0..).zip(steps) {
                let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                    label: None,
                    timestamp_writes: Some(wgpu::ComputePassTimestampWrites {
                        query_set: &queries,
                        beginning_of_pass_write_index: Some(2 * i),
                        end_of_pass_write_index: Some(2 * i + 1),
                    }),
                });
                pass.set_pipeline(&step.pipeline.raw);
                pass.set_bind_group(0, &step.bind_group, &[]);
                let [x, y, z] = step.workgroups;
                pass.dispatch_workgroups(x, y, z);
            }
            encoder.resolve_query_set(&queries, 0..count, &buffer, 0);
            self.gpu.queue().submit([encoder.finish()]);
            let slice = Slice {
                buffer,
                offset: 0,
                bytes,
            };
            let mut readback = Readback::new(&self.gpu, slice, 1)?;
            readback.request(&self.gpu)?;
            let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&readback.wait(&self.gpu)?);
            let period = f64::from(self.gpu.queue().get_timestamp_period()) * 1e-9;
            seconds.extend(
                ticks
                    .chunks_exact(2)
                    .map(|pair| pair[1].saturating_sub(pair[0]) as f64 * period),
            );
        }
        Ok(seconds)
    }
}

impl Profile {
    /// Device time of one run, in seconds.
    pub fn seconds(&self) -> f64 {
        self.dispatches.iter().map(|d| d.seconds).sum()
    }
}

/// A row a dispatch: time, share of the run, GFLOP/s, GB/s, kernel and shapes.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.seconds().max(f64::MIN_POSITIVE);
        writeln!(
            f,
            "{:>3} {:>9} {:>6} {:>9} {:>8}  {:<24} shapes",
            "#", "ms", "%", "GFLOP/s", "GB/s", "kernel"
        )?;
        for (i, d) in self.dispatches.iter().enumerate() {
            let seconds = d.seconds.max(1e-9);
            writeln!(
                f,
                "{i:>3} {:>9.3} {:>6.1} {:>9.1} {:>8.2}  {:<24} {}",
                d.seconds * 1e3,
                100.0 * d.seconds / total,
                d.flops as f64 / seconds / 1e9,
                d.bytes as f64 / seconds / 1e9,
                d.label,
                d.note
            )?;
        }
        writeln!(f, "{:.3} ms a run", total * 1e3)
    }
}
