//! IDX files: the format of MNIST, big-endian sizes and then bytes (<http://yann.lecun.com/exdb/mnist/>).

use std::io::Read;

use super::image_set::MOST_IMAGES;
use super::{DataError, HEIGHT, PIXELS, WIDTH};

/// Unsigned bytes in three axes.
const IMAGES_MAGIC: u32 = 0x0803;
/// Unsigned bytes in one axis.
const LABELS_MAGIC: u32 = 0x0801;

/// Reads the pixels of an image file; `file` names it in errors.
pub(super) fn read_images(file: &str, mut reader: impl Read) -> Result<Vec<u8>, DataError> {
    let count = read_header(file, &mut reader, IMAGES_MAGIC, "an IDX file of images")?;
    let height = read_u32(file, &mut reader, "the number of rows")? as usize;
    let width = read_u32(file, &mut reader, "the number of columns")? as usize;
    if (height, width) != (HEIGHT, WIDTH) {
        return Err(DataError::content(
            file,
            "bytes 8 to 15",
            format!("the images are {height}x{width} pixels, but must be {HEIGHT}x{WIDTH}"),
        ));
    }
    read_body(file, reader, count * PIXELS)
}

/// Reads a label file; `file` names it in errors.
pub(super) fn read_labels(file: &str, mut reader: impl Read) -> Result<Vec<u8>, DataError> {
    let count = read_header(file, &mut reader, LABELS_MAGIC, "an IDX file of labels")?;
    read_body(file, reader, count)
}

/// Checks the magic number and returns the number of items.
fn read_header(file: &str, reader: &mut impl Read, magic: u32, what: &str) -> Result<usize, DataError> {
    let found = read_u32(file, reader, "the magic number")?;
    if found != magic {
        return Err(DataError::content(
            file,
            "bytes 0 to 3",
            format!("the magic number is {found:#010x}, but that of {what} is {magic:#010x}"),
        ));
    }
    let count = read_u32(file, reader, "the number of items")? as usize;
    if count == 0 || count > MOST_IMAGES {
        return Err(DataError::content(
            file,
            "bytes 4 to 7",
            format!("it says it has {count} items, but must have 1 to {MOST_IMAGES}"),
        ));
    }
    Ok(count)
}

fn read_u32(file: &str, reader: &mut impl Read, what: &str) -> Result<u32, DataError> {
    let mut bytes = [0; 4];
    reader
        .read_exact(&mut bytes)
        .map_err(|e| DataError::content(file, what, format!("it cannot be read: {e}")))?;
    Ok(u32::from_be_bytes(bytes))
}

/// Reads exactly `len` bytes up to the end of the file. Memory grows with what is really there.
fn read_body(file: &str, reader: impl Read, len: usize) -> Result<Vec<u8>, DataError> {
    let mut body = Vec::new();
    reader
        .take(len as u64 + 1)
        .read_to_end(&mut body)
        .map_err(|e| DataError::content(file, "after the header", format!("it cannot be read: {e}")))?;
    if body.len() == len {
        return Ok(body);
    }
    let problem = if body.len() < len {
        format!(
            "there are {} bytes, but the header promises {len}; the file is truncated",
            body.len()
        )
    } else {
        format!("there are more than the {len} bytes that the header promises")
    };
    Err(DataError::content(file, "after the header", problem))
}
