//! Trainings by two processes under `mpirun`, on one device each: what they end at, what resumes, what is refused. Run with
//! `--features mpi`.
#![cfg(feature = "mpi")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::process::{text, train_tiny, write_data};
use common::training::bars;
use safetensors::SafeTensors;
use tempfile::TempDir;

const SELVEDGE: &str = env!("CARGO_BIN_EXE_selvedge");

/// How long it may take until all processes have ended, once one of them has been killed or told to stop.
const TO_END: Duration = Duration::from_secs(10);
/// The same from the start, for processes that are refused.
const TO_BE_REFUSED: Duration = Duration::from_secs(60);

/// `mpirun`, or what MPIRUN names instead, of this many processes, on a machine that may have fewer processors and be used by root. Open MPI 4
/// and 5 are told so by variables, which MPICH ignores.
fn mpirun(folder: &Path, processes: usize) -> Command {
    let mut command = Command::new(std::env::var_os("MPIRUN").unwrap_or_else(|| "mpirun".into()));
    command
        .args(["-n", &processes.to_string()])
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
        .env("OMPI_MCA_rmaps_base_oversubscribe", "1")
        .env("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe")
        // Shared memory without the kernel's help, which containers refuse.
        .env("OMPI_MCA_btl_vader_single_copy_mechanism", "none")
        .env_remove("SELVEDGE_ADAPTER")
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

fn together(folder: &Path, processes: usize, arguments: &[&str]) -> Output {
    mpirun(folder, processes).arg(SELVEDGE).args(arguments).output().unwrap()
}

fn alone(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(SELVEDGE).args(arguments).env_remove("SELVEDGE_ADAPTER").current_dir(folder).output().unwrap()
}

fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// A folder with data to train on.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    write_data(&data, 300, 40);
    // Images of one shade would make batch norm divide by next to nothing, and magnify every rounding.
    for (file, images) in [("train-images-idx3-ubyte", bars(300, 0)), ("t10k-images-idx3-ubyte", bars(40, 9))] {
        let mut bytes = fs::read(data.join(file)).unwrap();
        bytes.truncate(16);
        bytes.extend(images.pixels());
        fs::write(data.join(file), bytes).unwrap();
    }
    folder
}

/// A training of a small network in which each rank has `batch` images a step. With SGD, rounding stays as small as it is; Adam's first steps
/// are of the sign of a gradient, however small it is.
fn training<'a>(batch: &'a str, epochs: &'a str, run: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let settings = ["train", "--recipe", "standard", "--dense", "16", "--optimizer", "sgd", "--lr", "0.02"];
    let others = ["--schedule", "constant", "--augment", "icdss-cnn", "--batch-size", batch, "--epochs", epochs];
    [&settings[..], &others, &["--out", run], more].concat()
}

fn weights(folder: &Path, run: &str) -> BTreeMap<String, Vec<f32>> {
    let bytes = fs::read(folder.join(run).join("last.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let numbers = |data: &[u8]| data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    file.tensors().into_iter().map(|(name, view)| (name, numbers(view.data()))).collect()
}

fn bytes(folder: &Path, run: &str) -> Vec<u8> {
    fs::read(folder.join(run).join("last.safetensors")).unwrap()
}

/// Waits for `mpirun` and its ranks to end, and returns what they printed; fails if it takes too long.
fn end_within(patience: Duration, mut process: Child, ranks: &[u32]) -> Output {
    let started = Instant::now();
    let is_there = |rank: &u32| Path::new(&format!("/proc/{rank}")).exists();
    while process.try_wait().unwrap().is_none() || ranks.iter().any(is_there) {
        assert!(started.elapsed() < patience, "still running after {patience:?}");
        sleep(Duration::from_millis(20));
    }
    process.wait_with_output().unwrap()
}

/// The epochs of trainings that do not reach their end undisturbed.
const EPOCHS: &str = "6";

/// Starts a training in two processes, and waits until the first epoch is saved.
fn in_its_second_epoch(folder: &Path, run: &str) -> Child {
    let mut command = mpirun(folder, 2);
    command.arg(SELVEDGE).args(training("60", EPOCHS, run, &[]));
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let checkpoint = folder.join(run).join("last.checkpoint.safetensors");
    while !folder.join(run).join("curves.svg").exists() || !checkpoint.exists() {
        assert!(process.try_wait().unwrap().is_none(), "it ended too early");
        sleep(Duration::from_millis(20));
    }
    process
}

/// The ranks that `mpirun` has started, itself or by a helper.
fn ranks_of(process: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let children = list.split_whitespace().map(|number| number.parse().unwrap());
    let program = fs::canonicalize(SELVEDGE).unwrap();
    let is_rank = |child: &u32| fs::read_link(format!("/proc/{child}/exe")).is_ok_and(|exe| exe == program);
    children.flat_map(|child| if is_rank(&child) { vec![child] } else { ranks_of(child) }).collect()
}

fn signal(process: u32, name: &str) {
    assert!(Command::new("kill").args([name, &process.to_string()]).status().unwrap().success());
}

#[test]
fn two_processes_train_as_one_with_the_larger_batch() {
    let folder = folder();
    let path = folder.path();
    // One step: after more, a rounding may have moved the maximum of a pooling window to another pixel. One process computes batch norm in the
    // same way, so that this is all that may differ.
    let settings = |batch, run| training(batch, "1", run, &["--sync-batch-norm"]);
    succeeded(&alone(path, &settings("240", "one")));
    let printed = succeeded(&together(path, 2, &settings("120", "two")));
    assert_eq!(printed.matches("epoch 1/1").count(), 1, "only the first rank prints: {printed}");
    assert!(printed.contains("and 1 other rank"), "{printed}");
    for ((name, one), two) in weights(path, "one").iter().zip(weights(path, "two").values()) {
        let largest = one.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
        let apart = one.iter().zip(two).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(apart <= 1e-4 * largest, "{name}: {apart} of {largest}");
    }
    succeeded(&together(path, 2, &settings("120", "again")));
    assert!(bytes(path, "two") == bytes(path, "again"));
    let config = fs::read_to_string(path.join("two/config.json")).unwrap();
    assert!(config.contains("\"ranks\": 2"), "{config}");
}

#[test]
fn a_killed_or_interrupted_training_resumes_to_the_same_bits() {
    let folder = folder();
    let path = folder.path();
    succeeded(&together(path, 2, &training("60", EPOCHS, "whole", &[])));
    for run in ["killed", "interrupted"] {
        let process = in_its_second_epoch(path, run);
        let ranks = ranks_of(process.id());
        assert_eq!(ranks.len(), 2);
        match run {
            "killed" => signal(ranks[1], "-KILL"),
            _ => signal(process.id(), "-INT"),
        }
        assert!(!end_within(TO_END, process, &ranks).status.success());
        assert!(!path.join(run).join("result.json").exists());
        // Whatever it had time to save is whole.
        succeeded(&together(path, 2, &["train", "--resume", run]));
        assert!(bytes(path, run) == bytes(path, "whole"), "{run}");
    }
    // In another number of processes it goes on, and says that the bits will differ.
    let resumed = alone(path, &["train", "--resume", "whole", "--epochs", "7"]);
    succeeded(&resumed);
    assert!(text(&resumed.stderr).contains("in 2 processes"), "{}", text(&resumed.stderr));
}

#[test]
fn ranks_that_do_not_fit_together_are_refused_with_one_message() {
    let folder = folder();
    let path = folder.path();
    let refused = |first: &[&str], second: &[&str], expected: &[&str]| {
        let mut command = mpirun(path, 1);
        command.arg(SELVEDGE).args(first).args([":", "-n", "1", SELVEDGE]).args(second);
        let ended =
            end_within(TO_BE_REFUSED, command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), &[]);
        let message = text(&ended.stderr);
        assert!(!ended.status.success());
        assert_eq!(message.matches("error:").count(), 1, "{message}");
        for part in expected {
            assert!(message.contains(part), "{message} lacks {part}");
        }
        assert!(!path.join("run").exists());
    };
    let usual = training("60", "4", "run", &[]);
    refused(&usual, &training("60", "4", "run", &["--seed", "2"]), &["rank 1", "train.seed 2, not", "train.seed 1"]);
    refused(&usual, &training("60", "4", "run", &["--data", "nowhere"]), &["nowhere"]);
    refused(
        &training("150", "4", "run", &[]),
        &training("150", "4", "run", &[]),
        &["batch-size", "at most 120", "2 ranks"],
    );
    refused(&["summary", "cnn"], &["summary", "cnn"], &["only train, evaluate"]);
    refused(&usual, &training("60", "4", "run", &["--no-such-option"]), &["--no-such-option"]);
    // Another data set of the same size.
    fs::create_dir(path.join("other")).unwrap();
    write_data(&path.join("other"), 300, 40);
    refused(
        &training("60", "4", "run", &["--data", "data"]),
        &training("60", "4", "run", &["--data", "other"]),
        &["rank 1"],
    );
}

#[test]
fn evaluation_maps_and_searches_share_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    train_tiny(path, 1);
    let of_one = succeeded(&alone(path, &["evaluate", "r", "--tta", "--json", "--out", "one"]));
    let of_two = succeeded(&together(path, 2, &["evaluate", "r", "--tta", "--json", "--out", "two"]));
    let without_paths = |text: &str| text.replace("\"two", "\"one");
    assert_eq!(without_paths(&of_two), of_one);
    assert_eq!(fs::read(path.join("one/predictions.csv")).ok(), fs::read(path.join("two/predictions.csv")).ok());

    let map = ["tsne", "--of", "r", "--split", "test", "--iterations", "60", "-q"];
    succeeded(&alone(path, &[&map[..], &["--out", "map-one"]].concat()));
    succeeded(&together(path, 2, &[&map[..], &["--out", "map-two"]].concat()));
    let points = |folder: &str| {
        let files = fs::read_dir(path.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let table = files.into_iter().find(|file| file.extension().is_some_and(|e| e == "csv")).unwrap();
        fs::read_to_string(table).unwrap()
    };
    assert_eq!(points("map-one"), points("map-two"));

    let grid = ["search", "--recipe", "standard", "--dense", "16", "--batch-size", "60", "--epochs", "1", "--grid"];
    let printed = succeeded(&together(path, 2, &[&grid[..], &["lr=0.001,0.003"]].concat()));
    assert!(printed.contains("6 fits done") && printed.contains("searches/cnn-1"), "{printed}");
    assert_eq!(printed.matches("best so far").count(), 1, "{printed}");

    let profile = succeeded(&together(path, 2, &["profile", "cnn", "--batch-size", "8", "--steps", "1"]));
    assert!(profile.contains("Between 2 ranks, each step adds"), "{profile}");
}
