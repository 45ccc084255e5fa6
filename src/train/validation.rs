//! Metrics on the validation split after an epoch.

use crate::data::Split;
use crate::eval::Report;
use crate::network::{Answer, Feed, Network, Predictor};
use crate::optim::Average;
use crate::ranks::Ranks;

use super::TrainError;

/// The predictors for this rank's part of the validation split, with the weights and with their average, and the labels of the whole.
pub(super) struct Validation {
    plain: Predictor,
    average: Option<Predictor>,
    labels: Vec<u16>,
}

/// What the weights and their average are worth.
pub(super) struct Judgement {
    pub plain: Report,
    pub average: Option<Report>,
}

impl Validation {
    /// None for a training on all images.
    pub fn new(
        network: &Network,
        average: Option<&Average>,
        feed: &Feed,
        labels: &[u16],
        split: &Split,
        ranks: &Ranks,
    ) -> Result<Option<Self>, TrainError> {
        if split.validation.is_empty() {
            return Ok(None);
        }
        let part = ranks.part_of(&split.validation);
        let predictor = |parameters| network.predictor(parameters, feed, part, Answer::Probabilities);
        Ok(Some(Self {
            plain: predictor(&network.parameters)?,
            average: average.map(|average| predictor(&average.parameters)).transpose()?,
            labels: split.validation.iter().filter_map(|i| labels.get(*i as usize).copied()).collect(),
        }))
    }

    /// None when a prediction is no number.
    pub fn judge(&mut self, network: &Network, ranks: &Ranks) -> Result<Option<Judgement>, TrainError> {
        let mut report = |predictor: &mut Predictor| {
            let probabilities = ranks.join(predictor.run()?, self.labels.len())?;
            if probabilities.iter().any(|p| !p.is_finite()) {
                return Ok::<_, TrainError>(None);
            }
            let predictions = network.predictions(probabilities, &self.labels)?;
            Ok(Some(Report::from_predictions(&predictions)))
        };
        let Some(plain) = report(&mut self.plain)? else { return Ok(None) };
        let average = self.average.as_mut().map(&mut report).transpose()?;
        match average {
            Some(None) => Ok(None),
            average => Ok(Some(Judgement { plain, average: average.flatten() })),
        }
    }
}
