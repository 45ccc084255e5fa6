//! WebNN's conformance cases (web-platform-tests, `webnn/conformance_tests`, as JSON), run through the public API.
//!
//! The cases are not part of the repository. With `SELVEDGE_CONFORMANCE` set to the folder that holds them,
//! `cargo test --test conformance -- --ignored --nocapture` runs them, on every core of the matrix product where that matters,
//! and prints the table in docs/conformance.md.

#[path = "../common/mod.rs"]
mod common;

mod bounds;
mod case;
mod operations;
mod reductions;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use bounds::Bound;
use case::Case;
use common::{cores, gpu, gpu_with};
use operations::Outcome;
use selvedge::gpu::GemmCore;
use selvedge::tensor::Graph;

/// The results of the cases of one operation.
#[derive(Default)]
struct Tally {
    cases: usize,
    passed: usize,
    /// Cases that cannot be expressed, by reason.
    left_out: BTreeMap<String, usize>,
    /// The largest error as a fraction of the allowed error.
    worst: f64,
    failures: Vec<String>,
}

impl Tally {
    fn count(&mut self, case: &Case) {
        self.cases += 1;
        // Only matrix products and convolutions differ between cores.
        let cores: Vec<Option<GemmCore>> = match case.operation.as_str() {
            "conv2d" | "matmul" => cores().into_iter().map(Some).collect(),
            _ => vec![None],
        };
        let mut passed = true;
        for core in cores {
            let graph = Graph::new(&core.map_or_else(gpu, gpu_with));
            match operations::run(case, &graph) {
                Outcome::LeftOut(reason) => {
                    *self.left_out.entry(reason).or_default() += 1;
                    return;
                }
                Outcome::Given(outputs) => {
                    let error = self.compare(case, &outputs, core);
                    passed &= error <= 1.0;
                    self.worst = self.worst.max(error);
                }
            }
        }
        self.passed += usize::from(passed);
    }

    /// The largest error of any output as a fraction of the allowed error; if no error is allowed, any error is infinite.
    fn compare(&mut self, case: &Case, outputs: &[selvedge::tensor::Tensor], core: Option<GemmCore>) -> f64 {
        let bound = Bound::of(case);
        let mut worst: f64 = 0.0;
        assert_eq!(outputs.len(), case.expected.len(), "{}", case.name);
        for (output, expected) in outputs.iter().zip(&case.expected) {
            let values = output.to_vec().unwrap();
            let same_shape = output.shape().axes() == expected.shape;
            let errors = values.iter().zip(&expected.data).map(|(y, e)| bound.error(*y, *e));
            let error = errors.fold(0.0, f64::max);
            if error > 1.0 || !same_shape || values.len() != expected.data.len() {
                self.failures.push(format!(
                    "{} ({core:?}): {error} times what is allowed ({bound:?}), shape {} for {:?}",
                    case.name,
                    output.shape(),
                    expected.shape
                ));
                worst = f64::INFINITY;
            }
            worst = worst.max(error);
        }
        worst
    }

    fn reasons(&self) -> String {
        let reasons = self.left_out.iter().map(|(reason, count)| format!("{count} {reason}"));
        reasons.collect::<Vec<_>>().join(", ")
    }
}

/// The table of docs/conformance.md.
fn table(tallies: &BTreeMap<String, Tally>) -> String {
    let mut text = String::from("| Operation | Cases | Passed | Not expressible |\n|---|---:|---:|---|\n");
    for (operation, tally) in tallies {
        let left_out: usize = tally.left_out.values().sum();
        let reasons = match left_out {
            0 => String::new(),
            _ => format!("{left_out}: {}", tally.reasons()),
        };
        writeln!(text, "| {operation} | {} | {} | {reasons} |", tally.cases, tally.passed).unwrap();
    }
    let sum = |of: fn(&Tally) -> usize| tallies.values().map(of).sum::<usize>();
    let left_out = sum(|tally| tally.left_out.values().sum());
    writeln!(text, "| all | {} | {} | {left_out} |", sum(|t| t.cases), sum(|t| t.passed)).unwrap();
    text
}

#[test]
#[ignore = "set SELVEDGE_CONFORMANCE to the folder of the cases and run with --ignored"]
fn all_cases_that_can_be_expressed_pass() {
    let folder =
        std::env::var_os("SELVEDGE_CONFORMANCE").expect("SELVEDGE_CONFORMANCE must name the folder of the cases");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.as_os_str())
        .expect("SELVEDGE_CONFORMANCE must name a folder")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no cases in the folder");

    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        for case in Case::all(&text) {
            tallies.entry(case.operation.clone()).or_default().count(&case);
        }
    }
    let table = table(&tallies);
    println!("{table}\nThe largest error as a share of WebNN's bound:");
    for (operation, tally) in &tallies {
        println!("{operation:24} {:.3}", tally.worst);
    }
    let failures: Vec<&String> = tallies.values().flat_map(|tally| &tally.failures).collect();
    assert!(failures.is_empty(), "{failures:#?}");
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/conformance.md");
    let documented = std::fs::read_to_string(docs).unwrap();
    assert!(documented.contains(&table), "docs/conformance.md does not hold this table:\n{table}");
}

#[test]
fn every_documented_operation_is_known_here() {
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/conformance.md")).unwrap();
    let rows = docs.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let documented: BTreeSet<&str> = rows.filter(|name| !["Operation", "all"].contains(name)).collect();
    let known: BTreeSet<&str> = operations::KNOWN.into_iter().collect();
    assert_eq!(documented, known);
}

#[test]
fn errors_are_counted_in_units_in_the_last_place() {
    let next = |x: f32, steps: i32| f32::from_bits(x.to_bits().wrapping_add_signed(steps));
    let bound = Bound::Ulp(2.0);
    assert_eq!(bound.error(1.5, 1.5), 0.0);
    assert_eq!(bound.error(next(1.5, 3), 1.5), 1.5);
    assert_eq!(bound.error(next(-1.5, 1), -1.5), 0.5);
    // Across zero too.
    assert_eq!(bound.error(next(0.0, 1), -next(0.0, 1)), 1.0);
    assert_eq!(bound.error(f32::NAN, f32::NAN), 0.0);
    assert_eq!(bound.error(f32::NAN, 1.0), f64::INFINITY);
    assert_eq!(Bound::Ulp(0.0).error(1.0, 1.0), 0.0);
    assert_eq!(Bound::Ulp(0.0).error(1.0, next(1.0, 1)), f64::INFINITY);
    assert_eq!(Bound::Absolute(0.5).error(1.25, 1.0), 0.5);
}
