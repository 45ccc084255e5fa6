//! Pairwise comparisons of models on the same images.

use super::Evaluation;
use crate::eval::{Comparison, EvalError, Gain};

/// Two models on the same images.
#[derive(Debug)]
pub struct Rivals<'a> {
    /// Their names.
    pub names: [&'a str; 2],
    /// Where they disagree.
    pub comparison: Comparison,
    /// The gain in accuracy of the first over the second.
    pub gain: Gain,
}

impl<'a> Rivals<'a> {
    /// Compares the first model with each of the others; with `all`, every pair.
    ///
    /// # Errors
    /// [`EvalError::Different`] when the evaluations are of different images.
    pub fn of(evaluations: &'a [Evaluation], all: bool) -> Result<Vec<Self>, EvalError> {
        let firsts = if all { evaluations.len() } else { evaluations.len().min(1) };
        let pairs = (0..firsts).flat_map(|i| evaluations[i + 1..].iter().map(move |second| (&evaluations[i], second)));
        pairs.map(|(first, second)| Self::new(first, second)).collect()
    }

    fn new(first: &'a Evaluation, second: &'a Evaluation) -> Result<Self, EvalError> {
        let [a, b] = [&first.predictions, &second.predictions];
        Ok(Self {
            names: [&first.name, &second.name],
            comparison: Comparison::between(a, b)?,
            // Any seed will do; it is fixed so that the interval is the same each time.
            gain: Gain::of(a, b, 0)?,
        })
    }

    /// The p-value of the test with as many digits as matter, after = or <.
    pub fn p_text(&self) -> String {
        p_text(self.comparison.p_value)
    }
}

fn p_text(p: f64) -> String {
    // Smaller values may be lost to rounding, or be NaN.
    match p {
        p if p < 1e-300 => "< 1e-300".to_owned(),
        p if p < 1e-4 => format!("= {p:.0e}"),
        p => format!("= {p:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_is_never_said_to_be_0() {
        for (p, text) in [
            (1.0, "= 1.0000"),
            (0.031_24, "= 0.0312"),
            (0.000_099, "= 1e-4"),
            (3.2e-17, "= 3e-17"),
            (1e-310, "< 1e-300"),
            (0.0, "< 1e-300"),
        ] {
            assert_eq!(p_text(p), text);
        }
    }
}
