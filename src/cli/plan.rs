//! `selvedge plan`

use clap::Args;

use super::{AdapterOption, StepOptions};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    step: StepOptions,
    #[command(flatten)]
    adapter: AdapterOption,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let gpu = options.adapter.open_quietly()?;
    let mut step = options.step.compile(&gpu)?;
    outln!("{}\n", step.title)?;
    outln!("{}", step.compiled.program())?;
    Ok(())
}
