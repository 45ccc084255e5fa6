//! `selvedge replay`

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use indicatif::ProgressBar;
use selvedge::files::{escaped, shown};
use selvedge::gpu::GpuOptions;
use selvedge::tape::{Replay, Tape};

use super::AdapterOption;
use super::terminal::print_json;

#[derive(Debug, Args)]
pub struct Options {
    /// The tape, as `selvedge record` writes it
    #[arg(value_name = "FILE.tape")]
    tape: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    adapter: AdapterOption,
}

/// How far numbers may be from the recording's, as a share of them, on another adapter: its compiler may round in another order.
const TOLERANCE: f64 = 1e-4;

pub fn run(options: &Options) -> anyhow::Result<()> {
    let tape = Tape::load(&options.tape)?;
    let gpu = options.adapter.open_with(&GpuOptions { portable: true, ..options.adapter.options()? })?;
    let bar = ProgressBar::new(tape.runs.len() as u64);
    let mut replay = Replay::new(&gpu, &tape)?;
    let (mut same, mut largest, mut first_off) = (true, 0.0_f64, None);
    for (number, run) in tape.runs.iter().enumerate() {
        let Some(watched) = replay.step()? else { break };
        bar.inc(1);
        for ((watched, expected), place) in watched.iter().zip(&run.expected).zip(&tape.watched) {
            same &= watched == expected;
            let off = difference(watched, expected);
            largest = largest.max(off);
            if off > TOLERANCE && first_off.is_none() {
                first_off = Some(format!(
                    "after run {} {} are {:?}, not {:?}",
                    number + 1,
                    place.name,
                    floats(watched),
                    floats(expected)
                ));
            }
        }
    }
    bar.finish_and_clear();
    let (runs, recorded_on, here) = (tape.runs.len(), &tape.adapter, &gpu.adapter().name);
    if options.json {
        print_json(&serde_json::json!({
            "tape": tape.title, "runs": runs, "recorded_on": recorded_on, "adapter": here,
            "same_bits": same, "largest_difference": largest,
        }))?;
    } else {
        let verdict = match same {
            true => "the same bits".to_owned(),
            false => format!("not the same bits; the largest difference is {largest:.1e} of a number"),
        };
        outln!(
            "{}: {} runs of a {}, recorded on {}, replayed on {here}: {verdict}",
            shown(&options.tape),
            runs,
            escaped(&tape.title),
            escaped(recorded_on)
        )?;
    }
    match first_off {
        None => Ok(()),
        Some(words) => bail!("the replay is off by more than {TOLERANCE:e}: {}", escaped(&words)),
    }
}

fn floats(words: &[u32]) -> Vec<f32> {
    words.iter().take(4).map(|word| f32::from_bits(*word)).collect()
}

/// The largest difference of two lists of floats, as a share of what is expected.
fn difference(words: &[u32], expected: &[u32]) -> f64 {
    let each = words.iter().zip(expected).map(|(word, expected)| {
        let (a, b) = (f64::from(f32::from_bits(*word)), f64::from(f32::from_bits(*expected)));
        match word == expected {
            true => 0.0,
            false if (a - b).is_finite() => (a - b).abs() / b.abs().max(1e-6),
            false => f64::INFINITY,
        }
    });
    each.fold(0.0, f64::max)
}
