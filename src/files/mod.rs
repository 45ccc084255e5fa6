//! Files that users name and files of run folders: opened without hanging, written without losing anything, and with errors
//! that say what, where and how to fix it.
//!
//! Everything that reads or writes a whole file goes through here, so that a pipe, a device or a link in its place is an
//! error rather than a program that never ends.

mod error;
mod kind;
mod lock;
mod names;
mod read;
mod write;

pub use error::{FileError, FileTask};
pub use lock::{append, try_lock, wait_for_lock};
pub use names::{escaped, is_unsafe, shown};
pub use read::{SETTINGS_LIMIT, exists, list_folder, open, read, read_text};
pub use write::{create_folder, create_numbered, refuse_target, write_atomically, write_json};
