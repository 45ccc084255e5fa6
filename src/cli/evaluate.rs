//! `selvedge evaluate`

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use selvedge::data;
use selvedge::eval::Report;
use selvedge::nn::weights;
use selvedge::train::{Network, RunFolder};

use super::AdapterOption;

#[derive(Debug, Args)]
pub struct Options {
    /// A run folder, such as runs/cnn-1
    run: PathBuf,
    /// Data to use instead of what the run was trained on
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    adapter: AdapterOption,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let folder = RunFolder::open(&options.run);
    let config = folder
        .read_config()
        .with_context(|| format!("{} is no run folder", options.run.display()))?;
    let path = options.data.as_ref().or(config.train.data.as_ref());
    let data = data::load(path.map(PathBuf::as_path))?;
    let gpu = options.adapter.open()?;
    let network = Network::new(&gpu, &config.train, config.normalisation)?;
    weights::load(&network.parameters, &folder.best_weights())?;
    let report = Report::from_predictions(&network.predict(&data.test)?);
    if options.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", report_text(&report));
    }
    Ok(())
}

/// The result on the test split, as `train` prints it too.
pub fn report_text(report: &Report) -> String {
    format!(
        "test accuracy {:.4}, log loss {:.4}\n\n{}",
        report.accuracy,
        report.log_loss,
        report.to_text(4)
    )
}
