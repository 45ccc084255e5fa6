//! `train --final`: a run trained once more, on its training and validation images together, for the epochs that its validation
//! chose.

use std::path::Path;
use std::sync::Arc;

use crate::common::gpu;
use crate::common::training::{IMAGES, Watcher, bars, config, dataset, everything, run, task, with};
use selvedge::inference::{Classifier, InferenceError};
use selvedge::run::{Chosen, EpochRecord, RunError, RunFolder};
use selvedge::settings::{FineTune, Learned, OptimiserKind, TrainConfig, Transfer};
use selvedge::train::{Ending, Extension, Outcome, Task, TrainError, resume, train, train_final};

/// Trains the run in `folder` once more, stopped and resumed after as many steps as are given.
fn finally(folder: &Path, config: &TrainConfig, stop_after: Option<usize>) -> Outcome {
    let mut watcher = Watcher::new(stop_after);
    let gpu = Arc::clone(&watcher.gpu);
    let out = folder.join(format!("final-{}", stop_after.unwrap_or(0)));
    let run = RunFolder::open(&folder.join("run"));
    match train_final(&gpu, &run, &task(config), None, Some(&out), &mut watcher).unwrap() {
        Ending::Finished(outcome) => *outcome,
        Ending::Interrupted(folder) => {
            let last = folder.last_checkpoint();
            match resume(&gpu, &folder, &last, None, &task(config), &mut Watcher::new(None)).unwrap() {
                Ending::Finished(outcome) => *outcome,
                Ending::Interrupted(_) => panic!("it was to be resumed to its end"),
            }
        }
    }
}

#[test]
fn all_images_are_trained_on_at_the_rates_of_the_run_and_the_last_epoch_is_kept() {
    let config = everything();
    let (folder, _, outcome) = run(&config);
    let first = outcome.unwrap();
    // Whatever these few images chose, epoch 3 shall have been the best.
    let path = first.folder.path().to_owned();
    let mut history = first.history.clone();
    history[2].ema_validation_loss = Some(0.001);
    first.folder.write_history(&history).unwrap();

    let last = finally(folder.path(), &config, None);
    let stored = last.folder.read_config().unwrap();
    assert_eq!((stored.train_images, stored.validation_images), (IMAGES, 0));
    let chosen = stored.chosen.clone().unwrap();
    assert_eq!((chosen.run, chosen.epochs), (path.canonicalize().unwrap(), vec![3]));
    assert_eq!((last.result.epochs, last.result.best_epoch, last.result.stopped_early), (3, 3, false));
    // The plateau follows the run's metrics, there being none of its own.
    let rates = |history: &[EpochRecord]| history.iter().map(|record| record.learning_rate).collect::<Vec<_>>();
    assert_eq!(rates(&last.history)[1..], rates(&history)[1..3]);
    assert!(last.history.iter().all(|record| record.kept_loss().is_none() && record.macro_f1.is_none()));
    assert_eq!(last.folder.read_history().unwrap(), last.history);
    let (best, end) = (last.folder.best_weights(), last.folder.last_weights());
    let bytes = std::fs::read(best).unwrap();
    assert!(bytes == std::fs::read(end).unwrap());

    // Interrupted in the second epoch and resumed.
    let resumed = finally(folder.path(), &config, Some(9));
    assert!(bytes == std::fs::read(resumed.folder.best_weights()).unwrap());
    assert_eq!(resumed.result.test, last.result.test);

    // It has no validation images, and no more epochs.
    let classifier = Classifier::open(&gpu(), last.folder.path()).unwrap();
    let none = classifier.validation_images(&dataset());
    assert!(matches!(none, Err(InferenceError::NoValidation { .. })));
    let longer = Extension { epochs: Some(9), ..Extension::default() };
    let checkpoint = last.folder.last_checkpoint();
    let refused = resume(&gpu(), &last.folder, &checkpoint, Some(&longer), &task(&config), &mut ());
    assert!(refused.unwrap_err().to_string().contains("another run's validation chose"));
    let again = Chosen::by(&last.folder).unwrap_err().to_string();
    assert!(again.contains("such a training itself"), "{again}");
}

#[test]
fn without_validation_all_images_are_trained_on_and_the_last_weights_are_kept() {
    let config = with(config(), |c| {
        (c.epochs, c.batch_size, c.accumulate, c.validation_share) = (2, 16, 2, 0.0);
        // With its momentum and its moments in the checkpoint.
        c.optimisation.optimiser = OptimiserKind::Muon;
        c.optimisation.clip_norm = Some(1.0);
        c.optimisation.learning_rate.peak = 0.02;
    });
    let (folder, _, outcome) = run(&config);
    let first = outcome.unwrap();
    let stored = first.folder.read_config().unwrap();
    assert_eq!((stored.train_images, stored.validation_images), (IMAGES, 0));
    assert_eq!((first.result.epochs, first.result.best_epoch), (2, 2));
    assert!(first.history.iter().all(|record| record.kept_loss().is_none()));
    let bytes = std::fs::read(first.folder.best_weights()).unwrap();
    assert!(bytes == std::fs::read(first.folder.last_weights()).unwrap());

    // Interrupted in the second epoch and resumed.
    let out = folder.path().join("interrupted");
    let mut watcher = Watcher::new(Some(5));
    let gpu = Arc::clone(&watcher.gpu);
    let Ending::Interrupted(stopped) = train(&gpu, &config, &task(&config), Some(&out), &mut watcher).unwrap() else {
        panic!("it was to be interrupted")
    };
    resume(&gpu, &stopped, &stopped.last_checkpoint(), None, &task(&config), &mut ()).unwrap();
    assert!(bytes == std::fs::read(stopped.best_weights()).unwrap());

    let classifier = Classifier::open(&gpu, first.folder.path()).unwrap();
    assert!(matches!(classifier.validation_images(&dataset()), Err(InferenceError::NoValidation { .. })));
    let refused = Chosen::by(&first.folder).unwrap_err().to_string();
    assert!(refused.contains("trained on all images"), "{refused}");
}

#[test]
fn what_only_validation_can_decide_is_refused_without_it() {
    let refused = |change: fn(&mut TrainConfig)| {
        let config = with(config(), |c| c.validation_share = 0.0);
        with(config, change).validate().unwrap_err().to_string()
    };
    assert!(refused(|c| c.stopping.patience = Some(3)).contains("`patience` is 3"));
    let plateau = refused(|c| c.optimisation.learning_rate.schedule = everything().optimisation.learning_rate.schedule);
    assert!(plateau.contains("`schedule` is plateau"), "{plateau}");
    assert!(refused(|c| c.validation_share = 1.0).contains("`validation-share` is 1"));
    assert!(refused(|c| c.validation_share = f64::NAN).contains("`validation-share` is NaN"));
}

#[test]
fn the_images_must_be_those_of_the_run_and_the_run_complete() {
    let config = with(config(), |c| c.epochs = 1);
    let (folder, _, outcome) = run(&config);
    let first = outcome.unwrap().folder;
    let out = folder.path().join("final");
    let mut others = dataset();
    others.train = bars(IMAGES, 1);
    let refused = train_final(&gpu(), &first, &Task::built_in(&config, &others), None, Some(&out), &mut ());
    assert!(matches!(refused, Err(TrainError::OtherData { .. })));
    std::fs::remove_file(first.file("result.json")).unwrap();
    let refused = train_final(&gpu(), &first, &task(&config), None, Some(&out), &mut ()).unwrap_err();
    assert!(matches!(refused, TrainError::Run(RunError::NotFinal { .. })));
    assert!(refused.to_string().contains("--resume") && !out.exists(), "{refused}");
}

/// A run of two phases whose epochs had these validation losses.
fn chosen(losses: [[f64; 3]; 2]) -> Vec<usize> {
    let config = with(config(), |c| {
        c.transfer = Transfer {
            weights: Some("weights.safetensors".into()),
            fine_tune: Some(FineTune {
                learned: Learned::All,
                epochs: 3,
                batch_size: 32,
                learning_rate: c.optimisation.learning_rate.clone(),
                optimiser: OptimiserKind::Sgd,
                weight_decay: 0.0,
            }),
        };
    });
    let (folder, _, outcome) = run(&with(crate::common::training::config(), |c| c.epochs = 1));
    let outcome = outcome.unwrap();
    let mut stored = outcome.folder.read_config().unwrap();
    stored.train = config;
    outcome.folder.write_config(&stored).unwrap();
    let record = |(number, loss): (usize, &f64)| EpochRecord {
        epoch: number + 1,
        phase: number / 3 + 1,
        validation_loss: Some(*loss),
        ..outcome.history[0].clone()
    };
    let history: Vec<_> = losses.iter().flatten().enumerate().map(record).collect();
    outcome.folder.write_history(&history).unwrap();
    let (_, chosen) = Chosen::by(&outcome.folder).unwrap();
    assert!(chosen.monitored.iter().zip(&chosen.epochs).all(|(metrics, epochs)| metrics.len() == *epochs));
    drop(folder);
    chosen.epochs
}

#[test]
fn each_phase_goes_up_to_its_best_epoch_and_none_follows_the_best() {
    // The second phase starts from the first one's best epoch, also where its end was worse.
    assert_eq!(chosen([[0.9, 0.5, 0.6], [0.7, 0.4, 0.8]]), [2, 2]);
    assert_eq!(chosen([[0.9, 0.3, 0.6], [0.7, 0.4, 0.8]]), [2]);
    assert_eq!(chosen([[0.9, 0.8, 0.7], [0.2, 0.4, 0.8]]), [3, 1]);
}
