//! The command line: options in, library calls, text out.

#[macro_use]
mod terminal;

mod augment;
mod command_line;
mod console;
mod data;
mod dataset;
mod devices;
mod display;
mod doctor;
mod evaluate;
mod exercise;
mod export;
mod features;
mod kernel;
mod lab;
mod launch;
mod lesson;
mod lr_find;
mod out_of_memory;
mod output_file;
mod output_folder;
mod picture_files;
mod plan;
mod predict;
mod process;
mod profile;
mod record;
mod replay;
mod runs;
mod search;
mod settings;
mod sizes;
mod speedrun;
mod summary;
mod table;
mod train;
mod tsne;
mod weights;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use selvedge::data::{Form, ImageSet, Normalisation};
use selvedge::files::{escaped, shown};
use selvedge::gpu::{Gpu, GpuOptions};
use selvedge::settings::{Learned, TrainConfig};
use selvedge::tensor::Compiled;
use selvedge::train::{inference_step, training_step};
pub use settings::{ModelArgument, ModelOrRun, Settings};

/// Trains and evaluates classifiers of small images on any Vulkan, Metal or DX12 GPU.
#[derive(Debug, Parser)]
#[command(version, about, long_about = None, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a network and write a run folder
    Train(train::Options),
    /// Train several seeds, from the reading of the data to the evaluation, and time them. Settings start from the recipe speedrun
    Speedrun(speedrun::Options),
    /// Say what is understood of data: classes, sizes, duplicates, and a sheet of samples
    Data(data::Options),
    /// Draw images as training sees them
    Augment(augment::Options),
    /// Look for a good learning rate
    LrFind(lr_find::Options),
    /// Try settings by cross-validation: a grid, at random, or by successive halving
    Search(search::Options),
    /// List the runs in a folder
    Runs(runs::Options),
    /// Evaluate models: metrics, pictures, a page to look at; compare or combine them
    Evaluate(evaluate::Options),
    /// Classify your own pictures
    Predict(predict::Options),
    /// Draw what a network's layers make of an image
    Features(features::Options),
    /// Write a trained network as ONNX for other programs, or as a page for browsers
    Export(export::Options),
    /// Map images, or what a network makes of them, in the plane
    Tsne(tsne::Options),
    /// Print a network's layers: shapes, parameters, work and memory
    Summary(summary::Options),
    /// List the tensors of a weight file
    Weights(weights::Options),
    /// List the adapters, what they can do, and which one is chosen
    Devices(devices::Options),
    /// Check that this machine's adapter computes what it should, and how fast
    Doctor(doctor::Options),
    /// Show, run and check the kernels of an op by themselves
    #[command(subcommand)]
    Kernel(kernel::Command),
    /// Climb a ladder of kernels, from the definition of a computation to a fast kernel, step by step
    Lesson(lesson::Options),
    /// Fill the gap in a kernel, and have it checked: what is wrong, and why, in words
    Exercise(exercise::Options),
    /// Record the first steps of a training as a tape: kernels, memory and numbers, to be replayed without this program
    Record(record::Options),
    /// Make a page that trains in a browser, explains every kernel, and lets you change them. Settings start from the recipe standard
    Lab(lab::Options),
    /// Replay a tape, and compare what comes out with the recording
    Replay(replay::Options),
    /// Print the dispatch list and memory plan of a training step
    Plan(plan::Options),
    /// Time a training step, dispatch by dispatch
    Profile(profile::Options),
}

/// Exit code for a command line that cannot be understood.
const USAGE: u8 = 2;

/// Which adapter to run on.
#[derive(Debug, Args)]
#[command(next_help_heading = "Device")]
struct AdapterOption {
    /// An adapter's number in `selvedge devices`, or part of its name in any case; for several processes together also numbers such as 1,2
    #[arg(long, value_name = "N|NAME", env = "SELVEDGE_ADAPTER")]
    adapter: Option<String>,
    /// Take shader files from this folder instead of those built in, to change a kernel without compiling anything else
    #[arg(long, value_name = "DIR", env = "SELVEDGE_SHADERS")]
    shaders: Option<PathBuf>,
}

impl AdapterOption {
    fn options(&self) -> anyhow::Result<GpuOptions> {
        Ok(GpuOptions {
            adapter: launch::adapter(self.adapter.clone().filter(|name| !name.is_empty())),
            shaders: self.shaders.clone().filter(|path| !path.as_os_str().is_empty()),
            ..GpuOptions::from_env()?
        })
    }

    fn open_quietly(&self) -> anyhow::Result<Arc<Gpu>> {
        self.open_with(&self.options()?)
    }

    /// Opens the adapter with these options, and says which shaders are not those built in.
    fn open_with(&self, options: &GpuOptions) -> anyhow::Result<Arc<Gpu>> {
        let gpu = Gpu::open(options)?;
        if let Some(folder) = &options.shaders {
            let changed: Vec<&str> = gpu.shaders().changed().collect();
            let what =
                if changed.is_empty() { "no file differs from those built in".to_owned() } else { changed.join(", ") };
            terminal::complain("note", &format!("shaders of {}: {what}", shown(folder)));
            let unknown: Vec<&str> = gpu.shaders().unknown().collect();
            if !unknown.is_empty() {
                warn!("this program has no shaders by these names: {}", unknown.join(", "));
            }
        }
        Ok(gpu)
    }

    /// Opens the adapter, with a one-line warning when it is not a real GPU.
    fn open(&self) -> anyhow::Result<Arc<Gpu>> {
        let gpu = self.open_quietly()?;
        if gpu.adapter().is_cpu() {
            warn!(
                "no GPU in use; running on the processor with {} (works, but slowly; the very first start compiles kernels for some 15 s)",
                gpu.adapter().name
            );
        }
        Ok(gpu)
    }
}

/// A step to look at.
#[derive(Debug, Args)]
struct StepOptions {
    #[command(flatten)]
    model: ModelOrRun,
    /// Inference, as in `evaluate`, instead of training
    #[arg(long)]
    inference: bool,
    /// Which phase, for a training from given weights
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "inference")]
    phase: usize,
    #[command(flatten)]
    settings: Settings,
}

/// A compiled step, its number of images, and a description.
struct Step {
    compiled: Compiled,
    config: TrainConfig,
    form: Form,
    learned: Learned,
    title: String,
}

impl StepOptions {
    /// The training step of this network, or of a run's.
    fn named(model: &str) -> Self {
        Self { model: ModelOrRun::named(model), inference: false, phase: 1, settings: Settings::default() }
    }

    /// The file that the settings start from, if one is read.
    fn config_file(&self) -> Option<PathBuf> {
        let (_, settings) = self.model.settings(&self.settings).ok()?;
        settings.config_file()
    }

    fn compile(&self, gpu: &Arc<Gpu>) -> anyhow::Result<Step> {
        let (model, settings) = self.model.settings(&self.settings)?;
        let (config, _) = settings.config_on(&model, gpu, &settings.form()?, None)?;
        let (config, learned) = config.phase(self.phase)?;
        let (batch, form) = (config.batch_size, settings.form()?);
        // The content of the images does not matter here.
        let images = ImageSet::new("blank images", form.shape, vec![0; batch * form.shape.len()], vec![0; batch])?;
        let normalisation = Normalisation::UNIT;
        let (what, compiled) = if self.inference {
            ("inference", inference_step(gpu, &config, &form, normalisation, &images)?)
        } else {
            let step = training_step(gpu, &config, &form, &learned, normalisation, &images)?;
            ("training", step)
        };
        let model = config.network.architecture();
        let title = format!("one {what} step of {model} on {batch} images of {}", form.shape);
        Ok(Step { compiled, config, form, learned, title })
    }
}

/// Reads the command line, carries the command out, and reports what failed.
pub fn run() -> ExitCode {
    process::prepare();
    let ended = match parse(std::env::args_os()) {
        Ok(cli) => launch::join(&cli.command).and_then(|()| launch::guarded(|| carry_out(cli.command))),
        // The message quotes what was typed, which may contain anything.
        Err(error) => {
            let typed = std::env::args_os().map(|word| escaped(&word.to_string_lossy()).into_owned().into());
            explain(&parse(typed).err().unwrap_or(error))
        }
    };
    launch::leave(ended)
}

fn parse(words: impl Iterator<Item = OsString>) -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&command().try_get_matches_from(words)?)
}

/// Settings of a training that do not change what a single step computes, or how long it takes.
const NOT_OF_A_STEP: [&str; 30] = [
    "data",
    "classes",
    "size",
    "fit",
    "colour",
    "test_share",
    "label",
    "skip_broken",
    "epochs",
    "seed",
    "split_seed",
    "limit",
    "lr",
    "lr_floor",
    "warmup",
    "schedule",
    "milestones",
    "lr_factor",
    "lr_decay",
    "plateau_patience",
    "plateau_delta",
    "plateau_cooldown",
    "patience",
    "min_delta",
    "monitor",
    "fine_tune_epochs",
    "fine_tune_lr",
    "fine_tune_decay",
    "fine_tune_weight_decay",
    "weight_decay",
];

/// The command line. Commands that examine a step hide the settings that the step does not use.
fn command() -> clap::Command {
    ["plan", "profile", "summary"].into_iter().fold(Cli::command(), |cli, name| {
        cli.mut_subcommand(name, |command| {
            command.mut_args(|argument| {
                let hidden = NOT_OF_A_STEP.contains(&argument.get_id().as_str());
                argument.hide(hidden)
            })
        })
    })
}

/// Prints a help text, or what is wrong with the command line.
fn explain(error: &clap::Error) -> anyhow::Result<ExitCode> {
    if error.use_stderr() {
        launch::join_before_complaining();
        // Rendered without colours, which would be escaped.
        terminal::complain_as_is(&terminal::with_options(&error.render().to_string()));
        launch::end_others(&launch::ranks(), USAGE);
        return Ok(ExitCode::from(USAGE));
    }
    if launch::started_as() == 0 {
        error.print().map_err(terminal::PrintError::from)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn carry_out(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Train(options) => return train::run(&options),
        Command::Speedrun(options) => return speedrun::run(&options),
        Command::Search(options) => return search::run(&options),
        Command::Predict(options) => return predict::run(&options),
        Command::Tsne(options) => return tsne::run(&options),
        Command::Doctor(options) => return doctor::run(&options),
        Command::Data(options) => data::run(&options),
        Command::Augment(options) => augment::run(&options),
        Command::LrFind(options) => lr_find::run(&options),
        Command::Runs(options) => runs::run(&options),
        Command::Evaluate(options) => evaluate::run(&options),
        Command::Features(options) => features::run(&options),
        Command::Export(options) => export::run(&options),
        Command::Summary(options) => summary::run(&options),
        Command::Weights(options) => weights::run(&options),
        Command::Devices(options) => devices::run(&options),
        Command::Kernel(command) => kernel::run(&command),
        Command::Lesson(options) => lesson::run(&options),
        Command::Exercise(options) => exercise::run(&options),
        Command::Record(options) => record::run(&options),
        Command::Lab(options) => lab::run(&options),
        Command::Replay(options) => replay::run(&options),
        Command::Plan(options) => plan::run(&options),
        Command::Profile(options) => profile::run(&options),
    }?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    /// A build with debug assertions stops at names that two structs of a command share; others mix them up silently.
    #[test]
    fn structs_of_options_have_names_of_their_own() {
        for command in Cli::command().get_subcommands() {
            let names: Vec<_> = command.get_groups().map(|group| group.get_id()).collect();
            let different: BTreeSet<_> = names.iter().collect();
            assert_eq!(names.len(), different.len(), "{}: {names:?}", command.get_name());
        }
    }
}
