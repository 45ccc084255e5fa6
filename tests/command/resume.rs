//! Resuming with lost checkpoints, and for more epochs than planned.

use std::fs;
use std::path::Path;

use crate::common::process::{selvedge, text, train_tiny};

fn run(folder: &Path, words: &str) -> (Option<i32>, String) {
    let output = selvedge(folder, &words.split(' ').collect::<Vec<_>>());
    let said = text(&output.stdout) + &text(&output.stderr);
    (output.status.code(), said)
}

fn weights(run: &Path) -> Vec<u8> {
    fs::read(run.join("last.safetensors")).unwrap()
}

/// Numbers of the epochs in a history, with their learning rates.
fn rates(run: &Path) -> Vec<(usize, f64)> {
    let history = fs::read_to_string(run.join("history.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(history.as_bytes());
    let headings = reader.headers().unwrap();
    let rate = headings.iter().position(|heading| heading == "learning_rate").unwrap();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        (row[0].parse().unwrap(), row[rate].parse().unwrap())
    });
    rows.collect()
}

#[test]
fn a_lost_checkpoint_is_named_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train_tiny(here, 2);
    let files = ["best.safetensors", "best.checkpoint.safetensors", "last.safetensors", "history.csv"];
    let contents = || files.map(|name| fs::read(here.join("r").join(name)).unwrap());
    let before = contents();
    fs::remove_file(here.join("r/result.json")).unwrap();
    fs::remove_file(here.join("r/last.checkpoint.safetensors")).unwrap();
    let (code, said) = run(here, "train --resume r");
    assert_eq!(code, Some(1));
    for part in
        ["last.checkpoint.safetensors is missing", "--resume r/best.checkpoint.safetensors", "--config r --name"]
    {
        assert!(said.contains(part), "'{part}' is not in: {said}");
    }
    assert_eq!(contents(), before);
    // The suggestions work: resuming from the best epoch, and training with the same settings under another name.
    let (code, said) = run(here, "train --resume r/best.checkpoint.safetensors");
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(here, "train --config r --name again");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(weights(&here.join("runs/again")), before[2]);

    // Any other trace of an epoch is enough to refuse.
    fs::remove_dir_all(here.join("r")).unwrap();
    for kept in files {
        fs::create_dir(here.join("r")).unwrap();
        for name in ["config.json", kept] {
            fs::copy(here.join("runs/again").join(name), here.join("r").join(name)).unwrap();
        }
        assert_eq!(run(here, "train --resume r").0, Some(1), "{kept}");
        assert_eq!(fs::read_dir(here.join("r")).unwrap().count(), 3, "{kept}: settings, that file and the lock");
        fs::remove_dir_all(here.join("r")).unwrap();
    }
    // A run that was killed before its first checkpoint starts again.
    fs::create_dir(here.join("r")).unwrap();
    fs::copy(here.join("runs/again/config.json"), here.join("r/config.json")).unwrap();
    assert_eq!(run(here, "train --resume r").0, Some(0));
    assert_eq!(weights(&here.join("r")), before[2]);
}

#[test]
fn a_checkpoint_that_is_not_there_is_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    train_tiny(folder.path(), 1);
    let (code, said) = run(folder.path(), "train --resume r/first.checkpoint.safetensors");
    assert!(code == Some(1) && said.contains("first.checkpoint.safetensors does not exist"), "{said}");
}

#[test]
fn a_finished_run_with_more_epochs_is_the_longer_run_bit_for_bit() {
    // One schedule that depends on the epoch alone, and one with state, and Muon; the others are tested in src/optim/schedule.rs.
    for schedule in ["step --milestones 1,2 --recipe standard", "plateau --plateau-patience 1"] {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        fs::create_dir(here.join("data")).unwrap();
        crate::common::process::write_data(&here.join("data"), 150, 40);
        let train = |epochs: usize, name: &str| {
            let words = "train cnn --dense 16 --batch-size 60 --schedule";
            let (code, said) = run(here, &format!("{words} {schedule} --epochs {epochs} --name {name}"));
            assert_eq!(code, Some(0), "{schedule}: {said}");
        };
        train(3, "long");
        train(1, "short");
        let (code, said) = run(here, "train --resume runs/short --epochs 3");
        assert_eq!(code, Some(0), "{schedule}: {said}");
        let (long, short) = (here.join("runs/long"), here.join("runs/short"));
        assert!(weights(&long) == weights(&short), "{schedule}");
        assert_eq!(rates(&long), rates(&short));
        // The result of the shorter training is kept beside the new one.
        let result =
            |name: &str| -> serde_json::Value { serde_json::from_slice(&fs::read(short.join(name)).unwrap()).unwrap() };
        assert_eq!(result("result-after-1-epochs.json")["epochs"], 1);
        assert_eq!(result("result.json")["epochs"], 3);
    }
}

#[test]
fn schedules_that_come_down_to_the_end_need_a_fresh_cycle() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir(here.join("data")).unwrap();
    crate::common::process::write_data(&here.join("data"), 150, 40);
    let words = "train cnn --recipe standard --dense 16 --batch-size 30 --out r --epochs 2 --schedule one-cycle";
    assert_eq!(run(here, words).0, Some(0));
    let before = weights(&here.join("r"));

    let (code, said) = run(here, "train --resume r --epochs 5");
    assert_eq!(code, Some(1));
    assert!(said.contains("one-cycle") && said.contains("--fresh-cycle"), "{said}");
    assert_eq!(weights(&here.join("r")), before);
    assert!(here.join("r/result.json").exists(), "nothing was touched");

    let (code, said) = run(here, "train --resume r --epochs 5 --fresh-cycle");
    assert_eq!(code, Some(0), "{said}");
    let rates = rates(&here.join("r"));
    assert_eq!(rates.iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    // The rate is low at the end of the first cycle; in the new cycle it rises from there and comes down again.
    let rates: Vec<f64> = rates.into_iter().map(|(_, rate)| rate).collect();
    assert!(rates[2] > 5.0 * rates[1] && rates[4] < 0.2 * rates[2], "{rates:?}");
}

#[test]
fn an_extension_that_makes_no_sense_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train_tiny(here, 2);
    let config = fs::read(here.join("r/config.json")).unwrap();
    for (words, part) in [
        ("train --resume r", "is complete"),
        ("train --resume r --epochs 2", "more than the 2 epochs"),
        ("train --resume r --epochs 1", "more than the 2 epochs"),
        ("train --resume r --fine-tune-epochs 3", "no second phase"),
        ("train --resume r --epochs 3 --lr 0.1", "run's own settings"),
        ("train --resume r --fresh-cycle", "needs --epochs"),
        ("train --epochs 3 --fresh-cycle", "--resume"),
        ("train resnet18 --resume r --epochs 3", "run's own network"),
    ] {
        let (code, said) = run(here, words);
        assert!(matches!(code, Some(1 | 2)), "{words}: {said}");
        assert!(said.contains(part), "{words}: '{part}' is not in: {said}");
        assert_eq!(fs::read(here.join("r/config.json")).unwrap(), config, "{words}");
        assert!(here.join("r/result.json").exists(), "{words}");
    }
}

#[test]
fn both_phases_of_a_transfer_can_be_extended_while_they_last() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train_tiny(here, 1);
    let words =
        "train cnn --recipe standard --dense 16 --batch-size 120 --schedule constant --weights r/best.safetensors";
    let phases = |epochs: &str, name: &str| {
        let (code, said) =
            run(here, &format!("{words} --epochs 1 --unfreeze-blocks 1 --fine-tune-epochs {epochs} --name {name}"));
        assert_eq!(code, Some(0), "{said}");
    };
    phases("2", "long");
    phases("1", "short");
    let (code, said) = run(here, "train --resume runs/short --epochs 9");
    assert!(
        code == Some(1) && said.contains("the first phase is over") && said.contains("--fine-tune-epochs"),
        "{said}"
    );
    let (code, said) = run(here, "train --resume runs/short --fine-tune-epochs 2");
    assert_eq!(code, Some(0), "{said}");
    assert!(weights(&here.join("runs/long")) == weights(&here.join("runs/short")));
}

#[test]
fn early_stopping_ends_an_extended_run_too() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir(here.join("data")).unwrap();
    crate::common::process::write_data(&here.join("data"), 150, 40);
    // No epoch can improve by this much.
    let words = "train cnn --recipe standard --dense 16 --batch-size 60 --schedule constant --epochs 5 --patience 1 --min-delta 1000 --out r";
    assert_eq!(run(here, words).0, Some(0));
    let (code, said) = run(here, "train --resume r --epochs 9");
    assert!(code == Some(1) && said.contains("stopped early after epoch 2"), "{said}");
}

#[test]
fn a_fresh_cycle_belongs_to_its_run_and_starts_everything_anew() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir(here.join("data")).unwrap();
    crate::common::process::write_data(&here.join("data"), 150, 40);
    // No epoch improves by this much, so every one lowers the rate.
    let words = "train cnn --recipe standard --dense 16 --batch-size 60 --lr 0.001 --schedule plateau --plateau-patience 1 --plateau-delta 1000 \
                 --epochs 3 --out r";
    assert_eq!(run(here, words).0, Some(0));
    let (code, said) = run(here, "train --resume r --epochs 4 --fresh-cycle");
    assert_eq!(code, Some(0), "{said}");
    let rates = rates(&here.join("r"));
    assert!(rates[2].1 < 1e-3 && rates[3].1 == 1e-3, "{rates:?}");
    // Another run with these settings does not inherit the cycle.
    let (code, said) = run(here, "train --config r --epochs 1 --name again");
    assert_eq!(code, Some(0), "{said}");
    let config = fs::read_to_string(here.join("runs/again/config.json")).unwrap();
    assert!(!config.contains("cycle_start"), "{config}");
    // After a warm-up longer than the cycle, the rate would never come down.
    let (code, said) = run(here, "train --config r --schedule one-cycle --warmup 3 --epochs 3 --name warm");
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(here, "train --resume runs/warm --epochs 5 --fresh-cycle");
    assert!(code == Some(1) && said.contains("--warmup is 3"), "{said}");
}
