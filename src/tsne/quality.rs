//! How good a map is.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::neighbours::{nearest_of_all, squared_distance};
use super::points::Points;
use super::progress::UNTOLD;
use super::{NeighbourSearch, TsneError};

/// How far the neighbours in the map are also neighbours in the data (Venna and Kaski 2001), from 0 to 1:
///
/// ```text
/// 1 - 2 / (N k (2N - 3k - 1)) Σ_i Σ_{j in map's k nearest of i} max(0, rank of j among i's neighbours in the data - k)
/// ```
///
/// `data` is row-major `[N, dims]`, `map` `[N, components]`; distances are euclidean. The cost grows with N² dims: pass a
/// few thousand points.
///
/// # Errors
/// [`TsneError`]: points that are not finite, or not equally many in both; `k` that is not below N / 2.
pub fn trustworthiness(data: &[f32], dims: usize, map: &[f32], components: usize, k: usize) -> Result<f64, TsneError> {
    let data = Points::checked(data, dims)?.framed()?;
    let map = Points::checked(map, components)?.framed()?;
    let count = data.count();
    if map.count() != count {
        return Err(TsneError::OtherCount { expected: count, found: map.count() });
    }
    if k == 0 || 2 * k >= count {
        return Err(TsneError::option("the number of neighbours", k, "above 0 and below half the points"));
    }
    let near = nearest_of_all(&map, k, NeighbourSearch::Exact, 0, UNTOLD).ok_or(TsneError::Stopped)?;
    let penalty = |i: usize| {
        let distances: Vec<f32> = data.rows().map(|row| squared_distance(data.row(i), row)).collect();
        let neighbours = &near.indices[i * k..(i + 1) * k];
        let excess = neighbours.iter().map(|j| {
            let j = *j as usize;
            // Of equal distances the earlier point counts as nearer, as in a stable sort.
            let nearer = |l: &usize| (distances[*l], *l) < (distances[j], j);
            let rank = 1 + (0..count).filter(|l| *l != i && nearer(l)).count();
            rank.saturating_sub(k)
        });
        excess.sum::<usize>()
    };
    let sum: usize = (0..count).into_par_iter().map(penalty).sum();
    let scale = 2.0 / (count as f64 * k as f64 * (2.0 * count as f64 - 3.0 * k as f64 - 1.0));
    Ok(1.0 - scale * sum as f64)
}

/// The share of each point's true `k` nearest neighbours that an approximate search finds, see
/// [`NeighbourSearch::Approximate`]. `data` is row-major `[N, dims]`; distances are euclidean.
///
/// # Errors
/// [`TsneError`]: points that are not finite; `k` that is not below their number.
pub fn neighbour_recall(data: &[f32], dims: usize, k: usize, seed: u64) -> Result<f64, TsneError> {
    let points = Points::checked(data, dims)?.framed()?;
    if k == 0 || k >= points.count() {
        let allowed = "above 0 and below the number of points";
        return Err(TsneError::option("the number of neighbours", k, allowed));
    }
    let found = |search| nearest_of_all(&points, k, search, seed, UNTOLD).ok_or(TsneError::Stopped);
    let (exact, approximate) = (found(NeighbourSearch::Exact)?.indices, found(NeighbourSearch::Approximate)?.indices);
    let rows = exact.par_chunks(k).zip(approximate.par_chunks(k));
    let found: usize = rows.map(|(all, some)| some.iter().filter(|j| all.contains(j)).count()).sum();
    Ok(found as f64 / exact.len() as f64)
}

/// Folds of [`knn_accuracy`].
const FOLDS: usize = 5;

/// How well the `k` nearest of the map's other points predict a point's class, by majority; ties go to the smallest class.
/// Uses stratified five-fold cross-validation in the order of the points, like scikit-learn's `cross_val_score` with a
/// `KNeighborsClassifier`: a fifth of each class is predicted from the other four fifths of the points.
///
/// # Errors
/// [`TsneError`]: points that are not finite, not as many as labels, or fewer than five; `k` above four fifths of them.
pub fn knn_accuracy(map: &[f32], components: usize, labels: &[u16], k: usize) -> Result<f64, TsneError> {
    let map = Points::checked(map, components)?.framed()?;
    let count = map.count();
    if labels.len() != count {
        return Err(TsneError::OtherCount { expected: count, found: labels.len() });
    }
    if count < FOLDS {
        return Err(TsneError::option("the number of points", count, "at least 5"));
    }
    let folds = folds(labels);
    let scores = (0..FOLDS).map(|fold| {
        let part = |held_out: bool| -> Vec<usize> { (0..count).filter(|i| (folds[*i] == fold) == held_out).collect() };
        let (known, asked) = (part(false), part(true));
        if k == 0 || k > known.len() {
            return Err(TsneError::option("the number of neighbours", k, "above 0 and at most 4/5 of the points"));
        }
        let places: Vec<&[f32]> = known.iter().map(|i| map.row(*i)).collect();
        let right = |i: &&usize| {
            let told = majority(map.row(**i), &places, |j| labels[known[j]], k);
            told == labels[**i]
        };
        Ok(asked.par_iter().filter(right).count() as f64 / asked.len() as f64)
    });
    Ok(scores.sum::<Result<f64, TsneError>>()? / FOLDS as f64)
}

/// The class of most of the `k` nearest.
fn majority(place: &[f32], places: &[&[f32]], class: impl Fn(usize) -> u16, k: usize) -> u16 {
    let squared = |other: &[f32]| place.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
    let mut distances: Vec<(f32, u32)> = (0..).zip(places).map(|(j, other)| (squared(other), j)).collect();
    distances.select_nth_unstable_by(k - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut votes = BTreeMap::new();
    for (_, j) in &distances[..k] {
        *votes.entry(class(*j as usize)).or_insert(0) += 1;
    }
    let most = votes.values().max().copied().unwrap_or(0);
    votes.into_iter().find(|(_, count)| *count == most).map_or(0, |(class, _)| class)
}

/// Each point's fold. The points, sorted by class, are dealt in turn, which determines how many of a class each fold gets;
/// each fold then gets them in the order of the points. Classes are in the order of their first points, as in scikit-learn's
/// `StratifiedKFold`.
fn folds(labels: &[u16]) -> Vec<usize> {
    let most = labels.iter().max().map_or(0, |largest| usize::from(*largest) + 1);
    let mut counts = vec![0; most];
    let mut classes = Vec::new();
    for label in labels {
        let count = &mut counts[usize::from(*label)];
        if *count == 0 {
            classes.push(*label);
        }
        *count += 1;
    }
    let sorted = classes.iter().flat_map(|label| std::iter::repeat_n(*label, counts[usize::from(*label)]));
    let mut room = vec![[0usize; FOLDS]; most];
    for (i, label) in sorted.enumerate() {
        room[usize::from(label)][i % FOLDS] += 1;
    }
    let place = |label: &u16| {
        let room = &mut room[usize::from(*label)];
        let fold = room.iter().position(|left| *left > 0).unwrap_or(0);
        room[fold] = room[fold].saturating_sub(1);
        fold
    };
    labels.iter().map(place).collect()
}
