//! A user's own labelled examples: numbers of any shape.

use super::image_set::labels_checksum;
use super::{DataError, ImageSet};

/// Labelled examples, each an array of numbers, all of the same shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    shape: Vec<usize>,
    values: Vec<f32>,
    labels: Vec<u16>,
}

impl Rows {
    /// Pairs `values`, row-major `[examples, ..shape]`, with one label per example.
    ///
    /// # Errors
    /// [`DataError::Content`] when the numbers do not fit together, or one of them is not finite.
    pub fn new(shape: &[usize], values: Vec<f32>, labels: Vec<u16>) -> Result<Self, DataError> {
        let width: usize = shape.iter().product();
        let wrong = |place: &str, problem: String| Err(DataError::content("rows", place, problem));
        if width == 0 || values.len() != labels.len() * width {
            return wrong(
                "number of values",
                format!("{} values for {} labels of shape {shape:?}", values.len(), labels.len()),
            );
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => wrong(&format!("example {}", at / width), format!("a value is {}", values[at])),
            None => Ok(Self { shape: shape.to_vec(), values, labels }),
        }
    }

    /// The shape of one example.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// All values, row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

/// Examples that a network is trained or tested on.
#[derive(Debug, Clone, PartialEq)]
pub enum Examples {
    /// Images, kept as bytes.
    Images(ImageSet),
    /// Numbers of any shape, kept as they are.
    Rows(Rows),
}

impl From<ImageSet> for Examples {
    fn from(images: ImageSet) -> Self {
        Self::Images(images)
    }
}

impl From<Rows> for Examples {
    fn from(rows: Rows) -> Self {
        Self::Rows(rows)
    }
}

impl Examples {
    /// The class of each example.
    pub fn labels(&self) -> &[u16] {
        match self {
            Self::Images(images) => images.labels(),
            Self::Rows(rows) => &rows.labels,
        }
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        self.labels().len()
    }

    /// Whether there are no examples.
    pub fn is_empty(&self) -> bool {
        self.labels().is_empty()
    }

    /// The first `n` examples, or all when there are fewer.
    pub fn take(&self, n: usize) -> Self {
        match self {
            Self::Images(images) => Self::Images(images.take(n)),
            Self::Rows(rows) => {
                let n = n.min(rows.labels.len());
                let width = rows.shape.iter().product::<usize>();
                Self::Rows(Rows {
                    shape: rows.shape.clone(),
                    values: rows.values[..n * width].to_vec(),
                    labels: rows.labels[..n].to_vec(),
                })
            }
        }
    }

    /// A checksum (CRC-32C) of all numbers and labels.
    pub fn checksum(&self) -> u32 {
        match self {
            Self::Images(images) => images.checksum(),
            Self::Rows(rows) => {
                let bytes = rows.values.iter().flat_map(|value| value.to_le_bytes());
                let values = crc32c::crc32c(&bytes.collect::<Vec<_>>());
                labels_checksum(values, &rows.labels)
            }
        }
    }
}
