//! What a data file holds, judging by its first bytes: gzip is decompressed, and what is not data at all is named.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::DataError;
use super::limited::Limited;
use crate::files::{self, shown};

const GZIP: &[u8] = &[0x1f, 0x8b];
/// Nobody compresses a file more often than that.
const MOST_LAYERS: usize = 3;

/// How files begin that are neither data nor gzip, and what to do about them.
const FOREIGN: [(&[u8], &str); 11] = [
    (b"\xfd7zXZ\0", "it is compressed with xz; unpack it (xz -d)"),
    (b"BZh", "it is compressed with bzip2; unpack it (bzip2 -d)"),
    (b"\x28\xb5\x2f\xfd", "it is compressed with zstd; unpack it (zstd -d)"),
    (b"PK\x03\x04", "it is a zip archive; let its name end with .zip"),
    (b"7z\xbc\xaf\x27\x1c", "it is a 7-Zip archive; unpack it (7z x)"),
    (b"PAR1", "it is a Parquet file; let its name end with .parquet"),
    (b"\x93NUMPY", "it is a NumPy file; put images and labels into one .npz file (numpy.savez)"),
    (b"%PDF", "it is a PDF, not data; get the file itself"),
    (b"<!doctype html", "it is a web page, not data; get the file itself"),
    (b"<html", "it is a web page, not data; get the file itself"),
    (b"version https://git-lfs", "it is a Git LFS pointer, not the data itself; fetch that (git lfs pull)"),
];

/// Opens a data file; see [`unpacked`].
///
/// # Errors
/// When it cannot be opened, or is something other than data.
pub(super) fn open(path: &Path) -> Result<Limited<Box<dyn BufRead>>, DataError> {
    unpacked(&shown(path), path, Box::new(BufReader::new(files::open(path)?)))
}

/// Decompresses gzip where a file's name or its content says so, repeatedly if it was compressed more than once; `what` names
/// the file in errors.
///
/// # Errors
/// When it is something other than data.
pub(super) fn unpacked(
    what: &str,
    path: &Path,
    mut reader: Box<dyn BufRead>,
) -> Result<Limited<Box<dyn BufRead>>, DataError> {
    let extension = path.extension().unwrap_or_default();
    let mut is_gzip = extension == "gz" || extension == "tgz";
    for layers in 0.. {
        let start = match reader.fill_buf() {
            Ok(start) => start,
            // The caller that reads it knows which place the error should name.
            Err(error) => {
                reader = Box::new(BufReader::new(Failed(Some(error))));
                break;
            }
        };
        if let Some(problem) = foreign(start) {
            return Err(DataError::content(what, "its first bytes", problem));
        }
        if !is_gzip && !start.starts_with(GZIP) {
            break;
        }
        if layers == MOST_LAYERS {
            let problem = format!("it is gzipped more than {MOST_LAYERS} times; unpack it (gzip -d)");
            return Err(DataError::content(what, "its first bytes", problem));
        }
        reader = Box::new(BufReader::new(MultiGzDecoder::new(reader)));
        is_gzip = false;
    }
    Ok(Limited::new(reader))
}

fn foreign(start: &[u8]) -> Option<&'static str> {
    // Web pages may begin with a byte order mark or blanks, and in upper or lower case.
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let starts_with = |magic: &[u8]| {
        let same = |bytes: &[u8]| bytes.len() >= magic.len() && bytes[..magic.len()].eq_ignore_ascii_case(magic);
        same(start) || same(text)
    };
    FOREIGN.iter().find(|(magic, _)| starts_with(magic)).map(|(_, what)| *what)
}

/// A reader whose first use fails with an earlier error.
pub(super) struct Failed(pub Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
