//! Points in many dimensions, checked once so that nothing after has to.

use super::{Metric, TsneError};

/// Points as rows of equal length.
#[derive(Debug, Clone)]
pub(super) struct Points {
    values: Vec<f32>,
    dims: usize,
}

impl Points {
    /// Rows of `dims` numbers.
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

    /// Moves and scales the points into a frame.
    ///
    /// # Errors
    /// [`TsneError::TooFar`] for a point so far from those that the frame is of that its squared distances do not fit.
    pub fn in_frame(mut self, frame: &Frame) -> Result<Self, TsneError> {
        for (row, values) in self.values.chunks_exact_mut(self.dims).enumerate() {
            let mut square = 0.0;
            for (value, origin) in values.iter_mut().zip(&frame.origin) {
                let moved = (f64::from(*value) - origin) * frame.scale;
                *value = moved as f32;
                square += moved * moved;
            }
            if square > MOST_SQUARED {
                return Err(TsneError::TooFar { row });
            }
        }
        Ok(self)
    }

    /// The points in their own frame.
    ///
    /// # Errors
    /// None in practice: the frame fits them.
    pub fn framed(self) -> Result<Self, TsneError> {
        let frame = Frame::of(&self);
        self.in_frame(&frame)
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

/// The square of a length that a distance may have, so that it fits an f32 even with sums of such.
const MOST_SQUARED: f64 = 1e30;

/// Where the origin is, and how long a unit. Maps depend on neither; but with the mean at the origin distances keep the most
/// digits, and with numbers of about 1 no square is too large or too small.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    origin: Vec<f64>,
    /// A power of two, so that no digit is lost.
    scale: f64,
}

impl Frame {
    /// The frame in which the mean of some points is 0 and their largest number between 0.5 and 1.
    pub fn of(points: &Points) -> Self {
        let mut origin = vec![0.0; points.dims];
        for row in points.rows() {
            for (sum, value) in origin.iter_mut().zip(row) {
                *sum += f64::from(*value);
            }
        }
        let count = points.count().max(1) as f64;
        origin.iter_mut().for_each(|sum| *sum /= count);
        let moved = points.rows().flat_map(|row| row.iter().zip(&origin));
        let largest = moved
            .map(|(value, origin)| (f64::from(*value) - origin).abs())
            .fold(0.0, f64::max);
        let scale = if largest > 0.0 {
            (-largest.log2().ceil()).exp2()
        } else {
            1.0
        };
        Self { origin, scale }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_takes_off_the_mean_and_the_scale() {
        for scale in [1e-38, 1e-3, 1.0, 1e7, 1e37] {
            let points = Points::new([1.0, -2.0, 4.0, 5.0, 7.0, -9.0].map(|x| scale * x).to_vec(), 2);
            let framed = points.framed().unwrap();
            let largest = framed.values().iter().fold(0.0, |most: f32, x| most.max(x.abs()));
            assert!((0.5..=1.0).contains(&largest), "{scale}: {largest}");
            for axis in 0..2 {
                let sum: f32 = framed.rows().map(|row| row[axis]).sum();
                assert!(sum.abs() < 1e-6, "{scale}: {sum}");
            }
        }
        assert_eq!(Points::new(vec![3.0; 6], 2).framed().unwrap().values(), [0.0; 6]);
    }

    #[test]
    fn what_lies_far_outside_of_a_frame_is_refused() {
        let frame = Frame::of(&Points::new(vec![0.0, 1.0], 1));
        let far = Points::new(vec![0.5, 1e20], 1).in_frame(&frame);
        assert!(matches!(far, Err(TsneError::TooFar { row: 1 })));
    }
}
