//! The program itself: what it prints, and that every mistake gets one clear message and a non-zero exit code.

use std::path::Path;
use std::process::Command;

use crate::common::process::{selvedge, text, write_data};

/// Runs the program and expects a failure whose message contains all `parts`.
fn fails(arguments: &[&str], parts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let output = selvedge(folder.path(), arguments);
    let message = text(&output.stderr);
    assert!(!output.status.success(), "{arguments:?} succeeded");
    for part in parts {
        assert!(message.contains(part), "{arguments:?}: '{part}' is not in: {message}");
    }
    assert!(!message.contains("panicked"), "{message}");
    assert!(message.matches("os error").count() <= 1, "the cause is said twice: {message}");
}

#[test]
fn mistakes_get_one_message_and_a_failure() {
    fails(&["train", "--epochs", "0"], &["--epochs is 0", "between 1"]);
    fails(&["train", "--batch-size", "1"], &["--batch-size is 1"]);
    fails(&["train", "--lr", "-0.1"], &["--lr is -0.1"]);
    fails(&["train", "--lr", "nan"], &["--lr is NaN"]);
    fails(&["train", "--dropout", "1"], &["--dropout is 1"]);
    fails(&["train", "--limit", "3"], &["--limit is 3"]);
    fails(&["train", "--validation-share", "-0.1"], &["--validation-share is -0.1", "between 0 and 0.9"]);
    fails(&["train", "--validation-share", "0", "--split-seed", "3"], &["--split-seed has no meaning"]);
    fails(&["train", "--validation-share", "0", "--patience", "3"], &["--patience is 3", "validation-share"]);
    fails(&["lab", "--recipe", "speedrun"], &["give --validation-share 0.2"]);
    fails(&["speedrun", "--trainings", "0"], &["0", "1..=1000"]);
    fails(&["lab", "--validation-share", "0"], &["give --validation-share 0.2"]);
    fails(&["train", "--epochs", "many"], &["--epochs", "many"]);
    fails(&["train", "resnet"], &["resnet", "cnn"]);
    fails(&["train", "--data", "/no/such/place"], &["/no/such/place"]);
    fails(&["train", "--adapter", "no such card"], &["no such card", "Adapters here", "--adapter"]);
    fails(&["train", "--out", "/proc/no/place", "--limit", "50", "--batch-size", "5"], &["/proc/no/place", "os error"]);
    fails(&["evaluate", "runs/none"], &["runs/none", "does not exist"]);
    fails(&["evaluate"], &["MODEL"]);
    fails(&["evaluate", "a", "--ensemble", "best"], &["--ensemble", "mean"]);
    fails(&["evaluate", "a", "--ensemble", "mean"], &["two models or more"]);
    fails(&["evaluate", "a", "--gallery", "3x99"], &["--gallery", "3x3"]);
    fails(&["features", "runs/none"], &["runs/none", "does not exist"]);
    fails(&["features", "a", "--layers", "0"], &["--layers"]);
    fails(&["predict", "runs/none", "x.png"], &["runs/none", "does not exist"]);
    fails(&["predict", "a", "*.png"], &["*.png", "matches no file"]);
    fails(&["predict", "a", "."], &["no pictures"]);
    fails(&["predict", "a"], &["PICTURE"]);
    fails(&["export", "runs/none", "--onnx", "a.onnx"], &["runs/none", "does not exist"]);
    fails(&["tsne", "--components", "4"], &["components is 4", "1, 2 or 3"]);
    fails(&["tsne", "--perplexity", "0.5"], &["perplexity is 0.5"]);
    fails(&["tsne", "--learning-rate", "fast"], &["fast", "auto"]);
    fails(&["tsne", "--method", "fft", "--components", "3"], &["fft", "barnes-hut"]);
    fails(&["tsne", "--threads", "0"], &["threads is 0"]);
    fails(&["tsne", "--limit", "1"], &["at least 2 points"]);
    fails(&["tsne", "--of", "runs/none"], &["runs/none", "does not exist"]);
    fails(&["tsne", "--init", "none.csv"], &["none.csv", "does not exist"]);
    fails(&["tsne", "--init", "."], &["a folder"]);
    fails(&["tsne", "--data", "/no/such/place"], &["/no/such/place"]);
    fails(&["tsne", "--out", "/proc/no/place", "--limit", "20"], &["/proc/no/place", "os error"]);
}

#[test]
fn mistaken_settings_get_one_message_and_a_failure() {
    fails(&["devices", "--adapter", "no such card"], &["no such card"]);
    fails(&["doctor", "--adapter", "no such card"], &["no such card"]);
    fails(&["plan", "--batch-size", "0"], &["--batch-size is 0"]);
    fails(&["profile", "--steps", "0"], &["--steps"]);
    fails(&["profile", "vgg"], &["vgg", "cnn"]);
    fails(&["train", "--schedule", "step"], &["--milestones"]);
    fails(&["train", "--milestones", "3"], &["--milestones needs --schedule step"]);
    fails(&["train", "--schedule", "inverse-time", "--milestones", "3"], &["--milestones needs --schedule step"]);
    fails(&["plan", "cnn", "--phase", "2"], &["--phase is 2", "between 1 and 1"]);
    #[cfg(unix)]
    fails(&["weights", "/dev/zero"], &["/dev/zero", "a device"]);
    fails(&["train", "--lr-decay", "0.5"], &["--lr-decay needs --schedule inverse-time"]);
    fails(&["train", "inception"], &["--weights", "--from-scratch", "pth-to-safetensors.py", "MB"]);
    fails(&["train", "inception", "--weights", "none.safetensors"], &["none.safetensors"]);
    fails(&["train", "--unfreeze-blocks", "1"], &["need --weights"]);
    fails(&["train", "resnet18", "--dropout", "0.5"], &["--dropout", "no meaning for resnet18"]);
    fails(&["train", "--shortcut", "zeros"], &["--shortcut has no meaning for cnn"]);
    fails(&["train", "resnet20", "--image-size", "99"], &["--image-size has no meaning"]);
    fails(&["train", "--batch-size", "most"], &["most", "auto"]);
    fails(&["train", "--accumulate", "0"], &["--accumulate is 0"]);
    fails(&["search", "--grid", "lr=1", "--batch-size", "auto"], &["auto has no meaning here"]);
    fails(&["weights", "none.safetensors"], &["none.safetensors"]);
    fails(&["summary", "inception", "--image-size", "50"], &["--image-size is 50"]);
    fails(&["train", "--lr-factor", "0.5"], &["--lr-factor needs"]);
    fails(&["train", "--zoom", "0.9"], &["0.9", "two numbers"]);
    fails(&["train", "--zoom", "2,1"], &["zoom is 2,1"]);
    fails(&["train", "--height-shift", "far"], &["far", "whole pixels"]);
    fails(&["train", "--fill", "2"], &["the fill is 2"]);
    fails(&["train", "--erase-area", "0.5,0.1"], &["0.5,0.1"]);
    fails(&["train", "--ema", "1"], &["--ema is 1"]);
    fails(&["train", "--name", "a/b"], &["--name is 'a/b'", "--out"]);
    fails(&["train", "--config", "none.json"], &["none.json"]);
    fails(&["train", "--resume", "runs/none"], &["runs/none", "does not exist"]);
    fails(&["train", "--resume", "runs/none", "--lr", "1"], &["the run's own settings"]);
    fails(&["search"], &["--grid"]);
    fails(&["search", "--grid", "lr"], &["lr", "OPTION=VALUE"]);
    fails(&["search", "--grid", "lr=0.1..0.2"], &["--random"]);
    fails(&["search", "--grid", "speed=1,2"], &["--grid", "--speed"]);
    fails(&["search", "--grid", "lr=1,x"], &["--grid", "'x'"]);
    fails(&["search", "--grid", "lr=1,-2"], &["--lr is -2"]);
    fails(&["search", "--grid", "lr=1", "--out", "x", "--shard", "3/2"], &["--shard is 3/2"]);
    fails(&["search", "--grid", "lr=1", "--shard", "1/2"], &["--out"]);
    fails(&["search", "--collect", "x", "--lr", "1"], &["--collect only reads"]);
    fails(&["train", "--min-delta", "0.1"], &["--min-delta needs --patience"]);
    fails(&["train", "--schedule", "constant", "--lr-floor", "0.1"], &["--lr-floor has no meaning"]);
    fails(&["augment", "--mixup", "0.5"], &["--mixup"]);
    fails(&["lr-find", "--steps", "18446744073709551615"], &["the sweep"]);
    fails(&["search", "--grid", "epochs=1,2", "--halving"], &["epochs", "--halving"]);
    fails(&["search", "--grid", "lr=1", "--folds", "1"], &["--folds is 1"]);
    fails(&["search", "--collect", "nowhere"], &["nowhere"]);
    fails(&["runs", "nowhere"], &["nowhere"]);
    fails(&["lr-find", "--from", "1", "--to", "0.1"], &["the sweep is 1 to 0.1"]);
}

#[test]
fn weights_that_do_not_fit_and_layers_that_are_not_there_leave_no_run_behind() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("other.safetensors"), b"{}").unwrap();
    write_data(folder.path(), 100, 20);
    let refused = |arguments: &[&str], part: &str| {
        let mut all = vec!["train", "resnet20", "--data", ".", "--limit", "50", "--batch-size", "5"];
        all.extend(["--weights", "other.safetensors", "--out", "run"]);
        all.extend(arguments);
        let output = selvedge(folder.path(), &all);
        let message = text(&output.stderr);
        assert!(!output.status.success() && message.contains(part), "{message}");
        assert!(!folder.path().join("run").exists(), "{message}");
    };
    refused(&[], "other.safetensors is no safetensors file");
    refused(&["--unfreeze-from", "layer9"], "its blocks are conv1, bn1, layer1, layer2, layer3");
    refused(&["--unfreeze-blocks", "9"], "at most 5");
    refused(&["--fine-tune-lr", "-1"], "--fine-tune-lr is -1");
}

#[test]
fn networks_and_weight_files_are_described() {
    let folder = tempfile::tempdir().unwrap();
    let output = selvedge(folder.path(), &["summary", "resnet20", "--batch-size", "4"]);
    let printed = text(&output.stdout);
    for part in ["layer2.0.downsample.0", "conv2d 3x3 stride 2x2", "272,186 parameters", "on 4 images plans"] {
        assert!(printed.contains(part), "'{part}' is not in: {printed}");
    }
    let header = r#"{"conv1.weight":{"dtype":"BF16","shape":[2,1,3],"data_offsets":[0,12]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend([0; 12]);
    std::fs::write(folder.path().join("w.safetensors"), bytes).unwrap();
    let output = selvedge(folder.path(), &["weights", "w.safetensors"]);
    let printed = text(&output.stdout);
    for part in ["conv1.weight", "BF16", "[2, 1, 3]", "12", "1 tensors, 6 numbers"] {
        assert!(printed.contains(part), "'{part}' is not in: {printed}");
    }
}

#[test]
fn a_missing_driver_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_selvedge"))
        .arg("devices")
        .current_dir(folder.path())
        .env("WGPU_BACKEND", "vulkan")
        .env("VK_DRIVER_FILES", "/no/such/driver.json")
        .env("VK_ICD_FILENAMES", "/no/such/driver.json")
        .output()
        .unwrap();
    let message = text(&output.stderr);
    assert!(!output.status.success());
    for part in
        ["no GPU adapter found", "Tried:", "VK_DRIVER_FILES=/no/such/driver.json", "WGPU_BACKEND=vulkan", "Remedy:"]
    {
        assert!(message.contains(part), "'{part}' is not in: {message}");
    }
}

#[test]
fn bad_variables_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [("SELVEDGE_CHECKED", "yes"), ("SELVEDGE_GEMM", "fastest")] {
        let output = Command::new(env!("CARGO_BIN_EXE_selvedge"))
            .arg("devices")
            .current_dir(folder.path())
            .env(name, value)
            .output()
            .unwrap();
        let message = text(&output.stderr);
        assert!(!output.status.success());
        assert!(message.contains(name) && message.contains(value), "{message}");
    }
}

#[test]
fn devices_shows_what_was_chosen() {
    let output = selvedge(Path::new("."), &["devices"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let listing = text(&output.stdout);
    for part in ["[chosen]", "backend", "driver", "largest binding", "subgroups", "timestamps", "matrix product"] {
        assert!(listing.contains(part), "'{part}' is not in: {listing}");
    }
    assert_eq!(listing.matches("[chosen]").count(), 1);
}

#[test]
fn train_then_evaluate() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    write_data(&folder.path().join("data"), 400, 200);
    let trained = selvedge(folder.path(), &["train", "--limit", "300", "--epochs", "1", "--batch-size", "60"]);
    assert!(trained.status.success(), "{}", text(&trained.stderr));
    let printed = text(&trained.stdout);
    for part in [
        "400 training and 200 test images of 28x28 grey in 10 classes from data",
        "240 images, 60 for validation",
        "runs/cnn-1",
        "epoch 1/1: loss",
        "val loss",
        "images/s",
        "test accuracy",
        "precision",
        "ankle boots",
    ] {
        assert!(printed.contains(part), "'{part}' is not in: {printed}");
    }
    for file in ["config.json", "history.csv", "best.safetensors", "last.safetensors"] {
        assert!(folder.path().join("runs/cnn-1").join(file).is_file(), "{file}");
    }

    // Evaluating the folder or the weight file alone prints exactly the same report, and what on.
    for model in ["runs/cnn-1", "runs/cnn-1/best.safetensors"] {
        let evaluated = selvedge(folder.path(), &["evaluate", model]);
        assert!(evaluated.status.success(), "{}", text(&evaluated.stderr));
        let report = text(&evaluated.stdout);
        let (report, _) = report.split_once("\namong the top 2").unwrap();
        let (what, report) = report.split_once('\n').unwrap();
        assert_eq!(what, "200 images of the test split of data");
        assert!(report.starts_with("test accuracy") && printed.ends_with(report), "{printed}\n---\n{report}");
    }

    let json = selvedge(folder.path(), &["evaluate", "runs/cnn-1", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(value["accuracy"].is_f64() && value["log_loss"].is_f64());
    assert_eq!(value["classes"].as_array().unwrap().len(), 10);

    // A run is never overwritten: numbered runs get a new folder, and a name that exists is refused.
    let refused = selvedge(folder.path(), &["train", "--limit", "300", "--batch-size", "60", "--out", "runs/cnn-1"]);
    assert!(!refused.status.success());
    assert!(text(&refused.stderr).contains("exists already"));

    // Damaged weights and settings are refused, with the name of the file.
    let weights = folder.path().join("runs/cnn-1/best.safetensors");
    let whole = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &whole[..1000]).unwrap();
    let damaged = selvedge(folder.path(), &["evaluate", "runs/cnn-1"]);
    assert!(!damaged.status.success() && text(&damaged.stderr).contains("best.safetensors"));
    std::fs::write(folder.path().join("runs/cnn-1/config.json"), "{").unwrap();
    let damaged = selvedge(folder.path(), &["evaluate", "runs/cnn-1"]);
    assert!(!damaged.status.success() && text(&damaged.stderr).contains("config.json"));
}

#[test]
fn a_speedrun_times_several_seeds_on_all_images() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write_data(here, 120, 60);
    let quick = ["resnet20", "--data", ".", "--epochs", "1", "--batch-size", "40"];
    let said = selvedge(here, &[&["speedrun", "--seed", "5", "--trainings", "2", "--json"], &quick[..]].concat());
    assert!(said.status.success(), "{}", text(&said.stderr));
    let lines = text(&said.stdout);
    let objects = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let trainings: Vec<_> = objects.filter(|object| object["seed"].is_u64()).collect();
    assert_eq!(trainings.iter().map(|training| training["seed"].as_u64().unwrap()).collect::<Vec<_>>(), [5, 6]);
    assert!(trainings.iter().all(|training| training["seconds"].as_f64().unwrap() > 0.0));
    let config = std::fs::read_to_string(here.join("runs/resnet20-2/config.json")).unwrap();
    let config: serde_json::Value = serde_json::from_str(&config).unwrap();
    assert_eq!((&config["train_images"], &config["train"]["seed"]), (&120.into(), &6.into()));

    // The accuracies are those of the evaluation.
    for (views, name) in [(&[][..], "accuracy"), (&["--tta"][..], "accuracy_of_views")] {
        let evaluated = selvedge(here, &[&["evaluate", "runs/resnet20-2", "--json"], views].concat());
        let evaluated: serde_json::Value = serde_json::from_slice(&evaluated.stdout).unwrap();
        assert_eq!(evaluated["accuracy"], trainings[1][name], "{name}");
    }
}

/// Checks that these files exist and are not empty.
fn assert_files(folder: &Path, names: &[&str]) {
    for name in names {
        let size = std::fs::metadata(folder.join(name)).map(|file| file.len()).unwrap_or(0);
        assert!(size > 100, "{name} has {size} bytes");
    }
}

#[test]
fn images_are_mapped() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write_data(here, 300, 120);
    let run = |arguments: &[&str]| {
        let quick = ["--data", ".", "--iterations", "30", "--early-exaggeration-iterations", "20"];
        let output = selvedge(here, &[&["tsne"], arguments, &quick].concat());
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let printed = run(&["--limit", "90", "--metrics"]);
    for part in [
        "90 training images",
        "perplexity lowered to 29.67",
        "KL divergence",
        "trustworthiness (k = 5)",
        "10-NN",
        "runs/tsne-1",
    ] {
        assert!(printed.contains(part), "'{part}' is not in: {printed}");
    }
    let files = ["embedding.csv", "tsne.png", "tsne.svg", "tsne.html"];
    assert_files(&here.join("runs/tsne-1"), &files);
    let html = std::fs::read_to_string(here.join("runs/tsne-1/tsne.html")).unwrap();
    assert!(html.contains("selvedge tsne --limit 90") && html.contains("ankle boots"));
    for outside in ["http:", "https:", "src=\"", "@import", "url("] {
        assert!(!html.contains(outside), "the page asks for {outside}");
    }
    let table = |name: &str| std::fs::read_to_string(here.join(name).join("embedding.csv")).unwrap();
    let first = table("runs/tsne-1");
    assert_eq!(first.lines().count(), 91);
    assert!(first.starts_with("image,label,class,x,y\n0,0,t-shirt,") && first.contains("\n89,9,ankle boots,"));

    // The same command gives the same map; another seed, method or start does not.
    run(&["--limit", "90", "--out", "again", "--threads", "1", "--quiet"]);
    assert_eq!(first, table("again"));
    for other in [["--seed", "5"], ["--method", "barnes-hut"], ["--init", "again/embedding.csv"], ["--pca", "3"]] {
        let out = format!("other{}", other[0]);
        run(&[&["--limit", "90", "--out", &out], &other[..]].concat());
        assert!(first != table(&out), "{other:?} changed nothing");
    }
    // Without any step, the map stays where it starts, whatever the order of the lines.
    let mut lines: Vec<&str> = first.lines().skip(1).collect();
    lines.reverse();
    let reversed = format!("image,label,class,x,y\n{}\n", lines.join("\n"));
    std::fs::write(here.join("reversed.csv"), reversed).unwrap();
    let stand = ["--early-exaggeration-iterations", "0", "--iterations", "0", "--init", "reversed.csv"];
    let stood = selvedge(here, &[&["tsne", "--data", ".", "--limit", "90", "--out", "stood"], &stand[..]].concat());
    assert!(stood.status.success(), "{}", text(&stood.stderr));
    assert_eq!(table("stood"), first);
    for components in ["1", "3"] {
        let json = run(&["--components", components, "--out", components, "--json"]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&json["images"], json["components"].to_string().as_str()), (&300.into(), components));
        for figure in ["seconds", "kl", "trustworthiness", "knn_accuracy"] {
            assert!(json[figure].is_f64(), "{figure}: {json}");
        }
        assert_files(&here.join(components), &files);
    }
    let refused = selvedge(here, &["tsne", "--data", ".", "--init", "3/embedding.csv"]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("--components 3"));
    let refused = selvedge(here, &["tsne", "--data", ".", "--init", "again/embedding.csv"]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("300 points"));
    let refused = selvedge(here, &["tsne", "--data", ".", "--out", "again"]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("exists already"));
    assert_eq!(first, table("again"));
}

/// Runs the program, expects success, and returns what it printed.
fn run(here: &Path, arguments: &[&str]) -> String {
    let output = selvedge(here, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn what_a_trained_network_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::create_dir(here.join("data")).unwrap();
    write_data(&here.join("data"), 600, 100);
    // Stacking needs at least 200 validation images.
    let split = ["--validation-share", "0.4", "--split-seed", "1"];
    let train = [&["train", "cnn", "--recipe", "standard", "--epochs", "1", "--batch-size", "60"], &split[..]].concat();
    run(here, &[&train[..], &["--seed", "1", "--name", "a"]].concat());
    run(here, &[&train[..], &["--seed", "2", "--name", "b"]].concat());
    evaluate(here);
    combine(here);
    let mapped = run(here, &["tsne", "--of", "runs/a", "--limit", "100", "--split", "test", "--iterations", "20"]);
    assert!(mapped.contains("100 test images, as a sees them") && mapped.contains("runs/tsne-1"), "{mapped}");
    look_inside(here);
    classify_pictures(here);

    run(here, &["export", "runs/a", "--onnx", "a.onnx"]);
    assert_files(here, &["a.onnx"]);
    let unwritable = selvedge(here, &["export", "runs/a", "--onnx", "/proc/none/a.onnx"]);
    assert!(!unwritable.status.success() && text(&unwritable.stderr).contains("/proc/none/a.onnx"));
}

/// Evaluates one model, and compares two.
fn evaluate(here: &Path) {
    run(here, &["evaluate", "runs/a"]);
    let pictures = ["confusion", "precision-recall", "reliability"];
    let pictures = pictures.iter().flat_map(|name| [format!("{name}.png"), format!("{name}.svg")]);
    let pictures: Vec<String> = pictures.collect();
    let mut files = vec![
        "report.txt",
        "report.json",
        "report.csv",
        "predictions.csv",
        "confusion.csv",
        "right.png",
        "wrong.png",
        "mistakes.png",
        "report.html",
    ];
    files.extend(pictures.iter().map(String::as_str));
    assert_files(&here.join("runs/a/evaluation-test"), &files);
    let html = std::fs::read_to_string(here.join("runs/a/evaluation-test/report.html")).unwrap();
    assert!(html.contains("selvedge evaluate runs/a") && html.contains("ankle boots"));
    // The page is a single file: it fetches nothing and runs no script.
    for outside in ["http:", "https:", "<script", "@import", "url("] {
        let allowed = html.replace("http://www.w3.org/2000/svg", "");
        assert!(!allowed.contains(outside), "{outside}");
    }

    let compared = run(here, &["evaluate", "runs/a", "runs/b/best.safetensors", "--tta", "--split", "validation"]);
    assert!(compared.contains("240 images of the validation split") && compared.contains("McNemar p ="), "{compared}");
    assert_files(&here.join("runs/comparison-1"), &["report.html", "1-a/report.txt", "2-best.safetensors/report.txt"]);
}

/// Combines two models, saves the ensemble and opens it again; and tries models that cannot be combined.
fn combine(here: &Path) {
    let stacked = run(here, &["evaluate", "runs/a", "runs/b", "--ensemble", "stack", "--json"]);
    let stacked: serde_json::Value = serde_json::from_str(&stacked).unwrap();
    assert_eq!(stacked["models"].as_array().unwrap().len(), 3);
    assert_eq!(stacked["notes"]["fitted on"], "240 validation images");
    assert!(stacked["pairs"][1]["gain"]["interval"][1].is_f64());
    assert_files(&here.join("runs/ensemble-1"), &["ensemble.json", "report.html", "confusion.png"]);
    // The saved ensemble gives the same loss, and is not evaluated on the images it was fitted to.
    let again = run(here, &["evaluate", "runs/ensemble-1", "--json"]);
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["models"][0]["log_loss"], stacked["models"][0]["log_loss"]);
    let refused = selvedge(here, &["evaluate", "runs/ensemble-1", "--split", "validation"]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("fitted to the validation split"));

    // Every rule refuses a member that was trained on other data.
    run(
        here,
        &["train", "--recipe", "standard", "--epochs", "1", "--batch-size", "60", "--limit", "300", "--name", "few"],
    );
    std::fs::create_dir(here.join("other")).unwrap();
    write_data(&here.join("other"), 300, 100);
    run(
        here,
        &["train", "--recipe", "standard", "--epochs", "1", "--batch-size", "60", "--data", "other", "--name", "other"],
    );
    for rule in ["mean", "stack"] {
        let refused = selvedge(here, &["evaluate", "runs/a", "runs/other", "--ensemble", rule]);
        let error = text(&refused.stderr);
        assert!(!refused.status.success() && error.contains("runs/other was trained on other images"), "{error}");
    }
    run(here, &["evaluate", "runs/a", "runs/few", "--ensemble", "mean"]);
    assert!(run(here, &["evaluate", "runs/few", "--split", "validation"]).contains("validation accuracy"));
}

/// Activations, filters and class maps.
fn look_inside(here: &Path) {
    run(here, &["features", "runs/a", "--index", "7", "--layers", "3"]);
    let layers = ["01-conv1.png", "02-bn1.png", "03-pool1.png", "layers.png", "filters.png", "class-maps.png"];
    assert_files(&here.join("runs/a/features-7"), &layers);
    assert!(!here.join("runs/a/features-7/04-conv2.png").exists());
    let beyond = selvedge(here, &["features", "runs/a", "--index", "100"]);
    assert!(!beyond.status.success() && text(&beyond.stderr).contains("--index is 100"));
}

/// By an ensemble, and by one model.
fn classify_pictures(here: &Path) {
    // A drawn one, a broken one, one that is not there.
    let photos = here.join("photos");
    std::fs::create_dir(&photos).unwrap();
    let mut bag = image::GrayImage::from_pixel(90, 60, image::Luma([250]));
    for (x, y) in (20..70).flat_map(|x| (15..50).map(move |y| (x, y))) {
        bag.put_pixel(x, y, image::Luma([30]));
    }
    bag.save(photos.join("bag.png")).unwrap();
    std::fs::write(photos.join("broken.jpg"), b"\xff\xd8\xff\xe0 no").unwrap();
    let said = selvedge(here, &["predict", "runs/ensemble-1", "photos", "none.png", "--csv", "--show", "seen.png"]);
    assert_eq!(said.status.code(), Some(1), "some could not be read");
    let lines: Vec<String> = text(&said.stdout).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("picture,predicted,t-shirt,") && lines[1].starts_with("photos/bag.png,"));
    let errors = text(&said.stderr);
    assert!(errors.contains("broken.jpg") && errors.contains("none.png"), "{errors}");
    assert_files(here, &["seen.png"]);
    let json = run(here, &["predict", "runs/a", "photos/*.png", "--json", "--top", "2", "--tta"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["classes"].as_array().unwrap().len(), 2);
    assert_eq!((&json["inverted"], &json["size"]), (&true.into(), &serde_json::json!([90, 60])));
}
