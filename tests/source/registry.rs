//! No op lacks a gradient check, and no method lacks shapes in its documentation; both are checked by reading the source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// For each op with a gradient: the test that checks it, and the text in the test that shows that it uses the op.
const CHECKED: [(&str, &str, &str, &str); 25] = [
    ("avg_pool.rs AvgPool", "gradients_of_images.rs", "avg_pool_with_and_without_counting_padding", ".avg_pool("),
    ("inference.rs Inference", "gradients_of_images.rs", "batch_norm_in_inference", ".batch_norm_inference("),
    ("training.rs Training", "gradients_of_images.rs", "batch_norm_in_training", ".batch_norm("),
    ("training.rs Training", "gradients_of_images.rs", "batch_norm_with_a_residual", ".batch_norm_residual("),
    (
        "binary.rs BinaryOp",
        "pointwise.rs",
        "every_row_of_two_inputs_agrees_with_its_reference_forward_and_backward",
        "Binary::ALL",
    ),
    ("concat.rs Concat", "axes.rs", "joining_and_splitting_along_any_axis", "concat_along("),
    ("concat.rs Split", "axes.rs", "joining_and_splitting_along_any_axis", ".split("),
    ("conv2d.rs Conv2d", "gradients_of_images.rs", "conv2d_in_every_core", ".conv2d("),
    ("cross_entropy.rs Loss", "gradients.rs", "cross_entropy_with_label_smoothing", ".cross_entropy("),
    ("dropout.rs Dropout", "gradients.rs", "dropout", ".dropout("),
    ("extreme.rs Extreme", "axes.rs", "extremes_over_any_axes", ".max_axes("),
    ("matmul.rs MatMul", "gradients.rs", "matmul_in_every_core", ".matmul("),
    ("matmul.rs InputGrad", "gradients.rs", "products_with_a_transposed_matrix", ".matmul_transposed("),
    ("matmul.rs WeightGrad", "gradients.rs", "products_with_a_transposed_matrix", ".transposed_matmul("),
    ("mean_over_ranks.rs MeanOverRanks", "gradients_of_images.rs", "batch_norm_over_ranks", ".mean_over_ranks("),
    ("max_pool.rs MaxPool", "gradients_of_images.rs", "max_pool", ".max_pool("),
    ("reduce.rs Sum", "axes.rs", "sums_and_means_over_any_axes", ".sum_axes("),
    ("reshape.rs Reshape", "gradients.rs", "reshape_and_flatten", ".reshape("),
    ("resize.rs Resize", "gradients_of_images.rs", "resize_bilinear", ".resize_bilinear("),
    ("softmax.rs Softmax", "gradients.rs", "softmax_and_log_softmax", ".softmax("),
    ("strided.rs Strided", "axes.rs", "permutations", ".permute("),
    ("strided.rs Strided", "axes.rs", "repetition", ".broadcast_to("),
    ("strided.rs Strided", "axes.rs", "slices_with_and_without_a_step", ".slice_step("),
    ("strided.rs Strided", "gradients.rs", "transpose", ".transpose("),
    (
        "unary.rs UnaryOp",
        "pointwise.rs",
        "every_row_of_one_input_agrees_with_its_reference_forward_and_backward",
        "Unary::ALL",
    ),
];

const PART: &str = "part of another op's gradient, which is checked";
const TRAINING: &str = "of the optimiser and of running totals, which no loss depends on";
const DATA: &str = "of data, which nothing is trained to change";

/// Ops without a gradient, and why.
const WITHOUT_GRADIENT: [(&str, &str); 21] = [
    ("running_totals.rs RunningTotals", TRAINING),
    ("average.rs Average", TRAINING),
    ("avg_pool.rs AvgPoolGrad", PART),
    ("gradient.rs Gradient", PART),
    ("running.rs Running", TRAINING),
    ("clip_norm.rs ClipNorm", TRAINING),
    ("conv2d.rs InputGrad", PART),
    ("conv2d.rs WeightGrad", PART),
    ("cross_entropy.rs CrossEntropyGrad", PART),
    ("elementwise.rs Elementwise", PART),
    ("gather.rs Gather", DATA),
    ("gather_rows.rs GatherRows", DATA),
    ("leaky_relu.rs ReluGrad", PART),
    ("max_pool.rs MaxPoolGrad", PART),
    ("optimiser_step.rs OptimiserStep", TRAINING),
    ("kernel.rs LessonOp", "a step of a lesson, which is a forward pass only"),
    ("pack.rs Pack", TRAINING),
    ("reduce.rs Expand", PART),
    ("resize.rs ResizeGrad", PART),
    ("slice.rs SliceGrad", PART),
    ("softmax.rs SoftmaxGrad", PART),
];

fn root(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

/// Every Rust file below a folder: its name and its text.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

/// The text from `start` to the end of the item that it begins, a closing brace in the first column.
fn item<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let from = &text[text.find(start)?..];
    Some(&from[..from.find("\n}\n").map_or(from.len(), |end| end + 3)])
}

/// Every op by file and name, and whether it has a gradient.
fn ops() -> BTreeMap<String, bool> {
    let mut ops = BTreeMap::new();
    for (file, text) in sources(&root("src")) {
        for line in text.lines().filter(|line| line.starts_with("impl Op for ")) {
            let name = line["impl Op for ".len()..].trim_end_matches(" {");
            let body = item(&text, line).unwrap();
            ops.insert(format!("{file} {name}"), body.contains("\n    fn gradient("));
        }
    }
    ops
}

#[test]
fn every_op_with_a_gradient_has_a_check_of_it() {
    let ops = ops();
    assert!(ops.len() > 35, "only {} ops were found", ops.len());
    for (op, _) in ops.iter().filter(|(_, has_gradient)| **has_gradient) {
        let checks: Vec<_> = CHECKED.iter().filter(|(name, ..)| name == op).collect();
        assert!(!checks.is_empty(), "{op} has a gradient: name the test that checks it in CHECKED");
        for (_, file, test, shown_by) in checks {
            let text = std::fs::read_to_string(root("tests/engine").join(file)).unwrap();
            let body = item(&text, &format!("fn {test}()")).unwrap_or_else(|| panic!("{file} has no test {test}"));
            let is_check = ["check(", "check_on(", "gradcheck::"].iter().any(|call| body.contains(call));
            assert!(is_check && body.contains(shown_by), "{file}: {test} does not check {op} by {shown_by}");
        }
    }
    for (op, ..) in CHECKED {
        assert_eq!(ops.get(op), Some(&true), "{op} is in CHECKED, but is no op with a gradient");
    }
}

#[test]
fn the_doctor_checks_every_op_with_a_gradient() {
    let text = std::fs::read_to_string(root("src/gradcheck/ops.rs")).unwrap();
    let checks: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    for (op, .., shown_by) in CHECKED {
        assert!(checks.contains(shown_by), "src/gradcheck/ops.rs does not check {op} by {shown_by}");
    }
}

#[test]
fn every_op_without_a_gradient_is_listed_with_the_reason() {
    let ops = ops();
    let listed: BTreeMap<&str, &str> = WITHOUT_GRADIENT.into_iter().collect();
    for (op, _) in ops.iter().filter(|(_, has_gradient)| !**has_gradient) {
        assert!(listed.contains_key(op.as_str()), "{op} has no gradient and is not in WITHOUT_GRADIENT");
    }
    for op in listed.keys() {
        assert_eq!(ops.get(*op), Some(&false), "{op} is listed, but is no op without a gradient");
    }
}

/// The methods of [`Tensor`](selvedge::tensor::Tensor) in a file, with the comments above each.
fn documented_methods(text: &str) -> Vec<(String, String)> {
    let mut methods = Vec::new();
    let mut docs = String::new();
    let mut in_tensor = false;
    for line in text.lines() {
        if line == "impl Tensor {" || line == "        impl Tensor {" {
            in_tensor = true;
        } else if line == "}" || line == "        }" {
            in_tensor = false;
        }
        let line = line.trim_start();
        match line.strip_prefix("///") {
            Some(comment) => docs.push_str(comment),
            None if line.starts_with("$(#[") || line.starts_with("#[") => {}
            None => {
                if let Some(rest) = line.strip_prefix("pub fn ").filter(|_| in_tensor) {
                    let name = rest.split(['(', '<']).next().unwrap_or(rest);
                    methods.push((name.to_owned(), docs.clone()));
                }
                docs.clear();
            }
        }
    }
    methods
}

#[test]
fn every_method_of_a_tensor_says_its_shapes_and_its_errors() {
    let mut count = 0;
    let mut lacking = Vec::new();
    for (file, text) in sources(&root("src/tensor/ops")) {
        for (method, docs) in documented_methods(&text) {
            count += 1;
            let shapes =
                docs.contains("`[") || ["ny shape", "same shape", "one shape"].iter().any(|said| docs.contains(said));
            if !shapes || !docs.contains("# Errors") {
                lacking.push(format!("{file}: {method}: {docs}"));
            }
        }
    }
    assert!(count > 35, "only {count} methods were found");
    assert!(lacking.is_empty(), "without shapes or errors: {lacking:#?}");
}

#[test]
fn the_reader_of_methods_finds_what_lacks_shapes() {
    let text =
        "impl Tensor {\n    /// Twice.\n    ///\n    /// # Errors\n    /// None.\n    pub fn twice(&self) {}\n}\n";
    let methods = documented_methods(text);
    assert_eq!(methods, [("twice".to_owned(), " Twice. # Errors None.".to_owned())]);
}
