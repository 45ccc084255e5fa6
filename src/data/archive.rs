//! `data.tar.gz` with the two CSV files, read as a stream: nothing is unpacked to disk.

use std::io::Read;
use std::path::Component;

use super::limited::Limited;
use super::load::{TEST_CSV, TRAIN_CSV};
use super::{DataError, ImageSet, csv};

/// The real files have 160 MB together.
const MOST_BYTES: u64 = 4 << 30;
/// The real archive has a handful.
const MOST_ENTRIES: usize = 1000;

/// Reads training and test set from a gzipped tar; `file` names it in errors.
pub(super) fn read(file: &str, reader: impl Read) -> Result<(ImageSet, ImageSet), DataError> {
    let unreadable = |e: std::io::Error| {
        DataError::content(
            file,
            "archive",
            format!("it cannot be read: {e}; is it a whole .tar.gz?"),
        )
    };
    let stream = Limited::new(flate2::read::MultiGzDecoder::new(reader), MOST_BYTES);
    let mut archive = tar::Archive::new(stream);
    let (mut train, mut test) = (None, None);
    for (number, entry) in archive.entries().map_err(unreadable)?.enumerate() {
        let entry = entry.map_err(unreadable)?;
        if number >= MOST_ENTRIES {
            return Err(DataError::content(
                file,
                "archive",
                format!("it has more than {MOST_ENTRIES} entries"),
            ));
        }
        let path = entry.path().map_err(unreadable)?.into_owned();
        let name = path.display().to_string();
        let refused = |problem: &str| DataError::content(file, format!("entry '{name}'"), problem);
        let plain = path
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !plain {
            return Err(refused("its path leads out of the archive; only plain names are read"));
        }
        let kind = entry.header().entry_type();
        if kind.is_symlink() || kind.is_hard_link() {
            return Err(refused("it is a link; only plain files are read"));
        }
        let slot = match path.file_name().and_then(|n| n.to_str()) {
            Some(TRAIN_CSV) if kind.is_file() => &mut train,
            Some(TEST_CSV) if kind.is_file() => &mut test,
            _ => continue,
        };
        if slot.is_some() {
            return Err(refused("the archive holds this file twice"));
        }
        *slot = Some(csv::read(&format!("{file}: {name}"), entry)?);
    }
    let missing = |name: &str| DataError::content(file, "archive", format!("it does not hold {name}"));
    Ok((
        train.ok_or_else(|| missing(TRAIN_CSV))?,
        test.ok_or_else(|| missing(TEST_CSV))?,
    ))
}
