//! The settings of a training on the command line: a recipe, and what differs from it.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use selvedge::optim::{Plateau, Schedule};
use selvedge::tensor::ops::{Augment, Erased, Fill, Flip, Shift};
use selvedge::train::{
    Monitor, OptimiserKind, PAPER_ERASING, PixelScale, Policy, Recipe, RunConfig, STUDY_ERASING, TrainConfig,
};

/// Settings of a training. Those not given are the recipe's.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct Settings {
    /// Settings to start from [standard]; what stands in [brackets] here is the standard recipe's
    #[arg(long, value_enum, value_name = "NAME")]
    recipe: Option<RecipeName>,
    /// Start from the config.json of a run instead
    #[arg(long, value_name = "FILE", conflicts_with = "recipe")]
    config: Option<PathBuf>,
    /// Data: a .tar.gz or folder with the two CSV files, or the IDX files [default: data/, else the Debian package's]
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Passes over the training images [15]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Images a step [128]
    #[arg(long, visible_alias = "batch", value_name = "N")]
    batch_size: Option<usize>,
    /// Decides initial weights, split, order, dropout and augmentation [1]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Use only the first N training images, a fifth of them for validation
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Units of the first hidden dense layer [512]
    #[arg(long, value_name = "N")]
    dense: Option<usize>,
    /// Scale pixels to 0..1, or to mean 0 and deviation 1 [standard]
    #[arg(long, value_enum, value_name = "SCALE")]
    pixels: Option<PixelsName>,

    #[command(flatten)]
    optimisation: Optimisation,
    #[command(flatten)]
    regularisation: Regularisation,
    #[command(flatten)]
    augmentation: Augmentation,
}

#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Optimisation")]
struct Optimisation {
    /// The rule that moves the weights [adamw]
    #[arg(long, value_enum, value_name = "NAME")]
    optimizer: Option<OptimiserName>,
    /// Peak learning rate [adamw 0.003, adam 0.001, sgd 0.1]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    lr: Option<f64>,
    /// How the learning rate moves [one-cycle]
    #[arg(long, value_enum, value_name = "NAME")]
    schedule: Option<ScheduleName>,
    /// Epochs in which the rate rises in a straight line: before the schedule, or as the rise of one-cycle and triangular [0]
    #[arg(long, value_name = "EPOCHS", allow_negative_numbers = true)]
    warmup: Option<f64>,
    /// Lowest rate of cosine, one-cycle, triangular and plateau [0]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    lr_floor: Option<f64>,
    /// Step, plateau: what the rate is multiplied by [0.1]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    lr_factor: Option<f64>,
    /// Step: after how many epochs, such as 150,225
    #[arg(long, value_name = "EPOCHS", value_delimiter = ',')]
    milestones: Option<Vec<usize>>,
    /// Plateau: epochs without a better figure [5]
    #[arg(long, value_name = "EPOCHS")]
    plateau_patience: Option<usize>,
    /// Plateau: how much better counts as better [0.0001]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    plateau_delta: Option<f64>,
    /// Plateau: epochs after a reduction that do not count [0]
    #[arg(long, value_name = "EPOCHS")]
    plateau_cooldown: Option<usize>,
    /// Make gradients shorter whose norm, of all together, is above X
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    clip_norm: Option<f32>,
    /// Average the weights with this decay, such as 0.999; validation, test and weight files are the average's
    #[arg(long, value_name = "DECAY", allow_negative_numbers = true)]
    ema: Option<f64>,
    /// What chooses the best epoch, and what plateau and patience watch [loss]
    #[arg(long, value_enum, value_name = "FIGURE")]
    monitor: Option<MonitorName>,
    /// Stop after so many epochs without a better figure
    #[arg(long, value_name = "EPOCHS")]
    patience: Option<usize>,
    /// Patience: how much better counts as better [0]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    min_delta: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Regularisation")]
struct Regularisation {
    /// Weight decay of convolution and dense weights [adamw 0.05, adam 0, sgd 0.0005]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    weight_decay: Option<f32>,
    /// L2 penalty X * sum of squares on the hidden dense weights, as Keras' l2(X) [0]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    dense_l2: Option<f32>,
    /// Share of the target spread over all classes [0.1]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    label_smoothing: Option<f32>,
    /// Dropout after the hidden dense layers [0.3]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    dropout: Option<f32>,
    /// Mix images in pairs, by shares drawn from Beta(X, X) [0]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    mixup: Option<f32>,
    /// Exchange rectangles, of shares drawn from Beta(X, X) [0]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    cutmix: Option<f32>,
}

#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Augmentation")]
struct Augmentation {
    /// Changes of the images to start from [standard]
    #[arg(long, value_enum, value_name = "POLICY")]
    augment: Option<PolicyName>,
    /// Exchange left and right
    #[arg(long, value_enum, value_name = "WHEN")]
    flip: Option<FlipName>,
    /// Shift up and down: up to a fraction (0.1) or so many whole pixels (2)
    #[arg(long, value_name = "X", value_parser = shift)]
    height_shift: Option<Shift>,
    /// Shift left and right, as --height-shift
    #[arg(long, value_name = "X", value_parser = shift)]
    width_shift: Option<Shift>,
    /// Part of the image that is seen, such as 0.9,1.1
    #[arg(long, value_name = "LOW,HIGH")]
    zoom: Option<Range>,
    /// Turn by up to so many degrees
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
    rotation: Option<f32>,
    /// Multiply pixels, such as 0.5,1.5
    #[arg(long, value_name = "LOW,HIGH")]
    brightness: Option<Range>,
    /// What is seen outside of a moved image: nearest, reflect or a value in 0..1
    #[arg(long, value_name = "HOW", value_parser = fill)]
    fill: Option<Fill>,
    /// Put a black border of N pixels around and cut the old size out anywhere
    #[arg(long, value_name = "N")]
    crop: Option<u32>,
    /// Fill a rectangle: with the study's ranges, or with those of the paper
    #[arg(long, value_enum, value_name = "RANGES")]
    erase: Option<EraseName>,
    /// How likely an image is erased [0.5]
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    erase_probability: Option<f32>,
    /// Share of the image, such as 0.02,0.1
    #[arg(long, value_name = "LOW,HIGH")]
    erase_area: Option<Range>,
    /// Height / width, such as 0.1,10
    #[arg(long, value_name = "LOW,HIGH")]
    erase_aspect: Option<Range>,
    /// noise, or a value in 0..1 [noise]
    #[arg(long, value_name = "HOW", value_parser = erased)]
    erase_fill: Option<Erased>,
    /// Set a square of N pixels to 0 as the network sees it: the mean, or black with --pixels unit
    #[arg(long, value_name = "N")]
    cutout: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum RecipeName {
    /// AdamW, one cycle, flips and shifts: the best accuracy here
    Standard,
    /// The study's CNN: Adam .01, plateau, L2, dropout .5, its augmentation; 50 epochs
    IcdssCnn,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum PolicyName {
    None,
    /// Brightness, flip, height shift, erasing
    IcdssCnn,
    /// Flip, shifts, erasing
    IcdssResnet,
    /// Alternating flip, shifts by up to two pixels
    Standard,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum ScheduleName {
    Constant,
    /// Multiplied by --lr-factor after --milestones
    Step,
    /// Down along half a cosine
    Cosine,
    /// Up for a quarter of the steps, down along half a cosine
    OneCycle,
    /// Up for a quarter of the steps, down in a straight line
    Triangular,
    /// Multiplied by --lr-factor when the monitored figure stops getting better
    Plateau,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum OptimiserName {
    /// Nesterov momentum 0.9
    Sgd,
    Adam,
    Adamw,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum MonitorName {
    Loss,
    Accuracy,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum PixelsName {
    Unit,
    Standard,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum FlipName {
    Never,
    Random,
    /// At random in the first epoch, the other way round in each after
    Alternating,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum EraseName {
    None,
    /// Area .02 to .1, aspect .1 to 10
    Study,
    /// Area .02 to .4, aspect .3 to 3.3
    Paper,
}

/// `LOW,HIGH`
#[derive(Debug, Clone, Copy, PartialEq)]
struct Range([f32; 2]);

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Vec<f32> = text.split(',').map_while(|part| part.trim().parse().ok()).collect();
        match numbers[..] {
            [low, high] if text.split(',').count() == 2 => Ok(Self([low, high])),
            _ => Err("two numbers with a comma between them are needed, such as 0.5,1.5".to_owned()),
        }
    }
}

fn shift(text: &str) -> Result<Shift, String> {
    let wrong = || "a fraction such as 0.1 or whole pixels such as 2 are needed".to_owned();
    if text.contains('.') {
        text.parse().map(Shift::Fraction).map_err(|_| wrong())
    } else {
        text.parse().map(Shift::Pixels).map_err(|_| wrong())
    }
}

fn fill(text: &str) -> Result<Fill, String> {
    match text {
        "nearest" => Ok(Fill::Nearest),
        "reflect" => Ok(Fill::Reflect),
        value => value
            .parse()
            .map(Fill::Constant)
            .map_err(|_| "nearest, reflect or a value in 0..1 are needed".to_owned()),
    }
}

fn erased(text: &str) -> Result<Erased, String> {
    match text {
        "noise" => Ok(Erased::Noise),
        value => value
            .parse()
            .map(Erased::Constant)
            .map_err(|_| "noise or a value in 0..1 are needed".to_owned()),
    }
}

/// Puts a value that was given over one that was not.
fn set<T>(target: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *target = value;
    }
}

impl Settings {
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

    /// The recipe with what was given put over it, checked.
    pub fn config(&self) -> anyhow::Result<TrainConfig> {
        let mut config = match (&self.config, self.recipe) {
            (Some(path), _) => RunConfig::read(path)?.train,
            (None, None | Some(RecipeName::Standard)) => Recipe::Standard.config(),
            (None, Some(RecipeName::IcdssCnn)) => Recipe::IcdssCnn.config(),
        };
        if let Some(path) = &self.data {
            // So that the run can be evaluated from any folder.
            let path = path.canonicalize().with_context(|| path.display().to_string())?;
            config.data = Some(path);
        }
        set(&mut config.epochs, self.epochs);
        set(&mut config.batch_size, self.batch_size);
        set(&mut config.seed, self.seed);
        set(&mut config.dense, self.dense);
        config.limit = self.limit.or(config.limit);
        let pixels = self.pixels.map(|name| match name {
            PixelsName::Unit => PixelScale::Unit,
            PixelsName::Standard => PixelScale::Standard,
        });
        set(&mut config.pixels, pixels);
        self.optimisation.apply(&mut config)?;
        self.regularisation.apply(&mut config);
        self.augmentation.apply(&mut config.augment);
        config.validate()?;
        Ok(config)
    }
}

impl Optimisation {
    fn apply(&self, config: &mut TrainConfig) -> anyhow::Result<()> {
        if let Some(name) = self.optimizer {
            let (kind, rate, decay) = match name {
                OptimiserName::Sgd => (OptimiserKind::Sgd, 0.1, 5e-4),
                OptimiserName::Adam => (OptimiserKind::Adam, 1e-3, 0.0),
                OptimiserName::Adamw => (OptimiserKind::AdamW, 3e-3, 0.05),
            };
            // A rate that suits one optimiser does not suit another.
            if kind != config.optimiser {
                config.learning_rate.peak = rate;
                config.weight_decay = decay;
            }
            config.optimiser = kind;
        }
        let rate = &mut config.learning_rate;
        set(&mut rate.peak, self.lr);
        set(&mut rate.floor, self.lr_floor);
        set(&mut rate.warm_up, self.warmup);
        if self.min_delta.is_some() && self.patience.or(config.patience).is_none() {
            bail!("--min-delta needs --patience");
        }
        if let Some(name) = self.schedule {
            rate.schedule = match name {
                ScheduleName::Constant => Schedule::Constant,
                ScheduleName::Step => Schedule::Step {
                    milestones: Vec::new(),
                    factor: 0.1,
                },
                ScheduleName::Cosine => Schedule::Cosine,
                ScheduleName::OneCycle => Schedule::OneCycle,
                ScheduleName::Triangular => Schedule::Triangular,
                ScheduleName::Plateau => Schedule::Plateau(Plateau {
                    factor: 0.1,
                    patience: 5,
                    min_delta: 1e-4,
                    cooldown: 0,
                }),
            };
        }
        match &mut rate.schedule {
            Schedule::Step { milestones, factor } => {
                set(milestones, self.milestones.clone());
                set(factor, self.lr_factor);
                if self.lr_floor.is_some() {
                    bail!("--lr-floor has no meaning for --schedule step");
                }
                if milestones.is_empty() {
                    bail!("--schedule step needs --milestones, such as --milestones 8,12");
                }
            }
            Schedule::Plateau(plateau) => {
                set(&mut plateau.factor, self.lr_factor);
                set(&mut plateau.patience, self.plateau_patience);
                set(&mut plateau.min_delta, self.plateau_delta);
                set(&mut plateau.cooldown, self.plateau_cooldown);
            }
            Schedule::Constant if self.lr_floor.is_some() => bail!("--lr-floor has no meaning for --schedule constant"),
            _ if self.milestones.is_some() => bail!("--milestones needs --schedule step"),
            _ if self.lr_factor.is_some() => bail!("--lr-factor needs --schedule step or plateau"),
            _ if self.plateau_patience.or(self.plateau_cooldown).is_some() || self.plateau_delta.is_some() => {
                bail!("--plateau-patience, --plateau-delta and --plateau-cooldown need --schedule plateau")
            }
            _ => {}
        }
        config.clip_norm = self.clip_norm.or(config.clip_norm);
        config.ema = self.ema.or(config.ema);
        config.patience = self.patience.or(config.patience);
        set(&mut config.min_delta, self.min_delta);
        let monitor = self.monitor.map(|name| match name {
            MonitorName::Loss => Monitor::Loss,
            MonitorName::Accuracy => Monitor::Accuracy,
        });
        set(&mut config.monitor, monitor);
        Ok(())
    }
}

impl Regularisation {
    fn apply(&self, config: &mut TrainConfig) {
        set(&mut config.weight_decay, self.weight_decay);
        set(&mut config.dense_l2, self.dense_l2);
        set(&mut config.label_smoothing, self.label_smoothing);
        set(&mut config.dropout, self.dropout);
        set(&mut config.mixup, self.mixup);
        set(&mut config.cutmix, self.cutmix);
    }
}

impl Augmentation {
    fn apply(&self, augment: &mut Augment) {
        if let Some(policy) = self.augment {
            *augment = match policy {
                PolicyName::None => Policy::None,
                PolicyName::IcdssCnn => Policy::IcdssCnn,
                PolicyName::IcdssResnet => Policy::IcdssResnet,
                PolicyName::Standard => Policy::Standard,
            }
            .augment();
        }
        let flip = self.flip.map(|name| match name {
            FlipName::Never => Flip::Never,
            FlipName::Random => Flip::Random,
            FlipName::Alternating => Flip::Alternating,
        });
        set(&mut augment.flip, flip);
        set(&mut augment.shift[0], self.height_shift);
        set(&mut augment.shift[1], self.width_shift);
        set(&mut augment.zoom, self.zoom.map(|range| range.0));
        set(&mut augment.rotation, self.rotation);
        set(&mut augment.brightness, self.brightness.map(|range| range.0));
        set(&mut augment.fill, self.fill);
        set(&mut augment.crop, self.crop);
        set(&mut augment.cutout, self.cutout);
        match self.erase {
            // Whatever else is said about it.
            Some(EraseName::None) => {
                augment.erasing = None;
                return;
            }
            Some(EraseName::Study) => augment.erasing = Some(STUDY_ERASING),
            Some(EraseName::Paper) => augment.erasing = Some(PAPER_ERASING),
            None => {}
        }
        let changes = self.erase_probability.is_some()
            || self.erase_area.is_some()
            || self.erase_aspect.is_some()
            || self.erase_fill.is_some();
        if changes {
            let erasing = augment.erasing.get_or_insert(STUDY_ERASING);
            set(&mut erasing.probability, self.erase_probability);
            set(&mut erasing.area, self.erase_area.map(|range| range.0));
            set(&mut erasing.aspect, self.erase_aspect.map(|range| range.0));
            set(&mut erasing.fill, self.erase_fill);
        }
    }
}
