//! What models are evaluated on.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, ValueEnum};
use selvedge::data::{Dataset, ImageSet, load_set};
use selvedge::files::shown;
use selvedge::inference::{Classifier, Ensemble};

use crate::cli::dataset;
use crate::cli::table::thousands;

#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
pub struct ImagesOptions {
    /// Which images of the data set
    #[arg(long, value_enum, default_value_t = SplitName::Test)]
    split: SplitName,
    /// The data set, instead of the one the first model was trained on
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Other labelled images: a folder or an archive with a folder of pictures per class, a table, or an IDX file of images with
    /// its labels in the same folder
    #[arg(long, value_name = "PATH", conflicts_with = "split")]
    images: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SplitName {
    /// Images that no choice was based on
    Test,
    /// Images that the best epoch was chosen by; for several models, those that all of them were validated on
    Validation,
}

/// Labelled images with a description.
pub struct Images {
    pub set: ImageSet,
    /// What they are called in a sentence: test, validation, or the name of their file.
    pub short: String,
    /// The same and which data they are of, for file names.
    pub what: String,
    /// A description for people.
    pub words: String,
    /// Whether ensembles are fitted to them.
    fitted_to: bool,
    data: Option<PathBuf>,
}

/// The name of a folder, or that of a file without its ending.
fn stem(path: &Path) -> String {
    let real = path.canonicalize();
    let real = real.as_deref().unwrap_or(path);
    let whole = real.file_name().unwrap_or_default().to_string_lossy();
    if real.is_dir() {
        return whole.into_owned();
    }
    let whole = whole.strip_suffix(".gz").unwrap_or(&whole);
    whole.rsplit_once('.').map_or(whole, |(stem, _)| stem).to_owned()
}

impl Images {
    pub fn load(options: &ImagesOptions, classifiers: &[&Classifier]) -> anyhow::Result<Self> {
        let Some(first) = classifiers.first() else {
            bail!("there is no model to evaluate");
        };
        if let Some(other) = classifiers.iter().find(|one| one.run().form != first.run().form) {
            bail!(
                "{} and {} cannot be compared: they take images of another size or colour, or know other classes",
                shown(first.path()),
                shown(other.path())
            );
        }
        let is_alike = |one: &&Classifier| one.run().train.reading.is_same_images(&first.run().train.reading);
        if let Some(other) = classifiers.iter().find(|one| !is_alike(one)) {
            bail!(
                "{} and {} cannot be compared: their data was read in different ways (--size, --fit, --colour, --test-share, \
                 --skip-broken), so they were tested on other images",
                shown(first.path()),
                shown(other.path())
            );
        }
        let place = options.data.clone();
        if let Some(path) = &options.images {
            let run = first.run();
            let set = load_set(path, &run.train.reading, &run.form)?;
            return Ok(Self {
                words: format!("{} images of {}", thousands(set.len()), shown(path)),
                short: stem(path),
                what: stem(path),
                set,
                fitted_to: false,
                data: place,
            });
        }
        let dataset = dataset::load_for(first, place.as_deref())?;
        let source = shown(&dataset.source);
        let (set, what) = match options.split {
            SplitName::Test => (dataset.test.clone(), "test"),
            SplitName::Validation => {
                let numbers = Ensemble::common_validation_images(classifiers, &dataset, 1)?;
                (dataset.train.subset(&numbers)?, "validation")
            }
        };
        // The results on other data have a folder of their own.
        let of_place = place.as_ref().map(|path| format!("-of-{}", stem(path))).unwrap_or_default();
        Ok(Self {
            words: format!("{} images of the {what} split of {source}", thousands(set.len())),
            short: what.to_owned(),
            what: format!("{what}{of_place}"),
            set,
            fitted_to: options.split == SplitName::Validation,
            data: place,
        })
    }

    /// The data set whose validation split ensembles are fitted to.
    pub fn dataset(&self, first: &Classifier) -> anyhow::Result<Dataset> {
        dataset::load_for(first, self.data.as_deref())
    }

    /// Refuses to evaluate an ensemble on the images it is fitted to.
    pub fn must_be_unseen_by_fit(&self) -> anyhow::Result<()> {
        if self.fitted_to {
            bail!(
                "this ensemble is fitted to the validation split, which says nothing about it then; leave out --split"
            );
        }
        Ok(())
    }
}
