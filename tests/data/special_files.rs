//! Pipes, devices, folders and links in place of files: nothing hangs, fills the memory or is replaced.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::common::process::{command, selvedge, text, train_tiny, write_picture};

/// Runs the program, and kills it if it hangs.
fn in_time(folder: &Path, words: &str) -> Output {
    let mut process = command(folder, &words.split(' ').collect::<Vec<_>>())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while process.try_wait().unwrap().is_none() {
        if started.elapsed() > Duration::from_secs(60) {
            process.kill().unwrap();
            panic!("{words} hangs");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    process.wait_with_output().unwrap()
}

fn refused(folder: &Path, words: &str, parts: &[&str]) {
    let output = in_time(folder, words);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}: {message}");
    for part in parts {
        assert!(message.contains(part), "{words}: '{part}' is not in: {message}");
    }
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Creates something other than a file at `path`; `kind` is what the error calls it.
fn place(kind: &str, path: &Path) {
    match kind {
        "a pipe" => make_pipe(path),
        "a device" => symlink("/dev/zero", path).unwrap(),
        _ => fs::create_dir(path).unwrap(),
    }
}

fn remove(path: &Path) {
    if path.is_dir() {
        fs::remove_dir(path).unwrap();
    } else {
        fs::remove_file(path).unwrap();
    }
}

const KINDS: [&str; 3] = ["a pipe", "a device", "a folder"];

#[test]
fn what_is_read_must_be_a_plain_file() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train_tiny(here, 1);
    fs::create_dir(here.join("e")).unwrap();
    fs::write(here.join("e/ensemble.json"), "{}").unwrap();
    // The file that is replaced, and a command that reads it.
    let readers = [
        ("x.json", "train --config x.json"),
        ("x.safetensors", "weights x.safetensors"),
        ("x.safetensors", "evaluate x.safetensors"),
        ("x.safetensors", "train resnet20 --weights x.safetensors --batch-size 120"),
        ("x.csv", "tsne --init x.csv"),
        ("x.csv", "evaluate r --images x.csv"),
        ("x-images-idx3-ubyte", "evaluate r --images x-images-idx3-ubyte"),
        ("x.tar.gz", "tsne --data x.tar.gz"),
        ("x.png", "predict r x.png"),
        ("x.png", "features r --image x.png"),
    ];
    for kind in KINDS {
        for (name, words) in readers {
            // A folder may hold data or pictures.
            if kind == "a folder" && (name == "x.tar.gz" || name == "x.json" || words.starts_with("predict")) {
                continue;
            }
            place(kind, &here.join(name));
            let parts = match (kind, name) {
                // A folder is read as a run, and the error says what it lacks,
                ("a folder", "x.safetensors") => vec![name],
                // and weights are named by the target of a link.
                ("a device", "x.safetensors") => vec![kind],
                _ => vec![name, kind],
            };
            refused(here, words, &parts);
            remove(&here.join(name));
        }
    }
}

#[test]
fn the_files_of_a_run_must_be_plain_files() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train_tiny(here, 1);
    let names =
        ["config.json", "result.json", "history.csv", "best.safetensors", "last.checkpoint.safetensors", ".lock"];
    for kind in KINDS {
        for name in names {
            let file = here.join("r").join(name);
            let kept = here.join("kept");
            fs::rename(&file, &kept).unwrap();
            place(kind, &file);
            let words = match name {
                "result.json" | "last.checkpoint.safetensors" | ".lock" => "train --resume r --epochs 2",
                _ => "evaluate r",
            };
            // A lock that is a link is not followed.
            let kind = if name == ".lock" && kind == "a device" { "a link" } else { kind };
            refused(here, words, &[name, kind]);
            let listed = in_time(here, "runs .");
            assert!(listed.status.success());
            remove(&file);
            fs::rename(&kept, &file).unwrap();
        }
    }
}

fn copy_run(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[test]
fn links_are_not_followed_where_we_write() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train_tiny(here, 1);
    let precious = here.join("precious");
    let is_whole = || fs::read(&precious).unwrap() == b"precious";
    fs::write(&precious, "precious").unwrap();
    for name in [".lock", "history.csv", "best.safetensors", "curves.png", "last.checkpoint.safetensors", "result.json"]
    {
        copy_run(&here.join("r"), &here.join("q"));
        let file = here.join("q").join(name);
        fs::remove_file(&file).unwrap();
        symlink(&precious, &file).unwrap();
        let resumed = in_time(here, "train --resume q --epochs 2 -q");
        assert_eq!(resumed.status.code(), Some(1), "{name}");
        assert!(is_whole(), "{name}");
        let is_link = file.symlink_metadata().unwrap().is_symlink();
        assert!(is_link, "{name}: {}", text(&resumed.stderr));
        fs::remove_dir_all(here.join("q")).unwrap();
    }
    // A log that cannot be written is no reason to stop.
    fs::remove_file(here.join("r/log.txt")).unwrap();
    symlink(&precious, here.join("r/log.txt")).unwrap();
    let resumed = in_time(here, "train --resume r --epochs 2");
    assert!(resumed.status.success() && is_whole());
    assert!(text(&resumed.stderr).contains("no log is kept"));
    // The locks of a search.
    fs::create_dir(here.join("s")).unwrap();
    symlink(&precious, here.join("s/search.lock")).unwrap();
    refused(here, "search cnn --grid lr=0.1,0.2 --folds 2 --batch-size 60 --out s", &["search.lock", "a link"]);
    assert!(is_whole());
}

#[test]
fn outputs_replace_nothing_that_they_should_not() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train_tiny(here, 1);
    let png = here.join("p.png");
    write_picture(&png);
    let picture = fs::read(&png).unwrap();
    let weights = fs::read(here.join("r/best.safetensors")).unwrap();

    make_pipe(&here.join("pipe.onnx"));
    make_pipe(&here.join("pipe.png"));
    symlink("/dev/null", here.join("null.onnx")).unwrap();
    symlink(&png, here.join("link.png")).unwrap();
    fs::create_dir(here.join("folder.png")).unwrap();
    for (words, parts) in [
        ("export r --onnx pipe.onnx --force", ["pipe.onnx", "a pipe"]),
        ("export r --onnx null.onnx --force", ["null.onnx", "a link"]),
        ("export r --onnx /dev/null --force", ["/dev/null", "a device"]),
        ("predict r p.png --show pipe.png --force", ["pipe.png", "a pipe"]),
        ("predict r p.png --show folder.png --force", ["folder.png", "a folder"]),
        ("augment --out pipe.png --force", ["pipe.png", "a pipe"]),
        ("lr-find --out pipe.png --force", ["pipe.png", "a pipe"]),
        // The input itself, by its name, by another spelling of it and by a link.
        ("predict r p.png --show p.png --force", ["p.png", "is read here"]),
        ("predict r p.png --show ./r/../p.png --force", ["p.png", "is read here"]),
        ("predict r link.png --show p.png --force", ["p.png", "is read here"]),
        ("export r --onnx r/best.safetensors --force", ["best.safetensors", "must end with .onnx"]),
        // Outputs that exist, and outputs of another format.
        ("predict r p.png --show folder.png/p.jpg", ["p.jpg", "must end with .png"]),
        ("predict r p.png --show out.jpg", ["out.jpg", "must end with .png"]),
        ("augment --out r/curves.png", ["curves.png", "--force"]),
        ("lr-find --out r/curves.svg", ["curves.svg", "--force"]),
        ("profile cnn --batch-size 4 --trace r/config.json", ["config.json", "--force"]),
        ("profile r --trace r/config.json --force", ["config.json", "is read here"]),
        ("features r --image p.png --out r", ["r", "not empty"]),
        ("tsne --out r", ["r", "not empty"]),
        ("evaluate r --out r", ["r", "not empty"]),
        ("search cnn --grid lr=0.1,0.2 --folds 2 --batch-size 60 --out r", ["r", "other files"]),
    ] {
        refused(here, words, &parts);
    }
    assert_eq!(fs::read(&png).unwrap(), picture);
    assert_eq!(fs::read(here.join("r/best.safetensors")).unwrap(), weights);
    assert!(here.join("pipe.onnx").symlink_metadata().unwrap().file_type().is_fifo());
    assert!(here.join("link.png").symlink_metadata().unwrap().is_symlink());

    // An existing file is replaced if --force is given.
    fs::write(here.join("old.onnx"), "old").unwrap();
    let forced = selvedge(here, &["export", "r", "--onnx", "old.onnx", "--force"]);
    assert!(forced.status.success(), "{}", text(&forced.stderr));
    assert!(fs::read(here.join("old.onnx")).unwrap().len() > 1000);
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_leaves_no_half_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train_tiny(here, 1);
    write_picture(&here.join("p.png"));
    let script = r#"ulimit -f 1; exec "$0" $1"#;
    for words in
        ["export r --onnx x.onnx", "train --resume r --epochs 2 -q", "tsne --limit 100 --perplexity 5 -q --out t"]
    {
        let before = fs::read(here.join("r/best.safetensors")).unwrap();
        let limited = Command::new("bash")
            .args(["-c", script, env!("CARGO_BIN_EXE_selvedge"), words])
            .current_dir(here)
            .output()
            .unwrap();
        let message = text(&limited.stderr);
        assert_eq!(limited.status.code(), Some(1), "{words}: {message}");
        assert!(message.contains("limit on the size of files"), "{words}: {message}");
        assert_eq!(fs::read(here.join("r/best.safetensors")).unwrap(), before);
        for place in [here.to_owned(), here.join("r"), here.join("t")] {
            let left = fs::read_dir(&place).into_iter().flatten();
            let left = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            assert!(!left.into_iter().any(|name| name.ends_with(".tmp")), "{words}");
        }
    }
}
