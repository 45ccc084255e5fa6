//! Where a network's batches come from: images, or the features that a frozen base computes from them.

use super::{NetworkError, Resident, Visit};
use crate::data::Examples;
use crate::tape::{Named, PlaceRole};
use crate::tensor::{Graph, Result, Tensor};

/// A data set in device memory, in the form that the network training on it needs.
#[derive(Debug)]
pub(crate) enum Feed {
    /// Images, for the whole network.
    Images(Resident),
    /// Examples of another shape, for the whole network.
    Rows(FeatureTable, Vec<usize>),
    /// Features, for the head alone.
    Features(FeatureTable),
}

impl Feed {
    /// Puts examples on the graph's device.
    ///
    /// # Errors
    /// [`NetworkError::NoImages`] when there are none; those of the device.
    pub fn new(graph: &Graph, examples: &Examples) -> std::result::Result<Self, NetworkError> {
        match examples {
            Examples::Images(images) => Ok(Self::Images(Resident::new(graph, images)?)),
            Examples::Rows(_) if examples.is_empty() => Err(NetworkError::NoImages),
            Examples::Rows(rows) => {
                let table = FeatureTable::new(graph, rows.values(), examples.labels())?;
                Ok(Self::Rows(table, rows.shape().to_vec()))
            }
        }
    }

    /// Its tensors as places of a tape.
    pub fn places(&self) -> Vec<Named> {
        let (name, data, labels) = match self {
            Self::Images(images) => ("images", images.whole(), &images.labels),
            Self::Rows(table, _) | Self::Features(table) => ("features", table.columns.first(), &table.labels),
        };
        let data = data.and_then(|data| Named::tensor(name, PlaceRole::Other, data));
        data.into_iter().chain(Named::tensor("labels", PlaceRole::Other, labels)).collect()
    }
}

/// One row of numbers per example, with their labels.
#[derive(Debug)]
pub(crate) struct FeatureTable {
    /// `[images, columns]` each, with as many columns as one binding may hold.
    columns: Vec<Tensor>,
    labels: Tensor,
}

impl FeatureTable {
    /// Puts features, row-major `[images, width]`, on the graph's device.
    ///
    /// # Errors
    /// Those of the device.
    pub fn new(graph: &Graph, features: &[f32], labels: &[u16]) -> std::result::Result<Self, NetworkError> {
        let images = labels.len().max(1);
        let width = features.len() / images;
        let most = (graph.gpu().largest_binding() / (4 * images as u64)).max(1) as usize;
        let columns = (0..width)
            .step_by(most)
            .map(|from| {
                let to = (from + most).min(width);
                let rows = features.chunks_exact(width);
                let part: Vec<f32> = rows.flat_map(|row| &row[from..to]).copied().collect();
                graph.tensor([images, to - from], &part)
            })
            .collect::<Result<_>>()?;
        let labels: Vec<u32> = labels.iter().map(|label| u32::from(*label)).collect();
        Ok(Self { columns, labels: graph.tensor_u32([labels.len()], &labels)? })
    }

    /// Records a batch of features `[size, width]` and their labels, from the current place of the visit.
    ///
    /// # Errors
    /// None of its own.
    pub fn batch(&self, visit: &Visit, size: usize) -> Result<(Tensor, Tensor)> {
        let rows = |table: &Tensor| table.gather_rows(&visit.order, &visit.place, size);
        let columns: Vec<Tensor> = self.columns.iter().map(rows).collect::<Result<_>>()?;
        let columns: Vec<&Tensor> = columns.iter().collect();
        Ok((Tensor::concat(&columns)?, rows(&self.labels)?))
    }
}
