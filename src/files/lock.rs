//! Files that are held open: locks, which keep processes apart, and logs, which grow.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::kind::open_plain;
use super::{FileError, FileTask};

/// Takes the lock that a file represents, which is created if missing and never changed; `None` when another process holds
/// it. The operating system releases it when the file is dropped or the process ends, in whatever way.
///
/// # Errors
/// [`FileError`], also when the path is a link or anything else but a plain file.
pub fn try_lock(path: &Path) -> Result<Option<File>, FileError> {
    let file = open_lock(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(e)) => Err(FileError::io(path, FileTask::Lock)(e)),
    }
}

/// As [`try_lock`], but waits for the lock.
///
/// # Errors
/// As [`try_lock`].
pub fn wait_for_lock(path: &Path) -> Result<File, FileError> {
    let file = open_lock(path)?;
    file.lock().map_err(FileError::io(path, FileTask::Lock))?;
    Ok(file)
}

fn open_lock(path: &Path) -> Result<File, FileError> {
    let mut options = OpenOptions::new();
    open_plain(path, FileTask::Lock, options.read(true).write(true).create(true).truncate(false))
}

/// Opens a file for appending; it is created if missing.
///
/// # Errors
/// [`FileError`], also when the path is a link or anything else but a plain file.
pub fn append(path: &Path) -> Result<File, FileError> {
    open_plain(path, FileTask::Write, OpenOptions::new().append(true).create(true))
}
