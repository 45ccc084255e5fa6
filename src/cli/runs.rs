//! `selvedge runs`

use std::path::{Path, PathBuf};

use clap::Args;
use selvedge::files::{list_folder, shown};
use selvedge::run::{EpochRecord, RunError, RunFolder, best};

use super::table::table;

#[derive(Debug, Args)]
pub struct Options {
    /// The folder with the runs
    #[arg(default_value = "runs")]
    folder: PathBuf,
}

const HEADINGS: [&str; 8] = ["run", "model", "epochs", "best", "val loss", "val acc", "test acc", "time"];

pub fn run(options: &Options) -> anyhow::Result<()> {
    // Anything with this name, even if it cannot be read: the error is then shown.
    let has_config = |path: &PathBuf| path.join("config.json").symlink_metadata().is_ok();
    let folders: Vec<PathBuf> = list_folder(&options.folder)?.into_iter().filter(has_config).collect();
    if folders.is_empty() {
        outln!("no runs in {}", shown(&options.folder))?;
        return Ok(());
    }
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    for folder in &folders {
        match row(folder) {
            Ok(row) => rows.push(row),
            Err(e) => warn!("{e}"),
        }
    }
    out!("{}", table(&rows, &[]))?;
    Ok(())
}

fn row(path: &Path) -> Result<[String; 8], RunError> {
    let folder = RunFolder::open(path);
    let config = folder.read_config()?;
    let history = folder.read_history()?;
    let result = folder.read_result()?;
    let best = best(&history, config.train.stopping.monitor);
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let number = |value: Option<f64>| or_dash(value.map(|value| format!("{value:.4}")));
    let network = config.own_network.clone().unwrap_or_else(|| config.train.network.architecture().to_string());
    let final_training = if config.chosen.is_some() { ", final" } else { "" };
    let changed = if config.changed_shaders.is_empty() { "" } else { ", changed shaders" };
    let seconds: f64 = history.iter().map(|record| record.seconds).sum();
    Ok([
        path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        format!("{network}{final_training}{changed}"),
        format!("{}/{}", history.len(), config.total_epochs()),
        or_dash(best.map(|record| record.epoch.to_string())),
        number(best.and_then(EpochRecord::kept_loss)),
        number(best.and_then(EpochRecord::kept_accuracy)),
        number(result.map(|result| result.test.accuracy)),
        format!("{}:{:02}:{:02}", seconds as u64 / 3600, seconds as u64 / 60 % 60, seconds as u64 % 60),
    ])
}
