//! Images and their labels.

use std::sync::Arc;

use super::{DataError, ImageShape};

/// No file may hold more images than this, so that a hostile one cannot fill memory (this many of 28x28 take 784 MB).
pub(super) const MOST_IMAGES: usize = 1_000_000;

/// Images of one shape as bytes, row by row, image after image, the colours of a pixel side by side, with one label per
/// image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSet {
    shape: ImageShape,
    /// Shared, since a copy may take a gigabyte.
    pixels: Arc<Vec<u8>>,
    labels: Vec<u16>,
    /// The file that each image was made of, if it was made of one.
    files: Arc<Vec<String>>,
}

impl ImageSet {
    /// Pairs images with labels. `what` names the set in errors.
    ///
    /// # Errors
    /// [`DataError::Content`] when images of this shape are impossible, or there are not as many bytes for each label as they
    /// have.
    pub fn new(what: &str, shape: ImageShape, pixels: Vec<u8>, labels: Vec<u16>) -> Result<Self, DataError> {
        shape.check().map_err(|problem| DataError::content(what, "size of an image", problem))?;
        let needed = shape.len();
        if pixels.len() != labels.len() * needed {
            return Err(DataError::content(
                what,
                "number of images",
                format!(
                    "there are {} bytes of pixels for {} labels, {needed} a label are needed; the files do not belong together",
                    pixels.len(),
                    labels.len()
                ),
            ));
        }
        Ok(Self { shape, pixels: Arc::new(pixels), labels, files: Arc::default() })
    }

    /// The images with the names of the files that they were made of, one for each.
    pub(super) fn of_files(mut self, files: Vec<String>) -> Self {
        debug_assert!(files.is_empty() || files.len() == self.len());
        self.files = Arc::new(files);
        self
    }

    /// The file, within the folder or the archive, that image `i` was made of, if it was made of one.
    pub fn file(&self, i: usize) -> Option<&str> {
        self.files.get(i).map(String::as_str)
    }

    /// The shape of each image.
    pub fn shape(&self) -> ImageShape {
        self.shape
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
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// The bytes of image `i`; empty when there is no such image.
    pub fn image(&self, i: usize) -> &[u8] {
        self.pixels.chunks_exact(self.shape.len()).nth(i).unwrap_or_default()
    }

    /// A checksum (CRC-32C) of all images and labels, to tell data sets apart.
    pub fn checksum(&self) -> u32 {
        labels_checksum(crc32c::crc32c(&self.pixels), &self.labels)
    }

    /// The images at `indices`, in their order.
    ///
    /// # Errors
    /// [`DataError::Content`] when there is no image at an index.
    pub fn subset(&self, indices: &[u32]) -> Result<Self, DataError> {
        let mut pixels = Vec::with_capacity(indices.len() * self.shape.len());
        let mut labels = Vec::with_capacity(indices.len());
        let mut files = Vec::new();
        for i in indices {
            let i = *i as usize;
            let Some(label) = self.labels.get(i) else {
                let problem = format!("there are only {} images", self.len());
                return Err(DataError::content("subset", format!("image {i}"), problem));
            };
            pixels.extend_from_slice(self.image(i));
            labels.push(*label);
            files.extend(self.files.get(i).cloned());
        }
        Ok(Self { shape: self.shape, pixels: Arc::new(pixels), labels, files: Arc::new(files) })
    }

    /// The images mirrored left to right if `mirrored`, then shifted by `[down, right]` pixels. Pixels that come in from
    /// outside repeat the edge.
    pub fn seen(&self, mirrored: bool, [down, right]: [i32; 2]) -> Self {
        let from = |to: usize, by: i32, size: usize| (to as i32 - by).clamp(0, size as i32 - 1) as usize;
        let ImageShape { height, width, channels } = self.shape;
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for image in self.pixels.chunks_exact(self.shape.len()) {
            for y in 0..height {
                let row = &image[from(y, down, height) * width * channels..][..width * channels];
                for x in 0..width {
                    let x = from(x, right, width);
                    let x = if mirrored { width - 1 - x } else { x };
                    pixels.extend_from_slice(&row[x * channels..][..channels]);
                }
            }
        }
        Self { pixels: Arc::new(pixels), ..self.clone() }
    }

    /// The first `n` images, or all when there are fewer.
    pub fn take(&self, n: usize) -> Self {
        if n >= self.len() {
            return self.clone();
        }
        let pixels = self.pixels[..n * self.shape.len()].to_vec();
        let files = self.files.iter().take(n).cloned().collect();
        Self { shape: self.shape, pixels: Arc::new(pixels), labels: self.labels[..n].to_vec(), files: Arc::new(files) }
    }
}

/// A checksum (CRC-32C) continued over labels: a byte each if that is enough, as in the first versions, else two.
pub(super) fn labels_checksum(so_far: u32, labels: &[u16]) -> u32 {
    let bytes: Result<Vec<u8>, _> = labels.iter().map(|label| u8::try_from(*label)).collect();
    let bytes = bytes.unwrap_or_else(|_| labels.iter().flat_map(|label| label.to_le_bytes()).collect());
    crc32c::crc32c_append(so_far, &bytes)
}
