//! Reading whole files.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::kind::open_plain;
use super::{FileError, FileTask};

/// No file of settings, results or history comes near this size.
pub const SETTINGS_LIMIT: u64 = 64 << 20;

/// Opens a plain file, or the one that a link leads to.
///
/// # Errors
/// [`FileError`] when there is none, or a folder, pipe or device in its place.
pub fn open(path: &Path) -> Result<File, FileError> {
    open_plain(path, FileTask::Read, OpenOptions::new().read(true))
}

/// Reads a plain file of at most `most` bytes.
///
/// # Errors
/// As [`open`]; [`FileError::TooLarge`] before anything is read.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    let file = open(path)?;
    let bytes = file.metadata().map_err(FileError::io(path, FileTask::Read))?.len();
    let too_large = |bytes| FileError::TooLarge { path: path.to_owned(), bytes, most };
    if bytes > most {
        return Err(too_large(bytes));
    }
    let mut content = Vec::new();
    let room = content.try_reserve_exact(bytes as usize).map_err(std::io::Error::other);
    // It may have grown since; no more than the limit is read.
    room.and_then(|()| file.take(most + 1).read_to_end(&mut content)).map_err(FileError::io(path, FileTask::Read))?;
    if content.len() as u64 > most {
        return Err(too_large(content.len() as u64));
    }
    Ok(content)
}

/// Reads a plain file of settings or results: text of at most [`SETTINGS_LIMIT`] bytes.
///
/// # Errors
/// As [`read`]; [`FileError::NoText`].
pub fn read_text(path: &Path) -> Result<String, FileError> {
    let bytes = read(path, SETTINGS_LIMIT)?;
    String::from_utf8(bytes).map_err(|_| FileError::NoText { path: path.to_owned() })
}

/// Whether anything exists under that name, including a broken link.
///
/// # Errors
/// [`FileError`] when the folder may not be searched: that is not the same as an absent file.
pub fn exists(path: &Path) -> Result<bool, FileError> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(FileError::io(path, FileTask::Read)(e)),
    }
}

/// The contents of a folder, sorted.
///
/// # Errors
/// [`FileError`].
pub fn list_folder(path: &Path) -> Result<Vec<PathBuf>, FileError> {
    let entries = fs::read_dir(path).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut entries: Vec<PathBuf> = entries.map_err(FileError::io(path, FileTask::List))?;
    entries.sort();
    Ok(entries)
}
