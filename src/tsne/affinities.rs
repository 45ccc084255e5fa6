//! How likely points are to be neighbours: the probabilities that the map should reproduce.

use rayon::prelude::*;

use super::LANES;
use super::neighbours::Neighbours;
use super::progress::Told;

/// A sparse matrix of probabilities, row by row. Each row is padded to a multiple of [`LANES`] with probabilities of 0 in
/// the row's first column.
#[derive(Debug)]
pub(super) struct Affinities {
    /// Where each row starts, and where the last one ends.
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl Affinities {
    /// The joint probabilities p_ij = (p_j|i + p_i|j) / 2N, symmetric and summing to 1 (van der Maaten and Hinton 2008,
    /// section 2). Each point is reported to `told` twice; `None` when it breaks.
    pub fn joint(neighbours: Neighbours, perplexity: f64, told: Told) -> Option<Self> {
        let k = neighbours.k;
        let conditional = weighed(&neighbours, perplexity, told)?;
        let count = neighbours.indices.len() / k;
        let reversed = Reversed::new(&neighbours);
        let scale = 1.0 / (2.0 * count as f64);
        let row = |i: usize| {
            let own = (i * k..(i + 1) * k).map(|at| (neighbours.indices[at], conditional[at]));
            let others = reversed.of(i).iter().map(|at| (*at / k as u32, conditional[*at as usize]));
            let mut row: Vec<(u32, f32)> = own.chain(others).collect();
            row.sort_unstable_by_key(|(column, _)| *column);
            // A pair of mutual neighbours appears twice.
            row.dedup_by(|again, first| {
                let same = again.0 == first.0;
                first.1 += if same { again.1 } else { 0.0 };
                same
            });
            for (_, value) in &mut row {
                *value = (f64::from(*value) * scale) as f32;
            }
            told(1).is_continue().then_some(row)
        };
        let rows: Option<_> = (0..count).into_par_iter().map(row).collect();
        // Frees three lists of all pairs before the last two are made.
        drop((neighbours, conditional, reversed));
        rows.map(Self::from_rows)
    }

    /// The conditional probabilities p_j|i from queries i to points j; each row sums to 1. `None` when `told` breaks.
    pub fn conditional(neighbours: &Neighbours, perplexity: f64, told: Told) -> Option<Self> {
        let k = neighbours.k;
        let values = weighed(neighbours, perplexity, told)?;
        let rows = neighbours.indices.chunks_exact(k).zip(values.chunks_exact(k));
        let pairs = |(indices, values): (&[u32], &[f32])| indices.iter().copied().zip(values.iter().copied()).collect();
        Some(Self::from_rows(rows.map(pairs).collect()))
    }

    fn from_rows(rows: Vec<Vec<(u32, f32)>>) -> Self {
        let lengths = rows.iter().map(|row| row.len().next_multiple_of(LANES));
        let total = lengths.clone().sum();
        let mut all = Self {
            starts: Vec::with_capacity(rows.len() + 1),
            columns: Vec::with_capacity(total),
            values: Vec::with_capacity(total),
        };
        all.starts.push(0);
        for (row, length) in rows.iter().zip(lengths) {
            let first = row.first().map_or(0, |(column, _)| *column);
            all.columns.extend(row.iter().map(|(column, _)| *column));
            all.values.extend(row.iter().map(|(_, value)| *value));
            let filled = all.starts.last().copied().unwrap_or(0) + length;
            all.columns.resize(filled, first);
            all.values.resize(filled, 0.0);
            all.starts.push(filled);
        }
        all
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// The columns and probabilities of a row, a multiple of [`LANES`] of them.
    pub fn row(&self, i: usize) -> (&[u32], &[f32]) {
        let range = self.starts[i]..self.starts[i + 1];
        (&self.columns[range.clone()], &self.values[range])
    }

    /// Σ p ln p over the p that are not 0.
    pub fn negative_entropy(&self) -> f64 {
        let terms = self.values.iter().filter(|p| **p > 0.0);
        terms.map(|p| f64::from(*p) * f64::from(*p).ln()).sum()
    }
}

/// For each point, the points that list it as a neighbour, as positions in the lists of neighbours.
struct Reversed {
    starts: Vec<usize>,
    places: Vec<u32>,
}

impl Reversed {
    fn new(neighbours: &Neighbours) -> Self {
        let count = neighbours.indices.len() / neighbours.k;
        let mut starts = vec![0; count + 1];
        for j in &neighbours.indices {
            starts[*j as usize + 1] += 1;
        }
        for i in 0..count {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut places = vec![0; neighbours.indices.len()];
        for (at, j) in neighbours.indices.iter().enumerate() {
            let next = &mut next[*j as usize];
            places[*next] = at as u32;
            *next += 1;
        }
        Self { starts, places }
    }

    fn of(&self, j: usize) -> &[u32] {
        &self.places[self.starts[j]..self.starts[j + 1]]
    }
}

/// p_j|i for every list of neighbours; `None` when `told` breaks.
fn weighed(neighbours: &Neighbours, perplexity: f64, told: Told) -> Option<Vec<f32>> {
    let mut values = vec![0.0; neighbours.squared.len()];
    let lists = neighbours.squared.par_chunks_exact(neighbours.k);
    let out = values.par_chunks_exact_mut(neighbours.k);
    lists.zip(out).try_for_each(|(squared, out)| {
        for (out, p) in out.iter_mut().zip(calibrated(squared, perplexity)) {
            *out = p as f32;
        }
        told(1).is_continue().then_some(())
    })?;
    Some(values)
}

/// Steps after which bisection has used up the digits of an f64.
const MOST_STEPS: usize = 200;
/// How close the entropy must come to its target, in nats.
const TOLERANCE: f64 = 1e-6;

/// p_j ∝ exp(-β d²_j), with β such that the entropy is ln(perplexity): the effective number of neighbours is then the same
/// at every point, however dense the points are there. In f64, since the entropy is a small difference of large sums.
///
/// Newton steps in ln β, with dH/d ln β = -β² Var(d²); bisection where a step leaves the bracket.
fn calibrated(squared: &[f32], perplexity: f64) -> Vec<f64> {
    let nearest = squared.iter().copied().fold(f32::INFINITY, f32::min);
    let over: Vec<f64> = squared.iter().map(|d| f64::from(*d) - f64::from(nearest)).collect();
    let mean = over.iter().sum::<f64>() / over.len() as f64;
    let wanted = perplexity.ln();
    let mut weights = vec![1.0; over.len()];
    if mean > 0.0 {
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        let mut log_beta = -mean.ln();
        for _ in 0..MOST_STEPS {
            let beta = log_beta.exp();
            let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
            for (weight, d) in weights.iter_mut().zip(&over) {
                *weight = (-beta * d).exp();
                sum += *weight;
                first += *weight * d;
                second += *weight * d * d;
            }
            let (first, second) = (first / sum, second / sum);
            let entropy = sum.ln() + beta * first;
            let surplus = entropy - wanted;
            if surplus.abs() < TOLERANCE {
                break;
            }
            match surplus > 0.0 {
                true => low = log_beta,
                false => high = log_beta,
            }
            let slope = beta * beta * (second - first * first);
            let newton = log_beta + surplus / slope;
            log_beta = match (newton > low && newton < high, low.is_finite(), high.is_finite()) {
                (true, ..) if (newton - log_beta).abs() < 3.0 => newton,
                (_, true, true) => 0.5 * (low + high),
                (_, true, false) => log_beta + 2.0,
                _ => log_beta - 2.0,
            };
        }
    }
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tsne::NeighbourSearch;
    use crate::tsne::neighbours::nearest_of_all;
    use crate::tsne::points::Points;
    use crate::tsne::progress::UNTOLD;

    /// Points that get denser and denser towards one side.
    fn neighbours(count: usize, k: usize) -> Neighbours {
        let values = (0..2 * count).map(|i| ((i * 7919 % 1009) as f32 / 100.0).powi(3)).collect();
        nearest_of_all(&Points::new(values, 2), k, NeighbourSearch::Exact, 0, UNTOLD).unwrap()
    }

    #[test]
    fn as_many_neighbours_count_as_the_perplexity_says() {
        for perplexity in [1.5, 5.0, 30.0] {
            let neighbours = neighbours(200, 150);
            let affinities = Affinities::conditional(&neighbours, perplexity, UNTOLD).unwrap();
            for i in 0..200 {
                let (_, values) = affinities.row(i);
                let terms = values.iter().filter(|p| **p > 0.0).map(|p| f64::from(*p));
                let (sum, entropy) = terms.fold((0.0, 0.0), |(sum, entropy), p| (sum + p, entropy - p * p.ln()));
                assert!((sum - 1.0).abs() < 1e-5, "{sum}");
                assert!((entropy.exp() / perplexity - 1.0).abs() < 1e-4, "{} {perplexity}", entropy.exp());
                assert!(values.is_sorted_by(|a, b| a >= b), "nearer points are no likelier");
            }
        }
    }

    #[test]
    fn joint_probabilities_are_those_of_the_definition() {
        let (count, k) = (120, 30);
        let neighbours = neighbours(count, k);
        let dense = |rows: &Affinities| -> Vec<Vec<f64>> {
            let row = |i: usize| {
                let mut row = vec![0.0; count];
                let (columns, values) = rows.row(i);
                for (column, value) in columns.iter().zip(values) {
                    row[*column as usize] += f64::from(*value);
                }
                row
            };
            (0..count).map(row).collect()
        };
        let conditional = dense(&Affinities::conditional(&neighbours, 9.0, UNTOLD).unwrap());
        let joint = Affinities::joint(neighbours, 9.0, UNTOLD).unwrap();
        let (rows, mut sum) = (dense(&joint), 0.0);
        for i in 0..count {
            for j in 0..count {
                let right = (conditional[i][j] + conditional[j][i]) / (2.0 * count as f64);
                assert!((rows[i][j] - right).abs() < 1e-9, "{i} {j}: {} {right}", rows[i][j]);
                sum += right;
            }
        }
        assert!((sum - 1.0).abs() < 1e-6);
        let terms = rows.iter().flatten().filter(|p| **p > 0.0);
        let negative_entropy: f64 = terms.map(|p| p * p.ln()).sum();
        assert!((joint.negative_entropy() / negative_entropy - 1.0).abs() < 1e-6);
    }

    #[test]
    fn distances_that_cannot_be_told_apart_count_the_same() {
        // All at one distance, in one place, one near and the others very far, denormal distances.
        for (squared, right) in [
            ([4.0; 4], [0.25; 4]),
            ([0.0; 4], [0.25; 4]),
            ([0.0, 1e30, 1e30, 1e30], [1.0, 0.0, 0.0, 0.0]),
            ([1e-40, 1e-40, 1e-40, 1e-40], [0.25; 4]),
        ] {
            for (p, right) in calibrated(&squared, 1.3).into_iter().zip(right) {
                // With an effective 1.3 neighbours, the nearest has nearly all the probability.
                assert!((p - right).abs() < 0.1, "{squared:?}: {p} {right}");
            }
        }
    }
}
