//! A trained network as a page.

use std::path::Path;

use super::about::About;
use super::page::{self, Part};
use super::{LabError, script};
use crate::inference::Classifier;

/// A trained network as a page: it classifies pictures of a reader's own, and shows why.
pub struct ModelPage<'a> {
    /// The network.
    pub classifier: &'a Classifier,
    /// The command that makes the page.
    pub command: &'a str,
}

/// Classes that are explained, the most probable ones.
const EXPLAINED: usize = 3;

impl ModelPage<'_> {
    /// Writes the page.
    ///
    /// # Errors
    /// Those of the device, and of writing the file.
    pub fn write(&self, path: &Path) -> Result<(), LabError> {
        let run = self.classifier.run();
        let tape = self.classifier.tape(EXPLAINED.min(run.form.classes()))?;
        let about = About::new(&tape.title, &run.form, run.normalisation, run.train.reading.fit(), self.command);
        let parts = [("tape", Part::Bytes(tape.to_bytes()?)), ("about", Part::Json(serde_json::to_string(&about)?))];
        let title = format!("selvedge: {}", tape.title);
        page::write(path, &title, &[], &parts, &script::joined("model.js", "openModel();"))
    }
}
