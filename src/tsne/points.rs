//! Points in many dimensions, checked once so that nothing after has to.

use super::{Metric, TsneError};

/// Points as rows of equal length.
#[derive(Debug, Clone)]
pub(super) struct Points {
    values: Vec<f32>,
    dims: usize,
}

impl Points {
    pub fn new(values: Vec<f32>, dims: usize) -> Self {
        debug_assert!(dims > 0 && values.len().is_multiple_of(dims));
        Self { values, dims }
    }

    /// Points as a user gave them.
    ///
    /// # Errors
    /// [`TsneError::Shape`], [`TsneError::NotFinite`].
    pub fn checked(values: &[f32], dims: usize) -> Result<Self, TsneError> {
        if dims == 0 || !values.len().is_multiple_of(dims) {
            let values = values.len();
            return Err(TsneError::Shape { values, dims });
        }
        if let Some(i) = values.iter().position(|value| !value.is_finite()) {
            return Err(TsneError::NotFinite {
                row: i / dims,
                column: i % dims,
                value: values[i],
            });
        }
        Ok(Self::new(values.to_vec(), dims))
    }

    /// Scales the rows so that squared euclidean distances are those of the metric: with rows of length 1,
    /// |a - b|² = 2 (1 - cos(a, b)).
    pub fn in_metric(mut self, metric: Metric) -> Result<Self, TsneError> {
        if metric == Metric::Cosine {
            for (row, values) in self.values.chunks_exact_mut(self.dims).enumerate() {
                let length = values.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
                if length == 0.0 {
                    return Err(TsneError::NoDirection { row });
                }
                for value in values {
                    *value = (f64::from(*value) / length) as f32;
                }
            }
        }
        Ok(self)
    }

    /// The mean of all points, summed in f64.
    pub fn mean(&self) -> Vec<f32> {
        let mut sums = vec![0.0; self.dims];
        for row in self.rows() {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += f64::from(*value);
            }
        }
        let count = self.count().max(1) as f64;
        sums.into_iter().map(|sum| (sum / count) as f32).collect()
    }

    /// Moves the origin. Distances stay; but the smaller the numbers, the more digits a distance keeps.
    ///
    /// # Errors
    /// [`TsneError::TooLarge`] when the square of a distance might be no finite f32.
    pub fn centred_at(mut self, origin: &[f32]) -> Result<Self, TsneError> {
        for (row, values) in self.values.chunks_exact_mut(self.dims).enumerate() {
            let mut square = 0.0;
            for (value, origin) in values.iter_mut().zip(origin) {
                *value -= origin;
                square += f64::from(*value).powi(2);
            }
            if square > f64::from(f32::MAX) / 16.0 {
                return Err(TsneError::TooLarge { row });
            }
        }
        Ok(self)
    }

    pub fn count(&self) -> usize {
        self.values.len() / self.dims
    }

    pub fn dims(&self) -> usize {
        self.dims
    }

    pub fn values(&self) -> &[f32] {
        &self.values
    }

    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.dims..][..self.dims]
    }

    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.dims)
    }
}
