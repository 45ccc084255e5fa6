//! Every step of every ladder of `lessons/`: right at odd sizes, short, complete by itself, and described.
#![cfg(feature = "cli")]

mod common;

use common::{gpu, gpu_as_large_gpu};
use selvedge::lessons::{LESSON_FILES, Ladder};
use selvedge::translation::Translation;

/// A reader takes in no more at once.
const MOST_LINES: usize = 80;

#[test]
fn every_step_agrees_with_double_precision() {
    for gpu in [gpu(), gpu_as_large_gpu()] {
        for ladder in Ladder::ALL {
            for step in ladder.steps() {
                let launch = step.launch().unwrap();
                if launch.needs_subgroups && gpu.variant().lanes == 1 {
                    println!("{} is not run: the adapter has no subgroups", step.file);
                    continue;
                }
                // Less than a workgroup, and more than one in each direction.
                for sizes in [vec![1; ladder.odd.len()], ladder.odd.to_vec()] {
                    let report = step.check(&gpu, &launch, &sizes).unwrap_or_else(|e| panic!("{}: {e}", step.file));
                    assert!(report.passed(), "{} at {sizes:?}: {report}", step.file);
                }
            }
        }
    }
}

#[test]
fn every_file_is_a_step_that_is_short_complete_and_described() {
    let gpu = gpu();
    let mut steps = 0;
    for ladder in Ladder::ALL {
        for (number, step) in (1..).zip(ladder.steps()) {
            steps += 1;
            let (file, text) = (&step.file, &step.text);
            assert!(step.name().starts_with(&format!("{number}-")), "{file}");
            assert!(text.lines().count() <= MOST_LINES, "{file} has more than {MOST_LINES} lines");
            assert!(!text.contains("\n#"), "{file} needs another file");
            assert!(step.title().contains(&format!("step {number}")), "{file}: {}", step.title());
            for part in ["// Threads:", "// Bytes:", "// Why:"] {
                assert!(text.contains(part), "{file} has no {part}");
            }
            assert!(step.why().len() > 80, "{file}");
            for kernel in step.kernels(&gpu, &step.launch().unwrap()).unwrap() {
                Translation::of(&kernel.source.text().unwrap(), &[]).map_err(|e| panic!("{file}: {e}")).unwrap();
            }
        }
    }
    assert_eq!(steps, LESSON_FILES.len(), "a file of lessons/ belongs to no ladder");
}

#[test]
fn a_wrong_step_is_found_wrong() {
    let ladder = Ladder::find("matmul").unwrap();
    let mut step = ladder.steps().remove(2);
    let right = step.text.clone();
    step.text = right
        .replace("workgroupBarrier();\n        for (var k", "for (var k")
        .replace("k < TILE; k++", "k + 1u < TILE; k++");
    assert_ne!(step.text, right);
    let report = step.check(&gpu(), &step.launch().unwrap(), ladder.odd).unwrap();
    assert!(!report.passed(), "{report}");
}
