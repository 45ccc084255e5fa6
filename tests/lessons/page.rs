//! The lessons as the page gets them: all of them, with what kernels are compared with, in a few hundred kilobytes.

use std::io::Write;

use base64::Engine;
use flate2::Compression;
use flate2::write::GzEncoder;
use selvedge::lessons::page::{PageCase, PageLessons, for_page};
use selvedge::lessons::{Exercise, Ladder};

/// What the page may grow by, in bytes: it has to be loaded by telephones.
const MOST_BYTES: usize = 600_000;

fn lessons() -> PageLessons {
    for_page().unwrap()
}

fn floats(base64: &str) -> Vec<f32> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(base64).unwrap();
    bytes.chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

#[test]
fn all_ladders_and_exercises_are_there() {
    let lessons = lessons();
    assert_eq!(lessons.ladders.len(), Ladder::ALL.len());
    for (page, ladder) in lessons.ladders.iter().zip(Ladder::ALL) {
        let steps = ladder.steps().unwrap();
        assert_eq!((page.name, page.steps.len()), (ladder.problem.name, steps.len()));
        for (page, step) in page.steps.iter().zip(&steps) {
            assert!(step.file.ends_with(&page.file), "{}", page.file);
            assert_eq!((&page.text, page.title.as_str(), &page.why), (&step.text, step.title(), &step.why()));
        }
        // Whatever sizes a step makes of those that are asked for, the page has them.
        for step in &steps {
            for sizes in page.awkward {
                let fitting = step.fitting(sizes);
                assert!(page.cases.iter().any(|case| case.sizes == fitting), "{} at {fitting:?}", step.file);
            }
            for sizes in page.timed {
                let fitting = step.fitting(sizes);
                let lengths = page.lengths.iter().find(|lengths| lengths.sizes == fitting).unwrap();
                let elements = lengths.inputs.iter().sum::<usize>() + lengths.output;
                assert_eq!(4 * elements as u64, ladder.problem.bytes(&fitting));
                assert_eq!(page.operations * fitting.iter().product::<usize>() as u64, (ladder.flops)(&fitting));
            }
        }
    }
    let exercises = Exercise::all();
    assert_eq!(lessons.exercises.len(), exercises.len());
    for (page, exercise) in lessons.exercises.iter().zip(&exercises) {
        assert_eq!((page.number, page.title, page.file), (exercise.number, exercise.title(), exercise.file()));
        assert_eq!((&page.text, &page.solution), (&exercise.text(), &exercise.solution()));
        assert!(page.text.contains("YOUR CODE") && !page.task.is_empty() && !page.hint.is_empty(), "{}", page.file);
        let mistakes: Vec<_> =
            page.mistakes.iter().map(|mistake| (mistake.words.clone(), mistake.text.clone())).collect();
        assert_eq!(mistakes, exercise.mistakes().unwrap());
    }
}

#[test]
fn cases_have_what_their_sizes_ask_for() {
    let lessons = lessons();
    let of_ladders = lessons.ladders.iter().flat_map(|ladder| &ladder.cases);
    let all: Vec<&PageCase> = of_ladders.chain(lessons.exercises.iter().flat_map(|exercise| &exercise.cases)).collect();
    assert!(all.len() > 60);
    for case in all {
        let expected = floats(&case.expected);
        assert_eq!(expected.len(), case.shape.iter().product::<usize>());
        assert!(
            expected
                .iter()
                .chain(&case.inputs.iter().flat_map(|input| floats(input)).collect::<Vec<_>>())
                .all(|v| v.is_finite())
        );
    }
}

fn must_be(case: &PageCase, of_inputs: impl Fn(&[Vec<f32>]) -> Vec<f64>) {
    let inputs: Vec<Vec<f32>> = case.inputs.iter().map(|input| floats(input)).collect();
    let (expected, own) = (floats(&case.expected), of_inputs(&inputs));
    assert_eq!(expected.len(), own.len());
    for (expected, own) in expected.iter().zip(own) {
        assert!((f64::from(*expected) - own).abs() < 1e-6 * (1.0 + own.abs()), "{expected}, not {own}");
    }
}

/// Worked out here once more: the order of inputs and elements, and the numbers.
#[test]
fn expected_values_are_those_of_the_inputs() {
    let lessons = lessons();
    for case in &lessons.exercises[0].cases {
        must_be(case, |x| x[0].iter().zip(&x[1]).map(|(a, b)| f64::from(*a) + f64::from(*b)).collect());
    }
    let matmul = lessons.ladders.iter().find(|ladder| ladder.name == "matmul").unwrap();
    assert!(matmul.cases.len() >= 4);
    for case in &matmul.cases {
        let [rows, inner, columns] = case.sizes[..] else { panic!("{:?}", case.sizes) };
        let element = |x: &[Vec<f32>], i: usize| {
            let term = |k: usize| f64::from(x[0][i / columns * inner + k]) * f64::from(x[1][k * columns + i % columns]);
            (0..inner).map(term).sum()
        };
        must_be(case, |x| (0..rows * columns).map(|i| element(x, i)).collect());
    }
}

#[test]
fn they_are_small() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(serde_json::to_string(&lessons()).unwrap().as_bytes()).unwrap();
    let bytes = packed.finish().unwrap().len();
    println!("{bytes} bytes, packed");
    assert!(bytes < MOST_BYTES, "{bytes}");
}
