//! Training runs and t-SNE fits that are killed, interrupted or run out of disk space, as real processes; a resumed training run
//! ends with the same weights.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::common::process::{command, selvedge, text, write_data};
use tempfile::TempDir;

// Two batches per step: leftovers in the mean gradient must not matter.
const SETTINGS: [&str; 15] = [
    "train",
    "--recipe",
    "standard",
    "--limit",
    "200",
    "--epochs",
    "3",
    "--batch-size",
    "25",
    "--accumulate",
    "2",
    "--ema",
    "0.9",
    "--augment",
    "icdss-cnn",
];

/// A folder with data and an uninterrupted training run on it, which is made once for all tests.
static WHOLE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interruption");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("data")).unwrap();
    write_data(&folder.join("data"), 400, 100);
    let output = selvedge(&folder, &[&SETTINGS[..], &["--name", "whole"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    folder
});

/// A copy of that folder, and the weights of the training.
fn undisturbed() -> (TempDir, Vec<Vec<u8>>) {
    let copy = tempfile::tempdir().unwrap();
    for part in ["data", "runs/whole"] {
        fs::create_dir_all(copy.path().join(part)).unwrap();
        for file in fs::read_dir(WHOLE.join(part)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), copy.path().join(part).join(file.file_name())).unwrap();
        }
    }
    let weights = weights(&copy.path().join("runs/whole"));
    (copy, weights)
}

fn weights(run: &Path) -> Vec<Vec<u8>> {
    ["best.safetensors", "last.safetensors"].map(|name| fs::read(run.join(name)).unwrap()).to_vec()
}

/// Epoch, losses and accuracies of a history, without the times.
fn figures(run: &Path) -> Vec<String> {
    let history = fs::read_to_string(run.join("history.csv")).unwrap();
    let timeless = |line: &str| line.split(',').take(8).collect::<Vec<_>>().join(",");
    history.lines().map(timeless).collect()
}

/// Starts the named training run, or resumes it if it has begun.
fn start_or_resume(folder: &Path, name: &str) -> Command {
    let run = format!("runs/{name}");
    if folder.join(&run).join("config.json").exists() {
        command(folder, &["train", "--resume", &run])
    } else {
        command(folder, &[&SETTINGS[..], &["--name", name]].concat())
    }
}

#[test]
fn a_training_killed_at_random_moments_ends_at_the_same_weights() {
    let (folder, expected) = undisturbed();
    // Different moments each time this test runs; the message lists them if it fails.
    let mut random = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos() | 1;
    let mut moments = Vec::new();
    let mut kills = 0;
    loop {
        let mut process =
            start_or_resume(folder.path(), "killed").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let moment = Duration::from_millis(u64::from(random >> 16) % 2500);
        // After enough kills, it may run to its end.
        let patience = if kills < 6 { moment } else { Duration::from_secs(600) };
        let started = Instant::now();
        let status = loop {
            match process.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if started.elapsed() > patience => break None,
                None => sleep(Duration::from_millis(5)),
            }
        };
        let Some(status) = status else {
            process.kill().unwrap(); // SIGKILL
            process.wait().unwrap();
            kills += 1;
            moments.push(moment);
            continue;
        };
        assert!(status.success(), "after kills at {moments:?}");
        break;
    }
    let run = folder.path().join("runs/killed");
    assert!(weights(&run) == expected, "the weights differ after kills at {moments:?}");
    assert_eq!(figures(&run), figures(&folder.path().join("runs/whole")), "{moments:?}");
    assert!(run.join("result.json").exists());
}

/// Waits until the condition holds, and fails if the process ends first.
fn wait_until(process: &mut Child, condition: impl Fn() -> bool) {
    while !condition() {
        assert!(process.try_wait().unwrap().is_none(), "it ended too early");
        sleep(Duration::from_millis(2));
    }
}

/// Sends a signal by name.
fn signal(process: u32, name: &str) {
    let status = Command::new("kill").args([name, &process.to_string()]).status();
    assert!(status.unwrap().success());
}

/// Runs the program with a limit on the size of files, in kB; the signal sent at the limit is ignored, so that the write fails as
/// on a full disk.
fn with_small_files(folder: &Path, kilobytes: u32, arguments: &str) -> Output {
    let script = format!(r#"trap "" XFSZ; ulimit -f {kilobytes}; exec "$0" {arguments}"#);
    Command::new("bash").args(["-c", &script, env!("CARGO_BIN_EXE_selvedge")]).current_dir(folder).output().unwrap()
}

#[test]
fn ctrl_c_saves_says_how_to_go_on_and_exits_with_130() {
    let (folder, expected) = undisturbed();
    let mut process =
        start_or_resume(folder.path(), "stopped").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Interrupted before its first step, so that it cannot have finished, however fast the adapter.
    let config = folder.path().join("runs/stopped/config.json");
    wait_until(&mut process, || config.exists());
    signal(process.id(), "-INT");
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("selvedge train --resume runs/stopped"));
    let run = folder.path().join("runs/stopped");
    assert!(run.join("last.checkpoint.safetensors").exists() && !run.join("result.json").exists());

    let resumed = start_or_resume(folder.path(), "stopped").output().unwrap();
    assert!(resumed.status.success(), "{}", text(&resumed.stderr));
    assert!(weights(&run) == expected, "the weights differ after Ctrl-C");
    let listing = text(&selvedge(folder.path(), &["runs"]).stdout);
    for part in ["stopped", "whole", "3/3", "val loss"] {
        assert!(listing.contains(part), "'{part}' is not in: {listing}");
    }
}

#[test]
fn a_map_that_is_stopped_is_written_as_it_is_and_a_full_disk_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path(), 300, 10);
    let endless = ["tsne", "--data", ".", "--iterations", "1000000000"];
    let mut process = command(folder.path(), &endless).stderr(Stdio::piped()).spawn().unwrap();
    let map = folder.path().join("runs/tsne-1");
    wait_until(&mut process, || map.exists());
    // With so few points, the neighbours are found at once; then it iterates for ever.
    sleep(Duration::from_secs(3));
    signal(process.id(), "-INT");
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("stopped early"), "{}", text(&output.stderr));
    let lines = fs::read_to_string(map.join("embedding.csv")).unwrap().lines().count();
    assert!(lines == 301 && map.join("tsne.html").exists());

    let output = with_small_files(folder.path(), 8, "tsne --data . --iterations 1 --out full");
    let message = text(&output.stderr);
    assert!(!output.status.success());
    assert!(message.contains("full/") && message.contains("File too large"), "{message}");
}

#[test]
fn a_map_that_is_stopped_before_it_began_leaves_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    // All pairs of 5,000 points: neighbours and probabilities alone take several seconds.
    write_data(folder.path(), 5000, 10);
    let long = ["tsne", "--data", ".", "--perplexity", "5000"];
    fs::create_dir(folder.path().join("mine")).unwrap();
    for (out, made, left) in [("a/b", "a/b", "a"), ("", "runs/tsne-1", "runs"), ("mine", "mine", "mine")] {
        let out = if out.is_empty() { vec![] } else { vec!["--out", out] };
        let mut process = command(folder.path(), &[&long[..], &out].concat()).stderr(Stdio::piped()).spawn().unwrap();
        sleep(Duration::from_secs(1));
        wait_until(&mut process, || folder.path().join(made).exists());
        let asked = Instant::now();
        signal(process.id(), "-INT");
        let output = process.wait_with_output().unwrap();
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{message}");
        assert!(message.contains("stopped before there was a map"), "{message}");
        assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
        // Only a folder that existed before remains.
        assert_eq!(folder.path().join(left).exists(), left == "mine", "{left}");
    }
}

#[test]
fn a_full_disk_leaves_the_checkpoint_before_it_whole() {
    let (folder, expected) = undisturbed();
    let run = folder.path().join("runs/full");
    let mut process = start_or_resume(folder.path(), "full").stdout(Stdio::piped()).spawn().unwrap();
    wait_until(&mut process, || run.join("config.json").exists());
    signal(process.id(), "-INT");
    process.wait_with_output().unwrap();
    let before = fs::read(run.join("last.checkpoint.safetensors")).unwrap();

    // Weights fit into 4 MB, checkpoints do not.
    let output = with_small_files(folder.path(), 4000, "train --resume runs/full");
    let message = text(&output.stderr);
    assert!(!output.status.success());
    assert!(message.contains("checkpoint.safetensors") && message.contains("File too large"), "{message}");
    assert!(fs::read(run.join("last.checkpoint.safetensors")).unwrap() == before);
    let left_over =
        fs::read_dir(&run).unwrap().filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|x| x == "tmp"));
    assert_eq!(left_over.count(), 0);

    let resumed = start_or_resume(folder.path(), "full").output().unwrap();
    assert!(resumed.status.success(), "{}", text(&resumed.stderr));
    assert!(weights(&run) == expected, "the weights differ after a full disk");
}

#[test]
fn output_for_programs_and_for_nobody() {
    let (folder, expected) = undisturbed();
    let json = selvedge(folder.path(), &[&SETTINGS[..], &["--name", "json", "--json", "--tensorboard"]].concat());
    let lines: Vec<serde_json::Value> =
        text(&json.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4, "three epochs and the result");
    assert!(lines[..3].iter().zip(1..).all(|(line, epoch)| line["epoch"] == epoch));
    assert!(lines[3]["test"]["accuracy"].is_f64());
    let run = folder.path().join("runs/json");
    let events = fs::read_dir(&run).unwrap().find_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.starts_with("events.out.tfevents.").then_some(name)
    });
    assert!(fs::metadata(run.join(events.unwrap())).unwrap().len() > 500);

    // The settings from the run's own file repeat the run; here with --quiet.
    let config = run.join("config.json");
    let again = [&["train", "--quiet", "--name", "again", "--config"], &[config.to_str().unwrap()][..]].concat();
    let quiet = selvedge(folder.path(), &again);
    assert!(quiet.status.success() && quiet.stdout.is_empty(), "{}", text(&quiet.stderr));
    assert!(weights(&folder.path().join("runs/again")) == expected);
    let taken = selvedge(folder.path(), &again);
    assert!(!taken.status.success() && text(&taken.stderr).contains("exists already"));
}
