//! Exercises: a file with a gap, and a check that says in words what is wrong with what was put there.

mod diagnosis;
mod problems;
mod references;
mod sheet;

use std::sync::Arc;

use self::sheet::Sheet;
use super::{Cases, LESSON_FILES, LessonError, LessonFile, LessonKernel, Outcome, Problem};
use crate::gpu::Gpu;
use crate::tensor::TensorError;

/// A kernel with a gap, to be filled by a reader.
#[derive(Debug, Clone, Copy)]
pub struct Exercise {
    /// From 1.
    pub number: usize,
    pub(super) problem: &'static Problem,
    sheet: Sheet,
}

/// What is said about a reader's kernel.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// What came out at each of the sizes that it was run at.
    pub outcomes: Vec<Outcome>,
    /// What is wrong, in words, if anything is and it can be said: a usual mistake, or what the values show. The results may be right
    /// all the same, where this adapter hides the mistake.
    pub diagnosis: Option<String>,
}

/// Why a reader's kernel could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Its comments do not say how it is launched.
    #[error(transparent)]
    Lesson(#[from] LessonError),
    /// It does not compile, or the device gave up.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

impl Verdict {
    /// Whether everything is as it should be.
    pub fn is_right(&self) -> bool {
        self.diagnosis.is_none() && self.outcomes.iter().all(Outcome::is_right)
    }
}

impl Exercise {
    /// All exercises, in the order of their numbers.
    pub fn all() -> Vec<Self> {
        let files = LESSON_FILES.iter().filter(|file| file.name.starts_with("solutions/"));
        let numbered = (1..).zip(files).zip(problems::ALL);
        let exercise = |((number, file), problem): ((usize, &LessonFile), &'static Problem)| Self {
            number,
            problem,
            sheet: Sheet { file: file.name, text: file.text },
        };
        numbered.map(exercise).collect()
    }

    /// The name of its file, such as `07-conv.wgsl`.
    pub fn file(&self) -> &'static str {
        self.sheet.file.trim_start_matches("solutions/")
    }

    /// What it is about, with the equation.
    pub fn title(&self) -> &'static str {
        self.sheet.text.lines().next().unwrap_or_default().trim_start_matches("// ")
    }

    /// What is to be done, by its file.
    pub fn task(&self) -> String {
        self.sheet.words_of("Task")
    }

    /// The file with the gap.
    pub fn text(&self) -> String {
        self.sheet.with_gap()
    }

    /// A hint.
    pub fn hint(&self) -> String {
        self.sheet.words_of("Hint")
    }

    /// The solved file.
    pub fn solution(&self) -> String {
        self.sheet.solution()
    }

    /// The usual mistakes: in words, and the solution with it.
    ///
    /// # Errors
    /// A [`LessonError`] where a change does not fit the solution.
    pub fn mistakes(&self) -> Result<Vec<(String, String)>, LessonError> {
        Ok(self.sheet.mistakes()?.into_iter().map(|mistake| (mistake.words, mistake.text)).collect())
    }

    /// A kernel of this text for the exercise; `file` is its name in errors.
    ///
    /// # Errors
    /// As [`LessonKernel::new`].
    pub fn kernel(&self, file: &str, text: String) -> Result<LessonKernel, LessonError> {
        // At which sizes it is checked is not for the reader's file to say.
        let solution = LessonKernel::new(self.problem, self.sheet.file, self.solution())?;
        // Editors on Windows begin a file with a mark that WGSL does not know.
        let text = text.trim_start_matches('\u{feff}').to_owned();
        Ok(LessonKernel::new(self.problem, file, text)?.with_sizes_of(&solution))
    }

    /// Runs a reader's file at all awkward sizes, and says what is wrong.
    ///
    /// # Errors
    /// [`CheckError`], such as what the compiler says of the text.
    pub fn check(&self, gpu: &Arc<Gpu>, file: &str, text: String) -> Result<Verdict, CheckError> {
        let (kernel, mut cases) = (self.kernel(file, text)?, Cases::default());
        let outcomes = self.outcomes(gpu, &kernel, &mut cases)?;
        let diagnosis = match kernel.misplaced_barrier() {
            Some(words) => Some(words),
            None if outcomes.iter().all(Outcome::is_right) => None,
            None => self.diagnosis(gpu, &kernel, &outcomes, &mut cases)?,
        };
        Ok(Verdict { outcomes, diagnosis })
    }

    /// Whether a reader's file is right.
    ///
    /// # Errors
    /// As [`Exercise::check`].
    pub fn is_solved_by(&self, gpu: &Arc<Gpu>, file: &str, text: String) -> Result<bool, CheckError> {
        let kernel = self.kernel(file, text)?;
        let outcomes = self.outcomes(gpu, &kernel, &mut Cases::default())?;
        Ok(kernel.misplaced_barrier().is_none() && outcomes.iter().all(Outcome::is_right))
    }

    /// What a kernel gives at each of the awkward sizes.
    fn outcomes(&self, gpu: &Arc<Gpu>, kernel: &LessonKernel, cases: &mut Cases) -> Result<Vec<Outcome>, TensorError> {
        self.problem.awkward.iter().map(|sizes| kernel.check(gpu, cases, sizes)).collect()
    }
}
