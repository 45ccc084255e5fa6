//! Whether a name leads to a plain file, checked without opening anything that hangs or has no end.

use std::fs::{File, Metadata, OpenOptions};
use std::path::Path;

use super::{FileError, FileTask};

/// What something is that is not a plain file.
fn other_kind(metadata: &Metadata) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            return Some("a pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    if metadata.is_symlink() {
        Some("a link")
    } else if metadata.is_dir() {
        Some("a folder")
    } else {
        (!metadata.is_file()).then_some("something else")
    }
}

pub(super) fn require_plain(path: &Path, task: FileTask, metadata: &Metadata) -> Result<(), FileError> {
    match other_kind(metadata) {
        None => Ok(()),
        Some(kind) => Err(FileError::NoPlainFile { path: path.to_owned(), task, kind }),
    }
}

/// Opens a plain file, which `options` may also create. Links are followed only for reading. The kind is checked before,
/// because opening a device can do things, and after, because the name may lead elsewhere by then; in between, nothing waits
/// for the other end of a pipe.
pub(super) fn open_plain(path: &Path, task: FileTask, options: &mut OpenOptions) -> Result<File, FileError> {
    let follows = task == FileTask::Read;
    let metadata = if follows { path.metadata() } else { path.symlink_metadata() };
    match metadata {
        Ok(metadata) => require_plain(path, task, &metadata)?,
        // Created by opening, if the options say so.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && !follows => {}
        Err(e) => return Err(FileError::io(path, task)(e)),
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(if follows { libc::O_NONBLOCK } else { libc::O_NONBLOCK | libc::O_NOFOLLOW });
    }
    let file = options.open(path).map_err(FileError::io(path, task))?;
    let metadata = file.metadata().map_err(FileError::io(path, task))?;
    require_plain(path, task, &metadata)?;
    Ok(file)
}
