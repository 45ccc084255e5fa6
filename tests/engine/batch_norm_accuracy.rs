//! Batch norm in training on channels that are hard to normalise, at the size of every layer of the networks: against double
//! precision, its errors are at most four times those of PyTorch.

use crate::common::{cores, gpu_with};
use selvedge::gpu::GemmCore;
use selvedge::tensor::Graph;
use selvedge::tensor::ops::NormSettings;

const IMAGES: usize = 16;
/// Pixels per image and channels: of the CNN, ResNet-18, ResNet-20, and Inception at 150x150.
const LAYERS: [(usize, usize); 18] = [
    (784, 32),
    (196, 68),
    (49, 128),
    (9, 256),
    (196, 64),
    (49, 128),
    (16, 256),
    (4, 512),
    (784, 16),
    (196, 32),
    (49, 64),
    (5476, 32),
    (5184, 64),
    (1225, 80),
    (1089, 192),
    (256, 96),
    (49, 384),
    (9, 448),
];
const EPSILON: f32 = 1e-5;
const GAMMA: f64 = 1.5;
const BETA: f64 = 0.25;

/// A kind of channel: its values, given the pixel, the number of pixels and a random number in -1 to 1; and the errors of
/// PyTorch 2.15 in single precision on the same numbers, as printed by `interop/batch_norm.py`: of y, mean, variance, dx, dgamma
/// and dbeta, each relative to the same quantity as in [`errors`].
struct Kind {
    name: &'static str,
    value: fn(usize, usize, f64) -> f64,
    pytorch: [f64; 6],
}

const KINDS: [Kind; 9] = [
    Kind { name: "plain", value: |_, _, u| u, pytorch: [1.3e-7, 9.7e-9, 9.0e-8, 2.1e-7, 3.3e-7, 7.5e-7] },
    Kind {
        name: "far mean",
        value: |_, _, u| 1e4 + 0.01 * 3_f64.sqrt() * u,
        pytorch: [4.8e-2, 4.7e-8, 2.8e-3, 1.3e-2, 5.7e-2, 6.6e-7],
    },
    Kind { name: "constant 1", value: |_, _, _| 1.0, pytorch: [0.0, 0.0, 0.0, 1.7e-7, 0.0, 3.7e-7] },
    Kind {
        name: "constant 12345.678",
        value: |_, _, _| 12345.678,
        // PyTorch's y is 0.2 off; ours is beta.
        pytorch: [0.0, 0.0, 0.0, 1.8e-7, 0.0, 7.4e-7],
    },
    Kind { name: "constant 0.001", value: |_, _, _| 1e-3, pytorch: [0.0, 0.0, 0.0, 1.7e-7, 0.0, 4.7e-7] },
    Kind {
        name: "outlier first",
        value: |i, _, u| if i == 0 { 1e4 } else { u },
        pytorch: [1.5e-7, 5.9e-9, 2.0e-7, 1.4e-6, 1.4e-6, 3.0e-7],
    },
    Kind {
        name: "outlier last",
        value: |i, n, u| if i == n - 1 { 1e4 } else { u },
        pytorch: [1.9e-7, 6.1e-9, 1.8e-7, 2.5e-7, 1.5e-7, 5.2e-7],
    },
    Kind {
        name: "two values in turn",
        value: |i, _, _| if i % 2 == 0 { 0.1 } else { 3.0 },
        pytorch: [6.3e-8, 3.1e-8, 8.0e-8, 2.3e-7, 4.3e-7, 5.2e-7],
    },
    Kind {
        name: "two values, one after the other",
        value: |i, n, _| if i < n / 2 { 0.1 } else { 3.0 },
        pytorch: [6.3e-8, 3.1e-8, 8.0e-8, 2.3e-7, 3.7e-7, 3.9e-7],
    },
];

/// Numbers in -1 to 1, the same as in `interop/batch_norm.py`.
fn uniform(i: usize, seed: usize) -> f64 {
    let mut x = (i as u32).wrapping_mul(0x9E37_79B9).wrapping_add(seed as u32);
    x = (x ^ (x >> 16)).wrapping_mul(0x85EB_CA6B);
    x = (x ^ (x >> 13)).wrapping_mul(0xC2B2_AE35);
    f64::from((x ^ (x >> 16)) >> 8) / f64::from(1 << 23) - 1.0
}

/// The results of batch norm for a layer, forward and backward, `[pixels, channels]` or `[channels]`.
struct Found {
    y: Vec<f32>,
    moments: Vec<f32>,
    dx: Vec<f32>,
    dgamma: Vec<f32>,
    dbeta: Vec<f32>,
}

fn on_device(graph: &Graph, x: &[f32], dy: &[f32], channels: usize) -> Found {
    let n = x.len() / channels;
    let x = graph.tensor([n, channels], x).unwrap();
    let dy = graph.tensor([n, channels], dy).unwrap();
    let gamma = graph.tensor([channels], &vec![GAMMA as f32; channels]).unwrap();
    let beta = graph.tensor([channels], &vec![BETA as f32; channels]).unwrap();
    let norm = x.batch_norm(&gamma, &beta, NormSettings::plain(EPSILON)).unwrap();
    let gradients = norm.y.backward_from(&dy, &[&x, &gamma, &beta]).unwrap();
    let outputs = [&norm.y, &norm.moments, &gradients[0], &gradients[1], &gradients[2]];
    let mut compiled = graph.compile(&outputs).unwrap();
    compiled.run().unwrap();
    let [y, moments, dx, dgamma, dbeta] = outputs.map(|tensor| compiled.read(tensor).unwrap());
    Found { y, moments, dx, dgamma, dbeta }
}

/// The errors of a channel against double precision: of y and dx relative to their largest value, of the mean relative to itself
/// or the deviation, whichever is larger, of the variance relative to itself, of dgamma and dbeta relative to the square root of
/// their number of terms.
fn errors(found: &Found, x: &[f32], dy: &[f32], channels: usize, c: usize) -> [f64; 6] {
    let of = |values: &[f32], i: usize| f64::from(values[i * channels + c]);
    let pixels = 0..x.len() / channels;
    let n = pixels.len() as f64;
    let mean = pixels.clone().map(|i| of(x, i)).sum::<f64>() / n;
    let variance = pixels.clone().map(|i| (of(x, i) - mean).powi(2)).sum::<f64>() / n;
    let inverse = 1.0 / (variance + f64::from(EPSILON)).sqrt();
    let normalised = |i: usize| (of(x, i) - mean) * inverse;
    let dgamma: f64 = pixels.clone().map(|i| of(dy, i) * normalised(i)).sum();
    let dbeta: f64 = pixels.clone().map(|i| of(dy, i)).sum();
    let beside = |error: f64, size: f64| error / if size > 0.0 { size } else { 1.0 };
    let worst = |got: &[f32], expected: &dyn Fn(usize) -> f64| {
        let (mut error, mut largest) = (0.0_f64, 0.0_f64);
        for i in pixels.clone() {
            let off = (of(got, i) - expected(i)).abs();
            assert!(off.is_finite(), "channel {c}, pixel {i}: {}", of(got, i));
            error = error.max(off);
            largest = largest.max(expected(i).abs());
        }
        beside(error, largest)
    };
    let (means, variances) = found.moments.split_at(found.moments.len() / 2);
    let unbiased = variance * n / (n - 1.0);
    [
        worst(&found.y, &|i| GAMMA * normalised(i) + BETA),
        beside((f64::from(means[c]) - mean).abs(), mean.abs().max(unbiased.sqrt())),
        beside((f64::from(variances[c]) - unbiased).abs(), unbiased),
        worst(&found.dx, &|i| GAMMA * inverse * (of(dy, i) - dbeta / n - normalised(i) * dgamma / n)),
        (f64::from(found.dgamma[c]) - dgamma).abs() / n.sqrt(),
        (f64::from(found.dbeta[c]) - dbeta).abs() / n.sqrt(),
    ]
}

#[test]
fn batch_norm_is_as_accurate_as_pytorch_at_every_layer() {
    // One thread per piece, as on a CPU, and many threads with workgroup memory, as on a GPU.
    let cores = cores().into_iter().filter(|core| *core != GemmCore::Naive);
    let graphs: Vec<(GemmCore, Graph)> = cores.map(|core| (core, Graph::new(&gpu_with(core)))).collect();
    let mut worst = vec![[[0.0_f64; 6]; KINDS.len()]; graphs.len()];
    for (pixels, channels) in LAYERS {
        let n = IMAGES * pixels;
        let place = (0..n).flat_map(|i| (0..channels).map(move |c| (i, c)));
        let value = |(i, c): (usize, usize)| (KINDS[c % KINDS.len()].value)(i, n, uniform(i, c)) as f32;
        let x: Vec<f32> = place.map(value).collect();
        let dy: Vec<f32> = (0..x.len()).map(|i| uniform(i, 99) as f32).collect();
        for ((_, graph), worst) in graphs.iter().zip(&mut worst) {
            let found = on_device(graph, &x, &dy, channels);
            for c in 0..channels {
                let worst = &mut worst[c % KINDS.len()];
                let found = errors(&found, &x, &dy, channels, c);
                *worst = std::array::from_fn(|i| worst[i].max(found[i]));
            }
        }
    }
    // Rounding alone gives an error of up to half a unit in the last place.
    let half_a_unit = f64::from(f32::EPSILON) / 2.0;
    let mut too_far = Vec::new();
    for ((core, _), worst) in graphs.iter().zip(&worst) {
        for (kind, errors) in KINDS.iter().zip(worst) {
            let bounds = kind.pytorch.map(|error| 4.0 * error.max(half_a_unit));
            let names = ["y", "mean", "variance", "dx", "dgamma", "dbeta"];
            for ((name, error), bound) in names.into_iter().zip(errors).zip(bounds) {
                if *error > bound {
                    too_far.push(format!("{core:?}, {}: {name} {error:.1e} above {bound:.1e}", kind.name));
                }
            }
        }
    }
    assert!(too_far.is_empty(), "{too_far:#?}");
}

#[test]
fn a_constant_channel_gives_beta_to_the_last_bit() {
    for core in cores() {
        let graph = Graph::new(&gpu_with(core));
        for (shape, value) in [
            ([4, 5, 5, 1], 1.0_f32),
            ([3, 7, 5, 4], 12345.678),
            ([2, 3, 3, 3], -7e-12),
            ([1, 64, 67, 8], 3.4e33),
            ([2, 1, 1, 2], 0.1),
        ] {
            let channels = shape[3];
            let x = graph.tensor(shape, &vec![value; shape.iter().product()]).unwrap();
            let gamma = graph.tensor([channels], &vec![3.0; channels]).unwrap();
            let beta = graph.tensor([channels], &vec![0.3; channels]).unwrap();
            let norm = x.batch_norm(&gamma, &beta, NormSettings::plain(EPSILON)).unwrap();
            let y = norm.y.to_vec().unwrap();
            assert!(y.iter().all(|y| *y == 0.3), "{core:?} {shape:?} {value}: {:?}", &y[..4.min(y.len())]);
            let moments = norm.moments.to_vec().unwrap();
            let (mean, variance) = moments.split_at(moments.len() / 2);
            assert_eq!((mean[channels - 1], variance[channels - 1]), (value, 0.0));
        }
    }
}

#[test]
fn moments_where_outliers_stand_in_every_place_that_a_piece_could_take_for_its_mean() {
    // Outliers of 1e4 in the first or last eight pixels of every 128, in every 8th or 16th pixel, and in the first 1024.
    let n = 64 * 1024;
    let far: [fn(usize) -> bool; 5] =
        [|i| i % 128 < 8, |i| i % 128 >= 120, |i| i.is_multiple_of(8), |i| i.is_multiple_of(16), |i| i < 1024];
    let x: Vec<f32> =
        (0..n).flat_map(|i| far.map(|far| if far(i) { 1e4 } else { (uniform(i, 5) * 0.1 + 0.5) as f32 })).collect();
    for core in cores().into_iter().filter(|core| *core != GemmCore::Naive) {
        let graph = Graph::new(&gpu_with(core));
        let found = on_device(&graph, &x, &vec![0.0; x.len()], far.len());
        for c in 0..far.len() {
            let [y, mean, variance, ..] = errors(&found, &x, &vec![0.0; x.len()], far.len(), c);
            assert!(y < 6e-7 && mean < 6e-7 && variance < 6e-7, "{core:?} {c}: {y} {mean} {variance}");
        }
    }
}
