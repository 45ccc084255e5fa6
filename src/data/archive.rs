//! The files of an archive (.tar.gz, .tgz, .tar, .zip), read into memory: nothing is unpacked to disk.

use std::io::{self, BufReader, Read};
use std::path::{Component, Path, PathBuf};

use super::entries::{Entry, may_be_data};
use super::{DataError, content};
use crate::files::{self, shown};

/// As many as a large folder of pictures has.
const MOST_ENTRIES: usize = 1_000_000;
/// All files together, unpacked.
const MOST_BYTES: u64 = 2 << 30;
/// The longest name that an archive may store beside an entry.
const LONGEST_NAME: u64 = 64 << 10;

/// The files of an archive that may be data, in the order of their names.
///
/// # Errors
/// When it is damaged, or one of its entries is a link or leads out of it.
pub(super) fn entries(path: &Path) -> Result<Vec<Entry>, DataError> {
    let name = shown(path);
    let mut archive = Archive { name: &name, found: Vec::new(), entries: 0, bytes: 0 };
    match path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip")) {
        true => archive.read_zip(path)?,
        false => archive.read_tar(content::open(path)?)?,
    }
    let mut found = archive.found;
    found.sort_by(|a, b| a.inside.cmp(&b.inside));
    match found.windows(2).find(|pair| pair[0].inside == pair[1].inside) {
        Some([twice, _]) => Err(refused(&name, &twice.inside, "the archive holds this file twice; pack it once")),
        _ => Ok(found),
    }
}

struct Archive<'a> {
    name: &'a str,
    found: Vec<Entry>,
    entries: usize,
    bytes: u64,
}

impl Archive<'_> {
    fn broken(&self, error: &io::Error) -> DataError {
        DataError::broken(self.name, "archive", error)
    }

    fn count(&mut self) -> Result<(), DataError> {
        self.entries += 1;
        if self.entries > MOST_ENTRIES {
            let problem = format!("it has more than {MOST_ENTRIES} entries; pack the data alone");
            return Err(DataError::content(self.name, "archive", problem));
        }
        Ok(())
    }

    /// Keeps a file if it may be data.
    fn add(&mut self, inside: &Path, mut content: impl Read) -> Result<(), DataError> {
        let stays_inside = inside.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !stays_inside {
            let problem = "its path leads out of the archive; pack it again with plain names";
            return Err(refused(self.name, inside, problem));
        }
        if !may_be_data(inside) {
            return Ok(());
        }
        let inside: PathBuf = inside.components().filter(|part| *part != Component::CurDir).collect();
        let mut bytes = Vec::new();
        let room = MOST_BYTES - self.bytes;
        content.by_ref().take(room + 1).read_to_end(&mut bytes).map_err(|e| self.broken(&e))?;
        self.bytes += bytes.len() as u64;
        if self.bytes > MOST_BYTES {
            let problem = format!("its files have more than {} GB; unpack it and name the folder", MOST_BYTES >> 30);
            return Err(DataError::content(self.name, "archive", problem));
        }
        self.found.push(Entry::of_archive(self.name, inside, bytes));
        Ok(())
    }

    fn read_tar(&mut self, reader: impl Read) -> Result<(), DataError> {
        let mut archive = tar::Archive::new(reader);
        // Raw, because otherwise the tar crate itself collects names longer than a header's 100 bytes, and reads as many
        // gigabytes into memory as such a name claims.
        let entries = archive.entries().map_err(|e| self.broken(&e))?.raw(true);
        let mut long_name: Option<PathBuf> = None;
        for entry in entries {
            let mut entry = entry.map_err(|e| self.broken(&e))?;
            self.count()?;
            let path = entry.path().map_err(|e| self.broken(&e))?.into_owned();
            let kind = entry.header().entry_type();
            if kind.is_gnu_longname() || kind.is_pax_local_extensions() {
                let mut bytes = Vec::new();
                if entry.size() <= LONGEST_NAME {
                    entry.read_to_end(&mut bytes).map_err(|e| self.broken(&e))?;
                }
                long_name = match kind.is_gnu_longname() {
                    true => Some(text_path(bytes.strip_suffix(b"\0").unwrap_or(&bytes))),
                    false => pax_path(&bytes),
                }
                .filter(|name| !name.as_os_str().is_empty());
                continue;
            }
            let path = long_name.take().unwrap_or(path);
            if kind.is_symlink() || kind.is_hard_link() {
                return Err(refused(self.name, &path, "it is a link; pack the file itself"));
            }
            if kind.is_file() {
                self.add(&path, entry)?;
            }
        }
        // A tar ends before its gzip stream does, and the checksum of that is verified only at its end.
        io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|e| self.broken(&e))?;
        Ok(())
    }

    fn read_zip(&mut self, path: &Path) -> Result<(), DataError> {
        let wrong = |problem: String| {
            DataError::content(&shown(path), "archive", format!("it is no sound zip archive ({problem}); get it again"))
        };
        let mut archive = zip::ZipArchive::new(BufReader::new(files::open(path)?)).map_err(|e| wrong(e.to_string()))?;
        for number in 0..archive.len() {
            self.count()?;
            let entry = archive.by_index(number).map_err(|e| wrong(e.to_string()))?;
            let inside = PathBuf::from(entry.name().map_err(|e| wrong(e.to_string()))?.into_owned());
            if entry.is_symlink() {
                return Err(refused(self.name, &inside, "it is a link; pack the file itself"));
            }
            if entry.is_file() {
                self.add(&inside, entry)?;
            }
        }
        Ok(())
    }
}

fn refused(archive: &str, inside: &Path, problem: &str) -> DataError {
    DataError::content(archive, format!("entry '{}'", shown(inside)), problem)
}

fn text_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// The path among the records of a POSIX extended header, each `length key=value\n`.
fn pax_path(bytes: &[u8]) -> Option<PathBuf> {
    let lines = bytes.split(|byte| *byte == b'\n');
    let records = lines.filter_map(|line| line.splitn(2, |byte| *byte == b' ').nth(1));
    records.filter_map(|record| record.strip_prefix(b"path=")).map(text_path).next_back()
}
