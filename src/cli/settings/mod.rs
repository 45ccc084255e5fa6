//! Training settings on the command line: a recipe, and what differs from it.

mod augmentation;
mod given;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;
use augmentation::Augmentation;
use clap::Args;
use given::Given;
use selvedge::data::{Form, Reading};
use selvedge::files::{FileError, FileTask};
use selvedge::gpu::Gpu;
use selvedge::models;
use selvedge::optim::Schedule;
use selvedge::run::RunConfig;
use selvedge::settings::{Architecture, Recipe, TrainConfig};
use selvedge::tensor::ops::Flip;
use selvedge::train::{Extension, automatic_batch_size};

use super::launch::ranks;

/// The network to train.
#[derive(Debug, Default, Args)]
pub struct ModelArgument {
    /// The network; default cnn, or the recipe's
    #[arg(value_name = "MODEL", value_parser = architecture)]
    pub model: Option<Architecture>,
}

/// A network to look at, possibly that of a run.
#[derive(Debug, Args)]
pub struct ModelOrRun {
    /// The network [cnn, or the recipe's], or the folder of a run, whose settings are used too
    #[arg(value_name = "MODEL|RUN")]
    model: Option<String>,
}

impl ModelOrRun {
    /// With this name.
    pub fn named(name: &str) -> Self {
        Self { model: Some(name.to_owned()) }
    }

    /// The network, with settings that start from those of the run if one was named.
    pub fn settings(&self, settings: &Settings) -> anyhow::Result<(ModelArgument, Settings)> {
        let mut settings = settings.clone();
        let model = match &self.model {
            None => None,
            Some(text) => match architecture(text) {
                Ok(model) => Some(model),
                Err(_) if Path::new(text).exists() => {
                    settings.start_from(Path::new(text))?;
                    None
                }
                Err(problem) => bail!("'{text}' is no network and no run folder: {problem}"),
            },
        };
        Ok((ModelArgument { model }, settings))
    }
}

impl ModelArgument {
    /// Whether a network was named.
    pub fn is_given(&self) -> bool {
        self.model.is_some()
    }
}

fn architecture(text: &str) -> Result<Architecture, String> {
    let found = Architecture::ALL.into_iter().find(|model| model.name() == text);
    found.ok_or_else(|| {
        let run = match Path::new(text).exists() {
            true => "; --resume RUN resumes a run, --config RUN starts anew with its settings",
            false => "",
        };
        format!("the networks are {}{run}", Architecture::ALL.map(Architecture::name).join(", "))
    })
}

/// Training settings. The recipe decides those that are not given.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Training")]
pub struct Settings {
    /// Settings to start from; by default cnn, standard for the ResNets, icdss-inception for inception. Other defaults here are those of
    /// cnn and standard
    #[arg(long, value_enum, value_name = "NAME")]
    recipe: Option<Recipe>,
    /// Start from the settings of a run instead: its folder, or its config.json
    #[arg(long, value_name = "RUN", conflicts_with = "recipe")]
    config: Option<PathBuf>,
    #[command(flatten)]
    given: Given,
    #[command(flatten)]
    augmentation: Augmentation,
}

/// Batches of fewer images have noisy batch norms.
const SMALLEST_BATCH: usize = 8;

/// Overwrites `target` if a value was given.
fn set<T>(target: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *target = value;
    }
}

/// The settings file in a run's folder, or the path itself if it is a file.
fn in_run_folder(path: &Path) -> PathBuf {
    match path.is_dir() {
        true => path.join("config.json"),
        false => path.to_owned(),
    }
}

/// Makes a path absolute, so that it is valid from any folder.
fn absolute(path: &mut Option<PathBuf>) -> Result<(), FileError> {
    if let Some(path) = path {
        *path = path.canonicalize().map_err(FileError::io(path, FileTask::Read))?;
    }
    Ok(())
}

impl Settings {
    /// The same, starting from this recipe if none was named.
    pub fn or_recipe(&self, recipe: Recipe) -> Self {
        let mut settings = self.clone();
        if settings.config.is_none() {
            settings.recipe.get_or_insert(recipe);
        }
        settings
    }

    /// Starts from the settings of a run; refuses if another start was given.
    fn start_from(&mut self, run: &Path) -> anyhow::Result<()> {
        if self.recipe.is_some() || self.config.is_some() {
            bail!("the run's own settings are taken; leave out --recipe and --config");
        }
        self.config = Some(run.to_owned());
        Ok(())
    }

    /// The file that these settings start from, if one is read.
    pub fn config_file(&self) -> Option<PathBuf> {
        self.config.as_deref().map(in_run_folder)
    }

    /// Where the data is, if given.
    pub fn data(&self) -> Option<&Path> {
        self.given.value::<PathBuf>("data").map(PathBuf::as_path)
    }

    /// The form of the data of the run that these settings start from, or else Fashion-MNIST's: for examining a step, which
    /// needs no data.
    pub fn form(&self) -> anyhow::Result<Form> {
        Ok(match self.config_file() {
            Some(path) => RunConfig::read(&path)?.form,
            None => Form::default(),
        })
    }

    /// Whether anything other than the location of the data was given.
    pub fn is_given(&self) -> bool {
        self.is_given_besides(&["data"])
    }

    /// Whether anything other than these was given.
    pub fn is_given_besides(&self, ids: &[&str]) -> bool {
        let has_start = self.recipe.is_some() || self.config.is_some();
        has_start || self.augmentation != Augmentation::default() || self.given.has_others(ids)
    }

    /// The epochs of both phases that a resumed run is extended to, if there are any.
    pub fn extension(&self, fresh_cycle: bool) -> anyhow::Result<Option<Extension>> {
        let extension = Extension {
            epochs: self.given.value("epochs").copied(),
            fine_tune_epochs: self.given.value("fine_tune_epochs").copied(),
            fresh_cycle,
        };
        let is_longer = extension.epochs.is_some() || extension.fine_tune_epochs.is_some();
        if fresh_cycle && !is_longer {
            bail!("--fresh-cycle needs --epochs N, the epochs of the training together with those of the new cycle");
        }
        Ok(is_longer.then_some(extension))
    }

    /// The recipe, overwritten with what was given, and checked.
    pub fn config(&self, model: &ModelArgument) -> anyhow::Result<TrainConfig> {
        let mut config = self.start(model)?;
        let usual_batch = config.batch_size;
        // How the data of another run was read says nothing of other data.
        if self.given.has("data") {
            config.reading = Reading::default();
        }
        self.given.update(&mut config)?;
        if config.batch_size == TrainConfig::AUTOMATIC {
            config.batch_size = usual_batch;
        }
        // A second phase that the recipe does not have takes its batch size from the first.
        config.settle_batch_size();
        self.augmentation.apply(&mut config.augment);
        self.refuse_what_has_no_meaning(&config)?;
        // Absolute, so that the run can be resumed and evaluated from any folder.
        if self.given.has("data") {
            absolute(&mut config.data)?;
        }
        if self.given.has("classes") && config.reading.classes.as_deref() != Some(Path::new("fashion-mnist")) {
            absolute(&mut config.reading.classes)?;
        }
        if self.given.has("weights") {
            absolute(&mut config.transfer.weights)?;
        }
        config.validate()?;
        models::check_layers(&config)?;
        Ok(config)
    }

    /// What the settings start from, with the network that was named and with the usual rate and decay of the optimiser that was
    /// named.
    fn start(&self, model: &ModelArgument) -> anyhow::Result<TrainConfig> {
        let mut config = match (&self.config, self.recipe, model.model) {
            (Some(path), _, _) => {
                let run = RunConfig::read(&in_run_folder(path))?;
                if let Some(name) = run.own_network {
                    bail!("the run is of a network of one's own, {name}: only the program that declares it can use it");
                }
                run.train.from_the_start()
            }
            (None, Some(recipe), _) => recipe.config(),
            (None, None, name) => Recipe::usual(name.unwrap_or(Architecture::Cnn)).config(),
        };
        if let Some(name) = model.model {
            config.network = config.network.of(name);
        }
        if let Some(kind) = self.given.value("optimizer").copied()
            && kind != config.optimisation.optimiser
        {
            config.optimisation.optimiser = kind;
            (config.optimisation.learning_rate.peak, config.regularisation.weight_decay) = kind.usual_rate_and_decay();
        }
        Ok(config)
    }

    fn refuse_what_has_no_meaning(&self, config: &TrainConfig) -> anyhow::Result<()> {
        if self.given.has("dense_l2") && !config.network.has_hidden_dense() {
            let name = config.network.architecture();
            bail!("--dense-l2 has no meaning for {name}: it has no hidden dense layer");
        }
        if !config.is_validated() {
            for (id, option) in [("monitor", "--monitor"), ("split_seed", "--split-seed")] {
                if self.given.has(id) {
                    bail!("{option} has no meaning with --validation-share 0: no image is held out");
                }
            }
        }
        if self.given.has("min_delta") && config.stopping.patience.is_none() {
            bail!("--min-delta needs --patience");
        }
        let schedule = &config.optimisation.learning_rate.schedule;
        if self.given.has("lr_floor") && matches!(schedule, Schedule::Constant | Schedule::Step(_)) {
            bail!("--lr-floor has no meaning for --schedule {}", schedule.name());
        }
        if matches!(schedule, Schedule::Step(step) if step.milestones.is_empty()) {
            bail!("--schedule step needs --milestones, such as --milestones 8,12");
        }
        Ok(())
    }

    /// As [`Settings::config`], for data of this form with this many training images, if that is known: an automatic batch size becomes the one
    /// that fits the device, one that was not given suits the number of images. Also what a person should know of it.
    pub fn config_on(
        &self,
        model: &ModelArgument,
        gpu: &Arc<Gpu>,
        form: &Form,
        images: Option<usize>,
    ) -> anyhow::Result<(TrainConfig, Vec<String>)> {
        let mut config = self.config(model)?;
        let mut notes = Vec::new();
        if self.suit(&mut config, form) {
            notes.push(
                "images are not mirrored, since the classes are digits or letters; --flip decides otherwise".to_owned(),
            );
        }
        if self.has_automatic_batch() {
            if !ranks().is_alone() {
                bail!("--batch-size auto is for one process; give a number that fits the smallest of the devices");
            }
            config.batch_size = automatic_batch_size(gpu, &config, form, images)?;
            if let Some(tune) = &mut config.transfer.fine_tune
                && !self.given.has("fine_tune_batch_size")
            {
                tune.batch_size = config.batch_size;
            }
        } else if let Some(images) = images {
            notes.extend(self.shrink_batches(&mut config, form, images / ranks().size()));
        }
        Ok((config, notes))
    }

    /// Halves the recipe's batch sizes, which are made for many images, where these are too few for them. Fashion-MNIST's are only
    /// kept from being larger than the whole set, so that a recipe stays what it is. Tells what was changed.
    pub fn shrink_batches(&self, config: &mut TrainConfig, form: &Form, images: usize) -> Vec<String> {
        let mut notes = Vec::new();
        if self.config.is_some() {
            return notes;
        }
        let least_steps = if *form == Form::default() { 1 } else { 10 };
        let batches_a_step = config.accumulate;
        let each = if ranks().is_alone() { "" } else { " for each process" };
        let mut shrink = |batch: &mut usize, option: &str| {
            let usual = *batch;
            while *batch > SMALLEST_BATCH && *batch * batches_a_step * least_steps > images {
                *batch /= 2;
            }
            *batch = (*batch).min(images.max(1));
            if *batch < usual {
                notes.push(format!(
                    "batches have {batch} images, not {usual}, since there are only {images} to train on{each}; --{option} decides \
                     otherwise"
                ));
            }
        };
        if !self.given.has("batch_size") {
            shrink(&mut config.batch_size, "batch-size");
        }
        if let Some(tune) = &mut config.transfer.fine_tune
            && !self.given.has("fine_tune_batch_size")
        {
            shrink(&mut tune.batch_size, "fine-tune-batch-size");
        }
        notes
    }

    /// Leaves out what a recipe does that is wrong for data of this form, unless it was asked for: mirrored digits and letters
    /// are others. Returns whether anything is left out.
    pub fn suit(&self, config: &mut TrainConfig, form: &Form) -> bool {
        let is_wanted = self.augmentation.gives_flip() || self.config.is_some();
        let is_wrong = config.augment.flip != Flip::Never && form.is_of_characters() && !is_wanted;
        if is_wrong {
            config.augment.flip = Flip::Never;
        }
        is_wrong
    }

    fn has_automatic_batch(&self) -> bool {
        self.given.value("batch_size") == Some(&TrainConfig::AUTOMATIC)
    }

    /// Refuses an automatic batch size where it must be known before there is a device.
    pub fn refuse_automatic_batch(&self) -> anyhow::Result<()> {
        if self.has_automatic_batch() {
            bail!("--batch-size auto has no meaning here; give a number");
        }
        Ok(())
    }
}
