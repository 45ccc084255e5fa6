//! Which arguments commands accept, and how they refuse the others: before any work, in one message.

use std::fs;
use std::path::Path;

use crate::common::process::{command, selvedge, text, train_tiny, write_picture};

fn said(folder: &Path, words: &str) -> (Option<i32>, String) {
    let output = selvedge(folder, &words.split(' ').collect::<Vec<_>>());
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn a_network_starts_from_its_own_recipe() {
    let folder = tempfile::tempdir().unwrap();
    for (words, step, optimiser) in [
        ("plan", "cnn on 256 images", "muon"),
        ("plan cnn --recipe standard", "cnn on 128 images", "adam"),
        ("plan resnet20", "resnet20 on 128 images", "adam"),
        ("plan inception --batch-size 2", "inception on 2 images", "adam"),
    ] {
        let (code, text) = said(folder.path(), words);
        assert_eq!(code, Some(0), "{words}: {text}");
        assert!(text.contains(&format!("training step of {step}")), "{words}: {text}");
        assert!(text.contains(optimiser) && (optimiser == "muon") == text.contains("muon"), "{words}: {text}");
    }
}

#[test]
fn the_folder_of_a_run_works_wherever_a_person_tries_it() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train_tiny(here, 1);
    for (words, part) in [
        ("weights r", "fc1.weight"),
        ("summary r", "16"),
        ("plan r", "training step of cnn on 120 images"),
        ("plan r --batch-size 4", "training step of cnn on 4 images"),
        ("train --config r --name again -q", ""),
        ("runs .", "r    cnn"),
    ] {
        let (code, text) = said(here, words);
        assert_eq!(code, Some(0), "{words}: {text}");
        assert!(text.contains(part), "{words}: {text}");
    }
    for (words, parts) in [
        ("train r", vec!["--resume", "--config"]),
        ("summary r --config r", vec!["leave out --recipe and --config"]),
        ("summary nothing", vec!["no network and no run folder", "resnet18"]),
        ("evaluate data", vec!["no config.json"]),
        ("predict p.png r", vec!["a picture", "the model comes first"]),
        ("weights r/config.json", vec!["JSON"]),
    ] {
        write_picture(&here.join("p.png"));
        let (code, text) = said(here, words);
        assert!(matches!(code, Some(1 | 2)), "{words}: {text}");
        for part in parts {
            assert!(text.contains(part), "{words}: '{part}' is not in: {text}");
        }
    }
}

#[test]
fn an_ensemble_and_a_run_that_has_no_epoch_are_called_so() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train_tiny(here, 1);
    let (code, text) = said(here, "evaluate r r --ensemble mean --out e");
    assert_eq!(code, Some(0), "{text}");
    write_picture(&here.join("p.png"));
    for model in ["e", "e/ensemble.json"] {
        for words in
            ["features MODEL --image p.png", "export MODEL --onnx x.onnx", "tsne --of MODEL --limit 50 --perplexity 5"]
        {
            let words = words.replace("MODEL", model);
            let (code, text) = said(here, &words);
            assert!(code == Some(1) && text.contains("is an ensemble"), "{words}: {text}");
        }
    }
    fs::create_dir(here.join("new")).unwrap();
    fs::copy(here.join("r/config.json"), here.join("new/config.json")).unwrap();
    for words in ["evaluate new", "predict new p.png", "export new --onnx x.onnx"] {
        let (code, text) = said(here, words);
        assert!(code == Some(1) && text.contains("no finished epoch"), "{words}: {text}");
    }
    assert!(!here.join("runs").exists(), "nothing was left behind");
}

#[test]
fn options_are_checked_before_data_is_read_and_before_warnings() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir(here.join("full")).unwrap();
    fs::write(here.join("full/file"), "").unwrap();
    // A folder with half of a data set: no command gets far enough to notice.
    fs::create_dir(here.join("data")).unwrap();
    fs::write(here.join("data/fashion_mnist_train.csv"), "").unwrap();
    for (words, part) in [
        ("train --name .", "--name is '.'"),
        ("train --name ..", "--name is '..'"),
        ("train --name a/b", "--name is 'a/b'"),
        ("train --out full", "not empty"),
        ("lr-find --from 2 --to 1", "the sweep is 2 to 1"),
        ("lr-find --out x.jpg", "must end with .png or .svg"),
        ("augment --out x.txt", "must end with .png"),
        ("evaluate r --ensemble mean", "two models or more"),
        ("evaluate r --out full", "not empty"),
        ("search cnn --grid lr=0.1,0.2 --folds 1", "--folds is 1"),
        ("search cnn --grid dropout=0.5,2", "--dropout is 2"),
        ("tsne --out full", "not empty"),
    ] {
        let (code, text) = said(here, words);
        assert!(matches!(code, Some(1 | 2)), "{words}: {text}");
        assert!(text.contains(part), "{words}: '{part}' is not in: {text}");
        assert!(!text.contains("warning"), "{words}: {text}");
    }
    assert!(!here.join("runs").exists() && !here.join("searches").exists());
}

#[test]
fn a_search_that_found_nothing_has_failed() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir(here.join("data")).unwrap();
    crate::common::process::write_data(&here.join("data"), 300, 40);
    // No fold has enough images for one batch.
    let (code, text) = said(here, "search cnn --grid dense=8,16 --folds 2 --epochs 1 --batch-size 1024 --out s");
    assert!(code == Some(1) && text.contains("every fit failed"), "{text}");
    let (code, text) = said(here, "search --collect s");
    assert!(code == Some(1) && text.contains("every fit failed"), "{text}");
    let (code, _) = said(here, "search cnn --grid seed=1..5 --random 0 --folds 2 --out s0");
    assert_eq!(code, Some(2));
    assert!(!here.join("s0").exists());
}

#[test]
fn adapters_are_chosen_by_number_too() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (_, listed) = said(here, "devices");
    let names: Vec<&str> = listed.lines().filter(|line| !line.starts_with(' ')).collect();
    for (number, line) in (1..).zip(&names) {
        assert!(line.starts_with(&format!("{number}: ")), "{listed}");
        let (code, text) = said(here, &format!("devices --adapter {number}"));
        assert_eq!(code, Some(0));
        let chosen: Vec<&str> = text.lines().filter(|line| line.contains("[chosen]")).collect();
        assert!(chosen.len() == 1 && chosen[0].starts_with(&format!("{number}: ")), "{text}");
    }
    let (code, text) = said(here, &format!("devices --adapter {}", names.len() + 1));
    assert!(code == Some(1) && text.contains("as its number"), "{text}");
}

#[test]
fn commands_that_look_at_a_step_show_what_changes_it_and_long_helps_have_headings() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["plan", "profile", "summary"] {
        let (_, help) = said(folder.path(), &format!("{name} --help"));
        assert!(help.contains("--batch-size") && help.contains("--optimizer"), "{name}");
        for hidden in ["--epochs", "--lr ", "--patience", "--seed", "--data", "--schedule"] {
            assert!(!help.contains(hidden), "{name} shows {hidden}");
        }
    }
    for name in ["train", "search", "lr-find"] {
        let (_, help) = said(folder.path(), &format!("{name} --help"));
        for heading in ["Training:", "Network:", "Optimisation:", "Regularisation:", "Augmentation:", "Device:"] {
            assert!(help.contains(&format!("\n{heading}")), "{name} has no {heading}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn mesa_keeps_quiet_whatever_the_variable_is() {
    let folder = tempfile::tempdir().unwrap();
    for value in [None, Some("")] {
        let mut devices = command(folder.path(), &["devices"]);
        match value {
            None => devices.env_remove("XDG_RUNTIME_DIR"),
            Some(value) => devices.env("XDG_RUNTIME_DIR", value),
        };
        let output = devices.output().unwrap();
        assert!(output.status.success());
        assert_eq!(text(&output.stderr), "", "{value:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn too_little_memory_is_one_error() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"ulimit -v "$1"; exec "$0" tsne --limit 200 --perplexity 5 --data data"#;
    fs::create_dir(folder.path().join("data")).unwrap();
    crate::common::process::write_data(&folder.path().join("data"), 60_000, 100);
    let mut failures = 0;
    for kilobytes in ["60000", "70000", "90000"] {
        let limited = std::process::Command::new("bash")
            .args(["-c", script, env!("CARGO_BIN_EXE_selvedge"), kilobytes])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let message = text(&limited.stderr);
        if limited.status.success() {
            continue;
        }
        failures += 1;
        assert_eq!(limited.status.code(), Some(1), "{kilobytes}: {message}");
        assert!(message.starts_with("error: ") && message.lines().count() == 1, "{kilobytes}: {message}");
    }
    assert!(failures > 0, "there was memory enough");
}
