//! The lessons as data for a page, which runs them in a browser as [`Exercise::check`] and [`LessonKernel::check`] do here:
//! texts, and for all sizes that a kernel is checked at the inputs and what should come out. `web/lessons/data.js` reads it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;

use super::kernel::MOST_WORKGROUPS;
use super::launch::LARGEST_MULTIPLE;
use super::outcome::{BEHIND, MARGIN, ROUNDING, UNTOUCHED};
use super::{Cases, Exercise, Ladder, LessonError, LessonKernel, Problem};
use crate::gradcheck::Tolerance;

/// All lessons.
#[derive(Debug, Clone, Serialize)]
pub struct PageLessons {
    /// How a result is judged.
    pub rules: PageRules,
    /// All ladders, in the order of the course.
    pub ladders: Vec<PageLadder>,
    /// All exercises, in the order of their numbers.
    pub exercises: Vec<PageExercise>,
}

/// How kernels are run and their results judged, the same for all lessons.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PageRules {
    /// Elements behind each input and output.
    pub margin: usize,
    /// The value of each element of an output, and behind it, before a kernel runs.
    pub untouched: f64,
    /// The value of each element behind an input.
    pub behind: f64,
    /// What a value may be off by, as a share of itself.
    pub relative: f64,
    /// The same as a share of the largest in its row, on top.
    pub absolute: f64,
    /// The same for each root of a term of its sum, on top.
    pub rounding: f64,
    /// A grid of more workgroups is a mistake.
    pub most_workgroups: u64,
    /// The largest number that a size may have to be a multiple of.
    pub largest_multiple: usize,
}

/// A ladder with its steps.
#[derive(Debug, Clone, Serialize)]
pub struct PageLadder {
    /// Its name, that of its folder.
    pub name: &'static str,
    /// What is computed.
    pub computes: &'static str,
    /// The letters of the sizes.
    pub letters: &'static [char],
    /// Floating-point operations at sizes of one each. At others they are multiplied by all sizes.
    pub operations: u64,
    /// From the definition to a fast kernel.
    pub steps: Vec<PageStep>,
    /// Sizes to check at, before a step makes them fit.
    pub awkward: &'static [&'static [usize]],
    /// The cases at these sizes, made to fit each step.
    pub cases: Vec<PageCase>,
    /// Sizes to time at, before a step makes them fit: on any device, and on a large GPU.
    pub timed: [&'static [usize]; 2],
    /// How long inputs and output are at these sizes, made to fit each step.
    pub lengths: Vec<PageLengths>,
}

/// A step of a ladder.
#[derive(Debug, Clone, Serialize)]
pub struct PageStep {
    /// The name of its file, such as `3-tiled.wgsl`.
    pub file: String,
    /// What it is.
    pub title: String,
    /// Why it is as it is.
    pub why: String,
    /// The kernel.
    pub text: String,
}

/// An exercise with what is said on request.
#[derive(Debug, Clone, Serialize)]
pub struct PageExercise {
    /// From 1.
    pub number: usize,
    /// The name of its file, such as `07-conv.wgsl`.
    pub file: &'static str,
    /// What it is about, with the equation.
    pub title: &'static str,
    /// What is to be done.
    pub task: String,
    /// The letters of the sizes.
    pub letters: &'static [char],
    /// The kernel with the gap.
    pub text: String,
    /// A hint.
    pub hint: String,
    /// The solved kernel.
    pub solution: String,
    /// The usual mistakes.
    pub mistakes: Vec<PageMistake>,
    /// All cases that a kernel is checked at, in this order.
    pub cases: Vec<PageCase>,
}

/// A usual mistake.
#[derive(Debug, Clone, Serialize)]
pub struct PageMistake {
    /// What is wrong.
    pub words: String,
    /// The solution with it.
    pub text: String,
}

/// Inputs at some sizes, and what should come out. Numbers are base64 of little-endian `f32`, for the output too: its rounding is
/// a ten-thousandth of what a result may be off by.
#[derive(Debug, Clone, Serialize)]
pub struct PageCase {
    /// The sizes.
    pub sizes: Vec<usize>,
    /// The inputs.
    pub inputs: Vec<String>,
    /// The shape of the output.
    pub shape: Vec<usize>,
    /// The output.
    pub expected: String,
}

/// How many elements inputs and output have at some sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageLengths {
    /// The sizes.
    pub sizes: Vec<usize>,
    /// Elements of each input.
    pub inputs: Vec<usize>,
    /// Elements of the output.
    pub output: usize,
}

/// All lessons for a page.
///
/// # Errors
/// A [`LessonError`] when a file of `lessons/` is wrong.
pub fn for_page() -> Result<PageLessons, LessonError> {
    let tolerance = Tolerance::default();
    Ok(PageLessons {
        rules: PageRules {
            margin: MARGIN,
            untouched: f64::from(UNTOUCHED),
            behind: f64::from(BEHIND),
            relative: tolerance.relative,
            absolute: tolerance.absolute,
            rounding: ROUNDING,
            most_workgroups: MOST_WORKGROUPS,
            largest_multiple: LARGEST_MULTIPLE,
        },
        ladders: Ladder::ALL.iter().map(PageLadder::new).collect::<Result<_, _>>()?,
        exercises: Exercise::all().iter().map(PageExercise::new).collect::<Result<_, _>>()?,
    })
}

impl PageLadder {
    fn new(ladder: &'static Ladder) -> Result<Self, LessonError> {
        let (problem, steps) = (&ladder.problem, ladder.steps()?);
        let lengths = fitting(&steps, &ladder.on_pages).into_iter().map(|sizes| PageLengths::new(problem, sizes));
        Ok(Self {
            name: problem.name,
            computes: problem.computes,
            letters: problem.letters,
            operations: (ladder.flops)(&vec![1; problem.letters.len()]),
            awkward: problem.awkward,
            cases: PageCase::all(problem, &fitting(&steps, problem.awkward)),
            timed: ladder.on_pages,
            lengths: lengths.collect(),
            steps: steps.into_iter().map(PageStep::new).collect(),
        })
    }
}

/// All sizes that one of these steps makes of these, each once.
fn fitting(steps: &[LessonKernel], sizes: &[&[usize]]) -> Vec<Vec<usize>> {
    let mut all = Vec::new();
    for fitting in steps.iter().flat_map(|step| sizes.iter().map(|sizes| step.fitting(sizes))) {
        if !all.contains(&fitting) {
            all.push(fitting);
        }
    }
    all
}

impl PageStep {
    fn new(step: LessonKernel) -> Self {
        Self { file: format!("{}.wgsl", step.name()), title: step.title().to_owned(), why: step.why(), text: step.text }
    }
}

impl PageExercise {
    fn new(exercise: &Exercise) -> Result<Self, LessonError> {
        let problem = exercise.problem;
        let solution = exercise.kernel(exercise.file(), exercise.solution())?;
        let sizes: Vec<_> = problem.awkward.iter().map(|sizes| solution.fitting(sizes)).collect();
        let mistakes = exercise.mistakes()?.into_iter().map(|(words, text)| PageMistake { words, text });
        Ok(Self {
            number: exercise.number,
            file: exercise.file(),
            title: exercise.title(),
            task: exercise.task(),
            letters: problem.letters,
            text: exercise.text(),
            hint: exercise.hint(),
            solution: solution.text,
            mistakes: mistakes.collect(),
            cases: PageCase::all(problem, &sizes),
        })
    }
}

impl PageCase {
    fn all(problem: &Problem, sizes: &[Vec<usize>]) -> Vec<Self> {
        let mut cases = Cases::default();
        sizes.iter().map(|sizes| Self::new(problem, &mut cases, sizes)).collect()
    }

    fn new(problem: &Problem, cases: &mut Cases, sizes: &[usize]) -> Self {
        let case = cases.at(problem, sizes);
        Self {
            sizes: sizes.to_vec(),
            inputs: case.inputs.iter().map(|input| base64(&input.data)).collect(),
            shape: (problem.output)(sizes),
            expected: base64(&case.expected),
        }
    }
}

fn base64(values: &[f64]) -> String {
    BASE64.encode(values.iter().flat_map(|value| (*value as f32).to_le_bytes()).collect::<Vec<_>>())
}

impl PageLengths {
    fn new(problem: &Problem, sizes: Vec<usize>) -> Self {
        Self {
            inputs: (problem.inputs)(&sizes).iter().map(|shape| shape.iter().product()).collect(),
            output: (problem.output)(&sizes).iter().product(),
            sizes,
        }
    }
}
