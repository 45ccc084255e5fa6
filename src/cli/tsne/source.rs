//! The points to map.

use anyhow::bail;
use selvedge::data::ImageSet;
use selvedge::files::{FileError, FileTask};
use selvedge::inference::Classifier;

use super::options::{Of, Options, SplitName};
use crate::cli::dataset;
use crate::cli::launch::ranks;
use crate::cli::table::thousands;

/// Images, and a point for each.
pub struct Source {
    /// The names of the classes.
    pub names: Vec<String>,
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
        let place = options.data.as_deref();
        let dataset = match &classifier {
            None => dataset::load(place, &options.reading, None)?,
            Some(_) if !options.reading.is_default() => {
                bail!("the data is read as that of the run was; leave out the options for reading data");
            }
            Some(classifier) => dataset::load_for(classifier, place)?,
        };
        let (images, split) = match options.split {
            SplitName::Train => (dataset.train, "training"),
            SplitName::Test => (dataset.test, "test"),
        };
        let images = images.take(options.limit);
        let mut words = format!("{} {split} images", thousands(images.len()));
        let (points, dims) = match &classifier {
            None => {
                let points = images.pixels().iter().map(|byte| f32::from(*byte) / 255.0);
                (points.collect(), images.shape().len())
            }
            Some(classifier) => {
                words += &format!(", as {} sees them", classifier.name());
                classifier.penultimate_with(&ranks(), &images)?
            }
        };
        Ok(Self { names: dataset.class_names, images, points, dims, words })
    }
}
