//! `selvedge kernel`, and `--shaders`: kernels shown, run and changed.

use std::path::Path;

use crate::common::process::{selvedge, text};
use selvedge::gpu::find_shader;
use selvedge::translation::Translation;

/// What a command printed if it succeeded.
fn printed(folder: &Path, words: &str) -> String {
    let output = selvedge(folder, &words.split(' ').collect::<Vec<_>>());
    assert!(output.status.success(), "{words}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// What a command said when it failed.
fn refused(folder: &Path, words: &str) -> String {
    let output = selvedge(folder, &words.split(' ').collect::<Vec<_>>());
    assert!(!output.status.success(), "{words}: {}", text(&output.stdout));
    text(&output.stderr)
}

#[test]
fn kernels_are_listed_and_shown_as_they_are_compiled() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let list: serde_json::Value = serde_json::from_str(&printed(here, "kernel list --json")).unwrap();
    let kernels = list["kernels"].as_array().unwrap();
    let of = |file: &str| kernels.iter().find(|kernel| kernel["file"] == file).unwrap();
    assert!(of("loss/softmax.wgsl")["ops"].as_array().unwrap().contains(&"softmax".into()));
    assert!(of("optim/adam.wgsl")["computes"].as_str().unwrap().starts_with("Adam"));

    let shown = printed(here, "kernel show max_pool");
    assert!(shown.contains("// ---- pool/max.wgsl") && !shown.contains("override "), "{shown}");
    Translation::of(&shown, &[]).unwrap();
    let tiled = printed(here, "kernel show conv2d --core tiled --shape 2x9x9x3x5x7");
    assert!(tiled.contains("// ---- gemm/tiled.wgsl") && tiled.contains("var<workgroup>"), "{tiled}");
    // The same kernel forward and backward, with the same sizes.
    let transposed = printed(here, "kernel show transpose --shape 8x8 --gradient");
    assert!(transposed.contains("strided_copy.wgsl"), "{transposed}");
    let gradient = printed(here, "kernel show max_pool --gradient");
    assert!(gradient.contains("pool/max_grad.wgsl") && !gradient.contains("pool/max.wgsl"), "{gradient}");
    assert!(printed(here, "kernel show relu --spirv").contains("OpEntryPoint GLCompute"));
    assert!(printed(here, "kernel show relu --msl").contains("kernel void"));
    assert!(printed(here, "kernel show relu --hlsl").contains("numthreads"));
    let plan: serde_json::Value = serde_json::from_str(&printed(here, "plan cnn --batch-size 4 --json")).unwrap();
    let second = plan["dispatches"][1]["kernel"].as_str().unwrap();
    assert!(printed(here, "kernel show --of cnn:1").starts_with(&format!("// ==== {second}:")));

    assert!(refused(here, "kernel show --of cnn:999").contains("dispatches 0 to"));
    assert!(refused(here, "kernel show nothing").contains("the ops are matmul"));
    assert!(refused(here, "kernel run softmax --core naive").contains("no meaning for softmax"));
    assert!(refused(here, "kernel run matmul --shape 3x4").contains("MxKxN"));
    assert!(refused(here, "kernel run matmul --shape 0x4x4").contains("above 0"));
    assert!(refused(here, "kernel show softmax --core naive").contains("no meaning for softmax"));
    for huge in ["18446744073709551615", "100000000000", "999999999999x999999999999"] {
        let op = if huge.contains('x') { "softmax" } else { "sum" };
        assert!(refused(here, &format!("kernel show {op} --shape {huge}")).contains("too large"), "{huge}");
    }
}

#[test]
fn an_op_is_checked_timed_and_drawn_and_a_changed_kernel_is_found_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let run: serde_json::Value =
        serde_json::from_str(&printed(here, "kernel run softmax --shape 40x9 --gradient --json --plot s.png")).unwrap();
    let kernels = run["kernels"].as_array().unwrap();
    let directions: Vec<&str> = kernels.iter().map(|kernel| kernel["direction"].as_str().unwrap()).collect();
    assert_eq!(directions, ["forward", "backward"]);
    assert!(kernels.iter().all(|kernel| kernel["milliseconds"].as_f64().unwrap() > 0.0));
    assert!(run["checks"].as_array().unwrap().iter().all(|check| check["wrong"] == 0 && check["compared"] != 0));
    assert!(std::fs::metadata(here.join("s.png")).unwrap().len() > 1000);

    let file = "loss/softmax.wgsl";
    let right = find_shader(file).unwrap().text;
    let wrong = right.replace("/ sum;", "/ (2.0 * sum);");
    assert_ne!(right, wrong);
    printed(here, "kernel copy loss/softmax.wgsl --to my");
    assert_eq!(std::fs::read_to_string(here.join("my").join(file)).unwrap(), right);
    // What may have been changed stays as it is, and nothing else is written.
    assert!(refused(here, "kernel copy pool loss/softmax.wgsl --to my").contains("exists already"));
    assert!(!here.join("my/pool").exists());
    assert!(refused(here, "kernel copy los --to my").contains("no shader file or folder 'los'"));
    std::fs::write(here.join("my").join(file), wrong).unwrap();
    let said = refused(here, "kernel run softmax --shape 40x9 --shaders my");
    assert!(said.contains("shaders of my: loss/softmax.wgsl"), "{said}");
    assert!(said.contains("softmax is wrong") && said.contains("output element 0"), "{said}");
    // Numbers that are much smaller than 1 are compared too.
    assert!(refused(here, "kernel run softmax --shape 4x40000 --shaders my").contains("softmax is wrong"));
    assert!(printed(here, "kernel show softmax --shaders my").contains("/ (2.0 * sum);"));
    // What the compiler says, in lines.
    std::fs::write(here.join("my").join(file), right.replace("/ sum;", "/ summ;")).unwrap();
    let said = refused(here, "kernel run softmax --shaders my");
    assert!(said.lines().any(|line| line.contains("/ summ;")) && !said.contains("\\n"), "{said}");
    std::fs::write(here.join("my").join(file), right.replace("@workgroup_size(ROWS * TEAM)", "@workgroup_size(32)"))
        .unwrap();
    assert!(refused(here, "kernel run softmax --shaders my").contains("another @workgroup_size"));
    std::fs::write(here.join("my").join(file), right).unwrap();
    printed(here, "kernel run softmax --shape 40x9 --shaders my");
}
