//! `selvedge weights`

use std::path::PathBuf;

use clap::Args;
use selvedge::inference::Classifier;
use selvedge::nn::weights;

use super::table::{shortened, table, thousands};

#[derive(Debug, Args)]
pub struct Options {
    /// A safetensors file, or a run's folder for its best weights
    #[arg(value_name = "FILE|RUN")]
    file: PathBuf,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let file = match options.file.is_dir() {
        true => Classifier::best_weights_in(&options.file)?,
        false => options.file.clone(),
    };
    let entries = weights::list(&file)?;
    let mut rows = vec![["tensor", "type", "shape", "bytes"].map(str::to_owned)];
    rows.extend(entries.iter().map(|entry| {
        [shortened(&entry.name), entry.dtype.clone(), shortened(&format!("{:?}", entry.shape)), thousands(entry.bytes)]
    }));
    out!("{}", table(&rows, &[3]))?;
    let numbers: usize = entries.iter().map(|entry| entry.shape.iter().product::<usize>()).sum();
    outln!("{} tensors, {} numbers", entries.len(), thousands(numbers))?;
    Ok(())
}
