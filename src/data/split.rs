//! Setting images aside for validation.

use rand::RngExt;
use rand_pcg::Pcg64;

use super::DataError;

/// Indices of images, each list in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Images to train with.
    pub train: Vec<u32>,
    /// Images for model selection and early stopping.
    pub validation: Vec<u32>,
}

impl Split {
    /// All of `images` images to train with.
    pub fn without_validation(images: usize) -> Self {
        Self { train: (0..images as u32).collect(), validation: Vec::new() }
    }
}

/// Sets `validation` images aside, the same share of every class, chosen by `seed` alone.
///
/// # Errors
/// [`DataError::Split`] when either part would be empty.
pub fn stratified_split(labels: &[u16], validation: usize, seed: u64) -> Result<Split, DataError> {
    split_in_order(labels, validation, |class, members| shuffle(members, seed, class))
}

/// Sets `validation` images aside, the same share of every class: the first ones in the order that `sort` brings the images of
/// a class into.
///
/// # Errors
/// As [`stratified_split`].
pub(super) fn split_in_order(
    labels: &[u16],
    validation: usize,
    sort: impl Fn(u64, &mut Vec<u32>),
) -> Result<Split, DataError> {
    let refuse = |problem: &str| DataError::Split { images: labels.len(), validation, problem: problem.to_owned() };
    if validation == 0 || validation >= labels.len() {
        return Err(refuse("both parts need at least one image"));
    }
    let by_class = by_class(labels);
    let counts: Vec<usize> = by_class.iter().map(Vec::len).collect();
    let mut split =
        Split { train: Vec::with_capacity(labels.len() - validation), validation: Vec::with_capacity(validation) };
    for (class, (mut members, share)) in by_class.into_iter().zip(shares(&counts, validation)).enumerate() {
        sort(class as u64, &mut members);
        split.validation.extend(&members[..share]);
        split.train.extend(&members[share..]);
    }
    split.validation.sort_unstable();
    split.train.sort_unstable();
    Ok(split)
}

/// Divides a set into `folds` parts of the same size, with the same share of every class, chosen by `seed` alone; split i
/// validates on part i and trains on the others.
///
/// # Errors
/// [`DataError::Split`] when there are fewer than two folds, or more folds than images.
pub fn stratified_folds(labels: &[u16], folds: usize, seed: u64) -> Result<Vec<Split>, DataError> {
    if folds < 2 || folds > labels.len() {
        return Err(DataError::Split {
            images: labels.len(),
            validation: labels.len() / folds.max(1),
            problem: "cross-validation needs at least 2 folds and an image in each".to_owned(),
        });
    }
    let by_class = by_class(labels);
    // Images are dealt like cards, class after class, so no class and no fold is short by more than one.
    let mut fold_of = vec![0; labels.len()];
    let mut dealt = 0;
    for (class, mut members) in by_class.into_iter().enumerate() {
        shuffle(&mut members, seed, class as u64);
        for image in members {
            fold_of[image as usize] = dealt % folds;
            dealt += 1;
        }
    }
    let split = |fold: usize| {
        let (validation, train) = (0..labels.len() as u32).partition(|i| fold_of[*i as usize] == fold);
        Split { train, validation }
    };
    Ok((0..folds).map(split).collect())
}

/// The images of each class, up to the largest label.
fn by_class(labels: &[u16]) -> Vec<Vec<u32>> {
    let classes = labels.iter().max().map_or(0, |largest| usize::from(*largest) + 1);
    let mut by_class: Vec<Vec<u32>> = vec![Vec::new(); classes];
    for (i, label) in (0..).zip(labels) {
        by_class[usize::from(*label)].push(i);
    }
    by_class
}

/// How many of each class to take so that `wanted` are taken in all: the exact share rounded down, and the rest from the
/// classes that lost most by rounding (the largest-remainder method).
fn shares(counts: &[usize], wanted: usize) -> Vec<usize> {
    let total: usize = counts.iter().sum::<usize>().max(1);
    let mut shares: Vec<usize> = counts.iter().map(|n| n * wanted / total).collect();
    let missing = wanted - shares.iter().sum::<usize>();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(counts[*i] * wanted % total));
    for class in order.into_iter().take(missing) {
        shares[class] += 1;
    }
    shares
}

/// The Fisher-Yates shuffle, determined by `seed` and `stream` alone. Written out, since a library's may change from version
/// to version, and the split and the order of an epoch must not.
pub fn shuffle(items: &mut [u32], seed: u64, stream: u64) {
    let mut rng = Pcg64::new(u128::from(seed), u128::from(stream));
    for i in (1..items.len()).rev() {
        // A 64-bit number modulo a count of at most millions: the bias is below 1e-12.
        let j = rng.random::<u64>() % (i as u64 + 1);
        items.swap(i, j as usize);
    }
}
