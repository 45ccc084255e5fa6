//! Writes files so that nothing is lost on failure.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::kind::require_plain;
use super::{FileError, FileTask};

/// Writes `path` through a temporary file beside it, which is filled, flushed to disk, then renamed over the old one. A
/// crash, a full disk or an error of `fill` leaves what was there before.
///
/// # Errors
/// [`FileError`] of the file system and of `fill`, and as [`refuse_target`].
pub fn write_atomically(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), FileError> {
    refuse_target(path)?;
    let temporary = temporary_beside(path);
    let written = File::create_new(&temporary).and_then(|mut file| {
        fill(&mut file)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&temporary, path));
    if renamed.is_err() {
        // The first error is the one to report; a leftover temporary file does no harm.
        let _ = fs::remove_file(&temporary);
    }
    renamed.map_err(FileError::io(path, FileTask::Write))
}

/// Refuses to write over what exists and is not ours to replace: renaming over a device, a pipe or a link would put a plain
/// file in its place.
///
/// # Errors
/// [`FileError::NoPlainFile`], [`FileError::Protected`].
pub fn refuse_target(path: &Path) -> Result<(), FileError> {
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        // Nothing is there yet, or writing will report the error.
        Err(_) => return Ok(()),
    };
    require_plain(path, FileTask::Write, &metadata)?;
    if metadata.permissions().readonly() {
        return Err(FileError::Protected { path: path.to_owned() });
    }
    Ok(())
}

/// Writes a value as human-readable JSON, as [`write_atomically`] does.
///
/// # Errors
/// [`FileError`].
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), FileError> {
    write_atomically(path, |file| {
        serde_json::to_writer_pretty(&mut *file, value)?;
        file.write_all(b"\n")
    })
}

/// Creates a folder and its parents, where missing.
///
/// # Errors
/// [`FileError`].
pub fn create_folder(path: &Path) -> Result<(), FileError> {
    fs::create_dir_all(path).map_err(FileError::io(path, FileTask::MakeFolder))
}

/// Creates the first of `parent/name-1`, `parent/name-2`, ... that does not exist, and `parent` if it is missing.
///
/// # Errors
/// [`FileError`].
pub fn create_numbered(parent: &Path, name: &str) -> Result<PathBuf, FileError> {
    create_folder(parent)?;
    let mut number = 1;
    loop {
        let path = parent.join(format!("{name}-{number}"));
        // create_dir fails if the folder exists, so two processes that start at once get two folders.
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(e) => return Err(FileError::io(&path, FileTask::MakeFolder)(e)),
        }
    }
}

fn temporary_beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // Processes on two machines that share a folder may have the same process ID.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    name.push(format!(".{}-{}.tmp", std::process::id(), now.as_nanos()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_folders_do_not_collide() {
        let folder = tempfile::tempdir().unwrap();
        let parent = folder.path().join("runs");
        let made = [1, 2].map(|_| create_numbered(&parent, "cnn").unwrap());
        assert_eq!(made, [parent.join("cnn-1"), parent.join("cnn-2")]);
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        write_atomically(&path, |f| f.write_all(b"old")).unwrap();
        let failed = write_atomically(&path, |f| {
            f.write_all(b"half of the n")?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write_atomically(&path, |f| f.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }
}
