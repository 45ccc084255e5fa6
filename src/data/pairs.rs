//! Files that belong together, found by their names: a table or a pair of IDX files to train with, and one to test with.

use std::path::Path;

use super::DataError;
use super::class_folders::Part;
use super::entries::Entry;
use crate::files::shown;

/// Tables, or pairs of images and labels.
#[derive(Debug)]
pub(super) struct Files<T> {
    pub train: T,
    pub test: Option<T>,
}

/// The tables of a data set; `None` if there are none. A single table that names no part is one to train with, unless there are
/// pictures, which it may describe. `named` is the name of the file that was asked for, in lower case; `alone` says that images
/// to test with are not needed.
///
/// # Errors
/// [`DataError::Incomplete`] when one of two is missing, [`DataError::Several`].
pub(super) fn csv_files<'a>(
    source: &Path,
    entries: &'a [Entry],
    named: Option<&str>,
    no_pictures: bool,
    alone: bool,
) -> Result<Option<Files<&'a Entry>>, DataError> {
    let is_table = |entry: &&Entry| [".csv", ".tsv"].iter().any(|ending| entry.plain_name().ends_with(ending));
    let tables: Vec<&Entry> = entries.iter().filter(is_table).collect();
    if named.is_some_and(|named| tables.iter().all(|entry| file_name(entry) != named)) {
        return Ok(None);
    }
    let of_part =
        |part: Part| choose(source, tables.iter().copied().filter(|entry| part_of(entry) == Some(part)), named);
    if let Some(table) = named.and_then(|named| tables.iter().find(|entry| file_name(entry) == named))
        && part_of(table).is_none()
    {
        return Ok(Some(Files { train: table, test: None }));
    }
    let test = match of_part(Part::Test)? {
        Some(test) => Some(test),
        None => of_part(Part::Validation)?,
    };
    match (of_part(Part::Train)?, test) {
        (Some(train), test) if test.is_some() || alone => Ok(Some(Files { train, test })),
        (Some(train), _) => Err(incomplete(source, &[train], swapped(train, ["train", "test"]))),
        (None, Some(test)) => Err(incomplete(source, &[test], swapped(test, ["test", "train"]))),
        (None, None) if no_pictures => {
            Ok(choose(source, tables.into_iter(), named)?.map(|train| Files { train, test: None }))
        }
        (None, None) => Ok(None),
    }
}

/// The IDX files of a data set, each time images and labels; `None` if there are none.
///
/// # Errors
/// As [`csv_files`].
pub(super) fn idx_files<'a>(
    source: &Path,
    entries: &'a [Entry],
    named: Option<&str>,
    alone: bool,
) -> Result<Option<Files<[&'a Entry; 2]>>, DataError> {
    let is_idx = |entry: &&Entry| {
        let name = entry.plain_name();
        (name.contains("idx") || name.contains("ubyte")) && (name.contains("images") || name.contains("labels"))
    };
    let files: Vec<&Entry> = entries.iter().filter(is_idx).collect();
    if files.is_empty() || named.is_some_and(|named| files.iter().all(|entry| file_name(entry) != named)) {
        return Ok(None);
    }
    // Sets such as EMNIST's six lie side by side; the words around `train` and `test` tell them apart.
    let family =
        named.and_then(|named| files.iter().find(|entry| file_name(entry) == named)).map(|entry| family_of(entry));
    let of = |part: Part, what: &str| {
        let own =
            files.iter().copied().filter(|entry| part_of(entry) == Some(part) && entry.plain_name().contains(what));
        choose(source, own.filter(|entry| family.as_ref().is_none_or(|family| family_of(entry) == *family)), named)
    };
    let [train_images, train_labels] = [of(Part::Train, "images")?, of(Part::Train, "labels")?];
    let [test_images, test_labels] = [of(Part::Test, "images")?, of(Part::Test, "labels")?];
    let pair = |images: Option<&'a Entry>, labels: Option<&'a Entry>| Some([images?, labels?]);
    match (pair(train_images, train_labels), pair(test_images, test_labels)) {
        (Some(train), Some(test)) => return Ok(Some(Files { train, test: Some(test) })),
        (Some(train), None) if alone && test_images.is_none() && test_labels.is_none() => {
            return Ok(Some(Files { train, test: None }));
        }
        _ => {}
    }
    let all = [
        (train_images, "train-images-idx3-ubyte"),
        (train_labels, "train-labels-idx1-ubyte"),
        (test_images, "t10k-images-idx3-ubyte"),
        (test_labels, "t10k-labels-idx1-ubyte"),
    ];
    let present: Vec<&Entry> = all.iter().filter_map(|(found, _)| *found).collect();
    let missing: Vec<&str> = all.iter().filter(|(found, _)| found.is_none()).map(|(_, name)| *name).collect();
    Err(incomplete(source, &present, missing.join(", ")))
}

/// The name of a file as it is, in lower case.
fn file_name(entry: &Entry) -> String {
    entry.inside.file_name().unwrap_or_default().to_string_lossy().to_lowercase()
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The part that a word of a file's name names.
fn part_of(entry: &Entry) -> Option<Part> {
    words(&entry.plain_name()).find_map(Part::named)
}

/// What is left of a file's name without its part, and what it holds.
fn family_of(entry: &Entry) -> String {
    let name = entry.plain_name();
    let says_nothing =
        |word: &&str| Part::named(word).is_none() && !matches!(*word, "images" | "labels" | "idx1" | "idx3" | "ubyte");
    let folders = entry.folders().join("/");
    format!("{folders}/{}", words(&name).filter(says_nothing).collect::<Vec<_>>().join("-"))
}

/// The one file among those that play the same role: of two spellings of one name the one that was asked for, or else the one
/// that is not compressed, or else the first.
fn choose<'a>(
    source: &Path,
    files: impl Iterator<Item = &'a Entry>,
    named: Option<&str>,
) -> Result<Option<&'a Entry>, DataError> {
    let files: Vec<&Entry> = files.collect();
    if let Some(asked) = files.iter().find(|entry| named.is_some_and(|named| file_name(entry) == named)) {
        return Ok(Some(asked));
    }
    let Some(first) = files.first() else {
        return Ok(None);
    };
    if files.iter().any(|entry| family_of(entry) != family_of(first)) {
        let found: Vec<String> = files.iter().map(|entry| shown(&entry.inside)).collect();
        return Err(DataError::Several { folder: source.to_owned(), found: found.join(", ") });
    }
    let is_plain = |entry: &&&Entry| !file_name(entry).ends_with(".gz");
    Ok(files.iter().find(is_plain).or(files.first()).copied())
}

/// A file's name with another part.
fn swapped(entry: &Entry, [from, to]: [&str; 2]) -> String {
    let name = entry.plain_name();
    if name.contains(from) { name.replace(from, to) } else { format!("{to}.csv") }
}

fn incomplete(source: &Path, present: &[&Entry], missing: String) -> DataError {
    let present: Vec<String> =
        present.iter().filter_map(|entry| entry.inside.file_name()).map(|name| shown(name.as_ref())).collect();
    DataError::Incomplete { folder: source.to_owned(), present: present.join(", "), missing }
}
