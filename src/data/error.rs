//! What can be wrong with data.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::files::{FileError, shown};

/// What can be wrong with data. Every message says what, where and how to fix it.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains its fields
pub enum DataError {
    /// There are pictures, but not in folders of classes.
    #[error(
        "the {pictures} picture(s) in {folder} are in no folder of a class: make a folder for each class in it, with the pictures of \
         that class, or name the folder above if this is a class",
        folder = shown(folder)
    )]
    NoClasses { folder: PathBuf, pictures: usize },

    /// There is no data in the places searched.
    #[error(
        "no data found in {looked}. It must hold pictures in a folder per class (perhaps in train and test), tables \
         (train.csv and test.csv), IDX files (train-images-idx3-ubyte and so on), CIFAR's binary files, a .npz or .parquet file, \
         or an archive of these. For Fashion-MNIST run ./setup.sh or apt-get install dataset-fashion-mnist; other data is named \
         with `data` PATH"
    )]
    NotFound { looked: String },

    /// Some files of a data set are there, but not all.
    #[error(
        "the data in {folder} is incomplete: there is {present}, but not {missing}; put what is missing beside it, \
         plain or with .gz",
        folder = shown(folder)
    )]
    Incomplete { folder: PathBuf, present: String, missing: String },

    /// There are no images to test with.
    #[error(
        "the data in {source_path} has no images to test with: put them beside the others (in a folder test, or a file with test \
         in its name), or set a share of the images aside with `test-share`, such as .2",
        source_path = shown(source_path)
    )]
    NoTest { source_path: PathBuf },

    /// There are images to test with, and a share is to be set aside.
    #[error(
        "the data in {source_path} has images to test with; leave out `test-share`",
        source_path = shown(source_path)
    )]
    HasTest { source_path: PathBuf },

    /// Several data sets are in one place.
    #[error("there are several data sets in {folder}: {found}; name a file of the one that is meant", folder = shown(folder))]
    Several { folder: PathBuf, found: String },

    /// The file is of no known format.
    #[error(
        "{path}: this is no data file; it must be a table (.csv), an IDX file (train-images-idx3-ubyte and so on), a .npz or \
         .parquet file, an archive (.tar.gz, .tgz, .tar or .zip), or a folder that holds data",
        path = shown(path)
    )]
    UnknownName { path: PathBuf },

    /// Pictures cannot be read.
    #[error(
        "{broken} of the {pictures} pictures in {source_path} cannot be used; mend them, or leave them out with `skip-broken`: {list}",
        source_path = shown(source_path)
    )]
    Pictures { source_path: PathBuf, broken: usize, pictures: usize, list: String },

    /// A user's own picture cannot be used.
    #[error("{path} cannot be used as a picture: {problem}", path = shown(path))]
    Picture { path: PathBuf, problem: String },

    /// A file cannot be opened.
    #[error(transparent)]
    File(#[from] FileError),

    /// The content of a file is wrong at `place`: a line, some bytes or an entry of an archive.
    #[error("{file}, {place}: {problem}")]
    Content { file: String, place: String, problem: String },

    /// The images cannot be split as wanted.
    #[error("cannot split {images} images with {validation} for validation: {problem}")]
    Split { images: usize, validation: usize, problem: String },
}

/// What is wrong with the content of a file, before the file is named.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct Problem(pub String);

impl From<&str> for Problem {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Problem {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<Problem> for String {
    fn from(problem: Problem) -> Self {
        problem.0
    }
}

impl DataError {
    pub(super) fn content(file: &str, place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Content { file: file.to_owned(), place: place.into(), problem: problem.into() }
    }

    /// A file that broke off while being read. Decompression errors arrive this way too.
    pub(super) fn broken(file: &str, place: impl Into<String>, error: &io::Error) -> Self {
        let problem = match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                format!("the file ends too early ({error}): it is empty or truncated, get it again")
            }
            io::ErrorKind::InvalidInput => format!(
                "it is not sound gzip ({error}): get it again, or, if it is not compressed, name it without .gz"
            ),
            _ => format!("it cannot be read: {error}"),
        };
        Self::content(file, place, problem)
    }
}
