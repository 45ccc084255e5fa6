//! The points to map.

use std::path::Path;

use selvedge::data::{self, ImageSet, PIXELS};
use selvedge::files::{FileError, FileTask};
use selvedge::inference::Classifier;

use super::options::{Of, Options, SplitName};
use crate::cli::table::thousands;

/// Images, and a point for each.
pub struct Source {
    pub images: ImageSet,
    /// Row-major `[images, dims]`.
    pub points: Vec<f32>,
    pub dims: usize,
    /// A description for people.
    pub words: String,
}

impl Source {
    pub fn load(options: &Options) -> anyhow::Result<Self> {
        let classifier = match &options.of {
            Of::Pixels => None,
            Of::Run(path) => {
                path.metadata().map_err(FileError::io(path, FileTask::Read))?;
                Some(Classifier::open(&options.adapter.open()?, path)?)
            }
        };
        let trained_on = classifier.as_ref().and_then(|one| one.run().train.data.as_deref());
        let dataset = data::load(options.data.as_deref().or(trained_on.map(Path::new)))?;
        let (images, split) = match options.split {
            SplitName::Train => (dataset.train, "training"),
            SplitName::Test => (dataset.test, "test"),
        };
        let images = images.take(options.limit);
        let mut words = format!("{} {split} images", thousands(images.len()));
        let (points, dims) = match &classifier {
            None => {
                let points = images.pixels().iter().map(|byte| f32::from(*byte) / 255.0);
                (points.collect(), PIXELS)
            }
            Some(classifier) => {
                words += &format!(", as {} sees them", classifier.name());
                classifier.penultimate(&images)?
            }
        };
        Ok(Self { images, points, dims, words })
    }
}
