//! A network on a device, and its predictions.

use std::sync::Arc;

use super::resident::{Changes, Visit};
use super::{Normalisation, Resident, TrainConfig, TrainError};
use crate::data::{CLASS_NAMES, CLASSES, ImageSet};
use crate::eval::Predictions;
use crate::gpu::{Gpu, Readback};
use crate::models::Cnn4;
use crate::nn::{Forward, Mode, Model, ParameterBuilder, Parameters};
use crate::tensor::{Compiled, Graph, Result, Tensor};

/// A model with its parameters on a graph.
pub struct Network {
    /// The graph of all its programs.
    pub graph: Graph,
    /// Its parameters.
    pub parameters: Parameters,
    model: Box<dyn Model>,
    normalisation: Normalisation,
}

/// Images in one batch of an evaluation. It divides 10,000 and 12,000, so no batch is partly wasted.
const EVALUATION_BATCH: usize = 500;

impl Network {
    /// The four-convolution CNN with its initial weights.
    ///
    /// # Errors
    /// Those of the device.
    pub fn cnn4(gpu: &Arc<Gpu>, config: &TrainConfig, normalisation: Normalisation) -> Result<Self> {
        let graph = Graph::new(gpu);
        let mut builder = ParameterBuilder::default();
        let model = Box::new(Cnn4::new(&mut builder, config.cnn4(), CLASSES));
        Ok(Self {
            parameters: builder.build(&graph, config.seed)?,
            graph,
            model,
            normalisation,
        })
    }

    /// Records the network on a batch of a resident data set: logits and labels.
    pub(super) fn logits(
        &self,
        pass: &mut Forward,
        data: &Resident,
        visit: &Visit,
        batch: usize,
        changes: Changes,
    ) -> Result<(Tensor, Tensor)> {
        let (images, labels) = data.batch(visit, batch, self.normalisation, changes)?;
        Ok((self.model.forward(pass, &images)?, labels))
    }

    /// Prepares the answers for the images that `order` names, with these parameters: the network's own, or an average.
    ///
    /// # Errors
    /// Those of the device.
    pub(super) fn predictor(
        &self,
        parameters: &Parameters,
        data: &Resident,
        order: &[u32],
        answer: Answer,
    ) -> Result<Predictor> {
        let visit = Visit::new(&self.graph, order)?;
        let mut pass = Forward::new(parameters, Mode::Inference);
        let batch = EVALUATION_BATCH.min(order.len().max(1));
        let (logits, _) = self.logits(&mut pass, data, &visit, batch, Changes::NONE)?;
        let output = match answer {
            Answer::Logits => logits,
            Answer::Probabilities => logits.softmax()?,
        };
        let compiled = self.graph.compile(&[&output])?;
        Ok(Predictor {
            // The next batch is computed while the last is on its way here.
            readback: compiled.readback(&output, 2)?,
            compiled,
            visit,
            batch,
        })
    }

    fn answers(&self, set: &ImageSet, answer: Answer) -> std::result::Result<Vec<f32>, TrainError> {
        let data = Resident::new(&self.graph, set)?;
        let order: Vec<u32> = (0..set.len() as u32).collect();
        self.predictor(&self.parameters, &data, &order, answer)?.run()
    }

    /// The probabilities of a whole set, next to its labels.
    ///
    /// # Errors
    /// Those of the device, and [`EvalError`](crate::eval::EvalError) when a probability is no number.
    pub fn predict(&self, set: &ImageSet) -> std::result::Result<Predictions, TrainError> {
        predictions(self.answers(set, Answer::Probabilities)?, set.labels().to_vec())
    }

    /// The logits of a whole set, row-major `[images, classes]`.
    ///
    /// # Errors
    /// Those of the device.
    pub fn logits_of(&self, set: &ImageSet) -> std::result::Result<Vec<f32>, TrainError> {
        self.answers(set, Answer::Logits)
    }
}

/// What a [`Predictor`] gives for an image: ten numbers of this kind.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    Logits,
    Probabilities,
}

/// Probabilities and labels with the names of the classes.
pub(super) fn predictions(probabilities: Vec<f32>, labels: Vec<u8>) -> std::result::Result<Predictions, TrainError> {
    let names = CLASS_NAMES.iter().map(|name| (*name).to_owned()).collect();
    Ok(Predictions::new(probabilities, labels, names)?)
}

/// A compiled inference over a fixed list of images.
#[derive(Debug)]
pub(super) struct Predictor {
    compiled: Compiled,
    readback: Readback,
    visit: Visit,
    batch: usize,
}

impl Predictor {
    /// The answers for all images in order, row-major `[images, classes]`, with the parameters as they are now.
    ///
    /// # Errors
    /// Those of the device.
    pub fn run(&mut self) -> std::result::Result<Vec<f32>, TrainError> {
        let gpu = Arc::clone(self.compiled.program().gpu());
        let mut all: Vec<f32> = Vec::with_capacity(self.visit.len() * CLASSES);
        let batches = self.visit.len().div_ceil(self.batch);
        for i in 0..=batches {
            if i < batches {
                self.visit.start_at(i * self.batch, 0)?;
                self.compiled.run()?;
                self.readback.request(&gpu)?;
            }
            if i > 0 {
                all.extend(bytemuck::pod_collect_to_vec::<u8, f32>(&self.readback.wait(&gpu)?));
            }
        }
        // The last batch repeats its last image to be full.
        all.truncate(self.visit.len() * CLASSES);
        Ok(all)
    }
}
