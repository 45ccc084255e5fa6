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
    /// There is no data in the places searched.
    #[error(
        "no data found in {looked}. Ways to get it: run ./setup.sh; or apt-get install dataset-fashion-mnist; \
         or put data.tar.gz, fashion_mnist_train.csv with fashion_mnist_test.csv, or the four IDX files \
         (train-images-idx3-ubyte and so on, plain or .gz) into data/; or name them with `data` PATH"
    )]
    NotFound { looked: String },

    /// Some files of a data set are there, but not all.
    #[error(
        "the data in {folder} is incomplete: there is {present}, but not {missing}; put what is missing beside it, \
         plain or with .gz",
        folder = shown(folder)
    )]
    Incomplete { folder: PathBuf, present: String, missing: String },

    /// The file's name is none of those that identify a file's format and part.
    #[error(
        "{path}: no data file has this name; it must be an archive (.tar.gz or .tgz), fashion_mnist_train.csv or \
         fashion_mnist_test.csv, or an IDX file (train-images-idx3-ubyte and so on), plain or with .gz",
        path = shown(path)
    )]
    UnknownName { path: PathBuf },

    /// The file's name indicates neither CSV nor IDX.
    #[error(
        "{path}: a set of images must be a .csv file, or an IDX file with images and idx3 in its name, plain or with .gz",
        path = shown(path)
    )]
    UnknownSet { path: PathBuf },

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
