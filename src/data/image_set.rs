//! Images and their labels.

use super::DataError;

/// Names of the classes, in the order of their labels.
pub const CLASS_NAMES: [&str; CLASSES] =
    ["t_shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle_boots"];

/// Number of classes.
pub const CLASSES: usize = 10;
/// Rows of an image.
pub const HEIGHT: usize = 28;
/// Columns of an image.
pub const WIDTH: usize = 28;
/// Bytes of an image.
pub const PIXELS: usize = HEIGHT * WIDTH;

/// No file may hold more images than this, so that a hostile one cannot fill memory (this many take 784 MB).
pub(super) const MOST_IMAGES: usize = 1_000_000;

/// Grey images as bytes, row by row, image after image, with one label per image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageSet {
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl ImageSet {
    /// Pairs images with labels. `what` names the set in errors.
    ///
    /// # Errors
    /// [`DataError::Content`] when there are not [`PIXELS`] bytes per label, or a label is not below [`CLASSES`].
    pub fn new(what: &str, pixels: Vec<u8>, labels: Vec<u8>) -> Result<Self, DataError> {
        if pixels.len() != labels.len() * PIXELS {
            return Err(DataError::content(
                what,
                "number of images",
                format!(
                    "there are {} bytes of pixels for {} labels, {PIXELS} a label are needed; the files do not belong together",
                    pixels.len(),
                    labels.len()
                ),
            ));
        }
        if let Some(i) = labels.iter().position(|label| usize::from(*label) >= CLASSES) {
            return Err(DataError::content(
                what,
                format!("label of image {i}"),
                format!("it is {}, but must be 0 to {}", labels[i], CLASSES - 1),
            ));
        }
        Ok(Self { pixels, labels })
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// All images, one after the other.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// All labels.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// The bytes of image `i`; empty when there is no such image.
    pub fn image(&self, i: usize) -> &[u8] {
        self.pixels.chunks_exact(PIXELS).nth(i).unwrap_or_default()
    }

    /// A checksum (CRC-32C) of all images and labels, to tell data sets apart.
    pub fn checksum(&self) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c(&self.pixels), &self.labels)
    }

    /// The images at `indices`, in their order.
    ///
    /// # Errors
    /// [`DataError::Content`] when there is no image at an index.
    pub fn subset(&self, indices: &[u32]) -> Result<Self, DataError> {
        let mut subset =
            Self { pixels: Vec::with_capacity(indices.len() * PIXELS), labels: Vec::with_capacity(indices.len()) };
        for i in indices {
            let i = *i as usize;
            let Some(label) = self.labels.get(i) else {
                let problem = format!("there are only {} images", self.len());
                return Err(DataError::content("subset", format!("image {i}"), problem));
            };
            subset.pixels.extend_from_slice(self.image(i));
            subset.labels.push(*label);
        }
        Ok(subset)
    }

    /// The images mirrored left to right if `mirrored`, then shifted by `[down, right]` pixels. Pixels that come in from
    /// outside repeat the edge.
    pub fn seen(&self, mirrored: bool, [down, right]: [i32; 2]) -> Self {
        let from = |to: usize, by: i32, size: usize| (to as i32 - by).clamp(0, size as i32 - 1) as usize;
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for image in self.pixels.chunks_exact(PIXELS) {
            for y in 0..HEIGHT {
                let row = &image[from(y, down, HEIGHT) * WIDTH..][..WIDTH];
                pixels.extend((0..WIDTH).map(|x| {
                    let x = from(x, right, WIDTH);
                    row[if mirrored { WIDTH - 1 - x } else { x }]
                }));
            }
        }
        Self { pixels, labels: self.labels.clone() }
    }

    /// The first `n` images, or all when there are fewer.
    pub fn take(&self, n: usize) -> Self {
        let n = n.min(self.len());
        Self { pixels: self.pixels[..n * PIXELS].to_vec(), labels: self.labels[..n].to_vec() }
    }
}
