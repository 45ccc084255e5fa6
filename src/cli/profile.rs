//! `selvedge profile`

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use selvedge::files::write_atomically;
use selvedge::program::Ceiling;

use super::output_file::ForceOption;
use super::terminal::print_json;
use super::{AdapterOption, StepOptions};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    step: StepOptions,
    /// Number of steps to average over
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    steps: u32,
    /// Also write the step as a trace in Chrome's format, which Perfetto opens
    #[arg(long, value_name = "FILE.json")]
    trace: Option<PathBuf>,
    #[command(flatten)]
    force: ForceOption,
    /// Print one JSON object instead of tables, with every dispatch
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    adapter: AdapterOption,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    if let Some(path) = &options.trace {
        let read = options.step.config_file();
        let inputs: Vec<&Path> = read.iter().map(PathBuf::as_path).collect();
        options.force.check("--trace", path, &["json"], &inputs)?;
    }
    let gpu = options.adapter.open_quietly()?;
    let mut step = options.step.compile(&gpu)?;
    let profile = step.compiled.program().profile(options.steps)?;
    if let Some(path) = &options.trace {
        write_atomically(path, |file| file.write_all(profile.trace().as_bytes()))?;
    }
    let summary = profile.summary(step.batch);
    if options.json {
        let mut whole = serde_json::to_value(summary)?;
        whole["kernels"] = serde_json::to_value(&profile.dispatches)?;
        print_json(&whole)?;
    } else {
        outln!("{} on {}\n", step.title, gpu.adapter().name)?;
        outln!("{}", profile.table(Ceiling::measure(&gpu)?))?;
        outln!("{:.1} images/s, {:.1} GFLOP/s", summary.images_per_second, summary.gflops)?;
    }
    Ok(())
}
