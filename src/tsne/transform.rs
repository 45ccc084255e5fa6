//! New points in an existing map.

use super::TsneError;
use super::affinities::Affinities;
use super::attraction::attraction;
use super::descent::Descent;
use super::embedding::Embedding;
use super::fit::repulsion;
use super::neighbours::Search;
use super::points::Points;
use super::progress::UNTOLD;
use super::repulsion::Felt;

/// The perplexity of new points, lower than that of a fit so that a point's own place counts (Poličar et al. 2023).
const PERPLEXITY: f64 = 5.0;
const NEIGHBOURS: usize = 15;
const ITERATIONS: usize = 250;
const RATE: f32 = 0.1;
const MOMENTUM: f32 = 0.8;
/// The longest gradient. A new point starts among its neighbours, where the pull is steep.
const STEEPEST: f32 = 0.25;
/// How far beyond the map new points may be pushed, as a share of its extent. Their neighbours hold them back.
const ROOM: f64 = 0.1;
/// The factor that strengthens the pull throughout.
const EXAGGERATION: f32 = 1.5;

impl Embedding {
    /// Places new points, row-major `[points, dims]`, into the map; the map stays as it is. Returns their positions,
    /// row-major `[points, components]`.
    ///
    /// Every new point i descends on its own divergence Σ_j p_j|i ln(p_j|i / q_j|i) from the points j of the map, with
    /// q_j|i = K_ij / Σ_l K_il. Its position therefore does not depend on the other new points. It starts at the mean of its
    /// nearest neighbours, weighted by p_j|i. The pull is exaggerated by 1.5, as in openTSNE. Much is prepared once per call
    /// for all its points: pass many at a time.
    ///
    /// # Errors
    /// Points that are not finite, have another number of dimensions than those of the map, are too far from them, or have
    /// no direction where the metric needs one.
    pub fn transform(&self, data: &[f32], dims: usize) -> Result<Vec<f32>, TsneError> {
        if dims != self.dims {
            return Err(TsneError::OtherDims { expected: self.dims, found: dims });
        }
        self.settings.on_threads(|| match self.settings.components {
            1 => self.transform_in::<1>(data),
            2 => self.transform_in::<2>(data),
            _ => self.transform_in::<3>(data),
        })?
    }

    fn transform_in<const D: usize>(&self, data: &[f32]) -> Result<Vec<f32>, TsneError> {
        let queries = Points::checked(data, self.dims)?.in_metric(self.settings.metric)?;
        let mut queries = queries.in_frame(&self.frame)?;
        if let Some(directions) = &self.directions {
            queries = directions.project(&queries);
        }
        let k = NEIGHBOURS.min(self.points.count());
        let neighbours = Search::new(&self.points, self.settings.neighbours, self.settings.seed, UNTOLD)
            .and_then(|search| search.nearest_to(&queries, k, UNTOLD))
            .ok_or(TsneError::Stopped)?;
        let perplexity = PERPLEXITY.min((k as f64 / 3.0).max(1.0));
        let affinities = Affinities::conditional(&neighbours, perplexity, UNTOLD).ok_or(TsneError::Stopped)?;
        let map: &[[f32; D]] = self.positions.as_chunks().0;
        let mean = |i: usize| {
            let (columns, values) = affinities.row(i);
            let mut place = [0.0; D];
            for (j, p) in columns.iter().zip(values) {
                for axis in 0..D {
                    place[axis] += p * map[*j as usize][axis];
                }
            }
            place
        };
        let mut y: Vec<[f32; D]> = (0..queries.count()).map(mean).collect();

        let mut repulsion = repulsion::<D>(self.method, self.settings.theta, ROOM);
        repulsion.place(map);
        let mut descent = Descent::new(y.len());
        let mut pull = vec![[0.0; D]; y.len()];
        let mut felt = Felt::of(y.len());
        for _ in 0..ITERATIONS {
            attraction(&affinities, &y, map, &mut pull);
            repulsion.feel(&y, &mut felt);
            for ((pull, push), z) in pull.iter_mut().zip(&felt.push).zip(&felt.potential) {
                let mut squared = 0.0;
                for axis in 0..D {
                    pull[axis] = 2.0 * (EXAGGERATION * pull[axis] - push[axis] / z.max(f32::MIN_POSITIVE));
                    squared += pull[axis] * pull[axis];
                }
                let scale = (STEEPEST / squared.sqrt()).min(1.0);
                for value in pull {
                    *value *= scale;
                }
            }
            descent.step(&mut y, &pull, RATE, MOMENTUM);
        }
        Ok(y.into_flattened())
    }
}
