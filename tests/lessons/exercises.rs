//! The exercises of `lessons/`: what is handed out compiles and is found unsolved, every solution is right, and every usual
//! mistake is found and named.

use crate::common::process::{selvedge, text};
use crate::common::{gpu, gpu_as_large_gpu};
use selvedge::lessons::{Exercise, LESSON_FILES};

/// A reader takes in no more at once; the mistakes are not part of what is read.
const MOST_LINES: usize = 80;

#[test]
fn every_solution_is_right_and_every_gap_is_not() {
    for gpu in [gpu(), gpu_as_large_gpu()] {
        for exercise in Exercise::all() {
            let file = exercise.file();
            let solved = exercise.check(&gpu, file, exercise.solution()).unwrap_or_else(|e| panic!("{file}: {e}"));
            for outcome in &solved.outcomes {
                assert!(outcome.is_right(), "{file} at {}: {outcome}", outcome.sizes);
            }
            let unsolved = exercise.check(&gpu, file, exercise.text()).unwrap_or_else(|e| panic!("{file}: {e}"));
            assert!(!unsolved.is_right(), "{file} is solved by its gap");
            assert!(unsolved.diagnosis.is_some(), "nothing is said about the gap of {file}");
        }
    }
}

#[test]
fn every_usual_mistake_is_found_and_named() {
    let gpu = gpu();
    for exercise in Exercise::all() {
        let mistakes = exercise.mistakes().unwrap();
        assert!(mistakes.len() >= 2, "{} has {} mistakes", exercise.file(), mistakes.len());
        for (words, text) in mistakes {
            let verdict = exercise.check(&gpu, exercise.file(), text).unwrap();
            assert!(!verdict.is_right(), "{}: not found: {words}", exercise.file());
            assert_eq!(verdict.diagnosis.as_deref(), Some(words.as_str()), "{}", exercise.file());
        }
    }
}

#[test]
fn files_are_short_and_say_what_is_asked() {
    let all = Exercise::all();
    let files = LESSON_FILES.iter().filter(|file| file.name.starts_with("solutions/"));
    assert_eq!(all.len(), files.count(), "each file needs a problem, in the order of the files");
    assert!(all.len() >= 16);
    for exercise in &all {
        let (file, gap) = (exercise.file(), exercise.text());
        assert!(file.starts_with(&format!("{:02}-", exercise.number)), "{file}");
        assert!(exercise.title().starts_with(&format!("Exercise {}: ", exercise.number)), "{file}");
        for part in ["// Threads:", "// Task:", "// Grid:", "// YOUR CODE: "] {
            assert!(gap.contains(part), "{file} has no {part}");
        }
        for kept_back in ["GAP", "END", "Hint", "Mistake", "//   - "] {
            assert!(!gap.contains(kept_back), "{kept_back} is in {file}");
        }
        assert!(exercise.solution().lines().count() <= MOST_LINES, "{file} has more than {MOST_LINES} lines");
        assert!(exercise.hint().len() > 40, "{file}");
    }
}

/// What the values say where no usual mistake fits.
#[test]
fn other_mistakes_are_described_by_what_comes_out() {
    let all = Exercise::all();
    let said = |number: usize, old: &str, new: &str| {
        let exercise = &all[number - 1];
        let text = exercise.solution();
        assert!(text.contains(old), "{old}");
        let verdict = exercise.check(&gpu(), "mine.wgsl", text.replace(old, new)).unwrap();
        assert!(!verdict.is_right(), "{new}");
        verdict.diagnosis.unwrap_or_default()
    };
    for (number, old, new, part) in [
        (2, "y[i] = 2.0 * x[i]", "y[i] = 3.0 * x[i]", "1.5000 times"),
        (2, "y[i] = 2.0 * x[i]", "y[sizes.n - 1u - i] = 2.0 * x[i]", "in other places"),
        (2, "i >= sizes.n", "i >= sizes.n - 1u", "not all elements were written"),
        (2, "2.0 * x[i]", "x[i] + x[i + 1u]", "behind the end of an input"),
        (2, "y[i] = ", "y[i] += ", "not with +="),
        (2, "i >= sizes.n", "i < 5000u", "changes nothing"),
        (5, "i < sizes.n", "i < 64u * ((sizes.n + 63u) / 64u)", "behind the end of an input"),
        (14, "/ sum;", "/ log(-sum);", "not a number"),
        (2, "2.0 * x[i]", "0.0 * x[i]", "all wrong values are 0"),
    ] {
        let words = said(number, old, new);
        assert!(words.contains(part), "{number} with {new}: {words}");
    }
}

#[test]
fn what_a_reader_changes_in_the_comments_neither_helps_nor_harms() {
    let exercise = &Exercise::all()[1];
    let (gpu, text) = (gpu(), exercise.solution());
    let grid = "// Grid: N / 64";
    for (old, new, part) in [
        (grid, "// Grid: N / 64\n// Multiples: N 1000000000000", "at most"),
        (grid, "// Grid: N, N, N, N", "one to three"),
        (grid, "// Grid: N 60000, 60000, 60000", "more than any lesson needs"),
        (grid, "// Grid: N / 64\n// Scratch: N 4611686018427387904", ""),
        ("fn main", "fn other", "main"),
        ("n: u32,", "n: u32, more: array<vec4<u32>, 4>,", ""),
        ("@workgroup_size(64)", "@workgroup_size(64000)", ""),
        (&text, "nothing", "Grid"),
    ] {
        assert!(text.contains(old), "{old}");
        let error = exercise.check(&gpu, "mine.wgsl", text.replace(old, new)).unwrap_err().to_string();
        assert!(error.contains(part), "{new}: {error}");
    }
    // The sizes that it is checked at stay.
    let unguarded = text.replace("i >= sizes.n", "false").replace(grid, "// Grid: N / 64\n// Multiples: N 64");
    assert!(!exercise.check(&gpu, "mine.wgsl", unguarded).unwrap().is_right());
    assert!(exercise.check(&gpu, "mine.wgsl", format!("\u{feff}{text}")).unwrap().is_right());
}

/// A driver that runs threads one after the other may give right results all the same.
#[test]
fn barriers_that_some_threads_do_not_reach_are_refused() {
    let exercise = &Exercise::all()[4];
    let lines = "        }\n        workgroupBarrier();\n    }";
    let text = exercise.solution();
    assert!(text.contains(lines));
    let verdict = |text: String| exercise.check(&gpu(), "mine.wgsl", text).unwrap();
    let inside = verdict(text.replace(lines, "            workgroupBarrier();\n        }\n    }"));
    assert!(!inside.is_right() && inside.diagnosis.unwrap().contains("inside an `if`"));
    let without = verdict(text.replace(lines, "        }\n    }"));
    let results_are_right = without.outcomes.iter().all(|outcome| outcome.is_right());
    assert!(results_are_right || without.diagnosis.unwrap().contains("workgroupBarrier()"));
}

#[test]
fn the_command_writes_the_file_once_and_checks_it_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let exercise = |arguments: &[&str]| selvedge(folder.path(), &[&["exercise"], arguments].concat());
    let list = exercise(&[]);
    assert!(list.status.success() && text(&list.stdout).contains("19: a whole layer"), "{list:?}");

    let first = exercise(&["2"]);
    assert!(first.status.success(), "{first:?}");
    let path = folder.path().join("exercises/02-guard.wgsl");
    let gap = std::fs::read_to_string(&path).unwrap();
    assert!(gap.contains("// YOUR CODE: "));

    let unsolved = exercise(&["2"]);
    assert!(!unsolved.status.success());
    assert!(text(&unsolved.stdout).contains("the gap is still empty"), "{unsolved:?}");

    // A mistake, in words, and what is left of the file: nothing of it is touched.
    let mine = gap.replace("    // YOUR CODE", "    y[i] = 2.0 * x[i]; // YOUR CODE");
    std::fs::write(&path, &mine).unwrap();
    let wrong = exercise(&["2", "--json"]);
    assert!(!wrong.status.success());
    let json: serde_json::Value = serde_json::from_slice(&wrong.stdout).unwrap();
    assert!(json["diagnosis"].as_str().unwrap().contains("the guard is missing"), "{json}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), mine);

    std::fs::write(&path, mine.replace("i];", "i]")).unwrap();
    let broken = exercise(&["2"]);
    assert!(!broken.status.success());
    let said = text(&broken.stderr);
    // The compiler's lines are lines, and count as the file's do.
    let line = 1 + gap.lines().position(|line| line.contains("YOUR CODE")).unwrap();
    assert!(said.contains("02-guard.wgsl") && said.contains("expected"), "{said}");
    assert!(
        said.lines()
            .any(|words| words.contains(&format!("wgsl:{line}:")) || words.contains(&format!("wgsl:{}:", line + 1))),
        "{said}"
    );

    std::fs::write(&path, exercise(&["2", "--solution"]).stdout).unwrap();
    let solved = exercise(&["2"]);
    assert!(solved.status.success() && text(&solved.stdout).contains("Solved"), "{solved:?}");
    assert!(text(&exercise(&[]).stdout).contains("solved  2: "));
    assert!(text(&exercise(&["2", "--hint"]).stdout).contains("must return"));
    assert!(text(&exercise(&["20"]).stderr).contains("exercises 1 to 19"));
}
