//! Whole training runs on small sets: repeatable, without new objects after the first step, with weights that survive a file.

use std::path::Path;
use std::sync::Arc;

use crate::common::gpu;
use crate::common::training::{
    IMAGES, Watcher, bars, config, dataset, everything, own_device, run, run_watched, task, with,
};
use selvedge::data::{Dataset, Form, Normalisation};
use selvedge::network::Network;
use selvedge::nn::weights;
use selvedge::run::{EpochRecord, RunError, RunFolder};
use selvedge::settings::{Cnn4Settings, Learned, NetworkSettings, OptimiserKind, Policy, TrainConfig};
use selvedge::train::{Ending, Task, TrainError, resume, train};

#[test]
fn a_training_learns_keeps_its_files_and_makes_nothing_after_its_first_step() {
    let (_folder, watcher, outcome) = run_watched(&config(), Watcher::on(own_device(), None));
    let outcome = outcome.unwrap();
    assert_eq!(outcome.history.len(), 3);
    assert!(outcome.history[2].train_loss < outcome.history[0].train_loss);
    let result = &outcome.result;
    assert!(result.test.accuracy > 0.5, "{}", result.test.accuracy);
    assert_eq!((result.epochs, result.stopped_early), (3, false));

    // 21 steps; within an epoch no buffer, bind group or pipeline is created, and between epochs no pipeline or bind group.
    assert!(watcher.created.len() > 10);
    for pair in watcher.created.windows(2) {
        let ((epoch, before), (next_epoch, after)) = (pair[0], pair[1]);
        if epoch == next_epoch {
            assert_eq!(before, after);
        } else {
            assert_eq!((before.pipelines, before.bind_groups), (after.pipelines, after.bind_groups));
        }
    }

    let path = outcome.folder.path();
    let history = std::fs::read_to_string(path.join("history.csv")).unwrap();
    assert_eq!(history.lines().count(), 4);
    assert!(history.starts_with("epoch,phase,learning_rate,train_loss"));
    let stored = RunFolder::open(path).read_config().unwrap();
    assert_eq!(stored.train, config());
    assert_eq!((stored.train_images, stored.validation_images), (104, 26));
    assert!(matches!(RunFolder::create(path), Err(RunError::FolderInUse { .. })));

    // The best weights, read from the file, give the same test result as at the end of training. (With bounds checks a driver may round the
    // sums of a kernel in another order.)
    let network = Network::of(&watcher.gpu, &stored.train, &stored.form, stored.normalisation, &Learned::All).unwrap();
    weights::load(&network.parameters, &outcome.folder.best_weights()).unwrap();
    let again = selvedge::eval::Report::from_predictions(&network.predict(&dataset().test).unwrap());
    assert_eq!(again, outcome.result.test);
    assert_eq!(outcome.folder.read_result().unwrap().unwrap(), outcome.result);
    assert_eq!(outcome.folder.read_history().unwrap(), outcome.history);
    for file in ["curves.png", "curves.svg"] {
        assert!(std::fs::metadata(path.join(file)).unwrap().len() > 1000, "{file}");
    }
}

#[test]
fn the_same_seed_gives_the_same_weights_bit_for_bit() {
    let weights_of = |config: &TrainConfig| {
        let (_folder, _, outcome) = run(config);
        std::fs::read(outcome.unwrap().folder.last_weights()).unwrap()
    };
    // 3 epochs are 21 steps, with dropout, a tail batch and a new order every epoch.
    let first = weights_of(&config());
    assert!(first == weights_of(&config()), "two trainings with the same seed differ");
    assert!(first != weights_of(&TrainConfig { seed: 2, ..config() }), "another seed must make a difference");
}

#[test]
fn a_loss_that_is_no_number_stops_the_training_and_names_the_step() {
    let (folder, _, outcome) = run(&with(config(), |c| c.optimisation.learning_rate.peak = 1e30));
    let error = outcome.unwrap_err().to_string();
    for part in ["the loss became", "at step ", "epoch 1", "`lr`", "no good weights"] {
        assert!(error.contains(part), "'{part}' is not in: {error}");
    }
    assert!(!folder.path().join("run/last.safetensors").exists());
}

#[test]
fn a_batch_larger_than_the_training_set_is_refused() {
    let (folder, _, outcome) = run(&TrainConfig { batch_size: 500, ..config() });
    assert!(!folder.path().join("run").exists(), "a refused training leaves no folder");
    let error = outcome.unwrap_err().to_string();
    assert!(error.contains("`batch-size` is 500") && error.contains("104"), "{error}");
}

fn network(seed: u64) -> Network {
    let config = TrainConfig { seed, ..config() };
    let normalisation = Normalisation { mean: [0.3; 3], deviation: [0.35; 3] };
    Network::of(&gpu(), &config, &Form::default(), normalisation, &Learned::All).unwrap()
}

#[test]
fn weights_survive_a_file_and_lie_there_as_in_pytorch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    let (saved, loaded) = (network(1), network(2));
    weights::save(&saved.parameters, 7, "", &path).unwrap();
    weights::load(&loaded.parameters, &path).unwrap();
    let probabilities = |n: &Network| n.predict(&bars(20, 3)).unwrap();
    assert_eq!(probabilities(&saved), probabilities(&loaded));

    let bytes = std::fs::read(&path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.tensor("conv2.weight").unwrap().shape(), [68, 32, 3, 3]);
    assert_eq!(file.tensor("fc1.weight").unwrap().shape(), [512, 256]);
    assert_eq!(file.tensor("bn3.running_var").unwrap().shape(), [128]);
    let counter = file.tensor("bn4.num_batches_tracked").unwrap();
    assert_eq!((counter.dtype(), counter.data()), (safetensors::Dtype::I64, 7_i64.to_le_bytes().as_slice()));
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
    weights::save(&network(2).parameters, 0, "", &path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    assert!(error().contains("truncated"), "{}", error());
    std::fs::write(&path, b"not a weight file").unwrap();
    assert!(error().contains("safetensors file"), "{}", error());
    // A header that claims more bytes than the file has.
    std::fs::write(&path, [u64::MAX.to_le_bytes().as_slice(), b"{}"].concat()).unwrap();
    assert!(error().contains("safetensors file"), "{}", error());

    // One tensor with another name and one with another shape: all problems are listed.
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

/// All files that must be bit-identical, whether a training run was interrupted or not.
fn weight_files(folder: &Path) -> Vec<Vec<u8>> {
    let names = ["best.safetensors", "last.safetensors"];
    names.map(|name| std::fs::read(folder.join(name)).unwrap()).to_vec()
}

/// A history without the times.
fn figures(history: &[EpochRecord]) -> Vec<EpochRecord> {
    let timeless = |record: &EpochRecord| EpochRecord { images_per_second: 0.0, seconds: 0.0, ..record.clone() };
    history.iter().map(timeless).collect()
}

#[test]
fn a_training_stopped_anywhere_and_resumed_ends_at_the_same_bits() {
    for config in [config(), everything()] {
        let (whole_folder, _, whole) = run(&config);
        let whole = whole.unwrap();
        let expected = weight_files(&whole_folder.path().join("run"));

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        // Within the first epoch, within the second, and twice in a row.
        let mut stops = vec![2, 6, 1, 3];
        let mut watcher = Watcher::new(stops.pop());
        let gpu = Arc::clone(&watcher.gpu);
        let mut ending = train(&gpu, &config, &task(&config), Some(&path), &mut watcher).unwrap();
        let mut stopped = 0;
        let outcome = loop {
            match ending {
                Ending::Finished(outcome) => break outcome,
                Ending::Interrupted(folder) => {
                    stopped += 1;
                    let mut watcher = Watcher::new(stops.pop());
                    let gpu = Arc::clone(&watcher.gpu);
                    let last = folder.last_checkpoint();
                    ending = resume(&gpu, &folder, &last, None, &task(&config), &mut watcher).unwrap();
                }
            }
        };
        assert!(stopped >= 3, "{stopped}");
        assert!(weight_files(&path) == expected, "the weights differ after {stopped} interruptions");
        assert_eq!(figures(&outcome.history), figures(&whole.history));
        assert_eq!(outcome.result.test, whole.result.test);

        // Complete, so there is nothing to resume.
        let mut watcher = Watcher::new(None);
        let gpu = Arc::clone(&watcher.gpu);
        let again =
            resume(&gpu, &outcome.folder, &outcome.folder.last_checkpoint(), None, &task(&config), &mut watcher);
        assert!(matches!(again, Err(TrainError::Complete { .. })));

        if config.optimisation.ema.is_some() {
            // The first epoch is the warm-up; the plateau halves the rate after each epoch that is no better: all but the first.
            let rates: Vec<f64> = whole.history.iter().map(|record| record.learning_rate).collect();
            for (rate, expected) in rates[1..].iter().zip([3e-3, 1.5e-3, 0.75e-3]) {
                approx::assert_relative_eq!(*rate, expected, max_relative = 1e-9);
            }
        }

        // Resuming from the best epoch's checkpoint works too, once the result is deleted.
        std::fs::remove_file(outcome.folder.file("result.json")).unwrap();
        resume(&gpu, &outcome.folder, &outcome.folder.best_checkpoint(), None, &task(&config), &mut watcher).unwrap();
        assert!(weight_files(&path) == expected);
    }
}

#[test]
fn checkpoints_that_do_not_fit_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut watcher = Watcher::new(Some(2));
    let gpu = Arc::clone(&watcher.gpu);
    train(&gpu, &config(), &task(&config()), Some(&path), &mut watcher).unwrap();
    let run_folder = RunFolder::open(&path);
    let checkpoint = run_folder.last_checkpoint();
    let whole = std::fs::read(&checkpoint).unwrap();
    let error = |data: &Dataset| {
        let mut watcher = Watcher::new(None);
        let refused = resume(&gpu, &run_folder, &checkpoint, None, &Task::built_in(&config(), data), &mut watcher);
        refused.unwrap_err().to_string()
    };

    std::fs::write(&checkpoint, &whole[..whole.len() - 100]).unwrap();
    assert!(error(&dataset()).contains("truncated or damaged"));
    // One flipped bit among the weights, which the format alone would not detect.
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    std::fs::write(&checkpoint, &flipped).unwrap();
    assert!(error(&dataset()).contains("checksum is wrong"));
    std::fs::write(&checkpoint, b"nothing").unwrap();
    assert!(error(&dataset()).contains("truncated or damaged"));
    let network = Network::of(&gpu, &config(), &Form::default(), Normalisation::UNIT, &Learned::All).unwrap();
    weights::save(&network.parameters, 1, "", &checkpoint).unwrap();
    assert!(error(&dataset()).contains("a weight file, not a checkpoint"));

    std::fs::write(&checkpoint, &whole).unwrap();
    let other = Dataset { train: bars(IMAGES, 1), ..dataset() };
    assert!(error(&other).contains("trained on other images"));
    // Another architecture: the settings are changed to a smaller network than that of the checkpoint.
    let config_file = run_folder.file("config.json");
    let text = std::fs::read_to_string(&config_file).unwrap();
    std::fs::write(&config_file, text.replace("\"dense\": 512", "\"dense\": 256")).unwrap();
    assert!(error(&dataset()).contains("another training than config.json"));
    std::fs::write(&config_file, &text).unwrap();
    let mut watcher = Watcher::new(None);
    assert!(resume(&gpu, &run_folder, &checkpoint, None, &task(&config()), &mut watcher).is_ok());
}

#[test]
fn early_stopping_ends_a_training_that_no_longer_gets_better() {
    let (_folder, watcher, outcome) = run(&with(config(), |c| {
        c.stopping.patience = Some(1);
        c.stopping.min_delta = 100.0; // no epoch after the first can improve by this much
        c.epochs = 9;
    }));
    let outcome = outcome.unwrap();
    assert_eq!(watcher.epochs.len(), 2);
    assert!(outcome.result.stopped_early && outcome.result.epochs == 2);
}

#[test]
fn clipping_changes_what_is_learned() {
    let loss_with = |clip_norm| {
        let (_folder, _, outcome) = run(&with(config(), |c| {
            c.optimisation.clip_norm = clip_norm;
            c.epochs = 1;
            c.optimisation.optimiser = OptimiserKind::Sgd;
        }));
        outcome.unwrap().history[0].validation_loss
    };
    let free = loss_with(None);
    assert_eq!(free, loss_with(Some(1e9)), "a limit that is never reached changes nothing");
    assert_ne!(free, loss_with(Some(0.01)));
}

#[test]
fn averaged_weights_are_evaluated_and_kept() {
    let (_folder, _, outcome) = run(&with(config(), |c| c.optimisation.ema = Some(0.9)));
    let outcome = outcome.unwrap();
    let last = outcome.history.last().unwrap();
    let (plain, average) = (last.validation_loss.unwrap(), last.ema_validation_loss.unwrap());
    assert_ne!(plain, average);
    // The file holds the average: on the validation images, its loss is that of the average.
    let stored = outcome.folder.read_config().unwrap();
    let network = Network::of(&gpu(), &stored.train, &stored.form, stored.normalisation, &Learned::All).unwrap();
    weights::load(&network.parameters, &outcome.folder.last_weights()).unwrap();
    let images = dataset().train;
    let split = stored.train.split(images.labels()).unwrap();
    let predictions = network.predict(&images.subset(&split.validation).unwrap()).unwrap();
    let loss = selvedge::eval::Report::from_predictions(&predictions).log_loss;
    approx::assert_relative_eq!(loss, average, max_relative = 1e-5);
}

#[test]
fn images_are_changed_anew_in_each_epoch() {
    // One batch per epoch and a learning rate of almost zero: only augmentation can change the loss.
    let losses = |augment| {
        let (_folder, _, outcome) = run(&with(config(), |c| {
            (c.batch_size, c.epochs) = (104, 2);
            c.network = NetworkSettings::Cnn(Cnn4Settings { dropout: 0.0, ..Cnn4Settings::default() });
            c.regularisation.weight_decay = 0.0;
            c.optimisation.optimiser = OptimiserKind::Sgd;
            c.optimisation.learning_rate.peak = 1e-30;
            c.augment = augment;
        }));
        let history = outcome.unwrap().history;
        (history[0].train_loss, history[1].train_loss)
    };
    let (first, second) = losses(Policy::None.augment());
    approx::assert_relative_eq!(first, second, max_relative = 1e-5);
    let (first, second) = losses(Policy::IcdssCnn.augment());
    assert!((first - second).abs() > 1e-3 * first, "{first} {second}");
}
