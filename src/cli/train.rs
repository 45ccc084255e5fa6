//! `selvedge train`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use clap::Args;
use selvedge::data::{Dataset, Form, Reading};
use selvedge::files::{FileError, FileTask, shown};
use selvedge::gpu::Gpu;
use selvedge::run::{Chosen, RunConfig, RunFolder};
use selvedge::settings::{Architecture, TrainConfig, Transfer};
use selvedge::train::{Ending, Task, TrainError, resume, train, train_final};

use super::console::{Console, OutputOptions};
use super::display::{Display, INTERRUPTED, stop_on_ctrl_c};
use super::evaluate::report_text;
use super::launch::ranks;
use super::table::thousands;
use super::terminal::{Explained, outlive_reader};
use super::{AdapterOption, ModelArgument, Settings, dataset};

#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub struct Options {
    #[command(flatten)]
    model: ModelArgument,
    /// Train inception from random weights
    #[arg(long, conflicts_with = "weights")]
    from_scratch: bool,
    /// Resume an interrupted run: its folder, or one of its checkpoint files. With a larger --epochs (or --fine-tune-epochs)
    /// any run is trained further
    #[arg(long, value_name = "RUN", conflicts_with_all = ["name", "out"])]
    resume: Option<PathBuf>,
    /// Train a complete run once more, for the epochs that its validation chose, on its training and validation images
    /// together
    #[arg(long = "final", value_name = "RUN", conflicts_with = "resume")]
    final_of: Option<PathBuf>,
    /// With --resume and --epochs: restart the learning rate schedule from the last weights, over the remaining epochs.
    /// Cosine, one-cycle and triangular schedules cannot be extended otherwise
    #[arg(long, requires = "resume")]
    fresh_cycle: bool,
    /// The run's folder is runs/NAME [default: runs/MODEL-1, runs/MODEL-2, ...; with --final runs/MODEL-final-1, ...]
    #[arg(long, value_name = "NAME", conflicts_with = "out")]
    name: Option<String>,
    /// The run's folder, new or empty
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Also write event files for TensorBoard into the run's folder
    #[arg(long)]
    tensorboard: bool,
    #[command(flatten)]
    output: OutputOptions,
    #[command(flatten)]
    adapter: AdapterOption,
    #[command(flatten)]
    settings: Settings,
}

pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    stop_on_ctrl_c()?;
    outlive_reader();
    let console = Console::new(&options.output);
    let mut display = Display::new(console, options.tensorboard);
    let ending = match (&options.resume, &options.final_of) {
        (Some(path), _) => resume_run(options, path, &mut display)?,
        (_, Some(path)) => start_final(options, path, &mut display)?,
        _ => start(options, &mut display)?,
    };
    let outcome = match ending {
        Ending::Finished(outcome) => outcome,
        Ending::Interrupted(folder) => {
            let folder = shown(folder.path());
            display
                .console
                .say(&format!("interrupted and saved; `selvedge train --resume {folder}` resumes from here"));
            return Ok(ExitCode::from(INTERRUPTED));
        }
    };
    let result = &outcome.result;
    if result.stopped_early {
        let last = result.epochs;
        display.console.say(&format!("stopped early after epoch {last}"));
    }
    let is_validated = outcome.history.iter().any(|record| record.kept_loss().is_some());
    let epoch = if is_validated { "best epoch" } else { "last epoch" };
    display.console.say(&format!(
        "\n{epoch}: {}; weights and history in {}\n",
        result.best_epoch,
        shown(outcome.folder.path())
    ));
    display.console.say(report_text("test", &result.test).trim_end());
    display.console.json(result)?;
    Ok(ExitCode::SUCCESS)
}

/// What to do without weights.
const WEIGHTS_OF_INCEPTION: &str =
    "inception starts from weights: give a file with --weights, or train without with --from-scratch.
Weights of ImageNet, some 95 to 109 MB:
  timm         https://huggingface.co/timm/inception_v3.tv_in1k, model.safetensors, ready to use (Apache 2.0)
  torchvision  https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth (BSD 3-clause), to be converted:
               python3 scripts/pth-to-safetensors.py inception_v3_google-0cc3c7bd.pth inception_v3.safetensors
ImageNet itself allows research and teaching only; whether that binds its weights is not settled.";

fn start(options: &Options, display: &mut Display) -> anyhow::Result<Ending> {
    let planned = options.settings.config(&options.model)?;
    if planned.network.architecture() == Architecture::Inception
        && planned.transfer.weights.is_none()
        && !options.from_scratch
    {
        bail!(Explained(WEIGHTS_OF_INCEPTION));
    }
    let named = options.run_folder()?;
    let (data, gpu, mut config) = display.prepare(&options.model, &options.settings, &options.adapter)?;
    if options.from_scratch {
        // The settings may name weights.
        config.transfer = Transfer::default();
    }
    let task = Task::built_in(&config, &data).on(&ranks());
    Ok(train(&gpu, &config, &task, named.as_deref(), display)?)
}

impl Options {
    /// The requested folder, if it can be used.
    fn run_folder(&self) -> anyhow::Result<Option<PathBuf>> {
        let folder = match &self.name {
            Some(name) if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\']) => {
                bail!(
                    "--name is '{name}', but must be a name without slashes that starts with no dot; --out takes a path"
                )
            }
            Some(name) => Some(Path::new("runs").join(name)),
            None => self.out.clone(),
        };
        if let Some(folder) = &folder {
            RunFolder::refuse_used(folder)?;
        }
        Ok(folder)
    }

    /// Refuses settings besides a run that has its own, but for those that may be `changed` and the place of the data.
    fn refuse_settings_of_the_run(&self, option: &str, changed: &[&str]) -> anyhow::Result<()> {
        if self.model.is_given() || self.from_scratch {
            bail!("{option} takes the run's own network; leave out MODEL and --from-scratch");
        }
        if self.settings.is_given_besides(&[changed, &["data"]].concat()) {
            let kept: String = changed.iter().map(|id| format!("--{}, ", id.replace('_', "-"))).collect();
            bail!(
                "{option} takes the run's own settings; leave out all but {kept}--data, --adapter and the output options"
            );
        }
        Ok(())
    }

    /// The data of a run, which may have moved.
    fn data_of(&self, run: &RunConfig, display: &mut Display) -> anyhow::Result<Dataset> {
        let place = self.settings.data().or(run.train.data.as_deref());
        display.load(place, &run.train.reading, Some(&run.form))
    }
}

fn start_final(options: &Options, path: &Path, display: &mut Display) -> anyhow::Result<Ending> {
    options.refuse_settings_of_the_run("--final", &[])?;
    let named = options.run_folder()?;
    let folder = RunFolder::open(path);
    let run = folder.read_config()?;
    // Asked before the data is read.
    Chosen::by(&folder)?;
    let data = options.data_of(&run, display)?;
    let gpu = display.open(&options.adapter)?;
    if run.ranks != ranks().size() {
        warn!(
            "the run was trained in {} processes and this is {}: its steps have batches of another size, so its epochs and rates may not suit",
            run.ranks,
            ranks().size()
        );
    }
    let task = Task::built_in(&run.train, &data).on(&ranks());
    let moved = options.settings.data().map(Path::canonicalize).transpose();
    let moved = moved.map_err(|e| anyhow!("--data cannot be found again: {e}"))?;
    Ok(train_final(&gpu, &folder, &task, moved.as_deref(), named.as_deref(), display)?)
}

fn resume_run(options: &Options, path: &Path, display: &mut Display) -> anyhow::Result<Ending> {
    options.refuse_settings_of_the_run("--resume", &["epochs", "fine_tune_epochs"])?;
    let extension = options.settings.extension(options.fresh_cycle)?;
    let metadata = path.metadata().map_err(FileError::io(path, FileTask::Read))?;
    // A file is one of the folder's checkpoints.
    let (folder, checkpoint) = match path.parent() {
        Some(parent) if !metadata.is_dir() => (RunFolder::open(parent), path.to_owned()),
        _ => {
            let folder = RunFolder::open(path);
            let last = folder.last_checkpoint();
            (folder, last)
        }
    };
    let run = folder.read_config()?;
    if extension.is_none() && folder.read_result()?.is_some() {
        return Err(TrainError::complete(&run, &folder).into());
    }
    let data = options.data_of(&run, display)?;
    let gpu = display.open(&options.adapter)?;
    let changed: Vec<String> = gpu.shaders().changed().map(str::to_owned).collect();
    if let Some(warning) = other_device(&run, &gpu.adapter().name, &gpu.adapter().driver, &changed, ranks().size()) {
        warn!("{warning}");
    }
    let task = Task::built_in(&run.train, &data).on(&ranks());
    Ok(resume(&gpu, &folder, &checkpoint, extension.as_ref(), &task, display)?)
}

impl Display {
    /// The data, the adapter, and the settings for both. Reports what was read and what a person should know of the settings.
    pub fn prepare(
        &mut self,
        model: &ModelArgument,
        settings: &Settings,
        adapter: &AdapterOption,
    ) -> anyhow::Result<(Dataset, Arc<Gpu>, TrainConfig)> {
        let planned = settings.config(model)?;
        let data = self.load(planned.data.as_deref(), &planned.reading, None)?;
        let gpu = self.open(adapter)?;
        let images = planned.trained_images(planned.images(&data).len());
        let (config, notes) = settings.config_on(model, &gpu, &data.form(), Some(images))?;
        for note in &notes {
            self.console.say(note);
        }
        Ok((data, gpu, config))
    }

    /// Opens the adapter, with the warning that it is slow unless --quiet is given.
    fn open(&self, adapter: &AdapterOption) -> anyhow::Result<Arc<Gpu>> {
        if self.console.is_quiet() { adapter.open_quietly() } else { adapter.open() }
    }

    /// Reads the data and reports what was read.
    fn load(&mut self, place: Option<&Path>, reading: &Reading, known: Option<&Form>) -> anyhow::Result<Dataset> {
        let data = dataset::load(place, reading, known)?;
        self.console.say(&format!(
            "data: {} training and {} test images of {} in {} classes from {}",
            thousands(data.train.len()),
            thousands(data.test.len()),
            data.train.shape(),
            thousands(data.class_names.len()),
            shown(&data.source)
        ));
        Ok(data)
    }
}

/// What to say when the run was started by another program, on another adapter or driver, with other shaders, or in another number of
/// processes: a training repeats itself to the last bit only on the same, since the driver compiles the kernels, and since numbers are
/// added in another order.
fn other_device(
    run: &RunConfig,
    adapter: &str,
    driver: &str,
    changed_shaders: &[String],
    ranks: usize,
) -> Option<String> {
    let described = |adapter: &str, driver: &str, version: &str, changed: &[String], ranks: usize| {
        let driver = if run.driver.is_empty() { String::new() } else { format!(" with {driver}") };
        let changed = if changed.is_empty() { String::new() } else { format!(" with changed {}", changed.join(", ")) };
        let ranks = if ranks == 1 { String::new() } else { format!(" in {ranks} processes") };
        format!("{adapter}{driver} by selvedge {version}{changed}{ranks}")
    };
    let started = described(&run.adapter, &run.driver, &run.version, &run.changed_shaders, run.ranks);
    let here = described(adapter, driver, env!("CARGO_PKG_VERSION"), changed_shaders, ranks);
    (started != here).then(|| {
        format!("the run was started on {started}; on {here} its weights will not be the same to the last bit")
    })
}

#[cfg(test)]
mod tests {
    use selvedge::data::Normalisation;

    use super::*;

    #[test]
    fn another_driver_is_named_where_the_run_knows_its_own() {
        let mut run = RunConfig {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            adapter: "card".to_owned(),
            driver: "driver 1".to_owned(),
            changed_shaders: Vec::new(),
            own_network: None,
            train: TrainConfig::default(),
            form: Form::default(),
            normalisation: Normalisation::UNIT,
            train_images: 0,
            validation_images: 0,
            data_checksum: 0,
            ranks: 1,
            chosen: None,
        };
        assert_eq!(other_device(&run, "card", "driver 1", &[], 1), None);
        let warning = other_device(&run, "card", "driver 2", &[], 1).unwrap();
        assert!(warning.contains("card with driver 1") && warning.contains("card with driver 2"), "{warning}");
        run.driver = String::new();
        assert_eq!(other_device(&run, "card", "driver 2", &[], 1), None);
        assert!(other_device(&run, "other card", "driver 2", &[], 1).unwrap().contains("other card by"));
        run.changed_shaders = vec!["optim/sgd.wgsl".to_owned()];
        assert!(other_device(&run, "card", "", &[], 1).unwrap().contains("with changed optim/sgd.wgsl"));
    }
}
