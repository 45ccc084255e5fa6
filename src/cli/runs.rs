//! `selvedge runs`

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use selvedge::files::shown;
use selvedge::train::{RunFolder, TrainError};

use super::table::table;

#[derive(Debug, Args)]
pub struct Options {
    /// The folder with the runs
    #[arg(default_value = "runs")]
    folder: PathBuf,
}

const HEADINGS: [&str; 8] = [
    "run", "model", "epochs", "best", "val loss", "val acc", "test acc", "time",
];

pub fn run(options: &Options) -> anyhow::Result<()> {
    let entries = fs::read_dir(&options.folder).with_context(|| shown(&options.folder))?;
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.join("config.json").is_file())
        .collect();
    folders.sort();
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

fn row(path: &Path) -> Result<[String; 8], TrainError> {
    let folder = RunFolder::open(path);
    let config = folder.read_config()?;
    let history = folder.read_history()?;
    let result = folder.read_result()?;
    let best = config.train.monitor.best(&history);
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let seconds: f64 = history.iter().map(|record| record.seconds).sum();
    Ok([
        path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        config.train.model.to_string(),
        format!("{}/{}", history.len(), config.train.total_epochs()),
        or_dash(best.map(|record| record.epoch.to_string())),
        or_dash(best.map(|r| format!("{:.4}", r.ema_validation_loss.unwrap_or(r.validation_loss)))),
        or_dash(best.map(|r| format!("{:.4}", r.ema_validation_accuracy.unwrap_or(r.validation_accuracy)))),
        or_dash(result.map(|result| format!("{:.4}", result.test.accuracy))),
        format!(
            "{}:{:02}:{:02}",
            seconds as u64 / 3600,
            seconds as u64 / 60 % 60,
            seconds as u64 % 60
        ),
    ])
}
