//! The files that data may be in: those of a folder and all below it, those of an archive, or a single one.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::limited::Limited;
use super::{DataError, archive, content, photo};
use crate::files::{self, FileError, FileTask, list_folder, shown};

/// More than any data set has, far fewer than a disk.
const MOST_FILES: usize = 2_000_000;

/// A file that may hold data.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its folders and its name, from the root of the folder or the archive.
    pub inside: PathBuf,
    /// What it is called in errors.
    pub name: String,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    /// On disk.
    File(PathBuf),
    /// Taken out of an archive.
    Memory(Arc<[u8]>),
}

/// Something that can be read from its start to its end, and in any order.
pub(super) trait Seekable: BufRead + std::io::Seek {}
impl<T: BufRead + std::io::Seek> Seekable for T {}

impl Entry {
    /// A file on disk.
    pub fn of_file(path: &Path, inside: PathBuf) -> Self {
        Self { inside, name: shown(path), place: Place::File(path.to_owned()) }
    }

    /// A file of an archive.
    pub fn of_archive(archive: &str, inside: PathBuf, bytes: Vec<u8>) -> Self {
        Self { name: format!("{archive}: {}", shown(&inside)), inside, place: Place::Memory(bytes.into()) }
    }

    /// Bytes that are no file, but a part of one.
    pub fn of_memory(name: String, inside: PathBuf, bytes: Vec<u8>) -> Self {
        Self { name, inside, place: Place::Memory(bytes.into()) }
    }

    /// The name of the file without its folders, and without `.gz`, in lower case.
    pub fn plain_name(&self) -> String {
        let name = self.inside.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        name.strip_suffix(".gz").unwrap_or(&name).to_owned()
    }

    /// The names of the folders that it is in, from the outermost on.
    pub fn folders(&self) -> Vec<String> {
        let folders = self.inside.parent().into_iter().flat_map(Path::components);
        folders.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    }

    /// Its content, decompressed if it is gzipped.
    ///
    /// # Errors
    /// When it cannot be opened, or is something other than data.
    pub fn open(&self) -> Result<Limited<Box<dyn BufRead>>, DataError> {
        content::unpacked(&self.name, Path::new(self.inside.file_name().unwrap_or_default()), self.reader()?)
    }

    /// All of its content as it is stored, if that is not more than `most` bytes.
    ///
    /// # Errors
    /// When it is larger, or cannot be read.
    pub fn bytes(&self, most: u64) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::new();
        let read = self.reader()?.take(most.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|e| DataError::content(&self.name, "content", e.to_string()))?;
        if bytes.len() as u64 > most {
            let problem = format!("with the files before it, it has more bytes than the {most} that are read at most");
            return Err(DataError::content(&self.name, "size", problem));
        }
        Ok(bytes)
    }

    /// Its content as it is stored.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn seekable(&self) -> Result<Box<dyn Seekable>, DataError> {
        Ok(match &self.place {
            Place::File(path) => Box::new(BufReader::new(files::open(path)?)),
            Place::Memory(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        })
    }

    fn reader(&self) -> Result<Box<dyn BufRead>, DataError> {
        Ok(match &self.place {
            Place::File(path) => Box::new(BufReader::new(files::open(path)?)),
            Place::Memory(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        })
    }

    /// A checksum of its content; 0 if it cannot be read.
    pub fn checksum(&self) -> u32 {
        let summed = || {
            let mut reader = self.reader().ok()?;
            let mut sum = 0;
            loop {
                let part = reader.fill_buf().ok()?;
                if part.is_empty() {
                    return Some(sum);
                }
                sum = crc32c::crc32c_append(sum, part);
                let length = part.len();
                reader.consume(length);
            }
        };
        summed().unwrap_or(0)
    }

    /// Its size and when it was changed, by which a change is noticed; of a file in an archive, a checksum.
    pub fn version(&self) -> (u64, u64) {
        match &self.place {
            Place::Memory(bytes) => (bytes.len() as u64, u64::from(crc32c::crc32c(bytes))),
            Place::File(path) => fs::metadata(path).map_or((0, 0), |metadata| {
                let changed = metadata.modified().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
                (metadata.len(), changed.map_or(0, |since| since.as_nanos() as u64))
            }),
        }
    }
}

/// Whether a file's name ends like that of an archive.
pub(super) fn is_archive(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    [".tar.gz", ".tgz", ".tar", ".zip"].iter().any(|ending| name.ends_with(ending))
}

/// Whether a file's name tells that it may belong to a data set.
pub(super) fn may_be_data(inside: &Path) -> bool {
    let name = inside.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    let is_hidden = name.starts_with('.') || inside.components().any(|part| part.as_os_str() == "__MACOSX");
    let is_idx = plain.contains("ubyte") || plain.contains("idx");
    let endings = [".csv", ".tsv", ".bin", ".npz", ".parquet", ".txt"];
    !is_hidden && (is_idx || photo::is_picture(inside) || endings.iter().any(|ending| plain.ends_with(ending)))
}

/// The data files of a folder and all below it, or of an archive; a single file otherwise.
///
/// # Errors
/// What cannot be read, or leads out of an archive.
pub(super) fn entries(path: &Path) -> Result<Vec<Entry>, DataError> {
    let is_folder = fs::metadata(path).map_err(FileError::io(path, FileTask::Read))?.is_dir();
    if is_folder {
        let mut found = Vec::new();
        let mut walk = Walk { root: path, been: HashSet::new(), found: &mut found };
        walk.folder(path)?;
        return Ok(found);
    }
    if is_archive(path) {
        return archive::entries(path);
    }
    Ok(vec![Entry::of_file(path, PathBuf::from(path.file_name().unwrap_or_default()))])
}

struct Walk<'a> {
    root: &'a Path,
    /// The folders so far, by the paths that no link is part of: links may form a circle.
    been: HashSet<PathBuf>,
    found: &'a mut Vec<Entry>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path) -> Result<(), DataError> {
        let real = fs::canonicalize(folder).map_err(FileError::io(folder, FileTask::List))?;
        if !self.been.insert(real) {
            return Ok(());
        }
        for path in list_folder(folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                if !name.starts_with('.') {
                    self.folder(&path)?;
                }
                continue;
            }
            let inside = path.strip_prefix(self.root).unwrap_or(&path).to_owned();
            if may_be_data(&inside) {
                self.found.push(Entry::of_file(&path, inside));
            }
            if self.found.len() > MOST_FILES {
                let problem = format!("it holds more than {MOST_FILES} data files; name a folder with less in it");
                return Err(DataError::content(&shown(self.root), "its files", problem));
            }
        }
        Ok(())
    }
}
