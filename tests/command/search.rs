//! Searches as real processes: shared, killed, split into shards.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use crate::common::process::{command, selvedge, text, write_data};
use tempfile::TempDir;

/// Three learning rates, two dropouts and two folds make twelve fits; the four with the rate 1e30 fail.
const SEARCH: [&str; 19] = [
    "search",
    "cnn",
    "--recipe",
    "standard",
    "--dense",
    "16",
    "--grid",
    "lr=0.01,0.05,1e30",
    "--grid",
    "dropout=0.1,0.5",
    "--folds",
    "2",
    "--epochs",
    "1",
    "--limit",
    "60",
    "--batch-size",
    "15",
    "--out",
];
const FITS: usize = 12;

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    write_data(&folder.path().join("data"), 150, 50);
    folder
}

/// The result files with the times at which they were written.
fn results(search: &Path) -> BTreeMap<String, SystemTime> {
    let Ok(entries) = fs::read_dir(search.join("fits")) else {
        return BTreeMap::new();
    };
    entries
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "json"))
        .map(|e| (e.file_name().into_string().unwrap(), e.metadata().unwrap().modified().unwrap()))
        .collect()
}

/// The fits named in the output.
fn fits_of(output: &str) -> Vec<String> {
    let lines = output.lines().filter(|line| line.contains(", fold "));
    lines.map(|line| line.split(':').next().unwrap().to_owned()).collect()
}

/// The results without times, to compare searches; their order is the same in every search.
fn scores(search: &Path) -> String {
    let mut reader = csv::Reader::from_path(search.join("results.csv")).unwrap();
    let seconds = reader.headers().unwrap().iter().position(|h| h == "seconds").unwrap();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let cells = row.iter().enumerate().filter(|(i, _)| *i != seconds);
        cells.map(|(_, cell)| cell.to_owned()).collect::<Vec<_>>().join(",")
    });
    rows.collect::<Vec<_>>().join("\n")
}

#[test]
fn two_processes_on_one_folder_share_the_fits_and_a_killed_one_resumes() {
    let folder = folder();
    let shared = folder.path().join("shared");
    let arguments = [&SEARCH[..], &["shared"]].concat();
    let start = || command(folder.path(), &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let outputs = [start(), start()].map(|process| process.wait_with_output().unwrap());
    let mut done = Vec::new();
    for output in &outputs {
        assert!(output.status.success(), "{}", text(&output.stderr));
        let printed = text(&output.stdout);
        assert!(printed.contains(&format!("{FITS} fits done")), "{printed}");
        assert!(printed.contains("best so far: selvedge train cnn --recipe standard --dense 16 --epochs 1 --limit 60 --batch-size 15 --lr 0.0"));
        assert!(printed.contains("failed: the loss became"), "{printed}");
        done.extend(fits_of(&printed));
    }
    done.sort();
    let once = done.clone();
    done.dedup();
    assert_eq!((done.len(), once.len()), (FITS, FITS), "no fit is lost or repeated: {once:?}");
    let csv = fs::read_to_string(shared.join("results.csv")).unwrap();
    assert!(csv.starts_with("lr,dropout,epochs,folds_done,mean_log_loss,deviation_log_loss"), "{csv}");
    assert!(shared.join("effects.png").exists() && shared.join("effects.svg").exists());

    // Killed in the middle: the same command does only the missing fits.
    let arguments = [&SEARCH[..], &["killed"]].concat();
    let killed = folder.path().join("killed");
    let mut process = command(folder.path(), &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while results(&killed).len() < 3 {
        assert!(process.try_wait().unwrap().is_none(), "it ended too early");
        sleep(Duration::from_millis(2));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    let before = results(&killed);
    assert!(before.len() < FITS, "it was done before it was killed");
    let output = selvedge(folder.path(), &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(fits_of(&text(&output.stdout)).len(), FITS - before.len());
    let after = results(&killed);
    assert_eq!(after.len(), FITS);
    assert!(before.iter().all(|(name, time)| after[name] == *time), "a finished fit was done again");
    assert_eq!(scores(&killed), scores(&shared));

    // In shards, in one folder, collected at the end; the scores are the same again.
    for part in ["1/2", "2/2"] {
        let arguments = [&SEARCH[..], &["sharded", "--shard", part]].concat();
        let output = selvedge(folder.path(), &arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(fits_of(&text(&output.stdout)).len(), FITS / 2);
    }
    let collected = selvedge(folder.path(), &["search", "--collect", "sharded"]);
    assert!(text(&collected.stdout).contains("12 fits done; "), "{}", text(&collected.stdout));
    assert_eq!(scores(&folder.path().join("sharded")), scores(&shared));

    // Another search in that folder is refused.
    let other = [&SEARCH[..], &["shared", "--seed", "9"]].concat();
    let refused = selvedge(folder.path(), &other);
    assert!(!refused.status.success() && text(&refused.stderr).contains("another search (its settings)"));
}

#[test]
fn halving_drops_the_poor_and_random_search_draws() {
    let folder = folder();
    let arguments = [
        "search",
        "cnn",
        "--recipe",
        "standard",
        "--dense",
        "16",
        "--grid",
        "lr=0.001..0.1",
        "--grid",
        "optimizer=adam,sgd",
        "--random",
        "4",
        "--halving",
        "2",
        "--folds",
        "2",
        "--epochs",
        "4",
        "--limit",
        "120",
        "--batch-size",
        "30",
        "--out",
        "halved",
    ];
    let output = selvedge(folder.path(), &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    // 4 settings for 1 epoch, 2 for 2, 1 for 4; each on two folds.
    let files: Vec<String> = results(&folder.path().join("halved")).into_keys().collect();
    let of = |epochs: usize| files.iter().filter(|f| f.contains(&format!("epochs{epochs}."))).count();
    assert_eq!((of(1), of(2), of(4), files.len()), (8, 4, 2, 14), "{files:?}");
    let refused = selvedge(folder.path(), &[&arguments[..], &["--shard", "1/2"]].concat());
    assert!(!refused.status.success() && text(&refused.stderr).contains("several processes on one --out"));
}
