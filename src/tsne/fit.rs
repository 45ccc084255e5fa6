//! From points to a map.

use std::ops::ControlFlow;
use std::time::Instant;

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;
use rayon::prelude::*;

use super::TsneError;
use super::affinities::Affinities;
use super::attraction::{attraction, mean_log_distance};
use super::bounds::bounds;
use super::descent::{Descent, centre};
use super::embedding::{Embedding, Seconds};
use super::neighbours::nearest_of_all;
use super::points::{Frame, Points};
use super::principal::Directions;
use super::progress::{Progress, stage};
use super::repulsion::{Exact, Felt, Grid, Repulsion, Tree};
use super::settings::{Initial, Method, Tsne};

/// Iterations between two computations of the divergence.
const REPORT: usize = 50;
/// As in openTSNE, in both phases.
const MOMENTUM: f32 = 0.8;
/// The standard deviation of the initial map.
const START: f64 = 1e-4;
/// Rounds of the search for directions where the principal ones are needed. On images they have then converged to 4 digits.
const ROUNDS: usize = 12;

/// Points ready for the descent, and how they were prepared.
struct Prepared {
    points: Points,
    frame: Frame,
    directions: Option<Directions>,
}

impl Tsne {
    /// Maps points, row-major `[points, dims]`.
    ///
    /// # Errors
    /// [`TsneError`]: no points, too few points, points that are not finite, settings out of range.
    pub fn fit(&self, data: &[f32], dims: usize) -> Result<Embedding, TsneError> {
        self.fit_observed(data, dims, |_| ControlFlow::Continue(()))
    }

    /// As [`fit`](Self::fit), reporting progress to `observe`. When that breaks during the iterations, the map is returned
    /// as it is then.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); [`TsneError::Stopped`] when `observe` breaks before the first iteration.
    pub fn fit_observed(
        &self,
        data: &[f32],
        dims: usize,
        observe: impl FnMut(Progress) -> ControlFlow<()> + Send,
    ) -> Result<Embedding, TsneError> {
        self.check()?;
        self.on_threads(|| match self.components {
            1 => self.fit_in::<1>(data, dims, observe),
            2 => self.fit_in::<2>(data, dims, observe),
            _ => self.fit_in::<3>(data, dims, observe),
        })?
    }

    fn fit_in<const D: usize>(
        &self,
        data: &[f32],
        dims: usize,
        mut observe: impl FnMut(Progress) -> ControlFlow<()> + Send,
    ) -> Result<Embedding, TsneError> {
        let mut seconds = Seconds::default();
        let mut clock = Clock::start();
        let Prepared { points, frame, directions } = self.prepare(data, dims, &mut observe)?;
        let count = points.count();
        seconds.preparation = clock.lap();

        let (affinities, method) = self.affinities(&points, &mut observe, &mut clock, &mut seconds)?;
        let mut y = self.start::<D>(&points, &mut observe)?;
        seconds.initial = clock.lap();

        let mut repulsion = repulsion::<D>(method, self.theta, 0.0);
        let negative_entropy = affinities.negative_entropy();
        let divergence =
            |y: &[[f32; D]], z: f64| at_least_0(negative_entropy + mean_log_distance(&affinities, y) + z.ln());
        let of = self.all_iterations();
        let mut descent = Descent::new(count);
        let mut pull = vec![[0.0; D]; count];
        let mut felt = Felt::of(count);
        let mut done = 0;
        let mut go_on = true;
        while go_on && done < of {
            let exaggeration = match done < self.early_exaggeration_iterations {
                true => self.early_exaggeration,
                false => 1.0,
            };
            attraction(&affinities, &y, &y, &mut pull);
            seconds.attraction += clock.lap();
            repulsion.among(&y, &mut felt);
            let z = normalisation(&y, &felt);
            seconds.repulsion += clock.lap();

            done += 1;
            let kl = done.is_multiple_of(REPORT).then(|| divergence(&y, z));
            let (pulled, pushed) = ((4.0 * exaggeration) as f32, (4.0 / z) as f32);
            pull.par_iter_mut().zip(&felt.push).for_each(|(pull, push)| {
                for axis in 0..D {
                    pull[axis] = pulled * pull[axis] - pushed * push[axis];
                }
            });
            let rate = self.learning_rate.unwrap_or(count as f64 / exaggeration);
            descent.step(&mut y, &pull, rate as f32, MOMENTUM);
            centre(&mut y);
            go_on = observe(Progress::Iteration { done, of, kl }).is_continue();
            seconds.steps += clock.lap();
        }
        repulsion.among(&y, &mut felt);
        let kl = divergence(&y, normalisation(&y, &felt));
        seconds.steps += clock.lap();
        if !kl.is_finite() || y.iter().flatten().any(|value| !value.is_finite()) {
            return Err(TsneError::Diverged);
        }
        Ok(Embedding {
            settings: self.clone(),
            dims,
            frame,
            directions,
            points,
            positions: y.into_flattened(),
            method,
            perplexity: self.perplexity_for(count),
            iterations: done,
            kl,
            seconds,
        })
    }

    /// Checks the points, scales them for the metric, moves them into their frame and, if asked for, reduces them to
    /// principal components.
    fn prepare(
        &self,
        data: &[f32],
        dims: usize,
        observe: &mut (impl FnMut(Progress) -> ControlFlow<()> + Send),
    ) -> Result<Prepared, TsneError> {
        let points = Points::checked(data, dims)?;
        self.check_for(points.count())?;
        let points = points.in_metric(self.metric)?;
        let frame = Frame::of(&points);
        let mut points = points.in_frame(&frame)?;
        let directions = self
            .pca
            .filter(|wanted| *wanted < dims)
            .map(|wanted| self.directions("principal components", &points.tamed(), wanted, observe))
            .transpose()?;
        if let Some(directions) = &directions {
            points = directions.project(&points);
        }
        Ok(Prepared { points, frame, directions })
    }

    /// Principal directions, with a progress stage of their own.
    fn directions(
        &self,
        name: &'static str,
        points: &Points,
        wanted: usize,
        observe: &mut (impl FnMut(Progress) -> ControlFlow<()> + Send),
    ) -> Result<Directions, TsneError> {
        let told = stage(name, ROUNDS, observe);
        Directions::principal(points, wanted, ROUNDS, self.seed, &told).ok_or(TsneError::Stopped)
    }

    /// How likely points are to be neighbours, and the method that suits the points.
    fn affinities(
        &self,
        points: &Points,
        observe: &mut (impl FnMut(Progress) -> ControlFlow<()> + Send),
        clock: &mut Clock,
        seconds: &mut Seconds,
    ) -> Result<(Affinities, Method), TsneError> {
        let count = points.count();
        let (k, perplexity) = (self.neighbours_for(count), self.perplexity_for(count));
        let told = stage("finding neighbours", count, observe);
        let neighbours = nearest_of_all(points, k, self.neighbours, self.seed, &told).ok_or(TsneError::Stopped)?;
        drop(told);
        seconds.neighbours = clock.lap();

        let method = match self.method_for(count) {
            Method::Fft if self.method == Method::Auto && neighbours.is_crowded(perplexity) => Method::BarnesHut,
            method => method,
        };
        // Each point counts once for its conditional probabilities and once for its joint ones.
        let told = stage("weighing them", 2 * count, observe);
        let affinities = Affinities::joint(neighbours, perplexity, &told).ok_or(TsneError::Stopped)?;
        seconds.affinities = clock.lap();
        Ok((affinities, method))
    }

    /// The initial map.
    fn start<const D: usize>(
        &self,
        points: &Points,
        observe: &mut (impl FnMut(Progress) -> ControlFlow<()> + Send),
    ) -> Result<Vec<[f32; D]>, TsneError> {
        if let Initial::Given(values) = &self.initial {
            return Ok(values.as_chunks().0.to_vec());
        }
        let count = points.count();
        let mut rng = Pcg64::seed_from_u64(self.seed);
        let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
        let mut y: Vec<[f32; D]> = (0..count).map(|_| std::array::from_fn(|_| START as f32 * normal())).collect();
        if self.initial == Initial::Pca {
            let points = points.tamed();
            let directions = self.directions("finding a start", &points, D, observe)?;
            let components = directions.project(&points);
            let first = components.rows().map(|row| f64::from(row[0]).powi(2)).sum::<f64>();
            let deviation = (first / count as f64).sqrt();
            // Points that are all equal have no directions, and keep their random places.
            if deviation > 0.0 {
                for (y, row) in y.iter_mut().zip(components.rows()) {
                    for (y, value) in y.iter_mut().zip(row) {
                        // Plus a hundredth of the random place, so that equal points can separate.
                        *y = 0.01 * *y + (f64::from(*value) / deviation * START) as f32;
                    }
                }
            }
        }
        Ok(y)
    }
}

/// A divergence is never negative; one that rounding makes negative becomes 0. NaN stays NaN.
fn at_least_0(divergence: f64) -> f64 {
    if divergence < 0.0 { 0.0 } else { divergence }
}

/// The push by this method, for points at most `room` beyond the sources, as a share of the sources' extent.
pub(super) fn repulsion<const D: usize>(method: Method, theta: f64, room: f64) -> Box<dyn Repulsion<D>> {
    match method {
        Method::Exact => Box::new(Exact::new()),
        Method::Fft if D < 3 => Box::new(Grid::new(room)),
        _ => Box::new(Tree::new(theta)),
    }
}

/// Z = Σ_i φ_i. The error of a fast method may exceed a sparse map's small Z, so the result is never less than all pairs
/// would give if each were as far apart as the map is wide.
fn normalisation<const D: usize>(y: &[[f32; D]], felt: &Felt<D>) -> f64 {
    let sum: f64 = felt.potential.iter().map(|potential| f64::from(*potential)).sum();
    let (low, high) = bounds(y);
    let squared: f64 = (0..D).map(|axis| (f64::from(high[axis]) - f64::from(low[axis])).powi(2)).sum();
    let pairs = y.len() as f64 * (y.len() as f64 - 1.0);
    sum.max(pairs / (1.0 + squared))
}

/// Times one stage after the other.
struct Clock(Instant);

impl Clock {
    fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the last lap.
    fn lap(&mut self) -> f64 {
        let now = Instant::now();
        let seconds = (now - self.0).as_secs_f64();
        self.0 = now;
        seconds
    }
}
