//! NaN, infinity and labels that do not exist, for every op and core that they concern. The expected result is PyTorch's, unless
//! a comment says otherwise.

use crate::common::{assert_same, cores, gpu, gpu_with};
use selvedge::tensor::ops::{MIXING, NormSettings, Padding, Window};
use selvedge::tensor::{Graph, Tensor};

const NAN: f32 = f32::NAN;
const INF: f32 = f32::INFINITY;

fn graph() -> Graph {
    Graph::new(&gpu())
}

// Activations

/// Inputs of an activation, and what ReLU makes of them.
const BEFORE: [f32; 8] = [NAN, -INF, INF, -1.0, 0.0, 2.0, -0.0, 3.0];
const AFTER: [f32; 8] = [NAN, 0.0, INF, 0.0, 0.0, 2.0, 0.0, 3.0];

#[test]
fn relu_passes_nan_and_stops_infinity() {
    let g = graph();
    // One at a time and four at a time.
    for len in [8, 7] {
        let x = g.tensor([len], &BEFORE[..len]).unwrap();
        assert_same("relu", &x.relu().unwrap(), &AFTER[..len]);
        let leaky = [NAN, -INF, INF, -0.5, 0.0, 2.0, 0.0, 3.0];
        assert_same("leaky relu", &x.leaky_relu(0.5).unwrap(), &leaky[..len]);
        // The gradient is dy, even an infinite one, where the output is above 0 or NaN, and 0 elsewhere.
        let dy = g.tensor([len], &vec![INF; len]).unwrap();
        let dx = &x.relu().unwrap().backward_from(&dy, &[&x]).unwrap()[0];
        assert_same("its gradient", dx, &[INF, 0.0, INF, 0.0, 0.0, INF, 0.0, INF][..len]);
        let dx = &x.leaky_relu(0.5).unwrap().backward_from(&dy, &[&x]).unwrap()[0];
        assert_same("leaky, its gradient", dx, &vec![INF; len]);
    }
}

#[test]
fn products_with_an_activation_follow_the_rule_in_every_core() {
    for core in cores() {
        let g = Graph::new(&gpu_with(core));
        let seed_step_row = g.tensor_u32([3], &[1, 2, 0]).unwrap();
        // Widths whose values are stored one and four at a time. Every column of the product equals the only input column.
        for cols in [5, 8] {
            let case = format!("{core:?}, {cols} columns");
            let expected: Vec<f32> = AFTER.iter().flat_map(|y| vec![*y; cols]).collect();
            let (one, none) = (g.tensor([1, cols], &vec![1.0; cols]).unwrap(), g.zeros([cols]).unwrap());
            let x = g.tensor([8, 1], &BEFORE).unwrap();
            let y = x.linear(&one, &none, true).unwrap();
            assert_same(&case, &y, &expected);
            // dbias sums the columns of the dy that passes: rows 0, 2, 5 and 7, without the infinite row 1.
            let mut dy = vec![1.0; 8 * cols];
            dy[cols..2 * cols].fill(INF);
            let dy = g.tensor([8, cols], &dy).unwrap();
            assert_same(&case, &y.backward_from(&dy, &[&none]).unwrap()[0], &vec![4.0; cols]);

            // A dropped number is 0 whatever it was, in dropout by itself and fused into the product alike.
            let within = x.linear_dropout(&one, &none, 0.5, &seed_step_row, 3).unwrap();
            let apart = y.dropout(0.5, &seed_step_row, 3).unwrap();
            let values = within.to_vec().unwrap();
            assert_same(&case, &apart, &values);
            assert!(values[..cols].iter().any(|y| y.is_nan()) && values[..cols].contains(&0.0), "{values:?}");

            // Few and many input channels: directly and through the matrix product.
            for in_c in [1, 8] {
                let pixels: Vec<f32> =
                    BEFORE.iter().flat_map(|x| (0..in_c).map(move |c| if c == 0 { *x } else { 0.0 })).collect();
                let image = g.tensor([2, 2, 2, in_c], &pixels).unwrap();
                let w = g.tensor([1, 1, in_c, cols], &vec![1.0; in_c * cols]).unwrap();
                let y = image.conv2d(&w, Some(&none), [1, 1], Padding::Valid, true).unwrap();
                assert_same(&format!("{case}, {in_c} channels"), &y, &expected);
            }
        }
    }
}

fn settings(relu_before: bool, relu_after: bool, pool: [usize; 2]) -> NormSettings {
    NormSettings { relu_before, relu_after, pool, ..NormSettings::plain(1e-5) }
}

#[test]
fn batch_norm_and_its_relus_follow_the_rule() {
    for core in cores() {
        let g = Graph::new(&gpu_with(core));
        for channels in [1, 4] {
            let spread = |values: &[f32]| -> Vec<f32> { values.iter().flat_map(|v| vec![*v; channels]).collect() };
            let x = g.tensor([2, 2, 2, channels], &spread(&BEFORE)).unwrap();
            let ones = g.tensor([channels], &vec![1.0; channels]).unwrap();
            let (zeros, mean) = (g.zeros([channels]).unwrap(), g.zeros([channels]).unwrap());
            // With mean 0 and variance 1 - epsilon, a number is normalised to itself.
            let variance = g.tensor([channels], &vec![1.0 - 1e-5; channels]).unwrap();
            for (before, after) in [(true, false), (false, true), (true, true)] {
                let case = format!("{core:?}, {channels} channels, {before} {after}");
                let y =
                    x.batch_norm_inference(&ones, &zeros, &mean, &variance, settings(before, after, [1, 1])).unwrap();
                assert_same(&case, &y, &spread(&AFTER));
                let mut dy = spread(&[1.0; 8]);
                dy[channels..2 * channels].fill(INF);
                let dy = g.tensor([2, 2, 2, channels], &dy).unwrap();
                let [dx, dbeta] = <[Tensor; 2]>::try_from(y.backward_from(&dy, &[&x, &zeros]).unwrap()).unwrap();
                assert_same(&case, &dx, &spread(&[1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0]));
                let passes = if after { 4.0 } else { INF };
                assert_same(&case, &dbeta, &spread(&[passes]));
            }
            // A NaN wins its pooling window, and alone receives the gradient of the window.
            let pooled = x.batch_norm_inference(&ones, &zeros, &mean, &variance, settings(true, true, [2, 2])).unwrap();
            assert_same("pooled", &pooled, &spread(&[NAN, 3.0]));
            let dy = g.tensor([2, 1, 1, channels], &spread(&[5.0, 7.0])).unwrap();
            let dx = &pooled.backward_from(&dy, &[&x]).unwrap()[0];
            assert_same("pooled", dx, &spread(&[5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 7.0]));
            // In training, one NaN or infinity reaches every output through the mean.
            for bad in [NAN, INF] {
                let mut values = vec![0.5; 8 * channels];
                values[3 * channels..4 * channels].fill(bad);
                let x = g.tensor([2, 2, 2, channels], &values).unwrap();
                for (before, after) in [(false, false), (true, true)] {
                    let norm = x.batch_norm(&ones, &zeros, settings(before, after, [1, 1])).unwrap();
                    assert_same("training", &norm.y, &spread(&[NAN; 8]));
                }
            }
        }
    }
}

#[test]
fn pooling_passes_nan() {
    let g = graph();
    let x = g.tensor([1, 2, 4, 1], &[1.0, NAN, -INF, 2.0, 5.0, 3.0, 4.0, INF]).unwrap();
    let window = Window::new([2, 2], [2, 2], Padding::Valid);
    let y = x.max_pool(window).unwrap();
    assert_same("max", &y, &[NAN, INF]);
    let dy = g.tensor([1, 1, 2, 1], &[2.0, 3.0]).unwrap();
    let dx = &y.backward_from(&dy, &[&x]).unwrap()[0];
    assert_same("max", dx, &[0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.0]);
    // The maximum of nothing but -inf is -inf, and overlapping windows pass infinite gradients on.
    let low = g.tensor([1, 1, 3, 1], &[-INF; 3]).unwrap();
    let y = low.max_pool(Window::new([1, 2], [1, 1], Padding::Valid)).unwrap();
    assert_same("all -inf", &y, &[-INF, -INF]);
    let dy = g.tensor([1, 1, 2, 1], &[INF, 1.0]).unwrap();
    assert_same("all -inf", &y.backward_from(&dy, &[&low]).unwrap()[0], &[INF, 1.0, 0.0]);
    assert_same("mean", &x.avg_pool(window, true).unwrap(), &[NAN, NAN]);
}

#[test]
fn arithmetic_passes_nan_and_infinity_on() {
    let g = graph();
    let x = g.tensor([5], &[NAN, INF, -INF, 1.0, 0.0]).unwrap();
    assert_same("times 0", &x.scale(0.0).unwrap(), &[NAN, NAN, NAN, 0.0, 0.0]);
    assert_same("sum", &x.sum().unwrap(), &[NAN]);
    // An average with weight 1 is the new value, whatever the old one was, as for the first of several accumulated gradients.
    let old = g.tensor([64], &[INF; 64]).unwrap();
    let new = g.tensor([64], &[2.0; 64]).unwrap();
    let averaged = old.average(&new, &g.tensor([1], &[1.0]).unwrap()).unwrap();
    assert_same("average", &averaged, &[2.0; 64]);
}

#[test]
fn clipping_a_gradient_that_is_not_finite_is_seen_everywhere() {
    let g = graph();
    let clipped = |values: &[f32]| g.tensor([values.len()], values).unwrap().clip_norm(1.0).unwrap();
    assert_same("NaN", &clipped(&[NAN, 1.0, 2.0, 3.0]), &[NAN; 4]);
    assert_same("inf", &clipped(&[1.0, INF, 2.0, -INF]), &[0.0, NAN, 0.0, NAN]);
    // The squares overflow, as in PyTorch.
    assert_same("1e20", &clipped(&[1e20, 1.0]), &[0.0, 0.0]);
    assert_same("short", &clipped(&[0.5, 0.0]), &[0.5, 0.0]);
}

// Losses

#[test]
fn a_loss_is_finite_where_only_other_classes_are_infinitely_unlikely() {
    let g = graph();
    let [p, q] = [(1.0_f64.exp() / (1.0 + 1.0_f64.exp())) as f32, (1.0 / (1.0 + 1.0_f64.exp())) as f32];
    // Logits, label, loss and the gradient of the loss.
    let cases: [([f32; 3], u32, f32, [f32; 3]); 6] = [
        ([0.0, -INF, 1.0], 0, 1.313_261_7, [q - 1.0, 0.0, p]),
        ([3e38, -3e38, 0.0], 0, 0.0, [0.0, 0.0, 0.0]),
        ([3e38, -3e38, 0.0], 1, INF, [1.0, -1.0, 0.0]),
        ([-INF, 2.0, -INF], 1, 0.0, [0.0, 0.0, 0.0]),
        ([0.0, -INF, 1.0], 1, INF, [q, -1.0, p]),
        ([0.0, NAN, 1.0], 0, NAN, [NAN; 3]),
    ];
    for (logits, label, loss, gradient) in cases {
        let x = g.tensor([1, 3], &logits).unwrap();
        let labels = g.tensor_u32([1], &[label]).unwrap();
        // Mixing in another class with weight 0 changes nothing.
        let pair = g.tensor_u32([1, 2], &[label, (label + 1) % 3]).unwrap();
        let mixing = g.tensor([MIXING], &[0.0, 1.0, 0.0, 0.0, 0.0, 0.0]).unwrap();
        for losses in
            [x.cross_entropy(&labels, 0.0).unwrap().losses, x.cross_entropy_mixed(&pair, &mixing, 0.0).unwrap().losses]
        {
            let got = [losses.to_vec().unwrap(), losses.sum().unwrap().backward(&[&x]).unwrap()[0].to_vec().unwrap()]
                .concat();
            for (got, expected) in got.iter().zip([loss].iter().chain(&gradient)) {
                let near = (got - expected).abs() < 1e-6 || got == expected || got.is_nan() && expected.is_nan();
                assert!(near, "{logits:?}, label {label}: {got} instead of {expected}");
            }
        }
        // Smoothing gives every class a target, even the impossible one.
        let smooth = x.cross_entropy(&labels, 0.1).unwrap().losses.to_vec().unwrap()[0];
        assert!(smooth == INF || loss.is_nan() && smooth.is_nan(), "{logits:?}: {smooth}");
    }
}

#[test]
fn softmax_of_infinitely_unlikely_classes() {
    let g = graph();
    let x = g.tensor([3, 2], &[0.0, -INF, 3e38, -3e38, -INF, -INF]).unwrap();
    let (y, log) = (x.softmax().unwrap(), x.log_softmax().unwrap());
    assert_same("softmax", &y, &[1.0, 0.0, 1.0, 0.0, NAN, NAN]);
    assert_same("log", &log, &[0.0, -INF, 0.0, -INF, NAN, NAN]);
    let dy = g.tensor([3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    let of = |y: &Tensor| y.backward_from(&dy, &[&x]).unwrap().swap_remove(0);
    assert_same("gradient", &of(&y), &[0.0, 0.0, 0.0, 0.0, NAN, NAN]);
    assert_same("gradient of log", &of(&log), &[-2.0, 2.0, -4.0, 4.0, NAN, NAN]);
}

#[test]
fn a_label_that_is_no_class_makes_its_row_nan_and_no_other() {
    let g = graph();
    let logits = g.tensor([3, 3], &[1.0, 2.0, 3.0, 0.0, 0.0, 9.0, 3.0, 2.0, 1.0]).unwrap();
    let mixing = g.tensor([MIXING], &[0.0, 0.7, 0.0, 0.0, 0.0, 0.0]).unwrap();
    for wrong in [3, 7, u32::MAX] {
        for smoothing in [0.0, 0.1] {
            let labels = g.tensor_u32([3], &[2, wrong, 0]).unwrap();
            let first = g.tensor_u32([3, 2], &[2, 1, wrong, 2, 0, 1]).unwrap();
            let second = g.tensor_u32([3, 2], &[2, 1, 2, wrong, 0, 1]).unwrap();
            for loss in [
                logits.cross_entropy(&labels, smoothing).unwrap(),
                logits.cross_entropy_mixed(&first, &mixing, smoothing).unwrap(),
                logits.cross_entropy_mixed(&second, &mixing, smoothing).unwrap(),
            ] {
                let nan_rows = |tensor: &Tensor| -> Vec<bool> {
                    let values = tensor.to_vec().unwrap();
                    let rows = values.chunks(values.len() / 3);
                    rows.map(|row| row.iter().all(|v| v.is_nan())).collect()
                };
                assert_eq!(nan_rows(&loss.losses), [false, true, false]);
                let gradient = &loss.losses.sum().unwrap().backward(&[&logits]).unwrap()[0];
                assert_eq!(nan_rows(gradient), [false, true, false]);
                let scores = loss.scores.to_vec().unwrap();
                assert!(scores[0].is_finite() && scores[1] == 1.0 && scores[4].is_finite() && scores[5] == 1.0);
                assert!(scores[2].is_nan(), "{scores:?}");
            }
            // It never counts as correct, though the prediction is the last class.
            assert_eq!(logits.cross_entropy(&labels, smoothing).unwrap().scores.to_vec().unwrap()[3], 0.0);
        }
    }
}

#[test]
fn the_gradient_of_a_repeated_factor_is_as_accurate_as_a_sum() {
    let g = graph();
    for n in [100, 511, 513, 5000, 1_000_003] {
        let [x, dy] = [1, 2].map(|seed| crate::common::random(&[n], seed).to_f32());
        let exact: f64 = x.iter().zip(&dy).map(|(x, dy)| f64::from(*x) * f64::from(*dy)).sum();
        let [x, dy] = [&x, &dy].map(|values| g.tensor([n], values).unwrap());
        let factor = g.tensor([1], &[2.0]).unwrap();
        let gradient = x.mul(&factor).unwrap().backward_from(&dy, &[&factor]).unwrap()[0].to_vec().unwrap()[0];
        // Terms of size 1/3, each rounded, and at most 30 successive sums that grow as the root of n.
        let bound = 3e-8 * (n as f64).sqrt() * 3.0;
        let off = (f64::from(gradient) - exact).abs();
        assert!(off < bound, "{n}: {off:e} above {bound:e}");
    }
}
