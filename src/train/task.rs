//! The network to train and the data to train it on.

use super::TrainError;
use crate::data::{Dataset, Examples, Form, ImageShape};
use crate::models;
use crate::nn::{Model, ParameterBuilder};
use crate::ranks::Ranks;
use crate::settings::TrainConfig;

/// Declares the parameters of a network.
type Declare<'a> = dyn Fn(&mut ParameterBuilder) -> Box<dyn Model> + 'a;

/// A network and its data: a built-in network on images, or a custom network on any data.
pub struct Task<'a> {
    pub(super) name: String,
    pub(super) is_own: bool,
    pub(super) declare: Box<Declare<'a>>,
    pub(super) train: Examples,
    pub(super) test: Examples,
    pub(super) form: Form,
    pub(super) ranks: Ranks,
}

impl<'a> Task<'a> {
    /// The network that the settings name, on images.
    pub fn built_in(config: &TrainConfig, data: &Dataset) -> Self {
        let (network, form) = (config.network, data.form());
        let of_network = form.clone();
        Self {
            name: network.architecture().name().to_owned(),
            is_own: false,
            declare: Box::new(move |builder| models::declare(&network, builder, &of_network)),
            train: data.train.clone().into(),
            test: data.test.clone().into(),
            form,
            ranks: Ranks::alone(),
        }
    }

    /// A custom network, which `declare` declares: it outputs one logit for each of `class_names`. A part of `train` is held out
    /// for validation; `test` is used once, at the end. The run's folder stores `name`.
    ///
    /// The training settings apply, except for those of the network, which are ignored; augmentation is also ignored if the
    /// examples are not images.
    pub fn own(
        name: &str,
        declare: impl Fn(&mut ParameterBuilder) -> Box<dyn Model> + 'a,
        train: impl Into<Examples>,
        test: impl Into<Examples>,
        class_names: &[&str],
    ) -> Self {
        let train = train.into();
        let shape = match &train {
            Examples::Images(images) => images.shape(),
            // Numbers of any shape count as one row.
            Examples::Rows(rows) => ImageShape::grey(1, rows.shape().iter().product()),
        };
        let class_names = class_names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            name: name.to_owned(),
            is_own: true,
            declare: Box::new(declare),
            train,
            test: test.into(),
            form: Form { shape, class_names, labels: None, of_pictures: false },
            ranks: Ranks::alone(),
        }
    }

    /// The same, trained by several ranks together; each of them must be given the same task and settings. Only the first writes into the run's
    /// folder, which all must be able to read.
    pub fn on(self, ranks: &Ranks) -> Self {
        Self { ranks: ranks.clone(), ..self }
    }

    /// The shape of the examples and the names of the classes.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// Refuses examples that would only fail after hours of training.
    ///
    /// # Errors
    /// [`TrainError::Task`].
    pub(super) fn check(&self) -> Result<(), TrainError> {
        let refuse = |problem: String| Err(TrainError::Task { name: self.name.clone(), problem });
        let fit = match (&self.train, &self.test) {
            (Examples::Images(train), Examples::Images(test)) => train.shape() == test.shape(),
            (Examples::Rows(train), Examples::Rows(test)) => train.shape() == test.shape(),
            _ => false,
        };
        let classes = self.form.classes();
        let mut labels = self.train.labels().iter().chain(self.test.labels());
        if self.test.is_empty() {
            return refuse("there are no examples to test with".to_owned());
        }
        if !fit {
            return refuse("the examples to test with are of another shape than those to train with".to_owned());
        }
        match labels.find(|label| usize::from(**label) >= classes) {
            Some(label) => refuse(format!("an example is of class {label}, but there are {classes} class names")),
            None => Ok(()),
        }
    }
}
