//! `selvedge exercise`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{anyhow, bail};
use clap::Args;
use selvedge::files::{create_folder, exists, read_text, shown, write_atomically};
use selvedge::gpu::{Gpu, GpuError};
use selvedge::lessons::{CheckError, Exercise, Verdict};
use selvedge::tensor::TensorError;

use super::AdapterOption;
use super::terminal::print_json;

#[derive(Debug, Args)]
pub struct Options {
    /// The exercise, from 1: its file is written at the first call, and checked from then on [default: list them]
    #[arg(value_name = "NUMBER")]
    number: Option<usize>,
    /// The folder with your files
    #[arg(long, value_name = "DIR", default_value = "exercises")]
    folder: PathBuf,
    /// Print a hint
    #[arg(long, requires = "number")]
    hint: bool,
    /// Print a solution
    #[arg(long, requires = "number", conflicts_with = "hint")]
    solution: bool,
    /// Print one JSON object
    #[arg(long, requires = "number", conflicts_with_all = ["hint", "solution"])]
    json: bool,
    #[command(flatten)]
    adapter: AdapterOption,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let all = Exercise::all();
    let Some(number) = options.number else {
        return list(options, &all);
    };
    let exercise = number.checked_sub(1).and_then(|place| all.get(place));
    let exercise = exercise.ok_or_else(|| anyhow!("there are exercises 1 to {}, not {number}", all.len()))?;
    if options.hint {
        return Ok(outln!("{}", exercise.hint())?);
    }
    if options.solution {
        return Ok(out!("{}", exercise.solution())?);
    }
    let path = options.path(exercise);
    if !exists(&path)? {
        create_folder(&options.folder).map_err(|e| anyhow!("{e}; or name another folder with --folder"))?;
        write_atomically(&path, |file| file.write_all(exercise.text().as_bytes()))?;
        if !options.json {
            outln!("{}\n", exercise.title())?;
            outln!("{} was written. Open it, put your code into the gap, and call this again.", shown(&path))?;
            return Ok(());
        }
    }
    let gpu = options.adapter.open_quietly()?;
    let verdict = options.check(exercise, &gpu)?;
    let next = all.get(number).map(|next| next.number);
    match options.json {
        true => print_as_json(exercise, &verdict)?,
        false => print(options, exercise, &gpu, &verdict, next)?,
    }
    match verdict.is_right() {
        true => Ok(()),
        false => bail!("exercise {number} is not solved yet"),
    }
}

impl Options {
    /// Where the reader's file of an exercise is.
    fn path(&self, exercise: &Exercise) -> PathBuf {
        self.folder.join(exercise.file())
    }

    fn check(&self, exercise: &Exercise, gpu: &Arc<Gpu>) -> anyhow::Result<Verdict> {
        let path = self.path(exercise);
        exercise.check(gpu, &path.to_string_lossy(), read_text(&path)?).map_err(|error| explained(&path, error))
    }
}

/// The error with the name of the file, and a word on what beginners stumble over.
fn explained(path: &Path, error: CheckError) -> anyhow::Error {
    let CheckError::Tensor(error) = error else {
        return error.into();
    };
    let text = error.to_string();
    let mut words = format!("{} cannot be run", shown(path));
    if text.contains("can't work with")
        || text.contains("cannot be converted")
        || text.contains("automatic conversions")
    {
        words += " (i32, u32 and f32 do not mix: write 0u or 0.0, or convert with u32(x), f32(x))";
    }
    anyhow::Error::from(error).context(words)
}

/// All exercises, those that have been begun with a check.
fn list(options: &Options, all: &[Exercise]) -> anyhow::Result<()> {
    let mut gpu: Option<Arc<Gpu>> = None;
    for exercise in all {
        let state = match exists(&options.path(exercise))? {
            false => "",
            true => {
                let gpu = match &gpu {
                    Some(gpu) => gpu,
                    None => gpu.insert(options.adapter.open_quietly()?),
                };
                let path = options.path(exercise);
                match read_text(&path).map(|text| exercise.is_solved_by(gpu, &path.to_string_lossy(), text)) {
                    Ok(Ok(true)) => "solved",
                    // Nothing can be said of the others on a device that is lost.
                    Ok(Err(CheckError::Tensor(error @ TensorError::Gpu(GpuError::Failed { .. })))) => {
                        return Err(error.into());
                    }
                    _ => "begun",
                }
            }
        };
        outln!("{state:<8}{}", exercise.title().trim_start_matches("Exercise "))?;
    }
    outln!(
        "\n`selvedge exercise NUMBER` writes the file of one to {}, and checks it from then on.",
        shown(&options.folder)
    )?;
    Ok(())
}

fn print(
    options: &Options,
    exercise: &Exercise,
    gpu: &Gpu,
    verdict: &Verdict,
    next: Option<usize>,
) -> anyhow::Result<()> {
    let number = exercise.number;
    outln!("exercise {number}, {}, on {}\n", shown(&options.path(exercise)), gpu.adapter().name)?;
    for outcome in &verdict.outcomes {
        outln!("at {}: {outcome}", outcome.sizes)?;
    }
    outln!("")?;
    match (verdict.is_right(), next) {
        (true, next) => {
            outln!("Solved.")?;
            if gpu.adapter().is_cpu() && exercise.solution().contains("workgroupBarrier") {
                outln!(
                    "(This driver runs on the processor, which hides some races: do no two threads write the same element at once?)"
                )?;
            }
            match next {
                Some(next) => outln!("The next one: selvedge exercise {next}")?,
                None => outln!("It was the last one.")?,
            }
        }
        (false, _) => {
            if let Some(words) = &verdict.diagnosis {
                outln!("What is behind it: {words}")?;
            }
            outln!("A hint: selvedge exercise {number} --hint")?;
        }
    }
    Ok(())
}

fn print_as_json(exercise: &Exercise, verdict: &Verdict) -> anyhow::Result<()> {
    let outcomes: Vec<_> = verdict
        .outcomes
        .iter()
        .map(|outcome| {
            serde_json::json!({
                "sizes": outcome.sizes, "right": outcome.is_right(), "compared": outcome.expected.len(),
                "wrong": outcome.wrong.len(), "words": outcome.to_string(),
            })
        })
        .collect();
    print_json(&serde_json::json!({
        "exercise": exercise.number, "file": exercise.file(), "solved": verdict.is_right(),
        "outcomes": outcomes, "diagnosis": verdict.diagnosis,
    }))
}
