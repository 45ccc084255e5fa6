//! Every step of every ladder of `lessons/`: right at awkward sizes, short, complete by itself, and described.

use crate::common::{gpu, gpu_as_large_gpu};
use selvedge::lessons::{Cases, LESSON_FILES, Ladder, LessonKernel};
use selvedge::translation::Translation;

/// A reader takes in no more at once.
const MOST_LINES: usize = 80;

#[test]
fn every_step_agrees_with_double_precision() {
    for gpu in [gpu(), gpu_as_large_gpu()] {
        for ladder in Ladder::ALL {
            let mut cases = Cases::default();
            for step in ladder.steps().unwrap() {
                if let Some(reason) = step.not_run_on(&gpu) {
                    println!("{} is not run: {reason}", step.file);
                    continue;
                }
                for sizes in ladder.problem.awkward {
                    let outcome = step.check(&gpu, &mut cases, sizes).unwrap_or_else(|e| panic!("{}: {e}", step.file));
                    assert!(outcome.is_right(), "{} at {}: {outcome}", step.file, outcome.sizes);
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
        for (number, step) in (1..).zip(ladder.steps().unwrap()) {
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
            for kernel in step.kernels(&gpu).unwrap() {
                Translation::of(&kernel.source.text().unwrap(), &[]).map_err(|e| panic!("{file}: {e}")).unwrap();
            }
        }
    }
    let others = LESSON_FILES.iter().filter(|file| !file.name.starts_with("solutions/"));
    assert_eq!(steps, others.count(), "a file of lessons/ belongs to no ladder");
}

/// A step with a change in it.
fn changed(ladder: &'static Ladder, number: usize, old: &str, new: &str) -> LessonKernel {
    let step = ladder.steps().unwrap().remove(number - 1);
    assert!(step.text.contains(old), "{} has no {old}", step.file);
    LessonKernel::new(&ladder.problem, &step.file, step.text.replace(old, new)).unwrap()
}

#[test]
fn a_wrong_step_is_found_wrong() {
    let wrong = |name: &str, number: usize, old: &str, new: &str| {
        let ladder = Ladder::find(name).unwrap();
        let step = changed(ladder, number, old, new);
        let outcomes =
            ladder.problem.awkward.iter().map(|sizes| step.check(&gpu(), &mut Cases::default(), sizes).unwrap());
        assert!(!outcomes.into_iter().all(|outcome| outcome.is_right()), "{name} {number} with {new}");
    };
    // A sum that lacks a term, without the barrier before it.
    wrong("matmul", 3, "k < TILE; k++", "k + 1u < TILE; k++");
    // Where the guards are missing, what lies behind the arrays is read and written.
    wrong("sum", 2, "i < count", "true");
    wrong("matmul", 1, "if (row >= sizes.m || col >= sizes.n) {", "if (false) {");
    wrong("conv", 2, "h < sizes.height && ", "");
    wrong("batch_norm", 3, "d * d * count * its_count / both", "0.0");
}
