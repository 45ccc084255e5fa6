//! Lessons: short kernels to read, to run and to write, each a complete file of `lessons/` that needs nothing else.
//!
//! A [`Problem`] says what is computed, with its inputs and a reference in double precision; a [`LessonKernel`] is one file for it. The
//! comment lines of a file say how it is launched, so that a file is all that there is to a kernel. A [`Ladder`] is a
//! problem with the steps from its definition to a fast kernel, an [`Exercise`] one with a file that a reader completes.

mod barriers;
mod exercises;
mod header;
mod kernel;
mod ladders;
mod launch;
mod outcome;
pub mod page;
mod problem;

pub use exercises::{CheckError, Exercise, Verdict};
pub use kernel::LessonKernel;
pub use ladders::Ladder;
pub use launch::LessonError;
pub use outcome::{Cases, Outcome};
pub use problem::Problem;

/// A file of `lessons/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LessonFile {
    /// Its path in the folder, such as `matmul/1-naive.wgsl`.
    pub name: &'static str,
    /// Its contents.
    pub text: &'static str,
}

/// All of them, sorted by name. The build script lists them.
pub static LESSON_FILES: &[LessonFile] = include!(concat!(env!("OUT_DIR"), "/lessons.rs"));
