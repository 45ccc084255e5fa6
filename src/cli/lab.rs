//! `selvedge lab`

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use indicatif::ProgressBar;
use selvedge::files::shown;
use selvedge::gpu::GpuOptions;
use selvedge::lab::Lab;
use selvedge::settings::{Recipe, TrainConfig};
use selvedge::train::{Extent, record};

use super::command_line::command_line;
use super::output_file::ForceOption;
use super::{AdapterOption, ModelArgument, Settings, dataset};

/// Images to train with, if nothing is said.
const IMAGES: usize = 2000;
/// Images that the page predicts at once.
const PREDICTED: usize = 20;

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    model: ModelArgument,
    /// Images to train with; a quarter as many more are held out, to see how well the network does on them [default: 2000, or four fifths of
    /// --limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(40..=1_000_000), conflicts_with = "limit")]
    images: Option<u32>,
    /// Number of steps
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    steps: u32,
    /// How many of them, from the first, are trained here, for the page to compare with
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    compared: u32,
    /// The page to write
    #[arg(long, value_name = "FILE.html", default_value = "lab.html")]
    out: PathBuf,
    #[command(flatten)]
    force: ForceOption,
    #[command(flatten)]
    adapter: AdapterOption,
    #[command(flatten)]
    settings: Settings,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    options.force.check("--out", &options.out, &["html"], &[])?;
    // Muon's products would be two hundred more dispatches to look at.
    let settings = options.settings.or_recipe(Recipe::Standard);
    let given = settings.config(&options.model)?;
    if given.validation_share != TrainConfig::VALIDATION_SHARE {
        bail!("the page holds out a fifth of its images: give --validation-share 0.2");
    }
    let data = dataset::load(given.data.as_deref(), &given.reading, None)?;
    let gpu = options.adapter.open_with(&GpuOptions { portable: true, ..options.adapter.options()? })?;
    let wanted = match (options.images, given.limit) {
        (Some(images), _) => images as usize,
        (None, Some(limit)) => given.trained_images(limit),
        (None, None) => IMAGES,
    };
    let images = wanted.min(given.trained_images(data.train.len()));
    if images < wanted {
        outln!("{images} images to train with: the data has no more, with a quarter as many held out")?;
    }
    let (mut config, notes) = settings.config_on(&options.model, &gpu, &data.form(), Some(images))?;
    for note in notes {
        outln!("{note}")?;
    }
    config.limit = Some(images + images / 4);
    let steps = options.steps as usize;
    let extent = Extent { steps, run: (options.compared as usize).min(steps), predicted: Some(PREDICTED) };
    // A last batch of a single image is left out of an epoch.
    let batches = images / config.batch_size + usize::from(images % config.batch_size > 1);
    config.epochs = config.epochs.max(steps.div_ceil(batches.div_ceil(config.accumulate).max(1)));
    // Drawn at a terminal only.
    let bar = ProgressBar::new(options.steps.into());
    let tape = record(&gpu, &config, &data, extent, |step| bar.set_position(step as u64))?;
    bar.finish_and_clear();
    Lab { tape: &tape, config: &config, data: &data, command: &command_line() }.write(&options.out)?;
    let size = options.out.metadata().map(|about| about.len()).unwrap_or_default();
    outln!(
        "{}: {steps} steps of a {}, {:.1} MB; open it in a browser with WebGPU",
        shown(&options.out),
        tape.title,
        size as f64 / 1e6
    )?;
    Ok(())
}
