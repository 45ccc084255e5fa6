//! The file of a solved exercise, and the one with a gap that is made of it.

use super::super::{LessonError, header};

/// A file of `lessons/solutions/`.
///
/// ```text
/// // Exercise 2: guard the end.  y[i] = 2 x[i]
/// // Hint:    threads with i >= sizes.n must return.
/// // Mistake: the guard is missing.
/// //   - if (i >= sizes.n) {
/// //   + if (false) {
///     // GAP: double x[i]
///     the solution
///     // END
/// ```
///
/// A mistake is a change of the solution, so that it can be run: who gets the same result has made it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sheet {
    pub(super) file: &'static str,
    pub(super) text: &'static str,
}

/// A usual mistake: words, and the solution with it.
#[derive(Debug, Clone)]
pub(super) struct Mistake {
    pub(super) words: String,
    pub(super) text: String,
}

/// Marks of the lines that are left out.
const GAP: &str = "// GAP: ";
const END: &str = "// END";

/// The paragraphs of the header that the file with the gap does not have.
const KEPT_BACK: [&str; 2] = ["Hint", "Mistake"];

impl Sheet {
    /// What the paragraph that begins with this word says.
    pub(super) fn words_of(&self, word: &str) -> String {
        header::paragraphs(self.text, word).first().map(|lines| header::words(lines)).unwrap_or_default()
    }

    /// The file with the gap.
    pub(super) fn with_gap(&self) -> String {
        let mut in_gap = false;
        self.lines(|line| {
            let code = line.trim_start();
            let indent = &line[..line.len() - code.len()];
            let task = code.strip_prefix(GAP);
            let is_left_out = in_gap || code == END;
            in_gap = (in_gap || task.is_some()) && code != END;
            match task {
                Some(task) => Some(format!("{indent}// YOUR CODE: {task}")),
                None => (!is_left_out).then(|| line.to_owned()),
            }
        })
    }

    /// The solution without what is only there to make the exercise.
    pub(super) fn solution(&self) -> String {
        self.lines(|line| {
            let code = line.trim_start();
            (!code.starts_with(GAP) && code != END).then(|| line.to_owned())
        })
    }

    /// What is made of each line, but for the paragraphs that are kept back.
    fn lines(&self, of: impl FnMut(&str) -> Option<String>) -> String {
        let kept_back: Vec<&str> =
            KEPT_BACK.iter().flat_map(|word| header::paragraphs(self.text, word)).flatten().collect();
        let shown = self.text.lines().filter(|line| !kept_back.contains(line));
        shown.filter_map(of).map(|line| line + "\n").collect()
    }

    /// The usual mistakes.
    ///
    /// # Errors
    /// A [`LessonError`] where a change does not fit the solution in exactly one place.
    pub(super) fn mistakes(&self) -> Result<Vec<Mistake>, LessonError> {
        header::paragraphs(self.text, "Mistake").iter().map(|lines| self.mistake(lines)).collect()
    }

    fn mistake(&self, lines: &[&str]) -> Result<Mistake, LessonError> {
        let wrong = |problem: String| LessonError { file: self.file.to_owned(), problem };
        let mut said = Vec::new();
        let mut old = None;
        let mut text = self.solution();
        for line in lines {
            if let Some(line) = line.strip_prefix("//   - ") {
                old = Some(line);
            } else if let Some(new) = line.strip_prefix("//   + ") {
                let old = old.take().ok_or_else(|| wrong(format!("'+ {new}' stands without a line '-'")))?;
                match text.matches(old).count() {
                    1 => text = text.replace(old, new),
                    count => return Err(wrong(format!("'{old}' stands in the solution {count} times, not once"))),
                }
            } else {
                said.push(*line);
            }
        }
        Ok(Mistake { words: header::words(&said), text })
    }
}
