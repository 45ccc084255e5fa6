//! A recorded training as a page.

use std::path::Path;

use serde::Serialize;

use super::about::About;
use super::page::{self, Part};
use super::{LabError, script};
use crate::data::{Dataset, Normalisation};
use crate::lessons;
use crate::settings::TrainConfig;
use crate::tape::{PlaceRole, Tape};

/// A training as a page.
#[derive(Debug)]
pub struct Lab<'a> {
    /// The recorded training, with a program for predictions; see [`Extent`](crate::train::Extent).
    pub tape: &'a Tape,
    /// The settings of the training.
    pub config: &'a TrainConfig,
    /// Its data.
    pub data: &'a Dataset,
    /// The command that makes the page.
    pub command: &'a str,
}

/// The images that are not trained on: their numbers among the images of the tape, and their labels.
#[derive(Debug, Serialize)]
struct Held {
    numbers: Vec<u32>,
    labels: Vec<u16>,
}

/// The parts of the page, with the addresses that `web/lab.js` knows.
const NAVIGATION: [(&str, &str); 4] =
    [("train", "Train"), ("network", "The network"), ("lessons", "Lessons"), ("device", "Your GPU")];

impl Lab<'_> {
    /// Writes the page.
    ///
    /// # Errors
    /// [`LabError::NoPrediction`] and [`LabError::NoImages`] for a tape without these, [`LabError::NoneHeldOut`]; those of writing
    /// the file.
    pub fn write(&self, path: &Path) -> Result<(), LabError> {
        let has = |role| self.tape.places.iter().any(|place| place.role == role);
        if !has(PlaceRole::Input) || !has(PlaceRole::Output) {
            return Err(LabError::NoPrediction);
        }
        if !self.tape.places.iter().any(|place| place.name == "images") {
            return Err(LabError::NoImages);
        }
        if !self.config.is_validated() {
            return Err(LabError::NoneHeldOut);
        }
        let form = self.data.form();
        let images = self.config.images(self.data);
        let split = self.config.split(images.labels())?;
        let normalisation = Normalisation::of(self.config.pixels, &images, &split.train);
        let about = About::new(&self.tape.title, &form, normalisation, self.config.reading.fit(), self.command);
        let labels = split.validation.iter().map(|image| images.labels()[*image as usize]).collect();
        let parts = [
            ("tape", Part::Bytes(self.tape.to_bytes()?)),
            ("about", Part::Json(serde_json::to_string(&about)?)),
            ("held", Part::Json(serde_json::to_string(&Held { numbers: split.validation, labels })?)),
            ("lessons", Part::Json(serde_json::to_string(&lessons::page::for_page()?)?)),
        ];
        let title = format!("selvedge lab: {}", self.tape.title);
        page::write(path, &title, &NAVIGATION, &parts, &script::joined("lab.js", "openLab();"))
    }
}
