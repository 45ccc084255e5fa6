//! Lessons: ladders of kernels for one computation, each step a complete file of `lessons/` that needs nothing else.
//!
//! A [`Ladder`] says what is computed, with its inputs and a reference in double precision; a [`Step`] is one kernel for it. The
//! comment lines of a step's file say how it is launched (see [`Launch`]), so that a file is all that there is to a step.

mod ladders;
mod launch;
mod step;

pub use launch::{Launch, LessonError};
pub use step::Step;

use crate::gradcheck::Array;

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

/// A computation, and the steps from its definition to a fast kernel.
#[derive(Debug, Clone, Copy)]
pub struct Ladder {
    /// The folder in `lessons/`, and its name on the command line.
    pub name: &'static str,
    /// What is computed.
    pub computes: &'static str,
    /// The letters of its sizes, in the order in which `--shape` and the uniform struct have them.
    pub sizes: &'static [char],
    /// Sizes to time at, and odd ones to check at.
    pub usual: &'static [usize],
    /// See `usual`.
    pub odd: &'static [usize],
    /// The shape of each input at these sizes.
    pub inputs: fn(&[usize]) -> Vec<Vec<usize>>,
    pub(crate) output: fn(&[usize]) -> Vec<usize>,
    pub(crate) reference: fn(&[Array]) -> Vec<f64>,
    /// Floating-point operations at these sizes.
    pub(crate) flops: fn(&[usize]) -> u64,
}

impl Ladder {
    /// All ladders, in the order of the course.
    pub const ALL: &'static [Self] = ladders::ALL;

    /// The ladder with this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|ladder| ladder.name == name)
    }

    /// Its steps, from the first.
    pub fn steps(&'static self) -> Vec<Step> {
        let own = LESSON_FILES.iter().filter(|file| file.name.split('/').next() == Some(self.name));
        own.map(|file| Step::new(self, file.name, file.text)).collect()
    }

    /// Random inputs at these sizes, the same ones each time.
    pub fn inputs(&self, sizes: &[usize]) -> Vec<Array> {
        (1..).zip((self.inputs)(sizes)).map(|(seed, shape)| Array::away_from_zero(&shape[..], seed)).collect()
    }

    /// The result in double precision.
    pub fn reference(&self, inputs: &[Array]) -> Vec<f64> {
        (self.reference)(inputs)
    }
}
