//! Inference with trained networks: predictions of one network, predictions of ensembles, and the activations of layers.

mod activations;
mod classifier;
mod ensemble;
mod error;
mod explanation;
mod grad_cam;

pub use activations::{Activation, Filters};
pub use classifier::{Classifier, Views};
pub use ensemble::{Ensemble, Member, Rule, RuleKind};
pub use error::InferenceError;
pub use grad_cam::ClassMaps;

use std::path::Path;
use std::sync::Arc;

use crate::data::{Form, ImageSet};
use crate::eval::Predictions;
use crate::gpu::Gpu;

/// A single classifier, or an ensemble of several.
pub enum Model {
    /// A trained network.
    Single(Box<Classifier>),
    /// Several, and how they are combined.
    Ensemble(Ensemble),
}

impl Model {
    /// Opens a run folder, a weight file that selvedge wrote, or an ensemble.
    ///
    /// # Errors
    /// [`InferenceError`] says what is wrong with it.
    pub fn open(gpu: &Arc<Gpu>, path: &Path) -> Result<Self, InferenceError> {
        match Ensemble::file_at(path) {
            Some(file) => Ensemble::open(gpu, &file).map(Self::Ensemble),
            None => Classifier::open(gpu, path).map(|classifier| Self::Single(Box::new(classifier))),
        }
    }

    /// The name of its folder or file.
    pub fn name(&self) -> &str {
        match self {
            Self::Single(classifier) => classifier.name(),
            Self::Ensemble(ensemble) => ensemble.name(),
        }
    }

    /// The trained networks it consists of.
    pub fn classifiers(&self) -> Vec<&Classifier> {
        match self {
            Self::Single(classifier) => vec![classifier],
            Self::Ensemble(ensemble) => ensemble.members().iter().collect(),
        }
    }

    /// The form of the data that it takes.
    pub fn form(&self) -> &Form {
        match self {
            Self::Single(classifier) => classifier.network().form(),
            // All members have the same.
            Self::Ensemble(ensemble) => ensemble.form(),
        }
    }

    /// Its probabilities for a whole set, together with the labels.
    ///
    /// # Errors
    /// Those of the device.
    pub fn predict(&self, set: &ImageSet, views: Views) -> Result<Predictions, InferenceError> {
        match self {
            Self::Single(classifier) => classifier.predict(set, views),
            Self::Ensemble(ensemble) => ensemble.predict(set, views),
        }
    }
}
