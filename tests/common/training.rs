//! A small data set that can be learned, and training runs on it.

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use selvedge::data::{Dataset, Form, ImageSet, ImageShape};
use selvedge::gpu::{Created, Gpu, GpuOptions};
use selvedge::optim::{LearningRate, Plateau, Schedule};
use selvedge::run::{EpochRecord, RunConfig, RunFolder};
use selvedge::settings::{Architecture, NetworkSettings, OptimiserKind, Policy, TrainConfig};
use selvedge::train::{Ending, Observer, Outcome, Progress, Task, TrainError, train};
use tempfile::TempDir;

/// The pixels of an image of Fashion-MNIST.
const PIXELS: usize = 28 * 28;

/// Images with a visible class: a bright bar on noise, at a height given by the class.
pub fn bars(n: usize, seed: usize) -> ImageSet {
    let mut pixels = Vec::with_capacity(n * PIXELS);
    for image in 0..n {
        for pixel in 0..PIXELS {
            let noise = ((image * PIXELS + pixel + seed) * 7919 % 97) as u8;
            let bar = pixel / 28 / 2 == image % 10 + 2;
            pixels.push(if bar { 200 } else { noise });
        }
    }
    let labels = (0..n).map(|i| (i % 10) as u16).collect();
    ImageSet::new("bars", ImageShape::grey(28, 28), pixels, labels).unwrap()
}

/// The images of [`dataset`] before the split, so few that a training takes seconds. Of these 104 are for training and 26 for validation.
pub const IMAGES: usize = 130;

pub fn dataset() -> Dataset {
    Dataset {
        train: bars(IMAGES, 0),
        test: bars(60, 9),
        class_names: Form::default().class_names,
        labels: None,
        of_pictures: false,
        source: "made".into(),
        notes: Vec::new(),
    }
}

pub fn config() -> TrainConfig {
    with(TrainConfig::default(), |c| {
        // 104 training images make 6 batches of 16 and one of 8.
        (c.epochs, c.batch_size) = (3, 16);
        c.optimisation.learning_rate.peak = 3e-3;
        c.optimisation.optimiser = OptimiserKind::AdamW;
        c.regularisation.weight_decay = 0.05;
        // A shifted bar would belong to another class.
        c.augment = Policy::None.augment();
    })
}

/// The task of training the network of these settings on [`dataset`].
pub fn task(config: &TrainConfig) -> Task<'static> {
    Task::built_in(config, &dataset())
}

/// Settings with some of them changed.
pub fn with(mut config: TrainConfig, change: impl FnOnce(&mut TrainConfig)) -> TrainConfig {
    change(&mut config);
    config
}

/// Everything on at once, so that a resumed training run must restore all of it.
pub fn everything() -> TrainConfig {
    with(config(), |c| {
        c.epochs = 4;
        c.optimisation.ema = Some(0.9);
        c.optimisation.clip_norm = Some(1.0);
        (c.regularisation.mixup, c.regularisation.cutmix) = (0.3, 1.0);
        c.optimisation.learning_rate = LearningRate {
            warm_up: 1.0,
            ..LearningRate::new(
                3e-3,
                Schedule::Plateau(Plateau {
                    factor: 0.5,
                    patience: 1,
                    min_delta: 10.0, // no epoch improves by this much, so every one after the first lowers the rate
                    cooldown: 0,
                }),
            )
        };
        c.augment = Policy::IcdssCnn.augment();
    })
}

/// This network with its default settings.
pub fn network_of(architecture: Architecture) -> NetworkSettings {
    TrainConfig::default().network.of(architecture)
}

/// Records how many objects the device has created after each step whose totals have arrived; can stop the training.
pub struct Watcher {
    pub gpu: Arc<Gpu>,
    pub created: Vec<(usize, Created)>,
    pub epochs: Vec<EpochRecord>,
    pub notes: Vec<String>,
    /// Images whose features have been computed.
    pub features: usize,
    /// Stops when the first features are computed.
    pub stop_features: bool,
    /// Stops the training after this many steps.
    stop_after: Option<usize>,
}

impl Observer for Watcher {
    fn start(&mut self, _: &RunConfig, _: &RunFolder, _: &[EpochRecord]) {}

    fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }

    fn features(&mut self, done: usize, _: usize) -> ControlFlow<()> {
        self.features = done;
        if self.stop_features { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn step(&mut self, progress: Progress) -> ControlFlow<()> {
        self.created.push((progress.epoch, self.gpu.created()));
        self.stop_after = self.stop_after.map(|steps| steps.saturating_sub(1));
        match self.stop_after {
            Some(0) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    fn epoch(&mut self, record: &EpochRecord, _: bool) {
        self.epochs.push(record.clone());
    }
}

/// A device of its own. Bounds checks are off, as in normal use: the gradient tests have checked every kernel.
pub fn own_device() -> Arc<Gpu> {
    Gpu::open(&GpuOptions::from_env().unwrap()).unwrap()
}

/// One such device for all trainings of a test binary: a driver translates each kernel once.
fn shared_device() -> Arc<Gpu> {
    static OPENED: OnceLock<Arc<Gpu>> = OnceLock::new();
    Arc::clone(OPENED.get_or_init(own_device))
}

impl Watcher {
    /// Watches a training on the device that all share.
    pub fn new(stop_after: Option<usize>) -> Self {
        Self::on(shared_device(), stop_after)
    }

    /// Watches a training on this device, which must be its own where [`Watcher::created`] counts.
    pub fn on(gpu: Arc<Gpu>, stop_after: Option<usize>) -> Self {
        Self {
            gpu,
            created: Vec::new(),
            epochs: Vec::new(),
            notes: Vec::new(),
            features: 0,
            stop_features: false,
            stop_after,
        }
    }
}

pub fn run(config: &TrainConfig) -> (TempDir, Watcher, Result<Outcome, TrainError>) {
    run_watched(config, Watcher::new(None))
}

pub fn run_watched(config: &TrainConfig, mut watcher: Watcher) -> (TempDir, Watcher, Result<Outcome, TrainError>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let gpu = Arc::clone(&watcher.gpu);
    let ending = train(&gpu, config, &task(config), Some(&path), &mut watcher);
    let outcome = ending.map(|ending| match ending {
        Ending::Finished(outcome) => *outcome,
        Ending::Interrupted(_) => panic!("nobody stopped it"),
    });
    (folder, watcher, outcome)
}
