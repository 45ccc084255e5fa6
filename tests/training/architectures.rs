//! Every architecture against PyTorch in double precision; tests/interop/architectures.py wrote the golden file.

use std::collections::BTreeMap;

use crate::common::hashed::{CASES, Measured, SETS, hashed};
use selvedge::gpu::{Gpu, GpuOptions};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    inference: Vec<f64>,
    training: Vec<f64>,
    /// Norm, and projections on two random signs.
    gradients: BTreeMap<String, [f64; 3]>,
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.map(f64::abs).fold(0.0, f64::max)
}

/// The largest difference as a fraction of the largest value.
fn difference(ours: &[f32], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let differences = ours.iter().zip(theirs).map(|(a, b)| f64::from(*a) - b);
    largest(differences) / largest(theirs.iter().copied())
}

/// The gradients that differ by more than a thousandth of their norm, and how.
fn differing(ours: &Measured, theirs: &Golden) -> BTreeMap<String, String> {
    assert_eq!(ours.gradients.len(), theirs.gradients.len());
    let mut differing = BTreeMap::new();
    for (name, _, gradient) in &ours.gradients {
        let [norm, projections @ ..] = theirs.gradients[name];
        let our_norm = gradient.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        let our_projections = [0, 1].map(|which| {
            let signs = hashed(&format!("{which} {name}"), gradient.len());
            let signed = |(g, u): (&f32, f64)| if u >= 0.0 { f64::from(*g) } else { -f64::from(*g) };
            gradient.iter().zip(signs).map(signed).sum::<f64>()
        });
        let pairs = [(our_norm, norm)].into_iter().chain(our_projections.into_iter().zip(projections));
        let worst = largest(pairs.map(|(a, b)| a - b)) / norm;
        if worst > 1e-3 {
            let how = format!("norm {our_norm}, not {norm}; projections {our_projections:?}, not {projections:?}");
            differing.insert(name.clone(), how);
        }
    }
    differing
}

#[test]
fn logits_and_gradients_are_those_of_pytorch() {
    let text = include_str!("../golden/architectures.json");
    let golden: BTreeMap<String, BTreeMap<String, Golden>> = serde_json::from_str(text).unwrap();
    assert_eq!(golden.len(), CASES.len());
    // Without bounds checks, for speed: the gradient tests have checked every kernel.
    let gpu = Gpu::open(&GpuOptions { checked: Some(false), ..GpuOptions::from_env().unwrap() }).unwrap();
    for case in CASES {
        // The gradients that have not agreed on any set of images so far.
        let mut open: Option<BTreeMap<String, String>> = None;
        for set in SETS {
            let theirs = &golden[case.name][set];
            let ours = case.measure(&gpu, set);
            let inference = difference(&ours.inference, &theirs.inference);
            assert!(inference < 1e-4, "{}: logits in inference mode differ by {inference}", case.name);
            let training = difference(&ours.training, &theirs.training);
            assert!(training < 1e-4, "{}: logits in training mode differ by {training}", case.name);
            let now = differing(&ours, theirs);
            let both = open.map(|before| before.into_iter().filter(|(name, _)| now.contains_key(name)).collect());
            let still = both.unwrap_or(now);
            let is_done = still.is_empty();
            open = Some(still);
            if is_done {
                break;
            }
        }
        assert!(open.is_some_and(|open| open.is_empty()), "{}: gradients differ on every set", case.name);
    }
}
