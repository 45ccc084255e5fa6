//! A network on a device, fed from a data set in the same memory, and its predictions.

mod error;
mod feed;
mod predictor;
mod resident;

use std::sync::Arc;

use crate::data::{Examples, Form, ImageSet, ImageShape, Normalisation};
use crate::eval::Predictions;
use crate::gpu::Gpu;
use crate::models;
use crate::nn::{Forward, Mode, Model, ParameterBuilder, Parameters};
use crate::ranks::Ranks;
use crate::settings::{Learned, TrainConfig};
use crate::tape::{Named, PlaceRole};
use crate::tensor::{Compiled, Graph, Layer, Result, Tensor};

pub use error::NetworkError;
pub(crate) use feed::{FeatureTable, Feed};
pub(crate) use predictor::{Answer, Predictor};
pub(crate) use resident::{Changes, Visit};
pub use resident::{Resident, augmented};

/// A model with its parameters on a graph.
pub struct Network {
    /// The graph of all its programs.
    pub graph: Graph,
    /// Its parameters.
    pub parameters: Parameters,
    model: Box<dyn Model>,
    normalisation: Normalisation,
    form: Form,
}

impl Network {
    /// The network that `declare` declares for data of this form, on a graph of its own, with initial weights determined by `seed`. Weights that are
    /// not `learned` stay as they are.
    ///
    /// # Errors
    /// [`SettingsError::Setting`](crate::settings::SettingsError) when the network has no such part; those of the device.
    pub fn new(
        gpu: &Arc<Gpu>,
        declare: impl FnOnce(&mut ParameterBuilder) -> Box<dyn Model>,
        form: &Form,
        seed: u64,
        normalisation: Normalisation,
        learned: &Learned,
    ) -> std::result::Result<Self, NetworkError> {
        let graph = Graph::new(gpu);
        let mut builder = ParameterBuilder::default();
        let model = declare(&mut builder);
        let frozen = learned.frozen(&builder.names())?;
        Ok(Self { parameters: builder.build(&graph, seed, frozen)?, graph, model, normalisation, form: form.clone() })
    }

    /// The form of the data that it takes.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// The names of its classes.
    pub fn class_names(&self) -> &[String] {
        &self.form.class_names
    }

    /// The network that the settings ask for, for data of this form.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn of(
        gpu: &Arc<Gpu>,
        config: &TrainConfig,
        form: &Form,
        normalisation: Normalisation,
        learned: &Learned,
    ) -> std::result::Result<Self, NetworkError> {
        models::check_shape(&config.network, form.shape)?;
        let declare = |builder: &mut ParameterBuilder| models::declare(&config.network, builder, form);
        Self::new(gpu, declare, form, config.seed, normalisation, learned)
    }

    /// Records the network on a batch: logits and labels.
    pub(crate) fn logits(
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
            Feed::Rows(table, shape) => {
                let (rows, labels) = table.batch(visit, batch)?;
                let shaped = rows.reshape([&[batch], shape.as_slice()].concat())?;
                Ok((self.model.forward(pass, &shaped)?, labels))
            }
            Feed::Features(table) => {
                let (features, labels) = table.batch(visit, batch)?;
                Ok((self.model.head(pass, &features)?, labels))
            }
        }
    }

    /// Records the logits of images `[N, H, W, C]` that are scaled as in training.
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
    pub(crate) fn inference(&self, images: &ImageSet) -> std::result::Result<Tensor, NetworkError> {
        let order: Vec<u32> = (0..images.len() as u32).collect();
        let feed = Feed::Images(Resident::new(&self.graph, images)?);
        let visit = Visit::new(&self.graph, &order)?;
        let mut pass = Forward::new(&self.parameters, Mode::Inference);
        let (logits, _) = self.logits(&mut pass, &feed, &visit, images.len(), Changes::NONE)?;
        visit.start_at(0, 0)?;
        Ok(logits)
    }

    /// Prepares the answers for the images that `order` names, with these parameters: the network's own, or an average.
    ///
    /// # Errors
    /// Those of the device.
    pub(crate) fn predictor(
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
        Predictor::compile(&self.graph, &visit, record)
    }

    /// Prepares the base's features for the images of a set, from number `first` on.
    ///
    /// # Errors
    /// Those of the device.
    pub(crate) fn feature_predictor(&self, data: &Resident, first: usize) -> Result<Predictor> {
        let order: Vec<u32> = (first as u32..data.len() as u32).collect();
        let visit = Visit::new(&self.graph, &order)?;
        let record = |batch| -> Result<Tensor> {
            let (images, _) = data.batch(&visit, batch, self.normalisation, Changes::NONE)?;
            self.model.features(&mut Forward::new(&self.parameters, Mode::Inference), &images)
        };
        Predictor::compile(&self.graph, &visit, record)
    }

    /// Features that the base computes per image.
    ///
    /// # Errors
    /// Those of the device.
    pub(crate) fn feature_width(&self) -> Result<usize> {
        let ImageShape { height, width, channels } = self.form.shape;
        let image = self.graph.zeros([1, height, width, channels])?;
        let mut pass = Forward::new(&self.parameters, Mode::Inference);
        Ok(self.model.features(&mut pass, &image)?.shape().last())
    }

    /// A program that predicts the classes of `count` images that someone writes, with the present weights, and where the images and
    /// the probabilities are.
    ///
    /// # Errors
    /// Those of the device.
    pub(crate) fn predictor_of_input(&self, count: usize) -> Result<(Compiled, Vec<Named>)> {
        let ImageShape { height, width, channels } = self.form.shape;
        let input = self.graph.zeros([count, height, width, channels])?;
        let output = self.record(&input)?.softmax()?;
        let compiled = self.graph.compile(&[&output])?;
        let answer = Named {
            name: "probabilities".to_owned(),
            role: PlaceRole::Output,
            slice: compiled.memory(&output)?,
            info: output.info(),
            is_watched: false,
        };
        let places = Named::tensor("pictures", PlaceRole::Input, &input).into_iter().chain([answer]).collect();
        Ok((compiled, places))
    }

    /// Its parameters and statistics as places of a tape.
    pub(crate) fn places(&self) -> Vec<Named> {
        let named = self.parameters.named().map(|(name, tensor)| {
            let is_statistic = name.ends_with("running_mean") || name.ends_with("running_var");
            let role = if is_statistic { PlaceRole::Statistic } else { PlaceRole::Parameter };
            Named::tensor(name, role, tensor)
        });
        let arenas = self
            .tensors()
            .into_iter()
            .map(|(name, tensor)| Named::tensor(format!("all {name}"), PlaceRole::Other, tensor));
        named.chain(arenas).flatten().collect()
    }

    /// All its tensors, by the names they have in a checkpoint.
    pub(crate) fn tensors(&self) -> Vec<(String, &Tensor)> {
        vec![
            ("parameters".to_owned(), &self.parameters.learned().flat),
            ("frozen".to_owned(), &self.parameters.frozen().flat),
            ("statistics".to_owned(), &self.parameters.statistics().flat),
        ]
    }

    fn answers(&self, feed: &Feed, count: usize, answer: Answer) -> std::result::Result<Vec<f32>, NetworkError> {
        let order: Vec<u32> = (0..count as u32).collect();
        self.predictor(&self.parameters, feed, &order, answer)?.run()
    }

    fn answers_for(&self, set: &ImageSet, answer: Answer) -> std::result::Result<Vec<f32>, NetworkError> {
        let feed = Feed::Images(Resident::new(&self.graph, set)?);
        self.answers(&feed, set.len(), answer)
    }

    /// The probabilities of a whole set, next to its labels.
    ///
    /// # Errors
    /// Those of the device, and [`EvalError`](crate::eval::EvalError) when a probability is not a number.
    pub fn predict(&self, set: &ImageSet) -> std::result::Result<Predictions, NetworkError> {
        self.predictions(self.answers_for(set, Answer::Probabilities)?, set.labels())
    }

    /// As [`Network::predict`], for examples of any shape.
    ///
    /// # Errors
    /// As [`Network::predict`].
    pub fn predict_examples(&self, examples: &Examples) -> std::result::Result<Predictions, NetworkError> {
        self.predict_with(&Ranks::alone(), examples)
    }

    /// As [`Network::predict_examples`], each rank for its part of them.
    ///
    /// # Errors
    /// As [`Network::predict`]; [`RanksError`](crate::ranks::RanksError).
    pub(crate) fn predict_with(
        &self,
        ranks: &Ranks,
        examples: &Examples,
    ) -> std::result::Result<Predictions, NetworkError> {
        let feed = Feed::new(&self.graph, examples)?;
        let order: Vec<u32> = (0..examples.len() as u32).collect();
        let mut predictor = self.predictor(&self.parameters, &feed, ranks.part_of(&order), Answer::Probabilities)?;
        self.predictions(ranks.join(predictor.run()?, order.len())?, examples.labels())
    }

    /// Probabilities and labels with the names of the classes.
    pub(crate) fn predictions(
        &self,
        probabilities: Vec<f32>,
        labels: &[u16],
    ) -> std::result::Result<Predictions, NetworkError> {
        Ok(Predictions::new(probabilities, labels.to_vec(), self.form.class_names.clone())?)
    }

    /// The logits of a whole set, row-major `[images, classes]`.
    ///
    /// # Errors
    /// Those of the device.
    pub fn logits_of(&self, set: &ImageSet) -> std::result::Result<Vec<f32>, NetworkError> {
        self.answers_for(set, Answer::Logits)
    }

    /// The input of the last dense layer for each image of a set, row-major `[images, width]`, and the width: the features by
    /// which the network tells the classes apart.
    ///
    /// # Errors
    /// Those of the device.
    pub fn penultimate(&self, set: &ImageSet) -> std::result::Result<(Vec<f32>, usize), NetworkError> {
        let features = self.answers_for(set, Answer::Penultimate)?;
        let width = features.len() / set.len().max(1);
        Ok((features, width))
    }

    /// The input of the last dense layer before `logits`.
    fn penultimate_of(&self, logits: &Tensor) -> Result<Tensor> {
        let nodes = self.graph.nodes(&[logits])?;
        let last = nodes.into_iter().rev().find(|node| matches!(node.layer, Some(Layer::Linear { .. })));
        // Every network ends with a dense layer; for one that did not, this returns the logits themselves.
        let input = last.and_then(|node| node.inputs.into_iter().next());
        Ok(input.unwrap_or_else(|| logits.clone()))
    }
}
