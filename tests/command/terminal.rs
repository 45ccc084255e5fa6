//! Output that is closed or full, and names made to deceive whoever reads the terminal; tested with real processes.
#![cfg(unix)]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::process::{command, selvedge, text, train_tiny, write_picture};

/// Every kind of command that prints and needs no more than a second or two.
const COMMANDS: [&str; 13] = [
    "--help",
    "--version",
    "train --help",
    "runs .",
    "weights r",
    "summary cnn",
    "devices",
    "plan cnn --batch-size 4",
    "export r --onnx OUT.onnx",
    "predict r p.png",
    "predict r p.png --json",
    "predict r p.png --csv",
    "evaluate r --json --out OUT",
];

/// The program with `words`, where OUT becomes a name that does not exist yet.
fn with_words(folder: &Path, words: &str, number: usize) -> Command {
    let words = words.replace("OUT", &format!("out-{number}"));
    command(folder, &words.split(' ').collect::<Vec<_>>())
}

#[test]
fn every_command_ends_in_good_order_when_its_output_is_closed_or_full() {
    let folder = tempfile::tempdir().unwrap();
    train_tiny(folder.path(), 1);
    write_picture(&folder.path().join("p.png"));
    for (number, words) in COMMANDS.iter().enumerate() {
        // The other end of this pipe is closed.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let closed = with_words(folder.path(), words, 2 * number).stdout(writer).output().unwrap();
        assert_eq!(closed.status.code(), Some(141), "{words}: {}", text(&closed.stderr));
        assert!(!text(&closed.stderr).contains("error"), "{words}: {}", text(&closed.stderr));

        let full = File::options().write(true).open("/dev/full").unwrap();
        let full = with_words(folder.path(), words, 2 * number + 1).stdout(full).output().unwrap();
        assert_eq!(full.status.code(), Some(1), "{words}");
        let message = text(&full.stderr);
        assert!(message.contains("error: standard output cannot be written"), "{words}: {message}");
        assert_eq!(message.matches("error").count() - message.matches("os error").count(), 1, "{message}");
    }
}

#[test]
fn errors_and_warnings_need_nobody_to_read_them() {
    let folder = tempfile::tempdir().unwrap();
    for words in ["weights nosuch", "train --epochs 0", "train --no-such-option", "nonsense"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let full = File::options().write(true).open("/dev/full").unwrap();
        let expected = selvedge(folder.path(), &words.split(' ').collect::<Vec<_>>()).status.code();
        assert!(matches!(expected, Some(1 | 2)), "{words}");
        for stderr in [Stdio::from(writer), Stdio::from(full), Stdio::null()] {
            let ended = with_words(folder.path(), words, 0).stderr(stderr).status().unwrap();
            assert_eq!(ended.code(), expected, "{words}");
        }
    }
}

#[test]
fn a_training_outlives_its_reader() {
    let folder = tempfile::tempdir().unwrap();
    train_tiny(folder.path(), 1);
    let words = "train cnn --dense 16 --batch-size 120 --epochs 1 --out";
    let run = |name: &str| with_words(folder.path(), &format!("{words} {name}"), 0);

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let both = writer.try_clone().unwrap();
    let closed = run("closed").stdout(writer).stderr(both).status().unwrap();
    assert_eq!(closed.code(), Some(0));

    let full = File::options().write(true).open("/dev/full").unwrap();
    let full = run("full").stdout(full).output().unwrap();
    assert_eq!(full.status.code(), Some(1), "text was lost, and that is said");
    assert!(text(&full.stderr).contains("error: standard output cannot be written"));

    for name in ["closed", "full"] {
        assert!(folder.path().join(name).join("result.json").is_file(), "{name} was not finished");
        let log = fs::read_to_string(folder.path().join(name).join("log.txt")).unwrap();
        assert!(log.contains("epoch 1/1") && log.contains("test accuracy"), "{log}");
    }
}

/// Checks that nothing moves the cursor or changes colours, and that no line is a forged message of the program.
fn assert_harmless(words: &str, output: &[u8]) {
    let text = text(output);
    let steers = |c: char| selvedge::files::is_unsafe(c) && c != '\n' && c != '\t';
    assert!(!text.contains(steers), "{words}: {text:?}");
    assert!(!text.lines().any(|line| line.starts_with("error: forged")), "{words}: {text}");
}

#[test]
fn names_and_values_from_outside_cannot_steer_the_terminal_or_forge_lines() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train_tiny(here, 1);
    let evil = "x\u{1b}[31m\u{9b}2J\u{202e}\u{200b}\nerror: forged\r";
    write_picture(&here.join(format!("{evil}.png")));
    fs::write(here.join(format!("{evil}.jpg")), "no picture").unwrap();

    // A tensor's name.
    let weights = fs::read(here.join("r/best.safetensors")).unwrap();
    let length = u64::from_le_bytes(weights[..8].try_into().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&weights[8..8 + length]).unwrap();
    let end = weights.len() - 8 - length;
    header[evil] = serde_json::json!({ "dtype": "F32", "shape": [0], "data_offsets": [end, end] });
    let mut header = header.to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let named = [&(header.len() as u64).to_le_bytes()[..], &header, &weights[8 + length..]].concat();
    fs::write(here.join("named.safetensors"), named).unwrap();

    // A value of a configuration, and a folder's name.
    let config = fs::read_to_string(here.join("r/config.json")).unwrap();
    let other = here.join(format!("runs/{evil}"));
    fs::create_dir_all(&other).unwrap();
    let wrong = config.replace("\"adamw\"", r#""x\u001b[31m\u009b\nerror: forged\r""#);
    assert_ne!(wrong, config);
    fs::write(other.join("config.json"), wrong).unwrap();
    let right = here.join(format!("runs/{evil}2"));
    fs::create_dir_all(&right).unwrap();
    fs::write(right.join("config.json"), config).unwrap();

    let (png, jpg) = (format!("{evil}.png"), format!("{evil}.jpg"));
    let calls: [&[&str]; 12] = [
        &["weights", "named.safetensors"],
        &["weights", evil],
        &["predict", "r", &png],
        &["predict", "r", &png, "--json"],
        &["predict", "r", &jpg],
        &["predict", "r", evil],
        &["runs", "runs"],
        &["train", "--config", evil],
        &["train", evil],
        &["train", "--epochs", evil],
        &[evil],
        &["evaluate", &format!("runs/{evil}")],
    ];
    for words in calls {
        let output = selvedge(here, words);
        assert_harmless(&words.join(" "), &output.stdout);
        assert_harmless(&words.join(" "), &output.stderr);
    }
    // JSON output still has the name unchanged.
    let json = selvedge(here, &["predict", "r", &png, "--json"]);
    let line: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(line["picture"], png);
}

#[test]
fn names_of_any_length_fit_the_tables() {
    let folder = tempfile::tempdir().unwrap();
    for (name, shape) in [("n".repeat(70_000), vec![0]), ("n".to_owned(), vec![0_usize; 30_000])] {
        let header =
            serde_json::json!({ name: { "dtype": "F32", "shape": shape, "data_offsets": [0, 0] } }).to_string();
        let file = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
        fs::write(folder.path().join("long.safetensors"), file).unwrap();
        let listed = selvedge(folder.path(), &["weights", "long.safetensors"]);
        assert!(listed.status.success(), "{}", text(&listed.stderr));
        assert!(text(&listed.stdout).lines().all(|line| line.len() < 400));
    }
}
