//! Images with the labels that their files give them, before these are classes.

use rayon::prelude::*;

use super::labels::Labels;
use super::{DataError, Form, ImageSet, ImageShape};

/// Images of one shape with labels as text.
#[derive(Debug, Clone)]
pub(super) struct Labelled {
    /// Where they are from, for errors.
    pub what: String,
    pub shape: ImageShape,
    /// As in an [`ImageSet`].
    pub pixels: Vec<u8>,
    pub labels: Labels,
    /// The file of each image; empty if images have none of their own.
    pub files: Vec<String>,
    /// The checksums of these files.
    pub file_checksums: Vec<u32>,
}

impl Labelled {
    /// Pairs images with labels; `what` names them in errors.
    ///
    /// # Errors
    /// When there are not as many of the one as of the other.
    pub fn new(what: String, shape: ImageShape, pixels: Vec<u8>, labels: Labels) -> Result<Self, DataError> {
        let images = pixels.len() / shape.len().max(1);
        if images != labels.len() {
            let problem =
                format!("there are {images} images, but {} labels; they do not belong together", labels.len());
            return Err(DataError::content(&what, "number of images", problem));
        }
        Ok(Self { what, shape, pixels, labels, files: Vec::new(), file_checksums: Vec::new() })
    }

    /// Adds other images after these.
    ///
    /// # Errors
    /// When they are of another shape.
    pub fn extend(&mut self, other: &Self) -> Result<(), DataError> {
        self.must_match(other)?;
        self.pixels.extend_from_slice(&other.pixels);
        self.labels.extend(&other.labels);
        self.files.extend_from_slice(&other.files);
        self.file_checksums.extend_from_slice(&other.file_checksums);
        Ok(())
    }

    /// A checksum of each image: of its file, or else of its pixels.
    pub fn checksums(&self) -> Vec<u32> {
        match self.file_checksums.is_empty() {
            true => self.pixels.par_chunks_exact(self.shape.len()).map(crc32c::crc32c).collect(),
            false => self.file_checksums.clone(),
        }
    }

    /// Refuses images of another shape than these.
    ///
    /// # Errors
    /// Names both shapes.
    pub fn must_match(&self, other: &Self) -> Result<(), DataError> {
        if self.shape == other.shape {
            return Ok(());
        }
        let problem = format!("they are {}, but those of {} are {}", other.shape, self.what, self.shape);
        Err(DataError::content(&other.what, "its images", problem))
    }

    /// The images with the classes of a model: its names, or what its data called them.
    ///
    /// # Errors
    /// As [`Labelled::classified`].
    pub fn classified_as(self, form: &Form) -> Result<ImageSet, DataError> {
        match &form.labels {
            Some(labels) if self.labels.among(&form.class_names).is_err() => self.classified(labels),
            _ => self.classified(&form.class_names),
        }
    }

    /// The images with their classes among `names`.
    ///
    /// # Errors
    /// When a label is none of them, or there are more or fewer labels than images.
    pub fn classified(self, names: &[String]) -> Result<ImageSet, DataError> {
        let labels = self
            .labels
            .among(names)
            .map_err(|(image, problem)| DataError::content(&self.what, format!("label of image {image}"), problem))?;
        Ok(ImageSet::new(&self.what, self.shape, self.pixels, labels)?.of_files(self.files))
    }
}
