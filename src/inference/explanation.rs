//! A program that predicts and explains, for pages.

use super::{Classifier, InferenceError};
use crate::data::ImageShape;
use crate::tape::{Named, PlaceRole, Recorder, Tape};
use crate::tensor::Tensor;

// Names of places of the tape, which web/tape/explained.js knows.
/// For each image, 1 at the class to explain and 0 elsewhere.
const CLASSES: &str = "classes to explain";
/// The last layer that still shows where something is.
const SEEN: &str = "last large layer";
/// The gradient of a class' logit with respect to it.
const GRADIENT: &str = "gradient at the last large layer";
/// Begins the names of the layers' outputs.
const LAYER: &str = "layer ";

impl Classifier {
    /// A tape with one program, which nobody has run: for `count` images that someone writes it gives the probabilities, the outputs of
    /// the layers, and, for a class each, what [`Classifier::class_maps`] is computed from.
    ///
    /// # Errors
    /// [`InferenceError::Tape`]; those of the device.
    pub fn tape(&self, count: usize) -> Result<Tape, InferenceError> {
        let graph = &self.network().graph;
        let ImageShape { height, width, channels } = self.network().form().shape;
        let input = graph.zeros([count, height, width, channels])?;
        let layers = graph.layers(&self.network().record(&input)?)?;
        let mut outputs: Vec<(String, PlaceRole, Tensor)> = Vec::new();
        let one_hot = graph.zeros([count, self.network().class_names().len()])?;
        if let Some(logits) = layers.last().map(|node| &node.output) {
            outputs.push(("probabilities".to_owned(), PlaceRole::Output, logits.softmax()?));
            if let Some(seen) = Self::explaining_layer(&layers) {
                let gradient = logits.backward_from(&one_hot, &[&seen])?.swap_remove(0);
                outputs.push((SEEN.to_owned(), PlaceRole::Other, seen));
                outputs.push((GRADIENT.to_owned(), PlaceRole::Other, gradient));
            }
        }
        let images = |(_, output): &(String, Tensor)| output.shape().axes().len() == 4;
        for (name, output) in self.shown_layers(&layers).into_iter().filter(images) {
            outputs.push((format!("{LAYER}{name}"), PlaceRole::Other, output));
        }
        let compiled = graph.compile(&outputs.iter().map(|(_, _, output)| output).collect::<Vec<_>>())?;
        let mut places = self.network().places();
        places.extend(Named::tensor("pictures", PlaceRole::Input, &input));
        places.extend(Named::tensor(CLASSES, PlaceRole::Other, &one_hot));
        for (name, role, output) in outputs {
            let slice = compiled.memory(&output)?;
            places.push(Named { name, role, slice, info: output.info(), is_watched: false });
        }
        let title = format!("trained {}", self.run().train.network.architecture());
        let programs = [("prediction".to_owned(), compiled.as_program())];
        Ok(Recorder::start(graph.gpu(), &title, &programs, &places)?.finish()?)
    }
}
