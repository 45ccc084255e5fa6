//! `selvedge lr-find`

use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;
use selvedge::files::shown;
use selvedge::plot::{self, RateCurve};
use selvedge::train::{RateSweep, find_rate};

use super::output_file::ForceOption;
use super::{AdapterOption, ModelArgument, Settings, dataset};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    model: ModelArgument,
    /// Rate of the first step
    #[arg(long, value_name = "RATE", default_value_t = 1e-5)]
    from: f64,
    /// Rate of the last step
    #[arg(long, value_name = "RATE", default_value_t = 10.0)]
    to: f64,
    /// Maximum number of steps
    #[arg(long, value_name = "N", default_value_t = 100)]
    steps: usize,
    /// The picture to write, .png or .svg
    #[arg(long, value_name = "FILE", default_value = "lr-find.png")]
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
    let sweep = RateSweep { from: options.from, to: options.to, steps: options.steps };
    sweep.validate()?;
    options.force.check("--out", &options.out, &["png", "svg"], &[])?;
    let data = dataset::load(config.data.as_deref(), &config.reading, None)?;
    let gpu = options.adapter.open()?;
    let images = config.images(&data).len();
    let (config, notes) =
        options.settings.config_on(&options.model, &gpu, &data.form(), Some(config.trained_images(images)))?;
    for note in notes {
        outln!("{note}")?;
    }
    // Drawn at a terminal only.
    let bar = ProgressBar::new(options.steps as u64);
    let found = find_rate(&gpu, &config, &data, sweep, |step| bar.set_position(step as u64))?;
    bar.finish_and_clear();
    let curve = RateCurve { points: &found.points, suggestion: found.suggestion() };
    plot::save(&curve, &options.out)?;
    outln!(
        "the loss falls fastest at rate {:.1e} and is lowest at {:.1e}; try --lr {:.1e}; picture: {}",
        found.steepest,
        found.lowest,
        found.suggestion(),
        shown(&options.out)
    )?;
    Ok(())
}
