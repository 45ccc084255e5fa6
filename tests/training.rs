//! Whole trainings on small sets: repeatable, without new objects after the first step, with weights that survive a file.

mod common;

use std::sync::Arc;

use common::gpu;
use selvedge::data::{Dataset, ImageSet, PIXELS};
use selvedge::gpu::{Created, Gpu, GpuOptions};
use selvedge::nn::weights;
use selvedge::train::{
    EpochRecord, Network, Normalisation, Observer, Progress, RunConfig, RunFolder, TrainConfig, TrainError, train,
};
use tempfile::TempDir;

/// Images whose class can be seen: a bright bar at a height that belongs to the class, on noise.
fn bars(n: usize, seed: usize) -> ImageSet {
    let mut pixels = Vec::with_capacity(n * PIXELS);
    for image in 0..n {
        for pixel in 0..PIXELS {
            let noise = ((image * PIXELS + pixel + seed) * 7919 % 97) as u8;
            let bar = pixel / 28 / 2 == image % 10 + 2;
            pixels.push(if bar { 200 } else { noise });
        }
    }
    let labels = (0..n).map(|i| (i % 10) as u8).collect();
    ImageSet::new("bars", pixels, labels).unwrap()
}

fn dataset() -> Dataset {
    Dataset {
        train: bars(250, 0),
        test: bars(60, 9),
        source: "made".into(),
    }
}

fn config() -> TrainConfig {
    // 200 images to train with make 6 batches of 32 and one of 8.
    TrainConfig {
        epochs: 3,
        batch_size: 32,
        ..TrainConfig::default()
    }
}

/// Counts what the device has made after each step whose totals arrived.
struct Watcher {
    gpu: Arc<Gpu>,
    created: Vec<(usize, Created)>,
    epochs: Vec<EpochRecord>,
}

impl Observer for Watcher {
    fn start(&mut self, _: &RunConfig, _: &RunFolder) {}

    fn step(&mut self, progress: Progress) {
        self.created.push((progress.epoch, self.gpu.created()));
    }

    fn epoch(&mut self, record: &EpochRecord, _: bool) {
        self.epochs.push(record.clone());
    }
}

fn run(config: &TrainConfig) -> (TempDir, Watcher, Result<selvedge::train::Outcome, TrainError>) {
    // A device of its own, so that nobody else's objects are counted. Without bounds checks, as a person trains: every
    // kernel has been checked by the gradient tests.
    let gpu = Gpu::open(&GpuOptions::from_env().unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut watcher = Watcher {
        gpu: Arc::clone(&gpu),
        created: Vec::new(),
        epochs: Vec::new(),
    };
    let path = folder.path().join("run");
    let outcome = train(&gpu, config, &dataset(), Some(&path), &mut watcher);
    (folder, watcher, outcome)
}

#[test]
fn a_training_learns_keeps_its_files_and_makes_nothing_after_its_first_step() {
    let (_folder, watcher, outcome) = run(&config());
    let outcome = outcome.unwrap();
    assert_eq!(outcome.history.len(), 3);
    assert!(outcome.history[2].train_loss < outcome.history[0].train_loss);
    assert!(outcome.test.accuracy > 0.5, "{}", outcome.test.accuracy);

    // 21 steps; within an epoch no buffer, bind group or pipeline is made, and between epochs no pipeline or bind group.
    assert!(watcher.created.len() > 10);
    for pair in watcher.created.windows(2) {
        let ((epoch, before), (next_epoch, after)) = (pair[0], pair[1]);
        if epoch == next_epoch {
            assert_eq!(before, after);
        } else {
            assert_eq!(
                (before.pipelines, before.bind_groups),
                (after.pipelines, after.bind_groups)
            );
        }
    }

    let path = outcome.folder.path();
    let history = std::fs::read_to_string(path.join("history.csv")).unwrap();
    assert_eq!(history.lines().count(), 4);
    assert!(history.starts_with("epoch,learning_rate,train_loss"));
    let stored = RunFolder::open(path).read_config().unwrap();
    assert_eq!(stored.train, config());
    assert_eq!((stored.train_images, stored.validation_images), (200, 50));
    assert!(matches!(RunFolder::create(path), Err(TrainError::FolderInUse { .. })));

    // The best weights from the file say the same about the test set as at the end of training.
    let network = Network::cnn4(&gpu(), &stored.train, stored.normalisation).unwrap();
    weights::load(&network.parameters, &outcome.folder.best_weights()).unwrap();
    let again = selvedge::eval::Report::from_predictions(&network.predict(&dataset().test).unwrap());
    assert_eq!(again, outcome.test);
}

#[test]
fn the_same_seed_gives_the_same_weights_bit_for_bit() {
    let weights_of = |config: &TrainConfig| {
        let (_folder, _, outcome) = run(config);
        std::fs::read(outcome.unwrap().folder.last_weights()).unwrap()
    };
    // 3 epochs are 21 steps, with dropout, a tail batch and a new order every epoch.
    let first = weights_of(&config());
    assert!(
        first == weights_of(&config()),
        "two trainings with the same seed differ"
    );
    assert!(
        first != weights_of(&TrainConfig { seed: 2, ..config() }),
        "another seed must make a difference"
    );
}

#[test]
fn a_loss_that_is_no_number_stops_the_training_and_names_the_step() {
    let (folder, _, outcome) = run(&TrainConfig {
        learning_rate: 1e30,
        ..config()
    });
    let error = outcome.unwrap_err().to_string();
    for part in ["the loss became", "at step ", "epoch 1", "--lr", "no good weights"] {
        assert!(error.contains(part), "'{part}' is not in: {error}");
    }
    assert!(!folder.path().join("run/last.safetensors").exists());
}

#[test]
fn a_batch_larger_than_the_training_set_is_refused() {
    let (folder, _, outcome) = run(&TrainConfig {
        batch_size: 500,
        ..config()
    });
    assert!(
        !folder.path().join("run").exists(),
        "a refused training leaves no folder"
    );
    let error = outcome.unwrap_err().to_string();
    assert!(
        error.contains("--batch-size is 500") && error.contains("200"),
        "{error}"
    );
}

fn network(seed: u64) -> Network {
    let config = TrainConfig { seed, ..config() };
    Network::cnn4(
        &gpu(),
        &config,
        Normalisation {
            mean: 0.3,
            deviation: 0.35,
        },
    )
    .unwrap()
}

#[test]
fn weights_survive_a_file_and_lie_there_as_in_pytorch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    let (saved, loaded) = (network(1), network(2));
    weights::save(&saved.parameters, 7, &path).unwrap();
    weights::load(&loaded.parameters, &path).unwrap();
    let probabilities = |n: &Network| n.predict(&bars(20, 3)).unwrap();
    assert_eq!(probabilities(&saved), probabilities(&loaded));

    let bytes = std::fs::read(&path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.tensor("conv2.weight").unwrap().shape(), [68, 32, 3, 3]);
    assert_eq!(file.tensor("fc1.weight").unwrap().shape(), [512, 256]);
    assert_eq!(file.tensor("bn3.running_var").unwrap().shape(), [128]);
    let counter = file.tensor("bn4.num_batches_tracked").unwrap();
    assert_eq!(
        (counter.dtype(), counter.data()),
        (safetensors::Dtype::I64, 7_i64.to_le_bytes().as_slice())
    );
    assert_eq!(file.names().len(), 4 * 2 + 4 * 5 + 3 * 2);
}

#[test]
fn weight_files_that_do_not_fit_are_refused_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    let target = network(1);
    let before = target.predict(&bars(20, 3)).unwrap();
    let error = || weights::load(&target.parameters, &path).unwrap_err().to_string();

    assert!(error().contains("w.safetensors"), "a missing file is named");
    weights::save(&network(2).parameters, 0, &path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    assert!(error().contains("truncated"), "{}", error());
    std::fs::write(&path, b"not a weight file").unwrap();
    assert!(error().contains("safetensors file"), "{}", error());
    // A header that claims more than there is.
    std::fs::write(&path, [u64::MAX.to_le_bytes().as_slice(), b"{}"].concat()).unwrap();
    assert!(error().contains("safetensors file"), "{}", error());

    // One tensor under another name, one of another shape: all problems are listed.
    let text = |from: &str, to: &str, bytes: &[u8]| -> Vec<u8> {
        let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
    };
    let renamed = text("conv1.weight", "conv9.weight", &whole);
    let reshaped = text("[68,32,3,3]", "[32,68,3,3]", &renamed);
    std::fs::write(&path, reshaped).unwrap();
    let all = error();
    for part in [
        "conv1.weight is missing",
        "conv9.weight is unexpected",
        "conv2.weight has shape [32, 68, 3, 3] instead of [68, 32, 3, 3]",
    ] {
        assert!(all.contains(part), "'{part}' is not in: {all}");
    }
    assert_eq!(target.predict(&bars(20, 3)).unwrap(), before);
}
