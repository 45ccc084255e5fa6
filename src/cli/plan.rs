//! `selvedge plan`

use clap::Args;
use serde_json::json;

use super::terminal::print_json;
use super::{AdapterOption, StepOptions};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    step: StepOptions,
    /// Choose kernels as for a large GPU, whatever the adapter is
    #[arg(long)]
    as_gpu: bool,
    /// Print one JSON object with every dispatch
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    adapter: AdapterOption,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let mut gpu_options = options.adapter.options()?;
    gpu_options.as_gpu |= options.as_gpu;
    let gpu = options.adapter.open_with(&gpu_options)?;
    let mut step = options.step.compile(&gpu)?;
    let program = step.compiled.program();
    if options.json {
        print_json(&json!({
            "title": step.title,
            "flops": program.flops(),
            "executed": program.executed(),
            "planned_bytes": program.memory().planned_bytes(),
            "dispatches": program.dispatch_summaries(),
        }))?;
    } else {
        outln!("{}\n", step.title)?;
        outln!("{program}")?;
    }
    Ok(())
}
