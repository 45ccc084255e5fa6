//! What came out of a kernel, beside what should.

use std::fmt;

use super::Problem;
use crate::gradcheck::{Array, Tolerance};

/// Elements behind each input and output, so that a kernel that leaves its arrays is seen on any adapter.
pub(super) const MARGIN: usize = 256;
/// The value of each element of an output before a kernel runs, and of what is behind it. No result here comes near it, and what is
/// added to it is seen.
pub(super) const UNTOUCHED: f32 = -12_345.677;
/// The value of each element behind an input; whoever uses one computes nonsense.
pub(super) const BEHIND: f32 = 1e15;
/// What a sum of random numbers may be off by, for each root of a term.
pub(super) const ROUNDING: f64 = 1e-6;

/// The result of a kernel at some sizes.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The sizes with their letters, such as `R 70, C 301`.
    pub sizes: String,
    /// The shape of the output.
    shape: Vec<usize>,
    /// The output, and the [`MARGIN`] behind it.
    pub(super) values: Vec<f32>,
    /// What the output should be.
    pub expected: Vec<f64>,
    /// Indices of the values that are wrong or were never written.
    pub wrong: Vec<usize>,
}

/// Inputs at some sizes, and what should come out.
#[derive(Debug)]
pub(super) struct Case {
    pub sizes: Vec<usize>,
    pub inputs: Vec<Array>,
    pub expected: Vec<f64>,
}

/// The cases of a problem that have been asked for so far: double precision takes its time, and kernels share them.
#[derive(Debug, Default)]
pub struct Cases(Vec<Case>);

impl Cases {
    /// The case at these sizes. All calls must be of one problem.
    pub(super) fn at(&mut self, problem: &Problem, sizes: &[usize]) -> &Case {
        let known = self.0.iter().position(|case| case.sizes == sizes);
        let place = known.unwrap_or_else(|| {
            let inputs = problem.drawn(sizes);
            let expected = (problem.reference)(sizes, &inputs);
            self.0.push(Case { sizes: sizes.to_vec(), inputs, expected });
            self.0.len() - 1
        });
        &self.0[place]
    }
}

impl Outcome {
    /// Compares the values that a kernel gave with those that it should give.
    ///
    /// A value may be off by a thousandth of itself, by a little of the largest in its row, and by the rounding of a sum that happens
    /// to be small: of n random numbers it is about the root of n.
    pub(super) fn new(problem: &Problem, case: &Case, values: Vec<f32>) -> Self {
        let Case { sizes, inputs, expected } = case;
        let Tolerance { relative, absolute, .. } = Tolerance::default();
        let shape = (problem.output)(sizes);
        let terms = inputs.iter().map(|input| input.data.len()).sum::<usize>() as f64 / expected.len().max(1) as f64;
        let mut wrong = Vec::new();
        let columns = shape.last().copied().unwrap_or(1).max(1);
        for (row, of_row) in expected.chunks(columns).enumerate() {
            let largest = of_row.iter().filter(|v| v.is_finite()).fold(0.0_f64, |a, v| a.max(v.abs()));
            let rest = absolute * largest + ROUNDING * terms.sqrt();
            for (column, value) in of_row.iter().enumerate() {
                let i = row * columns + column;
                let off = (f64::from(values[i]) - value).abs();
                // Nothing agrees with a reference that is no number itself.
                if off > relative * value.abs() + rest || !off.is_finite() {
                    wrong.push(i);
                }
            }
        }
        let named = problem.letters.iter().zip(sizes).map(|(letter, size)| format!("{letter} {size}"));
        Self { sizes: named.collect::<Vec<_>>().join(", "), shape, values, expected: expected.clone(), wrong }
    }

    /// The output.
    pub(super) fn output(&self) -> &[f32] {
        &self.values[..self.expected.len()]
    }

    /// The first element behind the output that was written.
    pub(super) fn written_behind(&self) -> Option<usize> {
        (self.expected.len()..self.values.len()).find(|i| self.values[*i] != UNTOUCHED)
    }

    /// Whether the output is as it should be, and nothing behind it was written.
    pub fn is_right(&self) -> bool {
        self.wrong.is_empty() && self.written_behind().is_none()
    }

    /// Whether another kernel gave the same, up to rounding, behind the output too.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let close = |(a, b): (&f32, &f32)| {
            let off = (a - b).abs();
            a == b || (a.is_nan() && b.is_nan()) || (off.is_finite() && off <= 1e-4 * a.abs() + 1e-6)
        };
        self.values.len() == other.values.len() && self.values.iter().zip(&other.values).all(close)
    }

    /// An index of the output as the index along each axis.
    pub(super) fn place(&self, index: usize) -> String {
        let mut rest = index;
        let mut along: Vec<String> = Vec::new();
        for size in self.shape.iter().rev() {
            along.push((rest % size).to_string());
            rest /= size;
        }
        along.reverse();
        format!("[{}]", along.join(", "))
    }
}

/// What is wrong first, in words.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.expected.len();
        let values = if count == 1 { "value" } else { "values" };
        match self.wrong.first() {
            None => write!(f, "right ({count} {values})")?,
            Some(first) => {
                let (got, expected) = (self.values[*first], number(self.expected[*first]));
                write!(
                    f,
                    "{} of {count} {values} wrong. The first: element {} ",
                    self.wrong.len(),
                    self.place(*first)
                )?;
                match got == UNTOUCHED {
                    true => write!(f, "was never written, and should be {expected}")?,
                    false => write!(f, "is {}, and should be {expected}", number(f64::from(got)))?,
                }
            }
        }
        match self.written_behind() {
            Some(at) => write!(f, "; and the output ends at element {}, but element {at} was written", count - 1),
            None => Ok(()),
        }
    }
}

/// A number with seven digits or so, as many as a float has.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        1e-3..1e7 => format!("{value:.6}"),
        _ => format!("{value:.6e}"),
    }
}
