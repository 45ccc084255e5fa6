//! `data.tar.gz` with the two CSV files, read as a stream: nothing is unpacked to disk.

use std::io::{self, Read};
use std::path::Component;

use super::csv::{TEST_CSV, TRAIN_CSV};
use super::{DataError, ImageSet, csv};
use crate::files::shown;

/// The real archive has a handful.
const MOST_ENTRIES: usize = 1000;

/// Reads training and test set from an uncompressed tar; `file` names it in errors.
pub(super) fn read(file: &str, reader: impl Read) -> Result<(ImageSet, ImageSet), DataError> {
    let broken = |e: io::Error| DataError::broken(file, "archive", &e);
    let wrong = |problem: String| DataError::content(file, "archive", problem);

    let mut archive = tar::Archive::new(reader);
    // Raw, because otherwise the tar crate itself collects names longer than a header's 100 bytes, and reads as many
    // gigabytes into memory as such a name claims. The folders around the CSV files just need shorter names.
    let entries = archive.entries().map_err(broken)?.raw(true);
    let (mut train, mut test) = (None, None);
    for (number, entry) in entries.enumerate() {
        let entry = entry.map_err(broken)?;
        if number >= MOST_ENTRIES {
            return Err(wrong(format!("it has more than {MOST_ENTRIES} entries; pack the two CSV files alone")));
        }
        let path = entry.path().map_err(broken)?.into_owned();
        let name = shown(&path);
        let refused = |problem: &str| {
            let place = format!("entry '{}'", name);
            DataError::content(file, place, problem)
        };
        let stays_inside = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !stays_inside {
            return Err(refused("its path leads out of the archive; pack it again with plain names"));
        }
        let kind = entry.header().entry_type();
        if kind.is_symlink() || kind.is_hard_link() {
            return Err(refused("it is a link; pack the file itself"));
        }
        let slot = match path.file_name().and_then(|n| n.to_str()) {
            Some(TRAIN_CSV) if kind.is_file() => &mut train,
            Some(TEST_CSV) if kind.is_file() => &mut test,
            _ => continue,
        };
        if slot.is_some() {
            return Err(refused("the archive holds this file twice; pack it once"));
        }
        *slot = Some(csv::read(&format!("{file}: {}", name), entry)?);
    }
    // A tar ends before its gzip stream does, and the checksum of that is verified only at its end.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(broken)?;

    let missing = |name: &str| wrong(format!("it does not hold {name}; pack both CSV files"));
    Ok((train.ok_or_else(|| missing(TRAIN_CSV))?, test.ok_or_else(|| missing(TEST_CSV))?))
}
