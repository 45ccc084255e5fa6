//! A network on a device, and its predictions.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::feed::Feed;
use super::resident::{Changes, Visit};
use super::{Learned, Normalisation, Resident, TrainConfig, TrainError};
use crate::data::{CLASS_NAMES, HEIGHT, ImageSet, WIDTH};
use crate::eval::Predictions;
use crate::gpu::{Gpu, Readback};
use crate::nn::{Forward, Mode, Model, ParameterBuilder, Parameters};
use crate::tensor::{Compiled, Graph, Layer, Result, Tensor};

/// A model with its parameters on a graph.
pub struct Network {
    /// The graph of all its programs.
    pub graph: Graph,
    /// Its parameters.
    pub parameters: Parameters,
    model: Box<dyn Model>,
    normalisation: Normalisation,
}

/// Images in one batch of an evaluation, the largest that fits. They divide 10,000 and 12,000, so that no batch is partly
/// wasted.
const EVALUATION_BATCHES: [usize; 7] = [500, 250, 100, 50, 20, 10, 1];

impl Network {
    /// The network that the settings ask for, with its initial weights, all of them to be learned.
    ///
    /// # Errors
    /// Those of the device.
    pub fn new(
        gpu: &Arc<Gpu>,
        config: &TrainConfig,
        normalisation: Normalisation,
    ) -> std::result::Result<Self, TrainError> {
        Self::learning(gpu, config, normalisation, &Learned::All)
    }

    /// As [`Network::new`], with only a part to be learned.
    ///
    /// # Errors
    /// [`TrainError::Option`] when the network has no such part; those of the device.
    pub fn learning(
        gpu: &Arc<Gpu>,
        config: &TrainConfig,
        normalisation: Normalisation,
        learned: &Learned,
    ) -> std::result::Result<Self, TrainError> {
        let graph = Graph::new(gpu);
        let mut builder = ParameterBuilder::default();
        let model = config.declare(&mut builder);
        let frozen = learned.frozen(&builder.names())?;
        Ok(Self {
            parameters: builder.build(&graph, config.seed, frozen)?,
            graph,
            model,
            normalisation,
        })
    }

    /// Records the network on a batch: logits and labels.
    pub(super) fn logits(
        &self,
        pass: &mut Forward,
        feed: &Feed,
        visit: &Visit,
        batch: usize,
        changes: Changes,
    ) -> Result<(Tensor, Tensor)> {
        match feed {
            Feed::Images(data) => {
                let (images, labels) = data.batch(visit, batch, self.normalisation, changes)?;
                Ok((self.model.forward(pass, &images)?, labels))
            }
            Feed::Features(table) => {
                let (features, labels) = table.batch(visit, batch)?;
                Ok((self.model.head(pass, &features)?, labels))
            }
        }
    }

    /// Records the logits of images `[N, H, W, 1]` that are scaled as in training.
    ///
    /// # Errors
    /// A shape error when they do not fit the network.
    pub fn record(&self, images: &Tensor) -> Result<Tensor> {
        let mut pass = Forward::new(&self.parameters, Mode::Inference);
        self.model.forward(&mut pass, images)
    }

    /// Records the logits of all of `images` as one batch.
    ///
    /// # Errors
    /// Those of the device.
    pub(super) fn inference(&self, images: &ImageSet) -> std::result::Result<Tensor, TrainError> {
        let order: Vec<u32> = (0..images.len() as u32).collect();
        let feed = Feed::Images(Resident::new(&self.graph, images)?);
        let visit = Visit::new(&self.graph, &order)?;
        let mut pass = Forward::new(&self.parameters, Mode::Inference);
        Ok(self.logits(&mut pass, &feed, &visit, images.len(), Changes::NONE)?.0)
    }

    /// Prepares the answers for the images that `order` names, with these parameters: the network's own, or an average.
    ///
    /// # Errors
    /// Those of the device.
    pub(super) fn predictor(
        &self,
        parameters: &Parameters,
        feed: &Feed,
        order: &[u32],
        answer: Answer,
    ) -> Result<Predictor> {
        let visit = Visit::new(&self.graph, order)?;
        let record = |batch| -> Result<Tensor> {
            let mut pass = Forward::new(parameters, Mode::Inference);
            let (logits, _) = self.logits(&mut pass, feed, &visit, batch, Changes::NONE)?;
            match answer {
                Answer::Logits => Ok(logits),
                Answer::Probabilities => logits.softmax(),
                Answer::Penultimate => self.penultimate_of(&logits),
            }
        };
        self.in_batches(&visit, record)
    }

    /// Prepares the base's features for the images of a set, from number `first` on.
    ///
    /// # Errors
    /// Those of the device.
    pub(super) fn feature_predictor(&self, data: &Resident, first: usize) -> Result<Predictor> {
        let order: Vec<u32> = (first as u32..data.len() as u32).collect();
        let visit = Visit::new(&self.graph, &order)?;
        let record = |batch| -> Result<Tensor> {
            let (images, _) = data.batch(&visit, batch, self.normalisation, Changes::NONE)?;
            self.model
                .features(&mut Forward::new(&self.parameters, Mode::Inference), &images)
        };
        self.in_batches(&visit, record)
    }

    /// Numbers that the base gives an image.
    ///
    /// # Errors
    /// Those of the device.
    pub(super) fn feature_width(&self) -> Result<usize> {
        let image = self.graph.zeros([1, HEIGHT, WIDTH, 1])?;
        let mut pass = Forward::new(&self.parameters, Mode::Inference);
        Ok(self.model.features(&mut pass, &image)?.shape().last())
    }

    /// Compiles what `record` gives for the largest batch that fits well.
    fn in_batches(&self, visit: &Visit, record: impl Fn(usize) -> Result<Tensor>) -> Result<Predictor> {
        let mut tried = EVALUATION_BATCHES.into_iter().peekable();
        loop {
            let size = tried.next().unwrap_or(1);
            let batch = size.min(visit.len().max(1));
            let output = match record(batch) {
                Err(error) if tried.peek().is_some() && error.is_out_of_memory() => continue,
                recorded => recorded?,
            };
            if tried.peek().is_some() && !self.graph.plan(&[&output])?.fits_well(self.graph.gpu()) {
                continue;
            }
            let compiled = self.graph.compile(&[&output])?;
            return Ok(Predictor {
                // The next batch is computed while the last is on its way here.
                readback: compiled.readback(&output, 2)?,
                width: output.shape().last(),
                compiled,
                visit: visit.clone(),
                batch,
            });
        }
    }

    /// All its numbers, by the names they have in a checkpoint.
    pub(super) fn tensors(&self) -> Vec<(String, &Tensor)> {
        vec![
            ("parameters".to_owned(), &self.parameters.learned().flat),
            ("frozen".to_owned(), &self.parameters.frozen().flat),
            ("statistics".to_owned(), &self.parameters.statistics().flat),
        ]
    }

    fn answers(&self, set: &ImageSet, answer: Answer) -> std::result::Result<Vec<f32>, TrainError> {
        let feed = Feed::Images(Resident::new(&self.graph, set)?);
        let order: Vec<u32> = (0..set.len() as u32).collect();
        self.predictor(&self.parameters, &feed, &order, answer)?.run()
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

    /// What the last dense layer is given for each image of a set, row-major `[images, width]`, and the width: the numbers
    /// by which the network tells the classes apart.
    ///
    /// # Errors
    /// Those of the device.
    pub fn penultimate(&self, set: &ImageSet) -> std::result::Result<(Vec<f32>, usize), TrainError> {
        let features = self.answers(set, Answer::Penultimate)?;
        let width = features.len() / set.len().max(1);
        Ok((features, width))
    }

    /// The input of the last dense layer on the way to `logits`.
    fn penultimate_of(&self, logits: &Tensor) -> Result<Tensor> {
        let nodes = self.graph.nodes(&[logits])?;
        let last = nodes
            .into_iter()
            .rev()
            .find(|node| matches!(node.layer, Some(Layer::Linear { .. })));
        // Every network ends with a dense layer; one that did not would have nothing before its logits.
        let input = last.and_then(|node| node.inputs.into_iter().next());
        Ok(input.unwrap_or_else(|| logits.clone()))
    }
}

/// What a [`Predictor`] gives for an image.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    Logits,
    Probabilities,
    /// What the last dense layer is given.
    Penultimate,
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
    /// Numbers an image.
    width: usize,
}

impl Predictor {
    /// The answers for all images in order, row-major `[images, width]`, with the parameters as they are now.
    ///
    /// # Errors
    /// Those of the device.
    pub fn run(&mut self) -> std::result::Result<Vec<f32>, TrainError> {
        self.run_observed(|_| ControlFlow::Continue(()))
    }

    /// As [`Predictor::run`]; `observe` is told how many images are done, and may stop it: then the answers are those so far.
    ///
    /// # Errors
    /// Those of the device.
    pub fn run_observed(
        &mut self,
        mut observe: impl FnMut(usize) -> ControlFlow<()>,
    ) -> std::result::Result<Vec<f32>, TrainError> {
        let gpu = Arc::clone(self.compiled.program().gpu());
        let mut all: Vec<f32> = Vec::with_capacity(self.visit.len() * self.width);
        let batches = self.visit.len().div_ceil(self.batch);
        for i in 0..=batches {
            if i < batches {
                self.visit.start_at(i * self.batch, 0)?;
                self.compiled.run()?;
                self.readback.request(&gpu)?;
            }
            if i > 0 {
                all.extend(bytemuck::pod_collect_to_vec::<u8, f32>(&self.readback.wait(&gpu)?));
                if observe((i * self.batch).min(self.visit.len())).is_break() {
                    // A read-back under way must not be taken for one of a later run.
                    if i < batches {
                        self.readback.wait(&gpu)?;
                    }
                    break;
                }
            }
        }
        // The last batch repeats its last image to be full.
        all.truncate(self.visit.len() * self.width);
        Ok(all)
    }
}
