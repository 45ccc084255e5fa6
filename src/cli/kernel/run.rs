//! `selvedge kernel run`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{anyhow, bail};
use clap::Args;
use selvedge::gpu::{GemmCore, Gpu, GpuOptions};
use selvedge::gradcheck::{Report, Tolerance, check_output, gradcheck};
use selvedge::plot::{self, SpeedPicture};
use selvedge::program::{Ceiling, DispatchTime, Speed};
use selvedge::tensor::ops::gemm_core;
use selvedge::tensor::{Graph, Tensor};
use serde::Serialize;

use super::cases::Case;
use super::{Sizes, without};
use crate::cli::AdapterOption;
use crate::cli::output_file::ForceOption;
use crate::cli::sizes;
use crate::cli::table::{table, thousands};
use crate::cli::terminal::print_json;

#[derive(Debug, Args)]
pub struct Options {
    /// The op; `selvedge kernel list` has them
    #[arg(value_name = "OP")]
    op: String,
    /// The sizes of its inputs [default: those of `selvedge kernel list`]
    #[arg(long, value_name = "SIZES")]
    shape: Option<Sizes>,
    /// The core of the matrix product, or all [default: the adapter's]
    #[arg(long, value_name = "CORE", value_parser = cores)]
    core: Option<Cores>,
    /// Check the op's gradient by finite differences too, and time its kernels
    #[arg(long)]
    gradient: bool,
    /// Number of runs to average over
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    runs: u32,
    /// Also draw the speeds as bars below the adapter's ceiling
    #[arg(long, value_name = "FILE.png|svg")]
    plot: Option<PathBuf>,
    #[command(flatten)]
    force: ForceOption,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    adapter: AdapterOption,
}

/// One core, or all that the adapter can run.
#[derive(Debug, Clone, Copy)]
enum Cores {
    All,
    One(GemmCore),
}

fn cores(text: &str) -> Result<Cores, String> {
    match text {
        "all" => Ok(Cores::All),
        text => super::core(text).map(Cores::One).map_err(|problem| format!("{problem}, or all")),
    }
}

/// The most multiply-adds of the double-precision check: about a second of one processor core.
const MOST_CHECKED: u64 = 150_000_000;

/// What was measured of one kernel.
#[derive(Serialize)]
struct Measured {
    core: Option<&'static str>,
    kernel: &'static str,
    direction: &'static str,
    #[serde(flatten)]
    speed: Speed,
    /// Operations executed for each wanted one.
    executed: f64,
}

/// The outcome of a check against double precision.
#[derive(Serialize)]
struct Checked {
    core: Option<&'static str>,
    sizes: String,
    what: &'static str,
    compared: usize,
    wrong: usize,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let op = &options.op;
    let case = Case::find(op).map_err(|problem| anyhow!("'{op}' cannot be run by itself: {problem}"))?;
    if options.core.is_some() && !case.is_product {
        bail!("--core has no meaning for {op}: no core of the matrix product computes it");
    }
    if let Some(path) = &options.plot {
        options.force.check("--plot", path, &["png", "svg"], &[])?;
    }
    let device = options.adapter.options()?;
    let gpu = options.adapter.open_with(&device)?;
    let sizes = case.sizes_of(options.shape.as_ref(), &gpu)?;
    let cores = options.cores(&gpu);
    // By the kernels that are built in.
    let ceiling = Ceiling::measure(&Gpu::open(&GpuOptions { shaders: None, ..device.clone() })?)?;
    let (mut measured, mut checks, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for core in cores {
        let gpu = match core {
            Some(core) => Gpu::open(&GpuOptions { gemm: Some(core), ..device.clone() })?,
            None => Arc::clone(&gpu),
        };
        let name = case.is_product.then(|| core.or(gemm_core(gpu.variant()).ok()).map(GemmCore::name)).flatten();
        let odd = if options.gradient { "output and gradients" } else { "output" };
        for (sizes, what) in [(case.checkable(&sizes), "output"), (case.odd.to_vec(), odd)] {
            let report = check(case, &gpu, &sizes, what == "output")?;
            let wrong = report.disagreements.len();
            checks.push(Checked { core: name, sizes: sizes::shown(&sizes), what, compared: report.compared, wrong });
            failed.extend(report.disagreements.into_iter().map(|found| found.to_string()).take(1));
        }
        measured.extend(options.time(case, &gpu, &sizes, &ceiling, name)?);
    }
    if let Some(path) = &options.plot {
        draw(path, &format!("{op} {} on {}", sizes::shown(&sizes), gpu.adapter().name), &measured)?;
    }
    if options.json {
        let title = format!("{op} {}", sizes::shown(&sizes));
        let value = serde_json::json!({
            "op": title, "adapter": gpu.adapter().name, "ceiling": { "flops": ceiling.flops, "bytes": ceiling.bytes },
            "kernels": measured, "checks": checks, "wrong": failed,
        });
        print_json(&value)?;
    } else {
        outln!("{op} {} on {}: {}\n", sizes::shown(&sizes), gpu.adapter().name, case.computes)?;
        print(&measured, &checks, &ceiling)?;
    }
    match failed.is_empty() {
        true => Ok(()),
        false => bail!("{op} is wrong: {}", failed.join("; ")),
    }
}

/// Compares an op with double precision at these sizes, and its gradients with finite differences.
fn check(case: &Case, gpu: &Arc<Gpu>, sizes: &[usize], only_output: bool) -> anyhow::Result<Report> {
    let (inputs, tolerance) = (case.inputs(sizes), Tolerance { samples: 24, ..Tolerance::default() });
    Ok(match only_output {
        true => check_output(gpu, &inputs, tolerance, |x| case.apply(x), |x| case.reference(x))?,
        false => gradcheck(gpu, &inputs, tolerance, |x| case.apply(x), |x| case.reference(x))?,
    })
}

impl Options {
    /// The cores to run; none where the adapter's own choice is meant.
    fn cores(&self, gpu: &Gpu) -> Vec<Option<GemmCore>> {
        let can_run = |core: &GemmCore| {
            let asking = selvedge::gpu::Variant { asked_gemm: Some(*core), ..gpu.variant() };
            gemm_core(asking).is_ok()
        };
        match self.core {
            None => vec![None],
            Some(Cores::One(core)) => vec![Some(core)],
            Some(Cores::All) => GemmCore::ALL.into_iter().filter(can_run).map(Some).collect(),
        }
    }

    /// Times the kernels of the op, and on request those of its gradient.
    fn time(
        &self,
        case: &Case,
        gpu: &Arc<Gpu>,
        sizes: &[usize],
        ceiling: &Ceiling,
        core: Option<&'static str>,
    ) -> anyhow::Result<Vec<Measured>> {
        let graph = Graph::new(gpu);
        let (forward, backward) = case.record(&graph, sizes)?;
        let profile_of =
            |outputs: &[&Tensor]| graph.compile(outputs)?.program().profile(self.runs).map_err(anyhow::Error::from);
        let output = forward;
        let forward = profile_of(&[&output])?.dispatches;
        let measured = |direction| {
            move |time: &DispatchTime| Measured {
                core,
                kernel: time.label,
                direction,
                speed: ceiling.speed(time.flops, time.bytes, time.seconds),
                executed: time.executed as f64 / time.flops.max(1) as f64,
            }
        };
        let mut all: Vec<Measured> = forward.iter().map(measured("forward")).collect();
        if self.gradient {
            let both: Vec<&Tensor> = std::iter::once(&output).chain(&backward).collect();
            let what = |time: &DispatchTime| (time.label, time.note.clone());
            let times = without(profile_of(&both)?.dispatches, &forward, what);
            all.extend(times.iter().map(measured("backward")));
        }
        Ok(all)
    }
}

fn draw(path: &Path, title: &str, measured: &[Measured]) -> anyhow::Result<()> {
    let name =
        |one: &Measured| one.core.map_or_else(|| one.kernel.to_owned(), |core| format!("{}, {core}", one.kernel));
    let shares: Vec<_> = measured.iter().map(|one| (name(one), one.speed.share_of_ceiling)).collect();
    let picture = SpeedPicture { title, shares: &shares };
    Ok(plot::save(&picture, path)?)
}

fn print(measured: &[Measured], checks: &[Checked], ceiling: &Ceiling) -> anyhow::Result<()> {
    let headings = ["core", "kernel", "", "ms", "GFLOP/s", "exec", "GB/s", "%ceiling"];
    let mut rows = vec![headings.map(str::to_owned)];
    rows.extend(measured.iter().map(|one| {
        let no_flops = one.speed.gflops == 0.0;
        [
            one.core.unwrap_or("-").to_owned(),
            one.kernel.to_owned(),
            one.direction.to_owned(),
            format!("{:.3}", one.speed.milliseconds),
            if no_flops { "-".to_owned() } else { format!("{:.1}", one.speed.gflops) },
            if no_flops { "-".to_owned() } else { format!("{:.2}", one.executed) },
            format!("{:.2}", one.speed.gigabytes_per_second),
            format!("{:.0}", 100.0 * one.speed.share_of_ceiling),
        ]
    }));
    outln!("{}", table(&rows, &[3, 4, 5, 6, 7]))?;
    for check in checks {
        let core = check.core.map(|core| format!("{core}: ")).unwrap_or_default();
        let outcome = match check.wrong {
            0 => "as in double precision".to_owned(),
            wrong => format!("{} of them are WRONG", thousands(wrong)),
        };
        let compared = thousands(check.compared);
        outln!("{core}{} at {}, {compared} values: {outcome}", check.what, check.sizes)?;
    }
    outln!(
        "\nexec: operations executed for each wanted one. %ceiling: of the {:.0} GFLOP/s or {:.1} GB/s that this adapter reaches \
         at best, whichever share is larger.",
        ceiling.flops / 1e9,
        ceiling.bytes / 1e9
    )?;
    Ok(())
}

impl Case {
    /// These sizes, the largest halved until the check in double precision takes a second at most.
    fn checkable(&self, sizes: &[usize]) -> Vec<usize> {
        let mut sizes = sizes.to_vec();
        while self.effort(&sizes) > MOST_CHECKED {
            let Some(largest) = sizes.iter_mut().max() else {
                break;
            };
            *largest /= 2;
        }
        sizes
    }

    /// The sizes that were asked for, or the usual ones, if the adapter can hold such inputs.
    pub fn sizes_of(&self, asked: Option<&Sizes>, gpu: &Gpu) -> anyhow::Result<Vec<usize>> {
        let Some(Sizes(sizes)) = asked else {
            return Ok(self.usual.to_vec());
        };
        if sizes.len() != self.usual.len() {
            bail!("--shape of {} is {}, such as {}", self.name, self.sizes, sizes::shown(self.usual));
        }
        sizes::must_fit(sizes, self.inputs, gpu)?;
        Ok(sizes.clone())
    }
}
