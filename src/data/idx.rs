//! IDX files: the format of MNIST, with big-endian sizes followed by bytes (<http://yann.lecun.com/exdb/mnist/>).

use std::io::Read;

use super::entries::Entry;
use super::image_set::MOST_IMAGES;
use super::labelled::Labelled;
use super::labels::Labels;
use super::{DataError, ImageShape};

/// Unsigned bytes with three axes.
const IMAGES_MAGIC: u32 = 0x0803;
/// Unsigned bytes with one axis.
const LABELS_MAGIC: u32 = 0x0801;

/// Reads the pixels of an image file, and the shape of its images; `file` names it in errors.
fn read_images(file: &str, reader: impl Read) -> Result<(ImageShape, Vec<u8>), DataError> {
    let mut idx = Idx::new(file, reader);
    let count = idx.count(IMAGES_MAGIC, "images")?;
    let height = idx.field("number of rows")? as usize;
    let width = idx.field("number of columns")? as usize;
    let shape = ImageShape::grey(height, width);
    shape.check().map_err(|problem| idx.wrong_field(problem.0))?;
    Ok((shape, idx.body(count * shape.len())?))
}

/// Reads a label file; `file` names it in errors.
fn read_labels(file: &str, reader: impl Read) -> Result<Vec<u8>, DataError> {
    let mut idx = Idx::new(file, reader);
    let count = idx.count(LABELS_MAGIC, "labels")?;
    idx.body(count)
}

/// Pairs a file of images with one of labels.
pub(super) fn read(images: &Entry, labels: &Entry) -> Result<Labelled, DataError> {
    let (shape, pixels) = read_images(&images.name, images.open()?)?;
    let numbers = read_labels(&labels.name, labels.open()?)?;
    let what = format!("{} with {}", images.name, labels.name);
    let mut labels = Labels::default();
    numbers.iter().for_each(|number| labels.push(&number.to_string()));
    Labelled::new(what, shape, pixels, labels)
}

/// A file being read.
struct Idx<'a, R> {
    file: &'a str,
    reader: R,
    /// Bytes read so far.
    offset: usize,
    /// Name of the last header field read, for errors.
    field: &'static str,
}

impl<'a, R: Read> Idx<'a, R> {
    fn new(file: &'a str, reader: R) -> Self {
        Self { file, reader, offset: 0, field: "" }
    }

    /// Where the last header field is.
    fn place(&self) -> String {
        let last = self.offset.saturating_sub(1);
        format!("bytes {} to {last} ({})", self.offset.saturating_sub(4), self.field)
    }

    fn wrong_field(&self, problem: String) -> DataError {
        DataError::content(self.file, self.place(), problem)
    }

    /// The next four bytes as a number.
    fn field(&mut self, name: &'static str) -> Result<u32, DataError> {
        self.field = name;
        self.offset += 4;
        let mut bytes = [0; 4];
        self.reader.read_exact(&mut bytes).map_err(|e| DataError::broken(self.file, self.place(), &e))?;
        Ok(u32::from_be_bytes(bytes))
    }

    /// Checks the magic number and returns the number of items.
    fn count(&mut self, magic: u32, what: &str) -> Result<usize, DataError> {
        let found = self.field("magic number")?;
        if found != magic {
            return Err(self.wrong_field(format!(
                "the magic number is {found:#010x}, but that of an IDX file of {what} is {magic:#010x}; \
                 is it the right file?"
            )));
        }
        let count = self.field("number of items")? as usize;
        if count == 0 || count > MOST_IMAGES {
            return Err(self.wrong_field(format!("it says it has {count} {what}, but must have 1 to {MOST_IMAGES}")));
        }
        Ok(count)
    }

    /// Reads exactly `len` bytes up to the end of the file. Memory grows only with the bytes that are really there.
    fn body(self, len: usize) -> Result<Vec<u8>, DataError> {
        let mut body = Vec::new();
        let read = self.reader.take(len as u64 + 1).read_to_end(&mut body);
        let place = format!("byte {}", self.offset + body.len().min(len));
        read.map_err(|e| DataError::broken(self.file, place.clone(), &e))?;
        let problem = match body.len() {
            n if n == len => return Ok(body),
            n if n < len => format!(
                "the file ends here, with {n} of the {len} bytes that its header promises: it is truncated, get it again"
            ),
            _ => format!("the file continues after the {len} bytes that its header promises; get it again"),
        };
        Err(DataError::content(self.file, place, problem))
    }
}
