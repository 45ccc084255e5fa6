//! The time taken by each dispatch, and by the host.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

use serde::Serialize;

use super::describe::executed_per_wanted;
use super::{Ceiling, Program, Step};
use crate::gpu::{GpuError, Readback};

/// The measured time of one dispatch, averaged over runs.
#[derive(Debug, Clone, Serialize)]
pub struct DispatchTime {
    /// The kernel.
    #[serde(rename = "kernel")]
    pub label: &'static str,
    /// Shapes and settings of the op.
    #[serde(rename = "shapes")]
    pub note: String,
    /// Time on the device; with [`Clock::Host`] the time from submission to completion.
    pub seconds: f64,
    /// Floating-point operations wanted, without the padding of tiles.
    pub flops: u64,
    /// Floating-point operations executed, including the padding of tiles.
    pub executed: u64,
    /// The fewest bytes the dispatch can move: every bound buffer once.
    pub bytes: u64,
}

/// Who measured the times of a [`Profile`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The device, with a timestamp before and after each dispatch.
    Device,
    /// The host, submitting each dispatch by itself and waiting for it: the adapter has no timestamps.
    Host,
}

/// The measured times of one program.
#[derive(Debug, Clone)]
pub struct Profile {
    /// In execution order.
    pub dispatches: Vec<DispatchTime>,
    /// Who measured them.
    pub clock: Clock,
    /// Seconds from start to completion of a whole run, without timing its parts: the best of several runs.
    pub run_seconds: f64,
    /// Seconds the host is busy submitting a run.
    pub host_seconds: f64,
    /// Bytes allocated for values that live only within a run.
    pub planned_bytes: u64,
}

/// A profile in a few numbers, in machine-readable form.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Summary {
    /// Images per second.
    pub images_per_second: f64,
    /// 10^9 floating-point operations per second, over the whole run.
    pub gflops: f64,
    /// Dispatches in a run.
    pub dispatches: usize,
    /// Microseconds the host is busy with a run.
    pub host_microseconds: f64,
    /// Bytes allocated for values that live only within a run.
    pub planned_bytes: u64,
}

impl Program {
    /// Runs the program `runs` times as a whole and `runs` times in parts, each dispatch in a compute pass of its own with a
    /// timestamp before and after. Where the adapter has no timestamps, each dispatch is submitted and waited for by itself.
    ///
    /// # Errors
    /// As [`Program::run`].
    pub fn profile(&mut self, runs: u32) -> Result<Profile, GpuError> {
        let runs = runs.max(1);
        // The first run compiles what the driver compiles lazily.
        self.run()?;
        self.finish()?;
        let (mut run_seconds, mut host_seconds) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..runs {
            let started = Instant::now();
            self.run()?;
            host_seconds = host_seconds.min(started.elapsed().as_secs_f64());
            self.finish()?;
            run_seconds = run_seconds.min(started.elapsed().as_secs_f64());
        }
        let clock = if self.gpu.has_timestamps() { Clock::Device } else { Clock::Host };
        let mut seconds = vec![0.0; self.steps.len()];
        for _ in 0..runs {
            let times = match clock {
                Clock::Device => self.run_with_timestamps()?,
                Clock::Host => self.run_one_by_one()?,
            };
            for (sum, time) in seconds.iter_mut().zip(times) {
                *sum += time / f64::from(runs);
            }
        }
        let dispatches = self
            .dispatches
            .iter()
            .zip(seconds)
            .map(|(dispatch, seconds)| DispatchTime {
                label: dispatch.kernel.label,
                note: dispatch.about.shapes.clone(),
                seconds,
                flops: dispatch.kernel.flops,
                executed: dispatch.kernel.executed,
                bytes: dispatch.bytes(self),
            })
            .collect();
        Ok(Profile { dispatches, clock, run_seconds, host_seconds, planned_bytes: self.memory.planned_bytes() })
    }

    fn run_one_by_one(&self) -> Result<Vec<f64>, GpuError> {
        self.steps
            .iter()
            .map(|step| {
                let started = Instant::now();
                let mut encoder = self.gpu.device().create_command_encoder(&Default::default());
                launch(&mut encoder.begin_compute_pass(&Default::default()), step);
                let submission = self.gpu.queue().submit([encoder.finish()]);
                self.gpu.wait(Some(submission))?;
                Ok(started.elapsed().as_secs_f64())
            })
            .collect()
    }

    fn run_with_timestamps(&self) -> Result<Vec<f64>, GpuError> {
        let mut seconds = Vec::with_capacity(self.steps.len());
        // A query set holds wgpu::QUERY_SET_MAX_QUERIES timestamps, two per dispatch.
        for steps in self.steps.chunks(wgpu::QUERY_SET_MAX_QUERIES as usize / 2) {
            let count = 2 * steps.len() as u32;
            let queries = self.gpu.device().create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("dispatch times"),
                ty: wgpu::QueryType::Timestamp,
                count,
            });
            let bytes = u64::from(count) * u64::from(wgpu::QUERY_SIZE);
            let usage = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
            let times = self.gpu.make_buffer("dispatch times", bytes, usage)?;
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
                launch(&mut pass, step);
            }
            encoder.resolve_query_set(&queries, 0..count, times.buffer(), 0);
            self.gpu.queue().submit([encoder.finish()]);
            let mut readback = Readback::new(&self.gpu, times, 1)?;
            readback.request(&self.gpu)?;
            let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&readback.wait(&self.gpu)?);
            let period = f64::from(self.gpu.queue().get_timestamp_period()) * 1e-9;
            seconds.extend(ticks.chunks_exact(2).map(|pair| pair[1].saturating_sub(pair[0]) as f64 * period));
        }
        Ok(seconds)
    }
}

fn launch(pass: &mut wgpu::ComputePass, step: &Step) {
    pass.set_pipeline(&step.pipeline.raw);
    pass.set_bind_group(0, &step.bind_group, &[]);
    let [x, y, z] = step.workgroups;
    pass.dispatch_workgroups(x, y, z);
}

impl Profile {
    /// Time of all dispatches together, in seconds.
    pub fn seconds(&self) -> f64 {
        self.dispatches.iter().map(|d| d.seconds).sum()
    }

    /// The profile of a run over `images` images in a few numbers.
    pub fn summary(&self, images: usize) -> Summary {
        let flops: u64 = self.dispatches.iter().map(|d| d.flops).sum();
        Summary {
            images_per_second: images as f64 / self.run_seconds,
            gflops: flops as f64 / self.run_seconds / 1e9,
            dispatches: self.dispatches.len(),
            host_microseconds: 1e6 * self.host_seconds,
            planned_bytes: self.planned_bytes,
        }
    }

    /// The run as a trace in Chrome's format, JSON: open it in Perfetto or `chrome://tracing`.
    pub fn trace(&self) -> String {
        let mut at = 0.0;
        let event = |d: &DispatchTime| {
            let start = at;
            at += d.seconds;
            serde_json::json!({
                "name": d.label,
                "cat": "dispatch",
                "ph": "X",
                "ts": 1e6 * start,
                "dur": 1e6 * d.seconds,
                "pid": 1,
                "tid": 1,
                "args": {
                    "shapes": d.note,
                    "gflops": d.flops as f64 / d.seconds.max(1e-9) / 1e9,
                    "gigabytes_per_second": d.bytes as f64 / d.seconds.max(1e-9) / 1e9,
                },
            })
        };
        let events: Vec<_> = self.dispatches.iter().map(event).collect();
        serde_json::json!({ "traceEvents": events, "displayTimeUnit": "ms" }).to_string()
    }

    /// Tables of all dispatches and of the kinds of kernels, with the share of the adapter's `ceiling` that each
    /// reaches: of arithmetic or of memory, whichever is larger.
    pub fn table(&self, ceiling: Ceiling) -> String {
        Tables { profile: self, ceiling }.to_string()
    }
}

/// The two tables of a profile.
struct Tables<'a> {
    profile: &'a Profile,
    ceiling: Ceiling,
}

/// What one dispatch costs, or several together.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    seconds: f64,
    flops: u64,
    executed: u64,
    bytes: u64,
    dispatches: usize,
}

impl Cost {
    fn of(time: &DispatchTime) -> Self {
        let DispatchTime { seconds, flops, executed, bytes, .. } = *time;
        Self { seconds, flops, executed, bytes, dispatches: 1 }
    }

    fn add(&mut self, other: Self) {
        self.seconds += other.seconds;
        self.flops += other.flops;
        self.executed += other.executed;
        self.bytes += other.bytes;
        self.dispatches += other.dispatches;
    }
}

impl Tables<'_> {
    /// Milliseconds, share of the run, wanted GFLOP/s, operations executed per wanted one, GB/s, share of the ceiling.
    fn row(&self, f: &mut fmt::Formatter<'_>, cost: Cost) -> fmt::Result {
        let total = self.profile.seconds().max(f64::MIN_POSITIVE);
        let speed = self.ceiling.speed(cost.flops, cost.bytes, cost.seconds);
        write!(
            f,
            "{:>9.3} {:>6.1} {:>9.1} {:>5} {:>8.2} {:>8.0}",
            speed.milliseconds,
            100.0 * cost.seconds / total,
            speed.gflops,
            executed_per_wanted(cost.flops, cost.executed),
            speed.gigabytes_per_second,
            100.0 * speed.share_of_ceiling
        )
    }
}

impl fmt::Display for Tables<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const COLUMNS: &str = "       ms      %   GFLOP/s  exec     GB/s  %ceiling";
        writeln!(f, "  #{COLUMNS}  {:<22} shapes", "kernel")?;
        for (i, time) in self.profile.dispatches.iter().enumerate() {
            write!(f, "{i:>3}")?;
            self.row(f, Cost::of(time))?;
            writeln!(f, "  {:<22} {}", time.label, time.note)?;
        }

        let mut kinds: BTreeMap<&str, Cost> = BTreeMap::new();
        for time in &self.profile.dispatches {
            kinds.entry(time.label).or_default().add(Cost::of(time));
        }
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by(|a, b| b.1.seconds.total_cmp(&a.1.seconds));
        writeln!(f, "\n  n{COLUMNS}  kind of kernel")?;
        for (label, cost) in kinds {
            write!(f, "{:>3}", cost.dispatches)?;
            self.row(f, cost)?;
            writeln!(f, "  {label}")?;
        }
        writeln!(f)?;
        if self.profile.clock == Clock::Host {
            writeln!(f, "The adapter has no timestamps: each dispatch was submitted and waited for by itself.")?;
        }
        writeln!(
            f,
            "{:.3} ms in {} dispatches; a whole run takes {:.3} ms, of which the host is busy {:.3} ms.",
            1e3 * self.profile.seconds(),
            self.profile.dispatches.len(),
            1e3 * self.profile.run_seconds,
            1e3 * self.profile.host_seconds
        )?;
        writeln!(
            f,
            "exec: operations executed for each wanted one, where tiles reach beyond the edges of a result.\n\
             %ceiling: of {:.0} GFLOP/s or {:.1} GB/s, whichever share is larger.",
            self.ceiling.flops / 1e9,
            self.ceiling.bytes / 1e9
        )
    }
}
