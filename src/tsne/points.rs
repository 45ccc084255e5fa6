//! Points in many dimensions, checked once so that later stages need not check again.

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

    /// Points as given by a user.
    ///
    /// # Errors
    /// [`TsneError::Shape`], [`TsneError::NotFinite`].
    pub fn checked(values: &[f32], dims: usize) -> Result<Self, TsneError> {
        if dims == 0 || !values.len().is_multiple_of(dims) {
            let values = values.len();
            return Err(TsneError::Shape { values, dims });
        }
        if let Some(i) = values.iter().position(|value| !value.is_finite()) {
            return Err(TsneError::NotFinite { row: i / dims, column: i % dims, value: values[i] });
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
    /// [`TsneError::TooFar`] for a point so far from those that the frame was made from that squared distances do not fit.
    pub fn in_frame(mut self, frame: &Frame) -> Result<Self, TsneError> {
        let (mut fits, mut farthest) = (true, (0.0, 0));
        for (row, values) in self.values.chunks_exact_mut(self.dims).enumerate() {
            let (mut square, mut apart) = (0.0, 0.0);
            for ((value, origin), middle) in values.iter_mut().zip(&frame.origin).zip(&frame.middle) {
                let whole = f64::from(*value);
                let moved = (whole - origin) * frame.scale;
                *value = moved as f32;
                square += moved * moved;
                apart += (whole - middle).powi(2);
            }
            fits &= square <= MOST_SQUARED;
            if apart > farthest.0 {
                farthest = (apart, row);
            }
        }
        // The point to blame need not be one that does not fit: a single 0 in a column of 1e20 keeps that column from being
        // moved to the origin, and then all the others do not fit.
        match fits {
            true => Ok(self),
            false => Err(TsneError::TooFar { row: farthest.1 }),
        }
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

/// The largest square of a length, such that even sums of such squares fit an f32.
///
/// In a frame's unit, that is a length of 10^15 times what ordinary points have. The error message says 10^12, which also
/// holds along the axis on which a point is farthest, in up to 100,000 dimensions.
const MOST_SQUARED: f64 = 1e30;

/// The origin and the unit of length. Maps depend on neither; but with the mean at the origin distances keep the most
/// digits, and with numbers of about 1 no square is too large or too small.
///
/// A few points far out would spoil both: the mean would be near no point, and in their unit an f32 would have no digits
/// left for the others. Where there are such points, the numbers stay what they are except for their unit, which is that of
/// the nearer points: an f32 has room for squares of 10^-38 to 10^38.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    origin: Vec<f64>,
    /// Where most of the points are.
    middle: Vec<f64>,
    /// A power of two, so that scaling loses no digit.
    scale: f64,
}

/// A point up to this many times as far out as the nearer points still belongs to them: it costs them 12 of 24 bits.
const FAR: f64 = 4096.0;
/// The share of the points that counts as the nearer ones.
const NEARER: f64 = 0.01;
/// The most points from which the middle is computed.
const SAMPLE: usize = 1024;

impl Frame {
    /// The frame of some points. When none is far out, their mean is 0 in it and their largest number is between 0.5 and 1.
    pub fn of(points: &Points) -> Self {
        let middle = points.middle();
        let mut apart = points.distances_from(&middle);
        apart.retain(|distance| *distance > 0.0);
        apart.sort_unstable_by(f64::total_cmp);
        let (near, far) = match apart[..] {
            [] => (1.0, 1.0),
            [.., far] => (apart[(NEARER * apart.len() as f64) as usize], far),
        };
        if far > FAR * near {
            return Self { origin: points.exact_origin(&middle), middle, scale: unit(near) };
        }
        let origin = points.mean();
        let largest = points.distances_from(&origin).into_iter().fold(0.0, f64::max);
        Self { origin, middle, scale: if largest > 0.0 { unit(largest) } else { 1.0 } }
    }
}

/// The factor that scales a length to between 0.5 and 1.
fn unit(length: f64) -> f64 {
    (-length.log2().ceil()).exp2()
}

/// What frames and directions are computed from.
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

    /// Where the numbers of each column are densest: in the middle of the shortest range that holds a quarter of them. A
    /// median would be among the points far out if these were half of all. Computed from a sample when there are many
    /// points.
    fn middle(&self) -> Vec<f64> {
        let step = self.count().div_ceil(SAMPLE).max(1);
        let column = |axis: usize| {
            let mut values: Vec<f32> = self.rows().step_by(step).map(|row| row[axis]).collect();
            values.sort_unstable_by(f32::total_cmp);
            let quarter = values.len() / 4;
            let width = |start: &usize| f64::from(values[start + quarter]) - f64::from(values[*start]);
            let starts = 0..values.len() - quarter;
            let densest = starts.min_by(|a, b| width(a).total_cmp(&width(b)));
            densest.map_or(0.0, |start| f64::from(values[start + quarter / 2]))
        };
        (0..self.dims).into_par_iter().map(column).collect()
    }

    /// An origin that costs no digit: a column whose numbers are all within a factor of two of its middle is moved by it
    /// (exact: Sterbenz 1974), the others stay.
    fn exact_origin(&self, middle: &[f64]) -> Vec<f64> {
        let mut origin = middle.to_vec();
        for (axis, middle) in origin.iter_mut().enumerate() {
            let ratios = self.rows().map(|row| f64::from(row[axis]) / *middle);
            if !ratios.into_iter().all(|ratio| (0.5..=2.0).contains(&ratio)) {
                *middle = 0.0;
            }
        }
        origin
    }

    /// The distance of each point from a place, along the axis on which it is farthest.
    fn distances_from(&self, place: &[f64]) -> Vec<f64> {
        let distance = |row: &[f32]| {
            let axes = row.iter().zip(place);
            axes.map(|(value, place)| (f64::from(*value) - place).abs()).fold(0.0, f64::max)
        };
        self.values.par_chunks_exact(self.dims).map(distance).collect()
    }

    /// The points, with those far out brought in to where most are, and with their mean at 0: directions computed from these
    /// are those in which most points vary. Returns the points themselves if none is far out and their mean is at 0.
    ///
    /// What counts as far is measured from the middle, which is not at the origin of every frame.
    pub fn tamed(&self) -> Cow<'_, Self> {
        const OUTER: f64 = 8.0;
        /// As a share of most points' distance from the middle. The mean frame rounds its mean to less.
        const CENTRED: f64 = 1e-3;
        let middle = self.middle();
        let apart = self.distances_from(&middle);
        let mut sorted: Vec<f64> = apart.iter().copied().filter(|apart| *apart > 0.0).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let [.., far] = sorted[..] else {
            // All in one place: they have no directions, wherever they are.
            return Cow::Borrowed(self);
        };
        let near = sorted[(NEARER * sorted.len() as f64) as usize];
        // The distance of points that are not far out; up to half of all may be.
        let most = sorted[sorted.len() / 4];
        let mut tamed = Cow::Borrowed(self);
        if far > FAR * most {
            for (row, apart) in tamed.to_mut().values.chunks_exact_mut(self.dims).zip(apart) {
                let scale = (OUTER * most / apart).min(1.0);
                for (value, middle) in row.iter_mut().zip(&middle) {
                    *value = (middle + (f64::from(*value) - middle) * scale) as f32;
                }
            }
        }
        let mean = tamed.mean();
        // Where a large part of the points is far out, so is the mean, and moving that to 0 would cost the others their
        // digits.
        let drawn = mean.iter().zip(&middle).any(|(mean, middle)| (mean - middle).abs() > FAR * near);
        let centre = if drawn { middle } else { mean };
        if centre.iter().any(|centre| centre.abs() > CENTRED * most) {
            for row in tamed.to_mut().values.chunks_exact_mut(self.dims) {
                for (value, centre) in row.iter_mut().zip(&centre) {
                    *value = (f64::from(*value) - centre) as f32;
                }
            }
        }
        tamed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tsne::principal::Directions;
    use crate::tsne::progress::UNTOLD;
    use rand::{RngExt, SeedableRng};
    use rand_distr::StandardNormal;
    use rand_pcg::Pcg64;

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
        // Ordinary values with three exceptions, and a column that no f32 could hold beside them if it were not moved.
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

    /// Three columns around 1000 that vary by 3, 1 and 1; `far`, if any, replaces the first value of point 500.
    fn about_1000(far: Option<f32>) -> Points {
        let mut rng = Pcg64::seed_from_u64(17);
        let mut point = || [3.0, 1.0, 1.0].map(|width: f32| 1000.0 + width * rng.sample::<f32, _>(StandardNormal));
        let mut values: Vec<f32> = (0..1000).flat_map(|_| point()).collect();
        values[3 * 500] = far.unwrap_or(values[3 * 500]);
        Points::new(values, 3)
    }

    #[test]
    fn a_point_far_from_points_far_from_0_does_not_hide_their_directions() {
        // The first is far enough for another frame but not to be brought in, the last is far enough for both.
        for far in [None, Some(6e3), Some(1e5), Some(-1e9)] {
            let framed = about_1000(far).framed().unwrap();
            let tamed = framed.tamed();
            let places = Directions::principal(&tamed, 2, 12, 1, UNTOLD).unwrap().project(&tamed);
            // How the ordinary points are spread along the first and the second direction, about their own mean.
            let ordinary = || places.rows().enumerate().filter(|(i, _)| *i != 500).map(|(_, row)| row);
            let deviation = |axis: usize| {
                let mean = ordinary().map(|row| f64::from(row[axis])).sum::<f64>() / 999.0;
                let squares = ordinary().map(|row| (f64::from(row[axis]) - mean).powi(2));
                (squares.sum::<f64>() / 999.0).sqrt()
            };
            let ratio = deviation(0) / deviation(1);
            assert!((2.6..3.4).contains(&ratio), "{far:?}: {ratio}");
            // The start of a map is scaled to a fixed deviation over all points; the ordinary ones must have most of it.
            let all = places.rows().map(|row| f64::from(row[0]).powi(2)).sum::<f64>();
            let share = deviation(0) / (all / 1000.0).sqrt();
            let least = if far == Some(6e3) { 0.01 } else { 0.9 };
            assert!(share > least, "{far:?}: {share}");
            let mean = tamed.mean();
            assert!(mean.iter().all(|mean| mean.abs() < 1e-3 * deviation(0)), "{far:?}: {mean:?}");
        }
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
        // A 0 far from all the others, which are far from the origin.
        let column = |i: usize| if i == 31 { 0.0 } else { 1e20 };
        let far_from_0 = (0..50).flat_map(|i| [column(i), i as f32]).collect();
        let own = Points::new(far_from_0, 2).framed();
        assert!(matches!(own, Err(TsneError::TooFar { row: 31 })));
    }
}
