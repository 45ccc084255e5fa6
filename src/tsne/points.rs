//! Points in many dimensions, checked once so that nothing after has to.

use std::borrow::Cow;

use rayon::prelude::*;

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
    /// [`TsneError::TooFar`] for a point that is out of all proportion to the others.
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
///
/// A few points far out would spoil both: their mean is no point's neighbourhood, and in units of theirs an f32 has no digits
/// for the others. Where there are such points, all numbers stay what they are but for their unit, which is that of the
/// nearer points: an f32 has room for squares of 10^-38 to 10^38.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    origin: Vec<f64>,
    /// A power of two, so that no digit is lost.
    scale: f64,
}

/// How many times as far out as the nearer points a point may be and still belong to them: it costs them 12 of 24 bits.
const FAR: f64 = 4096.0;
/// The share of the points that counts as the nearer ones.
const NEARER: f64 = 0.01;
/// Points that the middle is found of.
const SAMPLE: usize = 1024;

impl Frame {
    /// The frame of some points. When none is far out, their mean is 0 in it and their largest number between 0.5 and 1.
    pub fn of(points: &Points) -> Self {
        let mut apart = points.distances_from(&points.middle());
        apart.retain(|distance| *distance > 0.0);
        apart.sort_unstable_by(f64::total_cmp);
        let (near, far) = match apart[..] {
            [] => (1.0, 1.0),
            [.., far] => (apart[(NEARER * apart.len() as f64) as usize], far),
        };
        if far > FAR * near {
            return Self {
                origin: points.exact_origin(),
                scale: unit(near),
            };
        }
        let origin = points.mean();
        let largest = points.distances_from(&origin).into_iter().fold(0.0, f64::max);
        Self {
            origin,
            scale: if largest > 0.0 { unit(largest) } else { 1.0 },
        }
    }
}

/// What makes a length one between 0.5 and 1.
fn unit(length: f64) -> f64 {
    (-length.log2().ceil()).exp2()
}

/// What frames and directions are found by.
impl Points {
    fn mean(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.dims];
        for row in self.rows() {
            for (sum, value) in mean.iter_mut().zip(row) {
                *sum += f64::from(*value);
            }
        }
        let count = self.count().max(1) as f64;
        mean.iter_mut().for_each(|sum| *sum /= count);
        mean
    }

    /// A median of each column, which no few points move: of some points when there are many.
    fn middle(&self) -> Vec<f64> {
        let step = self.count().div_ceil(SAMPLE).max(1);
        let column = |axis: usize| {
            let mut values: Vec<f32> = self.rows().step_by(step).map(|row| row[axis]).collect();
            let half = values.len() / 2;
            match values.is_empty() {
                true => 0.0,
                false => f64::from(*values.select_nth_unstable_by(half, f32::total_cmp).1),
            }
        };
        (0..self.dims).into_par_iter().map(column).collect()
    }

    /// An origin that costs no digit: a column whose numbers are all within a factor of two of its median is moved by that
    /// (Sterbenz 1974), the others stay.
    fn exact_origin(&self) -> Vec<f64> {
        let mut origin = self.middle();
        for (axis, middle) in origin.iter_mut().enumerate() {
            let ratios = self.rows().map(|row| f64::from(row[axis]) / *middle);
            if !ratios.into_iter().all(|ratio| (0.5..=2.0).contains(&ratio)) {
                *middle = 0.0;
            }
        }
        origin
    }

    /// How far each point is from a place, along the axis on which it is farthest.
    fn distances_from(&self, place: &[f64]) -> Vec<f64> {
        let distance = |row: &[f32]| {
            let axes = row.iter().zip(place);
            axes.map(|(value, place)| (f64::from(*value) - place).abs())
                .fold(0.0, f64::max)
        };
        self.values.par_chunks_exact(self.dims).map(distance).collect()
    }

    /// The points with those far out brought in to where most are, and their mean at 0: directions found of these are those
    /// in which most points vary. Without any far out, the points themselves.
    pub fn tamed(&self) -> Cow<'_, Self> {
        const OUTER: f64 = 8.0;
        let lengths = self.distances_from(&vec![0.0; self.dims]);
        let mut sorted: Vec<f64> = lengths.iter().copied().filter(|length| *length > 0.0).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let (Some(most), Some(far)) = (sorted.get(sorted.len() / 2), sorted.last()) else {
            return Cow::Borrowed(self);
        };
        if *far <= FAR * most {
            return Cow::Borrowed(self);
        }
        let mut tamed = self.clone();
        for (row, length) in tamed.values.chunks_exact_mut(self.dims).zip(lengths) {
            let scale = (OUTER * most / length).min(1.0);
            row.iter_mut()
                .for_each(|value| *value = (f64::from(*value) * scale) as f32);
        }
        let mean = tamed.mean();
        for row in tamed.values.chunks_exact_mut(self.dims) {
            for (value, mean) in row.iter_mut().zip(&mean) {
                *value = (f64::from(*value) - mean) as f32;
            }
        }
        Cow::Owned(tamed)
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
    fn points_far_out_take_no_digit_from_the_others() {
        // Ordinary values with three that are not, and a column that no f32 could hold beside them were it not moved.
        let mut values: Vec<f32> = (0..600).map(|i| (i * 7919 % 1009) as f32 / 100.0).collect();
        values.chunks_exact_mut(3).for_each(|row| row[2] = 3e11);
        for (at, value) in [(300, 1e11), (301, -3e9), (45, 2e13)] {
            values[at] = value;
        }
        let points = Points::new(values, 3);
        let framed = points.clone().framed().unwrap();
        let scale = f64::from(framed.row(1)[0]) / f64::from(points.row(1)[0]);
        assert_eq!(scale.log2().fract(), 0.0, "{scale}");
        for (whole, framed) in points.rows().zip(framed.rows()) {
            let right = [whole[0], whole[1], 0.0].map(|value| (f64::from(value) * scale) as f32);
            assert_eq!(framed, right);
        }
        let tamed = framed.tamed();
        let largest = tamed.values().iter().fold(0.0, |most: f32, x| most.max(x.abs()));
        assert!(largest < 100.0 * scale as f32 * 10.0, "{largest}");
    }

    #[test]
    fn most_points_in_one_place_leave_the_others_ordinary() {
        let mut values = vec![2.0; 900];
        values.extend([1.0, 4.0, 3.5, 0.5]);
        let framed = Points::new(values, 1).framed().unwrap();
        assert!(matches!(framed.tamed(), Cow::Borrowed(_)));
        let sum: f64 = framed.values().iter().map(|x| f64::from(*x)).sum();
        assert!(sum.abs() < 1e-3, "the mean is at the origin: {sum}");
    }

    #[test]
    fn what_lies_far_outside_of_a_frame_is_refused() {
        let frame = Frame::of(&Points::new(vec![0.0, 1.0], 1));
        let far = Points::new(vec![0.5, 1e20], 1).in_frame(&frame);
        assert!(matches!(far, Err(TsneError::TooFar { row: 1 })));
        let ordinary = (0..50).map(|i| if i == 7 { 1e30 } else { i as f32 }).collect();
        let own = Points::new(ordinary, 1).framed();
        assert!(matches!(own, Err(TsneError::TooFar { row: 7 })));
    }
}
