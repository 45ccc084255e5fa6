//! The settings of a training on the command line: a recipe, and what differs from it.

mod augmentation;
mod network;
mod optimisation;
mod transfer;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::bail;
use augmentation::Augmentation;
use clap::{Args, ValueEnum};
use network::NetworkOptions;
use optimisation::{Optimisation, Regularisation};
use selvedge::files::{FileError, FileTask};
use selvedge::gpu::Gpu;
use selvedge::models::Architecture;
use selvedge::train::{Extension, PixelScale, Recipe, RunConfig, TrainConfig, automatic_batch_size};
use transfer::Transfer;

/// The network to train.
#[derive(Debug, Default, Args)]
pub struct ModelArgument {
    /// The network [cnn, or the recipe's]
    #[arg(value_name = "MODEL", value_parser = architecture)]
    pub model: Option<Architecture>,
}

/// A network to look at, perhaps that of a run.
#[derive(Debug, Args)]
pub struct ModelOrRun {
    /// The network [cnn, or the recipe's], or the folder of a run, whose settings are taken too
    #[arg(value_name = "MODEL|RUN")]
    model: Option<String>,
}

impl ModelOrRun {
    /// The network, with settings that start from those of the run where one was named.
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
        format!(
            "the networks are {}{run}",
            Architecture::ALL.map(Architecture::name).join(", ")
        )
    })
}

/// Settings of a training. Those not given are the recipe's.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Training")]
pub struct Settings {
    /// Settings to start from [standard, for inception icdss-inception]; what stands in [brackets] here is the standard recipe's
    #[arg(long, value_enum, value_name = "NAME")]
    recipe: Option<RecipeName>,
    /// Start from the settings of a run instead: its folder, or its config.json
    #[arg(long, value_name = "RUN", conflicts_with = "recipe")]
    config: Option<PathBuf>,
    /// Data: a .tar.gz or folder with the two CSV files, or the IDX files [default: data/, else the Debian package's]
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Passes over the training images [15]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Images that go through the network at once, or auto for as many as fit [128]
    #[arg(long, visible_alias = "batch", value_name = "N")]
    batch_size: Option<BatchSize>,
    /// Batches whose gradients are put together for one step, as if they were one [1]
    #[arg(long, value_name = "N")]
    accumulate: Option<usize>,
    /// Decides initial weights, split, order, dropout and augmentation [1]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Decides which images validate, in place of the seed: give it to runs of several seeds that an ensemble is to be made of
    #[arg(long, value_name = "N")]
    split_seed: Option<u64>,
    /// Use only the first N training images, a fifth of them for validation
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// How pixels are scaled [standard]
    #[arg(long, value_enum, value_name = "SCALE")]
    pixels: Option<PixelsName>,

    #[command(flatten)]
    network: NetworkOptions,
    #[command(flatten)]
    transfer: Transfer,
    #[command(flatten)]
    optimisation: Optimisation,
    #[command(flatten)]
    regularisation: Regularisation,
    #[command(flatten)]
    augmentation: Augmentation,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum RecipeName {
    /// AdamW, one cycle, flips and shifts: the best accuracy here
    Standard,
    /// The study's CNN: Adam .01, plateau, L2, dropout .5, its augmentation; 50 epochs
    IcdssCnn,
    /// The study's resnet18: Adam .001, plateau, L2, its augmentation (--augment none to leave it out); 10 epochs
    IcdssResnet,
    /// The study's Inception: the head with Adam .001, then most of the base with SGD .001
    IcdssInception,
    /// That of the random-erasing paper, for resnet20 and the like: SGD .1 with two steps, crop, flip, erasing; 300 epochs
    RandomErasing,
}

impl RecipeName {
    fn recipe(self) -> Recipe {
        match self {
            Self::Standard => Recipe::Standard,
            Self::IcdssCnn => Recipe::IcdssCnn,
            Self::IcdssResnet => Recipe::IcdssResnet,
            Self::IcdssInception => Recipe::IcdssInception,
            Self::RandomErasing => Recipe::RandomErasing,
        }
    }
}

/// Images a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
enum BatchSize {
    Automatic,
    Given(usize),
}

impl FromStr for BatchSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Automatic),
            number => number
                .parse()
                .map(Self::Given)
                .map_err(|_| "a number of images or auto is needed".to_owned()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum PixelsName {
    /// 0 to 1
    Unit,
    /// Mean 0 and deviation 1 over the training images
    Standard,
    /// -1 to 1, as Inception's published weights want it
    Symmetric,
}

/// Puts a value that was given over one that was not.
fn set<T>(target: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *target = value;
    }
}

/// The settings in a run's folder, or the file itself.
fn in_run_folder(path: &Path) -> PathBuf {
    match path.is_dir() {
        true => path.join("config.json"),
        false => path.to_owned(),
    }
}

impl Settings {
    /// Starts from the settings of a run, where it was not said from what else.
    fn start_from(&mut self, run: &Path) -> anyhow::Result<()> {
        if self.recipe.is_some() || self.config.is_some() {
            bail!("the run's own settings are taken; leave out --recipe and --config");
        }
        self.config = Some(run.to_owned());
        Ok(())
    }

    /// The file that these settings start from, where one is read.
    pub fn config_file(&self) -> Option<PathBuf> {
        self.config.as_deref().map(in_run_folder)
    }

    /// Where the data is, when it was said.
    pub fn data(&self) -> Option<&Path> {
        self.data.as_deref()
    }

    /// Whether anything but the place of the data was given.
    pub fn is_given(&self) -> bool {
        let without_data = Self {
            data: None,
            ..self.clone()
        };
        without_data != Self::default()
    }

    /// The epochs of both phases that a resumed run is extended to, if there are any.
    ///
    /// # Errors
    /// When anything else but the place of the data was given.
    pub fn extension(&self, fresh_cycle: bool) -> anyhow::Result<Option<Extension>> {
        let mut rest = self.clone();
        let extension = Extension {
            epochs: rest.epochs.take(),
            fine_tune_epochs: rest.transfer.take_epochs(),
            fresh_cycle,
        };
        if rest.is_given() {
            bail!(
                "--resume takes the run's own settings; leave out all but --epochs, --fine-tune-epochs, --data, --adapter and \
                 the output options"
            );
        }
        let is_longer = extension.epochs.is_some() || extension.fine_tune_epochs.is_some();
        if fresh_cycle && !is_longer {
            bail!("--fresh-cycle needs --epochs N, the epochs of the training together with those of the new cycle");
        }
        Ok(is_longer.then_some(extension))
    }

    /// The recipe with what was given put over it, checked.
    pub fn config(&self, model: &ModelArgument) -> anyhow::Result<TrainConfig> {
        let mut config = match (&self.config, self.recipe, model.model) {
            (Some(path), _, _) => RunConfig::read(&in_run_folder(path))?.train.from_the_start(),
            (None, Some(name), _) => name.recipe().config(),
            (None, None, Some(Architecture::Inception)) => Recipe::IcdssInception.config(),
            (None, None, _) => Recipe::Standard.config(),
        };
        set(&mut config.model, model.model);
        if let Some(path) = &self.data {
            // So that the run can be evaluated from any folder.
            let path = path.canonicalize().map_err(FileError::io(path, FileTask::Read))?;
            config.data = Some(path);
        }
        set(&mut config.epochs, self.epochs);
        if let Some(BatchSize::Given(size)) = self.batch_size {
            config.batch_size = size;
        }
        set(&mut config.accumulate, self.accumulate);
        set(&mut config.seed, self.seed);
        config.split_seed = self.split_seed.or(config.split_seed);
        config.limit = self.limit.or(config.limit);
        let pixels = self.pixels.map(|name| match name {
            PixelsName::Unit => PixelScale::Unit,
            PixelsName::Standard => PixelScale::Standard,
            PixelsName::Symmetric => PixelScale::Symmetric,
        });
        set(&mut config.pixels, pixels);
        self.network.apply(&mut config)?;
        self.optimisation.apply(&mut config)?;
        self.regularisation.apply(&mut config)?;
        self.augmentation.apply(&mut config.augment);
        // Last: a second phase that the recipe does not have takes its batch size from the first.
        self.transfer.apply(&mut config)?;
        config.validate()?;
        Ok(config)
    }

    /// As [`Settings::config`], with the batch size that fits the device and so many training images where it was left to them.
    pub fn config_on(&self, model: &ModelArgument, gpu: &Arc<Gpu>, images: usize) -> anyhow::Result<TrainConfig> {
        let mut config = self.config(model)?;
        if self.batch_size == Some(BatchSize::Automatic) {
            config.batch_size = automatic_batch_size(gpu, &config, images)?;
            if let Some(tune) = config.fine_tune.as_mut().filter(|_| !self.transfer.has_batch_size()) {
                tune.batch_size = config.batch_size;
            }
        }
        Ok(config)
    }

    /// Refuses what must be known before there is a device.
    pub fn refuse_automatic_batch(&self) -> anyhow::Result<()> {
        if self.batch_size == Some(BatchSize::Automatic) {
            bail!("--batch-size auto has no meaning here; give a number");
        }
        Ok(())
    }
}
