//! `selvedge weights`

use std::path::PathBuf;

use clap::Args;
use selvedge::nn::weights;

use super::table::{table, thousands};

#[derive(Debug, Args)]
pub struct Options {
    /// A safetensors file
    file: PathBuf,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let entries = weights::list(&options.file)?;
    let mut rows = vec![["tensor", "type", "shape", "bytes"].map(str::to_owned)];
    rows.extend(entries.iter().map(|entry| {
        [
            entry.name.clone(),
            entry.dtype.clone(),
            format!("{:?}", entry.shape),
            thousands(entry.bytes),
        ]
    }));
    out!("{}", table(&rows, &[3]))?;
    let numbers: usize = entries.iter().map(|entry| entry.shape.iter().product::<usize>()).sum();
    outln!("{} tensors, {} numbers", entries.len(), thousands(numbers))?;
    Ok(())
}
