use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::shown;

/// What was being done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum FileTask {
    Read,
    Write,
    List,
    MakeFolder,
    Lock,
}

impl fmt::Display for FileTask {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "written",
            Self::List => "listed",
            Self::MakeFolder => "made",
            Self::Lock => "locked",
        })
    }
}

/// A file or folder that cannot be used. The message says which, why, and how to fix it.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum FileError {
    #[error("{} does not exist{}; check the name", shown(path), parent_that_is_missing(path))]
    Missing { path: PathBuf },

    #[error("{} cannot be {task}: {source}{}", shown(path), remedy(source))]
    Io { path: PathBuf, task: FileTask, source: io::Error },

    #[error("{} cannot be {task}: it is {kind}, not a plain file", shown(path))]
    NoPlainFile { path: PathBuf, task: FileTask, kind: &'static str },

    #[error("{} is write-protected and stays as it is; choose another name, or allow writing", shown(path))]
    Protected { path: PathBuf },

    #[error("{} has {bytes} bytes, but at most {most} are read here; is it the right file?", shown(path))]
    TooLarge { path: PathBuf, bytes: u64, most: u64 },

    #[error("{} cannot be read: it is not text (UTF-8); is it the right file?", shown(path))]
    NoText { path: PathBuf },
}

impl FileError {
    /// The operating system's error for `path`, as a [`FileError`].
    pub fn io(path: &Path, task: FileTask) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| match source.kind() {
            io::ErrorKind::NotFound if matches!(task, FileTask::Read | FileTask::List) => {
                Self::Missing { path: path.to_owned() }
            }
            _ => Self::Io { path: path.to_owned(), task, source },
        }
    }

    /// Whether nothing exists under that name.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }
}

/// The first missing folder on a path, if a folder is missing.
fn parent_that_is_missing(path: &Path) -> String {
    let missing = path.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty());
    match missing.take_while(|parent| !parent.exists()).last() {
        Some(folder) => format!(" (there is no {})", shown(folder)),
        None => String::new(),
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "; ask its owner, or change its permissions (chmod)",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; make room, or choose a folder on another disk. What was there before is unchanged"
        }
        io::ErrorKind::FileTooLarge => {
            "; a limit on the size of files is set here (ulimit -f). What was there before is unchanged"
        }
        io::ErrorKind::ReadOnlyFilesystem => "; choose a folder on another disk",
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            "; there is a file where a folder should be, choose another name"
        }
        io::ErrorKind::IsADirectory => "; name a file in it",
        io::ErrorKind::NotFound => "; its folder does not exist",
        _ => "",
    }
}
