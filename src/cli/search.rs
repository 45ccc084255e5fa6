//! `selvedge search`

use std::collections::HashMap;
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Command, Parser};
use indicatif::{ProgressBar, ProgressStyle};
use selvedge::files::{create_numbered, shown};
use selvedge::search::{
    Dimension, FitFolder, FitKey, FitResult, Halving, Plan, SearchObserver, Setting, Shard, Summary, combinations,
    random_settings, search,
};
use selvedge::settings::{Architecture, TrainConfig};
use selvedge::train::Progress;

use super::display::{INTERRUPTED, stop_on_ctrl_c, until_stopped};
use super::launch::ranks;
use super::table::thousands;
use super::terminal::{first_line, outlive_reader, with_options};
use super::{AdapterOption, ModelArgument, Settings, dataset};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    model: ModelArgument,
    /// An option of `selvedge train` and its values, such as lr=0.001,0.01; with --random also a range, lr=0.001..0.1; values
    /// that contain commas are separated by ; as in 'zoom=0.9,1.1;0.8,1.2'
    #[arg(long, value_name = "OPTION=VALUES", required_unless_present = "collect")]
    grid: Vec<Dimension>,
    /// Draw N settings at random instead of taking all combinations
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    random: Option<u32>,
    /// Successive halving: keep one of N settings, and train it for N times the epochs
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "3", value_parser = factor)]
    halving: Option<usize>,
    /// Number of folds for cross-validation
    #[arg(long, value_name = "K", default_value_t = 3)]
    folds: usize,
    /// Do only part I of N of the fits; needs --out, the folder that all parts share
    #[arg(long, value_name = "I/N", value_parser = shard, requires = "out")]
    shard: Option<Shard>,
    /// The search's folder; an interrupted search resumes in it [default: searches/MODEL-1, searches/MODEL-2, ...]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only summarise what the processes of a search have found so far
    #[arg(long, value_name = "DIR", conflicts_with_all = ["grid", "random", "halving", "shard", "out"])]
    collect: Option<PathBuf>,
    #[command(flatten)]
    adapter: AdapterOption,
    #[command(flatten)]
    settings: Settings,
}

fn factor(text: &str) -> Result<usize, String> {
    let factor = text.parse().ok().filter(|n| (2..=100).contains(n));
    factor.ok_or_else(|| "a whole number from 2 to 100 is needed".to_owned())
}

fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    let (index, count) = parts.ok_or_else(|| "I/N is needed, such as 1/4".to_owned())?;
    Shard::new(index, count).map_err(|e| e.to_string())
}

pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    if let Some(folder) = &options.collect {
        if options.settings.is_given() {
            bail!("--collect only reads what is there; leave the settings out");
        }
        let plan = Plan::read(folder)?;
        return report(&plan, folder);
    }
    stop_on_ctrl_c()?;
    outlive_reader();
    options.settings.refuse_automatic_batch()?;
    let base = options.settings.config(&options.model)?;
    if base.transfer.weights.is_some() {
        bail!("a search trains from scratch; leave out --weights");
    }
    let mut plan = options.plan(&base)?;
    if let Some(folder) = &options.out {
        Plan::refuse_used(folder)?;
    }
    let data = dataset::load(base.data.as_deref(), &base.reading, None)?;
    let images = base.images(&data);
    plan.data_checksum = images.checksum();
    let gives = |setting: &Setting, wanted: &str| setting.options.iter().any(|(option, _)| option == wanted);
    let trained_on = images.len() - images.len() / plan.folds;
    for setting in &mut plan.settings {
        if !gives(setting, "flip") {
            options.settings.suit(&mut setting.config, &data.form());
        }
        if !gives(setting, "batch-size") {
            options.settings.shrink_batches(&mut setting.config, &data.form(), trained_on);
        }
    }
    let gpu = options.adapter.open()?;
    // Ranks share the folder, in which each takes the next fit that no other has taken.
    let ranks = ranks();
    let folder = match &options.out {
        Some(folder) => folder.clone(),
        None => ranks.path_of_first(|| {
            create_numbered(Path::new("searches"), base.network.architecture().name()).context("searches")
        })?,
    };
    plan.settle(&folder)?;
    let fits = FitFolder::open(&folder)?;
    outln!(
        "{} settings on {} folds of {} images, with {}; folder {}",
        plan.settings.len(),
        plan.folds,
        thousands(images.len()),
        gpu.adapter().name,
        shown(&folder)
    )?;
    let mut display = Display::new(&plan, &folder);
    let shard = options.shard.unwrap_or(Shard::WHOLE);
    let ended = search(&gpu, &plan, &fits, &data.form(), &images, shard, &mut display)?;
    display.clear();
    let [interrupted] = ranks.sum_f64([f64::from(u8::from(ended.is_break()))])?;
    if interrupted > 0.0 {
        outln!("interrupted; the same command with --out {} resumes, without repeating finished fits", shown(&folder))?;
        return Ok(ExitCode::from(INTERRUPTED));
    }
    match ranks.is_first() {
        true => report(&plan, &folder),
        false => Ok(ExitCode::SUCCESS),
    }
}

/// Parses the settings of the grid, without the other options.
#[derive(Debug, Parser)]
#[command(name = "a setting of the grid", no_binary_name = true)]
struct SettingsAlone {
    #[command(flatten)]
    settings: Settings,
}

impl Options {
    /// The plan, without the data's checksum for now.
    fn plan(&self, base: &TrainConfig) -> anyhow::Result<Plan> {
        let chosen = match self.random {
            Some(count) => random_settings(&self.grid, count as usize, base.seed)?,
            None => combinations(&self.grid)?,
        };
        let given = given_settings(std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()));
        let mut settings = Vec::with_capacity(chosen.len());
        for options in chosen {
            let searched = options.iter().map(|(option, value)| format!("--{option}={value}"));
            let arguments: Vec<String> = given.iter().cloned().chain(searched).collect();
            let parsed =
                SettingsAlone::try_parse_from(&arguments).map_err(|e| anyhow::anyhow!("--grid: {}", first_line(&e)))?;
            parsed.settings.refuse_automatic_batch()?;
            let config = parsed.settings.config(&self.model)?;
            if config.limit != base.limit || config.data != base.data || config.reading != base.reading {
                bail!("--grid: every setting must have the same data and --limit");
            }
            if self.halving.is_some() && config.epochs != base.epochs {
                bail!("--grid: epochs cannot be searched together with --halving, which chooses them");
            }
            if config.validation_share != base.validation_share {
                bail!("--grid: validation-share cannot be searched, every setting is validated on the same folds");
            }
            if config.stopping.monitor != base.stopping.monitor {
                bail!("--grid: monitor cannot be searched, it is what settings are compared by");
            }
            settings.push(Setting { options, config });
        }
        // The command names the network only if it was given; otherwise the settings decide it.
        let mut start = vec!["selvedge train".to_owned()];
        start.extend(self.model.model.map(|model| model.to_string()));
        start.extend((base.network.architecture() == Architecture::Inception).then(|| "--from-scratch".to_owned()));
        let command = start.iter().chain(&given).map(String::as_str);
        let plan = Plan {
            settings,
            folds: self.folds,
            score: base.stopping.monitor,
            halving: self.halving.map(|factor| Halving { factor }),
            command: command.collect::<Vec<_>>().join(" "),
            data_checksum: 0,
        };
        plan.validate()?;
        Ok(plan)
    }
}

/// The program's arguments that are training settings, exactly as given.
fn given_settings(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let settings = Settings::augment_args(Command::new("settings"));
    // Whether each has a value in the next argument.
    let names: HashMap<String, bool> = settings
        .get_arguments()
        .flat_map(|argument| {
            let takes_none = argument.get_num_args().is_some_and(|count| count.max_values() == 0);
            let has_value = !takes_none && !argument.is_require_equals_set();
            let names = argument.get_long_and_visible_aliases().unwrap_or_default();
            names.into_iter().map(move |name| (format!("--{name}"), has_value))
        })
        .collect();
    let mut given = Vec::new();
    let mut arguments = arguments.skip(1);
    while let Some(argument) = arguments.next() {
        let name = argument.split('=').next().unwrap_or_default();
        let Some(has_value) = names.get(name) else {
            continue;
        };
        // The value is in this argument or in the next.
        let is_next = *has_value && !argument.contains('=');
        given.push(argument);
        if is_next {
            given.extend(arguments.next());
        }
    }
    given
}

/// How many rows the table has at a terminal.
const MOST_ROWS: usize = 20;

/// A live table at a terminal, one line per fit elsewhere.
struct Display<'a> {
    plan: &'a Plan,
    folder: &'a Path,
    /// The table and, under it, the fit in progress; only at a terminal.
    bar: Option<ProgressBar>,
}

impl<'a> Display<'a> {
    fn new(plan: &'a Plan, folder: &'a Path) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            match ProgressStyle::with_template("{prefix}{spinner} {msg}") {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Self { plan, folder, bar }
    }

    /// Removes the live table.
    fn clear(&mut self) {
        self.bar.take().inspect(ProgressBar::finish_and_clear);
    }
}

impl SearchObserver for Display<'_> {
    fn start(&mut self, fit: FitKey) {
        if let Some(bar) = &self.bar {
            let text = name(self.plan, fit.setting);
            bar.set_message(format!("{text}, fold {} of {}", fit.fold + 1, self.plan.folds));
        }
    }

    fn step(&mut self, fit: FitKey, progress: Progress) -> ControlFlow<()> {
        if let Some(bar) = &self.bar {
            bar.set_message(format!(
                "{}, fold {} of {}, epoch {} of {}, loss {:.4}",
                name(self.plan, fit.setting),
                fit.fold + 1,
                self.plan.folds,
                progress.epoch,
                fit.epochs,
                progress.loss
            ));
            bar.tick();
        }
        until_stopped()
    }

    fn wait(&mut self) -> ControlFlow<()> {
        if let Some(bar) = &self.bar {
            bar.set_message("waiting for fits of other processes");
            bar.tick();
        }
        until_stopped()
    }

    fn done(&mut self, fit: FitKey, result: &FitResult, summary: &Summary) {
        // While the search is running, its summary files are only a convenience.
        let _ = summary.write(self.plan, self.folder);
        if let Some(bar) = &self.bar {
            bar.set_prefix(table(self.plan, summary, MOST_ROWS));
            bar.tick();
        } else {
            let outcome = match result {
                FitResult::Scored(score) => format!("log loss {:.4} accuracy {:.4}", score.log_loss, score.accuracy),
                FitResult::Failed { reason } => format!("failed: {}", with_options(reason)),
            };
            let (text, fold) = (name(self.plan, fit.setting), fit.fold + 1);
            // A search outlives its reader.
            let _ = outln!("{text}, fold {fold}, epochs {}: {outcome}", fit.epochs);
        }
    }
}

/// Names a setting by its searched options.
fn name(plan: &Plan, setting: usize) -> String {
    let options = &plan.settings[setting].options;
    let parts: Vec<String> = options.iter().map(|(option, value)| format!("{option}={value}")).collect();
    parts.join(" ")
}

/// Prints the final table, writes the files, and prints the command that trains the best setting. A search that has found no
/// best setting has failed.
fn report(plan: &Plan, folder: &Path) -> anyhow::Result<ExitCode> {
    let results = FitFolder::open(folder)?.results()?;
    let summary = Summary::new(plan, &results);
    summary.write(plan, folder)?;
    out!("{}", table(plan, &summary, usize::MAX))?;
    let open = plan.next_fits(&results).iter().filter(|key| !results.contains_key(key)).count();
    outln!(
        "\n{} fits done{}; results.csv, effects.png and effects.svg in {}",
        summary.done,
        if open > 0 { format!(", {open} or more to do") } else { String::new() },
        shown(folder)
    )?;
    match summary.winner(plan) {
        Some(winner) => {
            outln!("best so far: {}", summary.command(plan, winner))?;
            Ok(ExitCode::SUCCESS)
        }
        None if !results.is_empty() && results.values().all(|result| matches!(result, FitResult::Failed { .. })) => {
            bail!("every fit failed, for the reasons above")
        }
        None if open == 0 => bail!("no setting has a score in all folds that is a number"),
        None => {
            outln!("no setting has a score yet")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn table(plan: &Plan, summary: &Summary, most: usize) -> String {
    let score = format!("by {}", plan.score.name());
    let mut text = format!(
        "{:>4}  {:<17}  {:<17}  {:>6}  {:>5}  setting, {score}\n",
        "", "log loss", "accuracy", "epochs", "folds"
    );
    for (place, row) in summary.rows.iter().take(most).enumerate() {
        let shown = |value: Option<(f64, f64)>| {
            value.map_or("-".to_owned(), |(mean, deviation)| format!("{mean:.4} +- {deviation:.4}"))
        };
        let failed = row.failures.first().map_or(String::new(), |reason| format!("  failed: {}", with_options(reason)));
        text.push_str(&format!(
            "{:>4}  {:<17}  {:<17}  {:>6}  {:>5}  {}{failed}\n",
            place + 1,
            shown(row.mean_and_deviation(|s| s.log_loss)),
            shown(row.mean_and_deviation(|s| s.accuracy)),
            row.epochs,
            format!("{}/{}", row.scores.len() + row.failures.len(), plan.folds),
            name(plan, row.setting),
        ));
    }
    if summary.rows.len() > most {
        text.push_str(&format!("      and {} more\n", summary.rows.len() - most));
    }
    text
}
