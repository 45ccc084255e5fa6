//! The labels of images as files have them, and the classes that they mean.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::error::Problem;
use super::{DataError, Form, fashion_mnist};
use crate::files::{read_text, shown};

/// The label of each image as text: a number, or a name.
#[derive(Debug, Clone, Default)]
pub(super) struct Labels {
    /// Each text once, in the order of their first images.
    texts: Vec<String>,
    /// Where each text is.
    known: HashMap<String, u32>,
    /// For each image, where its text is.
    of_image: Vec<u32>,
}

impl Labels {
    /// Adds the label of the next image.
    pub fn push(&mut self, text: &str) {
        let at = match self.known.get(text) {
            Some(at) => *at,
            None => {
                let at = self.texts.len() as u32;
                self.texts.push(text.to_owned());
                self.known.insert(text.to_owned(), at);
                at
            }
        };
        self.of_image.push(at);
    }

    /// Adds the labels of other images after these.
    pub fn extend(&mut self, other: &Self) {
        for at in &other.of_image {
            self.push(&other.texts[*at as usize]);
        }
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.of_image.len()
    }

    /// The place of each image's label among `names`: its text, or if it is a number and no name is one, the name with that
    /// number, from 0.
    ///
    /// # Errors
    /// The first image whose label has no name.
    pub fn among(&self, names: &[String]) -> Result<Vec<u16>, (usize, Problem)> {
        let by_name: HashMap<&str, u16> = names.iter().map(String::as_str).zip(0..).collect();
        let by_number = !names.iter().any(|name| is_number(name));
        let class_of = |text: &String| -> Option<u16> {
            by_name.get(shown_name(text).as_str()).copied().or_else(|| {
                let number: usize = text.parse().ok().filter(|_| by_number)?;
                (number < names.len()).then_some(number as u16)
            })
        };
        let classes: Vec<Option<u16>> = self.texts.iter().map(class_of).collect();
        let of_image = self.of_image.iter().enumerate();
        of_image
            .map(|(image, at)| {
                let text = &self.texts[*at as usize];
                classes[*at as usize].ok_or_else(|| (image, nameless(text, names)))
            })
            .collect()
    }
}

/// What is wrong with a label that has no name.
fn nameless(text: &str, names: &[String]) -> Problem {
    let last = names.len().saturating_sub(1);
    let text = text.escape_debug();
    let listed: Vec<&str> = names.iter().map(String::as_str).take(5).collect();
    let more = if names.len() > listed.len() { ", ..." } else { "" };
    Problem(format!(
        "it is '{text}', but must be 0 to {last} or the name of a class ({}{more}); name the classes with `classes`",
        listed.join(", ")
    ))
}

fn is_number(text: &str) -> bool {
    text.parse::<u64>().is_ok()
}

/// A label as it is shown: `ankle_boot` as `ankle boot`.
pub(super) fn shown_name(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c == '_' || c.is_whitespace()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The names of all classes that occur in the sets: numbers in their order, or else texts in theirs.
pub(super) fn occurring(sets: &[&Labels]) -> Vec<String> {
    let texts: BTreeSet<&String> = sets.iter().flat_map(|labels| &labels.texts).collect();
    let mut texts: Vec<&String> = texts.into_iter().collect();
    if texts.iter().all(|text| is_number(text)) {
        texts.sort_by_key(|text| text.parse::<u64>().unwrap_or_default());
    }
    texts.into_iter().map(|text| shown_name(text)).collect()
}

/// The names that a person gives: `fashion-mnist`, or a file with one name per line.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn given(classes: &Path) -> Result<Vec<String>, DataError> {
    if classes == Path::new("fashion-mnist") {
        return Ok(fashion_mnist::form().class_names);
    }
    Ok(lines(&read_text(classes)?))
}

/// The names in a text, one per line.
pub(super) fn lines(text: &str) -> Vec<String> {
    let text = text.trim_start_matches('\u{feff}');
    text.lines().map(shown_name).filter(|name| !name.is_empty()).collect()
}

/// Refuses names of which two look alike, or of which there are too few or too many; `source` is where they are from.
///
/// # Errors
/// [`DataError::Content`].
pub(super) fn check(source: &Path, names: &[String]) -> Result<(), DataError> {
    let refuse = |problem: String| Err(DataError::content(&shown(source), "names of the classes", problem));
    let most = Form::MOST_CLASSES;
    match names {
        [] => return refuse("there are none".to_owned()),
        [only] => {
            return refuse(format!("there is only one, '{only}'; a classifier needs two or more to tell apart"));
        }
        names if names.len() > most => {
            return refuse(format!("there are {}, but may be {most} at most", names.len()));
        }
        _ => {}
    }
    let mut seen: HashMap<String, &String> = HashMap::new();
    for name in names {
        // Letters may be classes in both cases.
        let folded = if name.chars().count() == 1 { name.clone() } else { name.to_lowercase() };
        if let Some(other) = seen.insert(folded, name) {
            return refuse(match other == name {
                true => {
                    format!("'{name}' is there twice ('_' is the same as a blank); each class needs a name of its own")
                }
                false => format!("'{other}' and '{name}' differ in case only; rename one, or join the two"),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(texts: &[&str]) -> Labels {
        let mut labels = Labels::default();
        texts.iter().for_each(|text| labels.push(text));
        labels
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn numbers_are_in_their_order_and_names_without_underscores() {
        assert_eq!(occurring(&[&labels(&["10", "9", "2"]), &labels(&["0"])]), ["0", "2", "9", "10"]);
        assert_eq!(occurring(&[&labels(&["pine_tree", "oak", "10"])]), ["10", "oak", "pine tree"]);
    }

    #[test]
    fn a_label_is_a_name_or_the_number_of_one() {
        let coats = names(&["coat", "ankle boot"]);
        assert_eq!(labels(&["1", "coat", "ankle_boot", "0"]).among(&coats).unwrap(), [1, 0, 1, 0]);
        // Names that are numbers mean themselves.
        assert_eq!(labels(&["3", "1"]).among(&names(&["1", "3"])).unwrap(), [1, 0]);
        let (image, problem) = labels(&["1", "2"]).among(&coats).unwrap_err();
        assert_eq!(image, 1);
        assert!(problem.0.contains("'2'") && problem.0.contains("0 to 1"), "{problem}");
        assert!(labels(&["0"]).among(&names(&["1", "2"])).is_err());
    }

    #[test]
    fn names_that_look_alike_are_refused() {
        let problem = |list: &[&str]| check("here".as_ref(), &names(list)).unwrap_err().to_string();
        assert!(problem(&["cat"]).contains("only one, 'cat'"));
        assert!(problem(&["cat", "dog", "cat"]).contains("'cat' is there twice"));
        assert!(problem(&["cat", "Cat"]).contains("'cat' and 'Cat' differ in case only"));
        assert!(problem(&[]).contains("none"));
        check("here".as_ref(), &names(&["cat", "dog"])).unwrap();
        assert_eq!(lines("\u{feff}a_b\r\n\n  c \n"), ["a b", "c"]);
    }
}
