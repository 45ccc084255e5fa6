//! NumPy archives of images and labels (.npz), with the names of Keras (`x_train`, `y_train`) or MedMNIST (`train_images`,
//! `train_labels`): a zip file of arrays (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).

use std::borrow::Cow;
use std::io::Read;

use zip::ZipArchive;

use super::entries::{Entry, Seekable};
use super::error::Problem;
use super::image_set::MOST_IMAGES;
use super::labelled::Labelled;
use super::labels::Labels;
use super::{DataError, ImageShape};

/// Images and labels of one part of the data, by the names of their arrays.
const TRAIN: [[&str; 2]; 4] =
    [["x_train", "y_train"], ["train_images", "train_labels"], ["images", "labels"], ["x", "y"]];
const VALIDATION: [[&str; 2]; 2] = [["x_val", "y_val"], ["val_images", "val_labels"]];
const TEST: [[&str; 2]; 2] = [["x_test", "y_test"], ["test_images", "test_labels"]];

/// No array may have more bytes.
const MOST_BYTES: u64 = 4 << 30;
/// The longest description of an array.
const LONGEST_HEADER: usize = 64 << 10;

/// The images to train with, those for validation, and those to test with, as far as they are there.
pub(super) type Parts = [Option<Labelled>; 3];

/// Reads an archive.
///
/// # Errors
/// When it is damaged, or holds no images and labels by these names.
pub(super) fn read(entry: &Entry) -> Result<Parts, DataError> {
    let wrong =
        |place: &str, problem: &dyn std::fmt::Display| DataError::content(&entry.name, place, problem.to_string());
    let mut archive = ZipArchive::new(entry.seekable()?)
        .map_err(|e| wrong("archive", &format!("it is no sound .npz file ({e}); get it again")))?;
    let held: Vec<String> = archive.file_names().filter_map(Result::ok).map(Cow::into_owned).collect();
    let mut part = |names: &[[&str; 2]]| -> Result<Option<Labelled>, DataError> {
        let has = |name: &str| held.iter().find(|held| held.eq_ignore_ascii_case(&format!("{name}.npy")));
        let found = names.iter().find_map(|[images, labels]| Some((has(images)?, has(labels)?)));
        let Some((images, labels)) = found else {
            return Ok(None);
        };
        let read = |archive: &mut Archive, name: &str| {
            Array::read(archive, name).map_err(|problem| wrong(&format!("array {name}"), &problem))
        };
        let (pixels, numbers) = (read(&mut archive, images)?, read(&mut archive, labels)?);
        let (shape, pixels) = pixels.images().map_err(|problem| wrong(&format!("array {images}"), &problem))?;
        let labels = numbers.labels().map_err(|problem| wrong(&format!("array {labels}"), &problem))?;
        Labelled::new(format!("{}: {images}", entry.name), shape, pixels, labels).map(Some)
    };
    let parts = [part(&TRAIN)?, part(&VALIDATION)?, part(&TEST)?];
    if parts.iter().all(Option::is_none) {
        let problem = format!(
            "there are {}, but no images and labels by names such as x_train and y_train, or train_images and train_labels",
            held.join(", ").escape_debug()
        );
        return Err(wrong("archive", &problem));
    }
    Ok(parts)
}

type Archive = ZipArchive<Box<dyn Seekable>>;

/// An array of an archive.
struct Array {
    /// How its numbers are stored, such as `|u1`.
    kind: String,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Array {
    fn read(archive: &mut Archive, name: &str) -> Result<Self, Problem> {
        let problem = |e: &dyn std::fmt::Display| Problem(format!("it cannot be read ({e}); get the file again"));
        let mut file = archive.by_name(name).map_err(|e| problem(&e))?;
        let mut start = [0; 8];
        file.read_exact(&mut start).map_err(|e| problem(&e))?;
        let [magic @ .., major, _] = start;
        if &magic != b"\x93NUMPY" {
            return Err("it is no NumPy array".into());
        }
        // Version 1 has a length of two bytes, later ones of four.
        let mut length = [0; 4];
        file.read_exact(&mut length[..if major == 1 { 2 } else { 4 }]).map_err(|e| problem(&e))?;
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST_HEADER {
            return Err("its header is absurdly long".into());
        }
        let mut header = vec![0; length];
        file.read_exact(&mut header).map_err(|e| problem(&e))?;
        let (kind, shape) = described(&String::from_utf8_lossy(&header))
            .ok_or_else(|| Problem("its header is none of a plain array in C order".to_owned()))?;
        let numbers = shape.iter().try_fold(1_u64, |all, side| all.checked_mul(*side as u64));
        let size = element_size(&kind) as u64;
        let needed =
            numbers.and_then(|numbers| numbers.checked_mul(size)).filter(|needed| (1..=MOST_BYTES).contains(needed));
        let Some(needed) = needed else {
            return Err(format!("its header says {shape:?} of {kind}, which are none or too many numbers").into());
        };
        let mut bytes = Vec::new();
        file.take(needed + 1).read_to_end(&mut bytes).map_err(|e| problem(&e))?;
        match bytes.len() as u64 {
            found if found == needed => Ok(Self { kind, shape, bytes }),
            found if found < needed => {
                Err(format!("its header says {shape:?} of {kind}, but it has {found} bytes; get the file again").into())
            }
            _ => Err(format!("its header says {shape:?} of {kind}, but it has more bytes; get the file again").into()),
        }
    }

    /// Bytes of images: `[images, height, width]`, or with a last axis of one or three channels.
    fn images(self) -> Result<(ImageShape, Vec<u8>), Problem> {
        let shape = match self.shape[..] {
            [_, height, width] => ImageShape::grey(height, width),
            [_, height, width, channels] => ImageShape { height, width, channels },
            _ => return Err(format!("images have three or four axes, not {:?}", self.shape).into()),
        };
        shape.check()?;
        if self.kind != "|u1" {
            return Err(format!(
                "images are bytes from 0 to 255 (|u1), not {}; convert them, such as fractions by (255 * x).astype('uint8')",
                self.kind
            )
            .into());
        }
        if self.shape[0] > MOST_IMAGES {
            return Err(format!("there are more than {MOST_IMAGES} images").into());
        }
        Ok((shape, self.bytes))
    }

    /// Whole numbers or texts: `[images]` or `[images, 1]`.
    fn labels(self) -> Result<Labels, Problem> {
        if !matches!(self.shape[..], [_] | [_, 1]) {
            return Err(format!("labels are one number or name for each image, not {:?}", self.shape).into());
        }
        let size = element_size(&self.kind);
        if self.kind.starts_with("<U") {
            return Ok(self.names(size));
        }
        let is_whole = matches!(&self.kind[..2], "|u" | "|i" | "<u" | "<i") && matches!(size, 1 | 2 | 4 | 8);
        if !is_whole {
            return Err(format!("labels are whole numbers, lowest byte first, or texts (<U), not {}", self.kind).into());
        }
        let mut labels = Labels::default();
        for (image, bytes) in self.bytes.chunks_exact(size).enumerate() {
            // A number below zero has its highest bit set.
            if self.kind.as_bytes()[1] == b'i' && bytes[size - 1] >= 0x80 {
                return Err(format!("the label of image {image} is below zero").into());
            }
            let mut number = [0; 8];
            number[..size].copy_from_slice(bytes);
            labels.push(&u64::from_le_bytes(number).to_string());
        }
        Ok(labels)
    }

    /// Texts of four bytes per character, filled up with zeros.
    fn names(&self, size: usize) -> Labels {
        let mut labels = Labels::default();
        for text in self.bytes.chunks_exact(size) {
            let characters = text.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
            let characters = characters.take_while(|character| *character != 0);
            let text: String = characters.map(|c| char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
            labels.push(&text);
        }
        labels
    }
}

/// The bytes of a number, or of a text, of a type such as `<i8` or `<U10`; 0 if the type is unknown.
fn element_size(kind: &str) -> usize {
    let count: usize = kind[2..].parse().unwrap_or(0);
    // Of a text it is the number of its characters.
    if &kind[1..2] == "U" { count.saturating_mul(4) } else { count }
}

/// The type and the shape in an array's header, a Python dictionary with these three keys:
/// `{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 28, 28), }`
fn described(header: &str) -> Option<(String, Vec<usize>)> {
    let after = |key: &str| header.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start());
    let kind = after("descr")?.strip_prefix('\'')?.split_once('\'')?.0;
    let is_kind = kind.len() >= 3 && kind.is_ascii();
    let in_c_order = after("fortran_order")?.starts_with("False");
    let shape = after("shape")?.strip_prefix('(')?.split_once(')')?.0;
    let sides: Option<Vec<usize>> =
        shape.split(',').map(str::trim).filter(|side| !side.is_empty()).map(|side| side.parse().ok()).collect();
    (is_kind && in_c_order).then_some((kind.to_owned(), sides?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_or_refused() {
        let header =
            |order: &str| format!("{{'descr': '|u1', 'fortran_order': {order}, 'shape': (60000, 28, 28), }}  \n");
        assert_eq!(described(&header("False")), Some(("|u1".to_owned(), vec![60_000, 28, 28])));
        assert_eq!(described(&header("True")), None);
        assert_eq!(described("{'descr': '<i8', 'fortran_order': False, 'shape': (7,)}").unwrap().1, [7]);
        for odd in ["", "{'descr': '|u1'", "{'descr': 'u', 'fortran_order': False, 'shape': (7,)}", "'shape': (-1)"] {
            assert_eq!(described(odd), None, "{odd}");
        }
    }
}
