//! What is behind a wrong result.

use std::sync::Arc;

use super::super::outcome::{BEHIND, UNTOUCHED};
use super::super::{Cases, LessonKernel, Outcome};
use super::{CheckError, Exercise};
use crate::gpu::Gpu;

impl Exercise {
    /// The mistake behind these outcomes of a kernel, in words.
    ///
    /// The usual mistakes of this exercise are run too: the one that gives the same results at all sizes is it. If there is none, the
    /// results themselves say something.
    pub(super) fn diagnosis(
        &self,
        gpu: &Arc<Gpu>,
        kernel: &LessonKernel,
        outcomes: &[Outcome],
        cases: &mut Cases,
    ) -> Result<Option<String>, CheckError> {
        let handed_out = self.text();
        if kernel.text.trim() == handed_out.trim() {
            return Ok(Some("the gap is still empty: the file is as it was handed out".to_owned()));
        }
        let same = |others: &[Outcome]| outcomes.iter().zip(others).all(|(own, other)| own.is_like(other));
        if !same(&self.outcomes(gpu, kernel, cases)?) {
            let words = "another run gives other results: some thread reads what another one has not written yet, or both write the same \
                         element. Is there a workgroupBarrier() between writing and reading?";
            return Ok(Some(words.to_owned()));
        }
        for mistake in self.sheet.mistakes()? {
            let mistaken = self.kernel(self.sheet.file, mistake.text)?;
            if same(&self.outcomes(gpu, &mistaken, cases)?) {
                return Ok(Some(mistake.words));
            }
        }
        let solution = self.kernel(self.sheet.file, self.solution())?;
        if kernel.barriers() < solution.barriers() {
            let words = "a workgroupBarrier() is missing: what one thread writes into workgroup memory, others may read only after one, and \
                         what they still read may be written over only after another";
            return Ok(Some(words.to_owned()));
        }
        if same(&self.outcomes(gpu, &self.kernel(self.sheet.file, handed_out)?, cases)?) {
            let words = "your code changes nothing in the results: does every thread return before it writes, or is a loop never entered, \
                         or never left?";
            return Ok(Some(words.to_owned()));
        }
        Ok(outcomes.iter().rfind(|outcome| !outcome.is_right()).and_then(pattern))
    }
}

/// What the values themselves say.
fn pattern(outcome: &Outcome) -> Option<String> {
    let (output, wrong) = (outcome.output(), &outcome.wrong);
    let all_wrong = |is: &dyn Fn(usize) -> bool| !wrong.is_empty() && wrong.iter().all(|i| is(*i));
    if outcome.written_behind().is_some() {
        return Some(
            "something was written behind the end of the output: by a thread without an element, or by a loop that goes one too far"
                .to_owned(),
        );
    }
    if let Some(first) = output.iter().position(|value| *value == UNTOUCHED) {
        let place = outcome.place(first);
        return Some(format!(
            "not all elements were written; the first that was not is {place}: which thread has it, in which round of its loop?"
        ));
    }
    let close = |value: f64, to: f64| (value - to).abs() <= 1e-3 * to.abs() + 1e-2;
    if all_wrong(&|i| close(f64::from(output[i]), outcome.expected[i] + f64::from(UNTOUCHED))) {
        return Some("what stood in the output before was added: write it with =, not with +=".to_owned());
    }
    if wrong.iter().any(|i| output[*i].abs() >= 1e-6 * BEHIND && output[*i].is_finite()) {
        return Some(format!(
            "a huge number came in: an element behind the end of an input was used, where the check has put {BEHIND:e}"
        ));
    }
    if wrong.iter().any(|i| !output[*i].is_finite()) {
        return Some(
            "some results are infinite or not a number: 0 / 0, infinity less infinity, or exp of a large number"
                .to_owned(),
        );
    }
    if all_wrong(&|i| output[i] == 0.0) {
        return Some("all wrong values are 0".to_owned());
    }
    let ratio = |i: usize| f64::from(output[i]) / outcome.expected[i];
    let first = ratio(*wrong.first()?);
    if wrong.len() > 1 && all_wrong(&|i| (ratio(i) / first - 1.0).abs() < 1e-3) {
        return Some(format!("every wrong value is {first:.4} times what it should be: a factor"));
    }
    let is_elsewhere = |i: usize| {
        let close = |expected: &f64| (f64::from(output[i]) - expected).abs() < 1e-5 * expected.abs();
        outcome.expected.iter().any(close)
    };
    if wrong.len() > 1 && all_wrong(&is_elsewhere) {
        return Some("the values are right, but in other places: look at the index that is written or read".to_owned());
    }
    None
}
