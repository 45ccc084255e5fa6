//! A trained network with everything needed for predictions.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Ensemble, InferenceError};
use crate::data::{Dataset, Form, ImageSet};
use crate::eval::{Predictions, ensemble};
use crate::files::{self, FileError, FileTask, shown};
use crate::gpu::Gpu;
use crate::network::Network;
use crate::nn::{self, ParameterBuilder, weights};
use crate::ranks::Ranks;
use crate::run::{RunConfig, RunFolder};
use crate::settings::Learned;

/// How many views of an image are classified (test-time augmentation).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Views {
    /// Once, as it is.
    One,
    /// Ten times: as it is and moved by one pixel in each of four directions, and all of these mirrored (digits and letters are
    /// not). The probabilities are averaged.
    FlipsAndShifts,
}

impl Views {
    /// For each view: whether it is mirrored, and how far it is moved down and right. Digits and letters are not mirrored.
    fn list(self, form: &Form) -> Vec<(bool, [i32; 2])> {
        let shifts: &[[i32; 2]] = &[[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]];
        match self {
            Self::One => vec![(false, [0, 0])],
            Self::FlipsAndShifts => {
                let mirrored: &[bool] = if form.is_of_characters() { &[false] } else { &[false, true] };
                mirrored
                    .iter()
                    .copied()
                    .flat_map(|mirrored| shifts.iter().map(move |shift| (mirrored, *shift)))
                    .collect()
            }
        }
    }
}

/// A trained network, its weights, and how its images are prepared.
pub struct Classifier {
    name: String,
    path: PathBuf,
    weights: PathBuf,
    run: RunConfig,
    network: Network,
}

impl Classifier {
    /// Opens a run folder (its best weights) or a weight file that selvedge wrote.
    ///
    /// # Errors
    /// [`InferenceError::Anonymous`] when a file does not name its network, [`InferenceError::NoEpoch`] when a run has no weights
    /// yet, [`InferenceError::IsEnsemble`] for several networks; otherwise what is wrong with the files.
    pub fn open(gpu: &Arc<Gpu>, path: &Path) -> Result<Self, InferenceError> {
        let (run, weights) = Self::run_and_weights(path)?;
        if let Some(name) = run.own_network {
            let path = path.to_owned();
            return Err(InferenceError::OwnNetwork { path, name });
        }
        let network = Network::of(gpu, &run.train, &run.form, run.normalisation, &Learned::All)?;
        Self::with_weights(path, run, weights, network)
    }

    /// As [`Classifier::open`], for a custom network on images, which `declare` declares and which has these classes.
    ///
    /// # Errors
    /// As [`Classifier::open`]; [`InferenceError::Weights`] when the weights belong to another network.
    pub fn open_own(
        gpu: &Arc<Gpu>,
        path: &Path,
        declare: impl FnOnce(&mut ParameterBuilder) -> Box<dyn nn::Model>,
        class_names: &[&str],
    ) -> Result<Self, InferenceError> {
        let (run, weights) = Self::run_and_weights(path)?;
        let names: Vec<String> = class_names.iter().map(|name| (*name).to_owned()).collect();
        let form = Form { class_names: names, ..run.form.clone() };
        let network = Network::new(gpu, declare, &form, run.train.seed, run.normalisation, &Learned::All)?;
        Self::with_weights(path, run, weights, network)
    }

    /// The settings of a run folder or weight file, and where the weights are.
    fn run_and_weights(path: &Path) -> Result<(RunConfig, PathBuf), InferenceError> {
        let metadata = path.metadata().map_err(FileError::io(path, FileTask::Read))?;
        if metadata.is_dir() {
            let weights = Self::best_weights_in(path)?;
            return Ok((RunFolder::open(path).read_config()?, weights));
        }
        refuse_ensembles(path)?;
        let about = weights::about(path)?.ok_or_else(|| InferenceError::Anonymous { path: path.to_owned() })?;
        Ok((RunConfig::from_json(&about, path)?, path.to_owned()))
    }

    fn with_weights(path: &Path, run: RunConfig, weights: PathBuf, network: Network) -> Result<Self, InferenceError> {
        weights::load(&network.parameters, &weights)?;
        Ok(Self { name: name_of(path), path: path.to_owned(), weights, run, network })
    }

    /// The best weights in the folder of a run.
    ///
    /// # Errors
    /// When the folder is not a run, or the run has no weights yet.
    pub fn best_weights_in(run: &Path) -> Result<PathBuf, InferenceError> {
        refuse_ensembles(run)?;
        let (folder, path) = (RunFolder::open(run), run.to_owned());
        if !files::exists(&folder.file("config.json"))? {
            return Err(InferenceError::NoModel { path });
        }
        if !files::exists(&folder.best_weights())? {
            return Err(InferenceError::NoEpoch { path });
        }
        Ok(folder.best_weights())
    }

    /// The name of its folder or file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path it was opened from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it was trained.
    pub fn run(&self) -> &RunConfig {
        &self.run
    }

    /// The network itself.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// A checksum (CRC-32C) of its weight file, to detect whether the file has changed.
    ///
    /// # Errors
    /// [`InferenceError::File`].
    pub fn checksum(&self) -> Result<u32, InferenceError> {
        Ok(crc32c::crc32c(&files::read(&self.weights, weights::LARGEST_FILE)?))
    }

    /// Its probabilities for a whole set, together with the labels.
    ///
    /// # Errors
    /// Those of the device.
    pub fn predict(&self, set: &ImageSet, views: Views) -> Result<Predictions, InferenceError> {
        let mut seen = Vec::new();
        for (mirrored, shift) in views.list(&self.run.form) {
            seen.push(self.network.predict(&set.seen(mirrored, shift))?);
        }
        Ok(ensemble::average(&seen, &vec![1.0; seen.len()])?)
    }

    /// As [`Classifier::predict`], each rank for its part of the set.
    ///
    /// # Errors
    /// Those of the device; [`InferenceError::Ranks`].
    pub fn predict_with(&self, ranks: &Ranks, set: &ImageSet, views: Views) -> Result<Predictions, InferenceError> {
        if ranks.is_alone() {
            return self.predict(set, views);
        }
        let mine = self.predict(&self.part_of(ranks, set)?, views)?;
        let all = ranks.join(mine.rows().flatten().copied().collect(), set.len())?;
        Ok(self.network.predictions(all, set.labels())?)
    }

    /// This rank's part of a set that all ranks go through together with the same weights.
    pub(super) fn part_of(&self, ranks: &Ranks, set: &ImageSet) -> Result<ImageSet, InferenceError> {
        ranks.agree(&[
            ("the version of selvedge", env!("CARGO_PKG_VERSION").to_owned()),
            ("the checksum of the weights", self.checksum()?.to_string()),
            ("the checksum of the images", set.checksum().to_string()),
        ])?;
        let all: Vec<u32> = (0..set.len() as u32).collect();
        Ok(set.subset(ranks.part_of(&all))?)
    }

    /// The images of the data that it was trained and validated on.
    ///
    /// # Errors
    /// [`InferenceError::OtherData`] when those were others.
    pub fn own_images(&self, data: &Dataset) -> Result<ImageSet, InferenceError> {
        let images = self.run.train.images(data);
        match images.checksum() == self.run.data_checksum {
            true => Ok(images),
            false => Err(InferenceError::OtherData { path: self.path.clone() }),
        }
    }

    /// The images of the data's training set that it was validated on and never trained on, as ascending indices.
    ///
    /// # Errors
    /// [`InferenceError::NoValidation`] when it was trained on all images; as [`Classifier::own_images`].
    pub fn validation_images(&self, data: &Dataset) -> Result<Vec<u32>, InferenceError> {
        let images = self.own_images(data)?;
        match self.run.is_validated() {
            true => Ok(self.run.train.split(images.labels())?.validation),
            false => Err(InferenceError::NoValidation { path: self.path.clone() }),
        }
    }
}

fn refuse_ensembles(path: &Path) -> Result<(), InferenceError> {
    match Ensemble::file_at(path) {
        Some(_) => Err(InferenceError::IsEnsemble { path: path.to_owned() }),
        None => Ok(()),
    }
}

/// The last part of a path, such as `cnn-1` of `runs/cnn-1`.
pub(super) fn name_of(path: &Path) -> String {
    let whole = fs::canonicalize(path);
    let whole = whole.as_deref().unwrap_or(path);
    match whole.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => shown(whole),
    }
}
