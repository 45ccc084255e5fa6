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

/// How far the first runs may be from the recording's, as a share of a number, on another adapter: its compiler may round in another
/// order.
const TOLERANCE: f64 = 1e-4;
/// The first two: the second begins from the first update. Later on a training makes any difference grow.
const FIRST_RUNS: usize = 2;

pub fn run(options: &Options) -> anyhow::Result<()> {
    let tape = Tape::load(&options.tape)?;
    let portable = GpuOptions { portable: true, shaders: None, ..options.adapter.options()? };
    let gpu = options.adapter.open_with(&portable)?;
    let bar = ProgressBar::new(tape.runs.len() as u64);
    let mut replay = Replay::new(&gpu, &tape)?;
    let (mut compared, mut same, mut largest, mut first_off) = (0, true, 0.0_f64, None);
    for (number, run) in tape.runs.iter().enumerate() {
        replay.step()?;
        bar.inc(1);
        if run.expected.is_empty() {
            continue;
        }
        compared += 1;
        for ((watched, expected), place) in
            replay.watched()?.iter().zip(&run.expected).zip(tape.watched.iter().map(|number| &tape.places[*number]))
        {
            same &= watched == expected;
            let off = difference(watched, expected);
            largest = largest.max(off);
            if number < FIRST_RUNS && off > TOLERANCE && first_off.is_none() {
                let (here, there) = (floats(watched), floats(expected));
                first_off = Some(format!("after run {} {} are {here:?}, not {there:?}", number + 1, place.name));
            }
        }
    }
    bar.finish_and_clear();
    let (runs, recorded_on, here) = (tape.runs.len(), &tape.adapter, &gpu.adapter().name);
    if options.json {
        print_json(&serde_json::json!({
            "tape": tape.title, "runs": runs, "compared": compared, "recorded_on": recorded_on, "adapter": here,
            "same_bits": same && compared > 0, "largest_difference": largest,
        }))?;
    } else {
        let verdict = match (compared, same) {
            (0, _) => "it has no numbers to compare with".to_owned(),
            (_, true) => "the same bits".to_owned(),
            (_, false) => format!("not the same bits; the largest difference is {largest:.1e} of a number"),
        };
        outln!(
            "{}: {runs} runs of a {}, recorded on {}, replayed on {here}: {verdict}",
            shown(&options.tape),
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
