//! `selvedge plan`

use clap::Args;
use selvedge::data::{HEIGHT, ImageSet, PIXELS, WIDTH};
use selvedge::train::{Normalisation, TrainConfig, training_step};

use super::AdapterOption;

#[derive(Debug, Args)]
pub struct Options {
    /// Images a step
    #[arg(long, default_value_t = TrainConfig::default().batch_size)]
    batch_size: usize,
    /// Time each dispatch over this many steps (needs an adapter with timestamps)
    #[arg(long, value_name = "STEPS")]
    profile: Option<u32>,
    #[command(flatten)]
    adapter: AdapterOption,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let config = TrainConfig {
        batch_size: options.batch_size,
        ..TrainConfig::default()
    };
    config.validate()?;
    let gpu = options.adapter.open()?;
    // What the images show does not matter to a plan.
    let images = ImageSet::new(
        "blank images",
        vec![0; options.batch_size * PIXELS],
        vec![0; options.batch_size],
    )?;
    let normalisation = Normalisation {
        mean: 0.0,
        deviation: 1.0,
    };
    let mut step = training_step(&gpu, &config, normalisation, &images)?;
    println!(
        "one training step on {} images of {HEIGHT}x{WIDTH}\n",
        options.batch_size
    );
    println!("{}", step.program());
    if let Some(steps) = options.profile {
        step.run()?;
        println!("{}", step.program().profile(steps)?);
    }
    Ok(())
}
