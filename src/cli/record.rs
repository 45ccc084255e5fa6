//! `selvedge record`

use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;
use selvedge::files::shown;
use selvedge::gpu::GpuOptions;
use selvedge::train::{Extent, record};

use super::output_file::ForceOption;
use super::table::thousands;
use super::{AdapterOption, ModelArgument, Settings, dataset};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    model: ModelArgument,
    /// Number of steps
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    steps: u32,
    /// The tape to write; it holds the training's images: --limit keeps it small
    #[arg(long, value_name = "FILE.tape", default_value = "training.tape")]
    out: PathBuf,
    #[command(flatten)]
    force: ForceOption,
    #[command(flatten)]
    adapter: AdapterOption,
    #[command(flatten)]
    settings: Settings,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let config = options.settings.config(&options.model)?;
    options.force.check("--out", &options.out, &["tape"], &[])?;
    let data = dataset::load(config.data.as_deref(), &config.reading, None)?;
    let gpu = options.adapter.open_with(&GpuOptions { portable: true, ..options.adapter.options()? })?;
    let images = config.images(&data).len();
    let (config, notes) =
        options.settings.config_on(&options.model, &gpu, &data.form(), Some(config.trained_images(images)))?;
    for note in notes {
        outln!("{note}")?;
    }
    // Drawn at a terminal only.
    let bar = ProgressBar::new(options.steps.into());
    let tape = record(&gpu, &config, &data, Extent::all(options.steps as usize), |step| bar.set_position(step as u64))?;
    bar.finish_and_clear();
    tape.save(&options.out)?;
    let dispatches: usize = tape.programs.iter().map(|program| program.dispatches.len()).sum();
    outln!(
        "{}: {} steps of a {}; {dispatches} dispatches of {} kernels, {} KB before packing",
        shown(&options.out),
        options.steps,
        tape.title,
        tape.kernels.len(),
        thousands(tape.data.len() / 1000)
    )?;
    Ok(())
}
