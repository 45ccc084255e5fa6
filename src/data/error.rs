use std::path::{Path, PathBuf};

use thiserror::Error;

/// What can be wrong with data. Every message says what, where and how to mend it.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum DataError {
    #[error(
        "no data found in {looked}. Ways to get it: run ./setup.sh; or apt-get install dataset-fashion-mnist; \
         or put data.tar.gz, fashion_mnist_train.csv with fashion_mnist_test.csv, or the four IDX files \
         (train-images-idx3-ubyte and so on, plain or .gz) into data/; or name them with --data PATH"
    )]
    NotFound { looked: String },

    #[error("{path}: {source}", path = path.display())]
    Io { path: PathBuf, source: std::io::Error },

    /// `place` is a line, a field or an entry of an archive.
    #[error("{file}, {place}: {problem}")]
    Content {
        file: String,
        place: String,
        problem: String,
    },

    #[error("cannot split {images} images with {validation} for validation: {problem}")]
    Split {
        images: usize,
        validation: usize,
        problem: String,
    },
}

impl DataError {
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn content(file: &str, place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Content {
            file: file.to_owned(),
            place: place.into(),
            problem: problem.into(),
        }
    }
}
