//! `selvedge train`

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use selvedge::data;
use selvedge::optim::Schedule;
use selvedge::train::{EpochRecord, Observer, OptimiserKind, Progress, RunConfig, RunFolder, TrainConfig, train};

use super::AdapterOption;
use super::evaluate::print_report;

#[derive(Debug, Args)]
pub struct Options {
    /// The network
    #[arg(value_enum, default_value_t = ModelName::Cnn)]
    model: ModelName,
    /// Data: a .tar.gz or folder with the two CSV files, or the IDX files [default: data/, else the Debian package's]
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Passes over the training images
    #[arg(long, default_value_t = defaults().epochs)]
    epochs: usize,
    /// Images a step
    #[arg(long, default_value_t = defaults().batch_size)]
    batch_size: usize,
    /// Peak learning rate [default: 0.003; for sgd 0.1]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    lr: Option<f64>,
    /// How the learning rate moves
    #[arg(long, value_enum, default_value_t = ScheduleName::OneCycle)]
    schedule: ScheduleName,
    /// The rule that moves the weights
    #[arg(long, value_enum, default_value_t = OptimiserName::Adamw)]
    optimizer: OptimiserName,
    /// Weight decay of convolution and dense weights [default: adamw 0.05, sgd 0.0005, adam 0]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    weight_decay: Option<f32>,
    /// L2 penalty X * sum of squares on dense weights, as Keras' l2(X)
    #[arg(long, value_name = "X", default_value_t = defaults().dense_l2, allow_negative_numbers = true)]
    dense_l2: f32,
    /// Share of the target spread over all classes
    #[arg(long, value_name = "X", default_value_t = defaults().label_smoothing, allow_negative_numbers = true)]
    label_smoothing: f32,
    /// Dropout after the hidden dense layers
    #[arg(long, value_name = "RATE", default_value_t = defaults().dropout, allow_negative_numbers = true)]
    dropout: f32,
    /// Decides initial weights, split, order and dropout
    #[arg(long, default_value_t = defaults().seed)]
    seed: u64,
    /// Use only the first N training images, a fifth of them for validation
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// The run's folder, new or empty [default: runs/cnn-1, runs/cnn-2, ...]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    adapter: AdapterOption,
}

fn defaults() -> TrainConfig {
    TrainConfig::default()
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModelName {
    /// Four convolutions and three dense layers
    Cnn,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScheduleName {
    Constant,
    /// Up for a quarter of the steps, down along a cosine
    OneCycle,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OptimiserName {
    /// Nesterov momentum 0.9
    Sgd,
    Adam,
    Adamw,
}

impl Options {
    fn config(&self) -> TrainConfig {
        let (optimiser, rate, decay) = match self.optimizer {
            OptimiserName::Sgd => (OptimiserKind::Sgd, 0.1, 5e-4),
            OptimiserName::Adam => (OptimiserKind::Adam, defaults().learning_rate, 0.0),
            OptimiserName::Adamw => (OptimiserKind::AdamW, defaults().learning_rate, defaults().weight_decay),
        };
        TrainConfig {
            data: self.data.clone(),
            epochs: self.epochs,
            batch_size: self.batch_size,
            learning_rate: self.lr.unwrap_or(rate),
            schedule: match self.schedule {
                ScheduleName::Constant => Schedule::Constant,
                ScheduleName::OneCycle => Schedule::OneCycle,
            },
            optimiser,
            weight_decay: self.weight_decay.unwrap_or(decay),
            dense_l2: self.dense_l2,
            label_smoothing: self.label_smoothing,
            dropout: self.dropout,
            seed: self.seed,
            limit: self.limit,
        }
    }
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let mut config = options.config();
    config.validate()?;
    let data = data::load(config.data.as_deref())?;
    if let Some(path) = &mut config.data {
        // So that the run can be evaluated from any folder.
        *path = path.canonicalize().with_context(|| path.display().to_string())?;
    }
    println!(
        "data: {} training and {} test images from {}",
        data.train.len(),
        data.test.len(),
        data.source.display()
    );
    let gpu = options.adapter.open()?;
    let mut display = Display::default();
    let outcome = train(&gpu, &config, &data, options.out.as_deref(), &mut display)?;
    println!(
        "\nbest epoch by validation loss: {}; weights and history in {}\n",
        outcome.best_epoch,
        outcome.folder.path().display()
    );
    print_report(&outcome.test);
    Ok(())
}

/// A progress bar an epoch at a terminal; one line an epoch in any case.
#[derive(Default)]
struct Display {
    bar: Option<ProgressBar>,
    epochs: usize,
    images: usize,
}

impl Observer for Display {
    fn start(&mut self, config: &RunConfig, folder: &RunFolder) {
        self.epochs = config.train.epochs;
        self.images = config.train_images;
        println!(
            "training {} on {} with {} images, {} for validation; run folder {}",
            config.model,
            config.adapter,
            config.train_images,
            config.validation_images,
            folder.path().display()
        );
    }

    fn step(&mut self, progress: Progress) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(Some(self.images as u64), ProgressDrawTarget::stderr());
            let template = "{prefix} {bar:30} {pos}/{len} {rate} ETA {eta} {msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                // A line that cannot be written is not worth an error.
                bar.set_style(
                    style.with_key("rate", |state: &ProgressState, line: &mut dyn std::fmt::Write| {
                        let _ = write!(line, "{:.0} images/s", state.per_sec());
                    }),
                );
            }
            bar.set_prefix(format!("epoch {}/{}", progress.epoch, self.epochs));
            bar
        });
        bar.set_position(progress.images as u64);
        bar.set_message(format!("loss {:.4} acc {:.4}", progress.loss, progress.accuracy));
    }

    fn epoch(&mut self, record: &EpochRecord, best: bool) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        println!(
            "epoch {}/{}: loss {:.4} acc {:.4} | val loss {:.4} acc {:.4}{} | {:.0} images/s, {:.0} s",
            record.epoch,
            self.epochs,
            record.train_loss,
            record.train_accuracy,
            record.validation_loss,
            record.validation_accuracy,
            if best { " (best)" } else { "" },
            record.images_per_second,
            record.seconds,
        );
    }
}
