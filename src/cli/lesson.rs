//! `selvedge lesson`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{anyhow, bail};
use clap::Args;
use selvedge::files::{escaped, read_text};
use selvedge::gpu::Gpu;
use selvedge::lessons::{Cases, Ladder, LessonKernel};
use selvedge::plot::{self, SpeedPicture};
use selvedge::program::{Ceiling, Speed};
use serde::Serialize;

use super::AdapterOption;
use super::output_file::ForceOption;
use super::sizes::{self, Sizes};
use super::table::{table, thousands};
use super::terminal::print_json;

#[derive(Debug, Args)]
pub struct Options {
    /// A ladder of kernels [default: list them]
    #[arg(value_name = "NAME")]
    ladder: Option<String>,
    /// One of its steps, from 1 [default: all, one beside the other]
    #[arg(value_name = "STEP", requires = "ladder")]
    step: Option<usize>,
    /// Run this file in place of the step's own: a copy that you have changed
    #[arg(long, value_name = "FILE.wgsl", requires = "step")]
    file: Option<PathBuf>,
    /// The sizes to time at [default: those that the list shows]
    #[arg(long, value_name = "SIZES", requires = "ladder")]
    shape: Option<Sizes>,
    /// Number of runs to average over
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    runs: u32,
    /// Print the step's file
    #[arg(long, requires = "step")]
    show: bool,
    /// Also draw the speeds as bars below the adapter's ceiling
    #[arg(long, value_name = "FILE.png|svg", requires = "ladder")]
    plot: Option<PathBuf>,
    #[command(flatten)]
    force: ForceOption,
    /// Print one JSON object
    #[arg(long, requires = "ladder")]
    json: bool,
    #[command(flatten)]
    adapter: AdapterOption,
}

/// A step that has been run.
#[derive(Serialize)]
struct Row {
    step: String,
    /// Why it was not run, if it was not.
    not_run: Option<&'static str>,
    #[serde(flatten)]
    speed: Speed,
    /// Values that are not as in double precision.
    wrong: usize,
    compared: usize,
    /// The first of them, in words.
    first_wrong: Option<String>,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let Some(name) = &options.ladder else {
        return list();
    };
    let ladder = Ladder::find(name).ok_or_else(|| {
        let names: Vec<&str> = Ladder::ALL.iter().map(|ladder| ladder.problem.name).collect();
        anyhow!("there is no lesson '{}'; the lessons are {}", escaped(name), names.join(", "))
    })?;
    if let Some(path) = &options.plot {
        let inputs: Vec<&Path> = options.file.iter().map(PathBuf::as_path).collect();
        options.force.check("--plot", path, &["png", "svg"], &inputs)?;
    }
    let all = ladder.steps()?;
    let wanted = match options.step {
        None => all,
        Some(number) => {
            let count = all.len();
            let step = number.checked_sub(1).and_then(|place| all.get(place)).cloned();
            let step = step.ok_or_else(|| anyhow!("{name} has steps 1 to {count}, not {number}"))?;
            // The step before it is what it is compared with.
            let before = number.checked_sub(2).and_then(|place| all.get(place)).cloned();
            before.into_iter().chain([options.own(ladder, step)?]).collect()
        }
    };
    if options.show {
        let shown = wanted.last().map_or("", |step| &step.text);
        return Ok(out!("{shown}")?);
    }
    let sizes = options.sizes(ladder)?;
    let gpu = options.adapter.open_quietly()?;
    sizes::must_fit(&sizes, ladder.problem.inputs, &gpu)?;
    let ceiling = Ceiling::measure(&gpu)?;
    let mut cases = Cases::default();
    let mut rows = Vec::new();
    for step in &wanted {
        rows.push(measure(options, ladder, step, &gpu, &sizes, &ceiling, &mut cases)?);
    }
    if let Some(path) = &options.plot {
        draw(path, &format!("{name} {} on {}", sizes::shown(&sizes), gpu.adapter().name), &rows)?;
    }
    if options.json {
        print_json(&serde_json::json!({
            "lesson": name, "sizes": sizes, "adapter": gpu.adapter().name,
            "ceiling": { "flops": ceiling.flops, "bytes": ceiling.bytes }, "steps": rows,
        }))?;
    } else {
        outln!("{name} {} on {}: {}\n", sizes::shown(&sizes), gpu.adapter().name, ladder.problem.computes)?;
        if let (Some(_), Some(step)) = (options.step, wanted.last()) {
            outln!("{}\n\n{}\n", escaped(step.title()), escaped(&step.why()))?;
        }
        print(&rows, &ceiling)?;
    }
    match rows.iter().find_map(|row| Some((&row.step, row.first_wrong.as_ref()?))) {
        Some((step, wrong)) => bail!("{step} is wrong: {wrong}"),
        None => Ok(()),
    }
}

fn list() -> anyhow::Result<()> {
    for ladder in Ladder::ALL {
        let problem = &ladder.problem;
        let letters: Vec<String> = problem.letters.iter().map(char::to_string).collect();
        outln!("{}: {}   [{}: {}]", problem.name, problem.computes, letters.join("x"), sizes::shown(ladder.usual))?;
        for step in ladder.steps()? {
            outln!("  {}", step.title())?;
        }
        outln!("")?;
    }
    outln!(
        "`selvedge lesson NAME` runs all steps of one, `selvedge lesson NAME STEP` one step and says what to look at."
    )?;
    Ok(())
}

impl Options {
    /// The step with the text of a reader's own file, if one is named.
    fn own(&self, ladder: &'static Ladder, step: LessonKernel) -> anyhow::Result<LessonKernel> {
        Ok(match &self.file {
            Some(path) => LessonKernel::new(&ladder.problem, &path.to_string_lossy(), read_text(path)?)?,
            None => step,
        })
    }

    fn sizes(&self, ladder: &Ladder) -> anyhow::Result<Vec<usize>> {
        match &self.shape {
            None => Ok(ladder.usual.to_vec()),
            Some(Sizes(sizes)) if sizes.len() == ladder.usual.len() => Ok(sizes.clone()),
            Some(_) => bail!(
                "--shape of {} is {} sizes, such as {}",
                ladder.problem.name,
                ladder.usual.len(),
                sizes::shown(ladder.usual)
            ),
        }
    }
}

/// Checks a step at awkward sizes, and times it.
fn measure(
    options: &Options,
    ladder: &'static Ladder,
    step: &LessonKernel,
    gpu: &Arc<Gpu>,
    sizes: &[usize],
    ceiling: &Ceiling,
    cases: &mut Cases,
) -> anyhow::Result<Row> {
    let mut row = Row {
        step: step.name().to_owned(),
        not_run: step.not_run_on(gpu),
        speed: Speed::default(),
        wrong: 0,
        compared: 0,
        first_wrong: None,
    };
    if row.not_run.is_some() {
        return Ok(row);
    }
    // At the sizes that are timed too: a driver may do something else there.
    for sizes in ladder.problem.awkward.iter().chain([&sizes]) {
        let outcome = step.check(gpu, cases, sizes)?;
        row.compared += outcome.expected.len();
        row.wrong += outcome.wrong.len();
        if row.first_wrong.is_none() && !outcome.is_right() {
            row.first_wrong = Some(format!("at {}: {outcome}", outcome.sizes));
        }
    }
    let profile = step.profile(gpu, sizes, options.runs)?;
    let fitting = step.fitting(sizes);
    if fitting != sizes {
        row.step = format!("{} at {}", row.step, sizes::shown(&fitting));
    }
    row.speed = ceiling.speed((ladder.flops)(&fitting), ladder.problem.bytes(&fitting), profile.seconds());
    Ok(row)
}

fn draw(path: &Path, title: &str, rows: &[Row]) -> anyhow::Result<()> {
    let shares: Vec<(String, f64)> = rows.iter().map(|row| (row.step.clone(), row.speed.share_of_ceiling)).collect();
    let picture = SpeedPicture { title, shares: &shares };
    Ok(plot::save(&picture, path)?)
}

fn print(rows: &[Row], ceiling: &Ceiling) -> anyhow::Result<()> {
    let headings = ["step", "ms", "GFLOP/s", "GB/s", "%ceiling", "times the step before", "check"];
    let mut lines = vec![headings.map(str::to_owned)];
    for (place, row) in rows.iter().enumerate() {
        let name = escaped(&row.step).into_owned();
        if let Some(reason) = row.not_run {
            let dashes = ["-"; 5].map(str::to_owned);
            let [ms, gflops, bytes, share, ratio] = dashes;
            lines.push([name, ms, gflops, bytes, share, ratio, format!("not run: {reason}")]);
            continue;
        }
        let before = place.checked_sub(1).map(|place| &rows[place]).filter(|before| before.not_run.is_none());
        lines.push([
            name,
            format!("{:.3}", row.speed.milliseconds),
            format!("{:.2}", row.speed.gflops),
            format!("{:.2}", row.speed.gigabytes_per_second),
            format!("{:.1}", 100.0 * row.speed.share_of_ceiling),
            // Not the times: a step may be timed at other sizes.
            before.map_or_else(|| "-".to_owned(), |before| format!("{:.2}", row.speed.gflops / before.speed.gflops)),
            match row.first_wrong {
                None => format!("as in double precision ({} values)", thousands(row.compared)),
                Some(_) => format!("{} of {} values are WRONG", thousands(row.wrong), thousands(row.compared)),
            },
        ]);
    }
    outln!("{}", table(&lines, &[1, 2, 3, 4, 5]))?;
    outln!(
        "Times the step before: in GFLOP/s, since a step may run at other sizes. GB/s: with each input and the output counted once. %ceiling: of the {:.0} GFLOP/s or {:.1} GB/s that this adapter reaches \
         at best, whichever share is larger. These kernels run with bounds checks.",
        ceiling.flops / 1e9,
        ceiling.bytes / 1e9
    )?;
    Ok(())
}
