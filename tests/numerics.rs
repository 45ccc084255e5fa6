//! What is not an ordinary number, or nothing at all: NaN and infinity, empty tensors, integers for floats, labels that do not
//! exist. Each kind over every op and core that it concerns. What is right is what PyTorch gives, unless it says otherwise.

mod common;

use common::{cores, gpu, gpu_with};
use selvedge::gpu::{GpuError, Kernel, Source};
use selvedge::tensor::ops::{
    Batch, DataSet, MIXING, NormSettings, OptimiserInputs, Padding, Pixels, Rule, RunningUpdate, Window,
};
use selvedge::tensor::{DType, Graph, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor, TensorError};

const NAN: f32 = f32::NAN;
const INF: f32 = f32::INFINITY;

fn graph() -> Graph {
    Graph::new(&gpu())
}

/// Equal, with NaN equal to NaN.
#[track_caller]
fn assert_same(case: &str, tensor: &Tensor, expected: &[f32]) {
    let got = tensor.to_vec().unwrap();
    let same = got.len() == expected.len()
        && got
            .iter()
            .zip(expected)
            .all(|(a, b)| a == b || a.is_nan() && b.is_nan());
    assert!(same, "{case}: {got:?} instead of {expected:?}");
}

// Activations

/// Sums that an activation meets, and what ReLU makes of them.
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
        // The gradient is dy, also infinite, where the output is above 0 or NaN, else nothing.
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
        let clock = g.tensor_u32([2], &[1, 2]).unwrap();
        // Widths that are stored one at a time and four at a time. Every column of the product is the one input.
        for cols in [5, 8] {
            let case = format!("{core:?}, {cols} columns");
            let expected: Vec<f32> = AFTER.iter().flat_map(|y| vec![*y; cols]).collect();
            let (one, none) = (g.tensor([1, cols], &vec![1.0; cols]).unwrap(), g.zeros([cols]).unwrap());
            let x = g.tensor([8, 1], &BEFORE).unwrap();
            let y = x.linear(&one, &none, true).unwrap();
            assert_same(&case, &y, &expected);
            // dbias is the column sums of what passes: of rows 0, 2, 5 and 7, one of them infinite.
            let mut dy = vec![1.0; 8 * cols];
            dy[cols..2 * cols].fill(INF);
            let dy = g.tensor([8, cols], &dy).unwrap();
            assert_same(&case, &y.backward_from(&dy, &[&none]).unwrap()[0], &vec![4.0; cols]);

            // A dropped number is 0 whatever it was, apart and within the product alike.
            let within = x.linear_dropout(&one, &none, 0.5, &clock, 3).unwrap();
            let apart = y.dropout(0.5, &clock, 3).unwrap();
            let values = within.to_vec().unwrap();
            assert_same(&case, &apart, &values);
            assert!(
                values[..cols].iter().any(|y| y.is_nan()) && values[..cols].contains(&0.0),
                "{values:?}"
            );

            // In few and in many input channels: directly and through the product.
            for in_c in [1, 8] {
                let pixels: Vec<f32> = BEFORE
                    .iter()
                    .flat_map(|x| (0..in_c).map(move |c| if c == 0 { *x } else { 0.0 }))
                    .collect();
                let image = g.tensor([2, 2, 2, in_c], &pixels).unwrap();
                let w = g.tensor([1, 1, in_c, cols], &vec![1.0; in_c * cols]).unwrap();
                let y = image.conv2d(&w, Some(&none), [1, 1], Padding::Valid, true).unwrap();
                assert_same(&format!("{case}, {in_c} channels"), &y, &expected);
            }
        }
    }
}

fn settings(relu_before: bool, relu_after: bool, pool: [usize; 2]) -> NormSettings {
    NormSettings {
        relu_before,
        relu_after,
        pool,
        ..NormSettings::plain(1e-5)
    }
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
            // With variance 1 - epsilon a number is normalised to itself.
            let variance = g.tensor([channels], &vec![1.0 - 1e-5; channels]).unwrap();
            for (before, after) in [(true, false), (false, true), (true, true)] {
                let case = format!("{core:?}, {channels} channels, {before} {after}");
                let y = x
                    .batch_norm_inference(&ones, &zeros, &mean, &variance, settings(before, after, [1, 1]))
                    .unwrap();
                assert_same(&case, &y, &spread(&AFTER));
                let mut dy = spread(&[1.0; 8]);
                dy[channels..2 * channels].fill(INF);
                let dy = g.tensor([2, 2, 2, channels], &dy).unwrap();
                let [dx, dbeta] = <[Tensor; 2]>::try_from(y.backward_from(&dy, &[&x, &zeros]).unwrap()).unwrap();
                assert_same(&case, &dx, &spread(&[1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0]));
                let passes = if after { 4.0 } else { INF };
                assert_same(&case, &dbeta, &spread(&[passes]));
            }
            // A NaN wins its window of the pooling, and its gradient goes back to it alone.
            let pooled = x
                .batch_norm_inference(&ones, &zeros, &mean, &variance, settings(true, true, [2, 2]))
                .unwrap();
            assert_same("pooled", &pooled, &spread(&[NAN, 3.0]));
            let dy = g.tensor([2, 1, 1, channels], &spread(&[5.0, 7.0])).unwrap();
            let dx = &pooled.backward_from(&dy, &[&x]).unwrap()[0];
            assert_same("pooled", dx, &spread(&[5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 7.0]));
            // In training one NaN, or one infinity, is in the mean of all.
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
    let x = g
        .tensor([1, 2, 4, 1], &[1.0, NAN, -INF, 2.0, 5.0, 3.0, 4.0, INF])
        .unwrap();
    let window = Window::new([2, 2], [2, 2], Padding::Valid);
    let y = x.max_pool(window).unwrap();
    assert_same("max", &y, &[NAN, INF]);
    let dy = g.tensor([1, 1, 2, 1], &[2.0, 3.0]).unwrap();
    let dx = &y.backward_from(&dy, &[&x]).unwrap()[0];
    assert_same("max", dx, &[0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.0]);
    // Of nothing but -inf the largest is that, and overlapping windows hand infinite gradients on.
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
    // An average of weight 1 is the new value, whatever the old one was: the first of several accumulated gradients.
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
    // Squares that overflow, as in PyTorch.
    assert_same("1e20", &clipped(&[1e20, 1.0]), &[0.0, 0.0]);
    assert_same("short", &clipped(&[0.5, 0.0]), &[0.5, 0.0]);
}

// Losses

#[test]
fn a_loss_is_finite_where_only_other_classes_are_infinitely_unlikely() {
    let g = graph();
    let [p, q] = [
        (1.0_f64.exp() / (1.0 + 1.0_f64.exp())) as f32,
        (1.0 / (1.0 + 1.0_f64.exp())) as f32,
    ];
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
        // Mixed with another class by nothing at all it is the same.
        let pair = g.tensor_u32([1, 2], &[label, (label + 1) % 3]).unwrap();
        let mixing = g.tensor([MIXING], &[0.0, 1.0, 0.0, 0.0, 0.0, 0.0]).unwrap();
        for losses in [
            x.cross_entropy(&labels, 0.0).unwrap().losses,
            x.cross_entropy_mixed(&pair, &mixing, 0.0).unwrap().losses,
        ] {
            let got = [
                losses.to_vec().unwrap(),
                losses.sum().unwrap().backward(&[&x]).unwrap()[0].to_vec().unwrap(),
            ]
            .concat();
            for (got, expected) in got.iter().zip([loss].iter().chain(&gradient)) {
                let near = (got - expected).abs() < 1e-6 || got == expected || got.is_nan() && expected.is_nan();
                assert!(near, "{logits:?}, label {label}: {got} instead of {expected}");
            }
        }
        // Smoothing asks for every class, also for the impossible one.
        let smooth = x.cross_entropy(&labels, 0.1).unwrap().losses.to_vec().unwrap()[0];
        assert!(
            smooth == INF || loss.is_nan() && smooth.is_nan(),
            "{logits:?}: {smooth}"
        );
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
    let logits = g
        .tensor([3, 3], &[1.0, 2.0, 3.0, 0.0, 0.0, 9.0, 3.0, 2.0, 1.0])
        .unwrap();
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
            // It is never right, though the prediction is the last class.
            assert_eq!(
                logits
                    .cross_entropy(&labels, smoothing)
                    .unwrap()
                    .scores
                    .to_vec()
                    .unwrap()[3],
                0.0
            );
        }
    }
}

#[test]
fn the_gradient_of_a_repeated_factor_is_as_accurate_as_a_sum() {
    let g = graph();
    for n in [100, 511, 513, 5000, 1_000_003] {
        let [x, dy] = [1, 2].map(|seed| common::random(&[n], seed).to_f32());
        let exact: f64 = x.iter().zip(&dy).map(|(x, dy)| f64::from(*x) * f64::from(*dy)).sum();
        let [x, dy] = [&x, &dy].map(|values| g.tensor([n], values).unwrap());
        let factor = g.tensor([1], &[2.0]).unwrap();
        let gradient = x.mul(&factor).unwrap().backward_from(&dy, &[&factor]).unwrap()[0]
            .to_vec()
            .unwrap()[0];
        // Terms of size 1/3, each rounded, and at most 30 sums one after the other that grow as the root of n.
        let bound = 3e-8 * (n as f64).sqrt() * 3.0;
        let off = (f64::from(gradient) - exact).abs();
        assert!(off < bound, "{n}: {off:e} above {bound:e}");
    }
}

// Nothing at all

#[test]
fn ops_on_empty_tensors_give_what_is_left_and_the_device_works_on() {
    for core in cores() {
        let g = Graph::new(&gpu_with(core));
        let empty = |shape: &[usize]| g.zeros(shape).unwrap();
        let check = |case: &str, result: Result<Tensor>, shape: &[usize], values: &[f32]| {
            let tensor = result.unwrap_or_else(|e| panic!("{core:?} {case}: {e}"));
            assert_eq!(tensor.shape().axes(), shape, "{core:?} {case}");
            assert_same(&format!("{core:?} {case}"), &tensor, values);
        };
        let x = empty(&[0, 4]);
        let four = g.tensor([4], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        let clock = g.tensor_u32([2], &[0, 0]).unwrap();
        check("relu", x.relu(), &[0, 4], &[]);
        check("leaky relu", x.leaky_relu(0.1), &[0, 4], &[]);
        check("add", x.add(&four), &[0, 4], &[]);
        check("mul", x.mul(&x), &[0, 4], &[]);
        check("scale", x.scale(2.0), &[0, 4], &[]);
        check("dropout", x.dropout(0.5, &clock, 1), &[0, 4], &[]);
        check("transpose", x.transpose(), &[4, 0], &[]);
        check("reshape", x.reshape([0, 7]), &[0, 7], &[]);
        check("flatten", empty(&[0, 3, 4]).flatten(), &[0, 12], &[]);
        check("softmax", x.softmax(), &[0, 4], &[]);
        check("log softmax", x.log_softmax(), &[0, 4], &[]);
        check("clip", x.clip_norm(1.0), &[0, 4], &[]);
        check("concat", Tensor::concat(&[&x, &empty(&[0, 2])]), &[0, 6], &[]);
        let wide = g.tensor([2, 1], &[5.0, 6.0]).unwrap();
        check(
            "concat with nothing",
            Tensor::concat(&[&empty(&[2, 0]), &wide]),
            &[2, 1],
            &[5.0, 6.0],
        );
        check("no channels", wide.channels(1, 0), &[2, 0], &[]);
        check(
            "pack",
            Tensor::pack(&[&empty(&[0]).relu().unwrap(), &four], &[0, 0], 4),
            &[4],
            &[1.0, 2.0, 3.0, 4.0],
        );
        // A sum of no terms is 0.
        check("sum", x.sum(), &[1], &[0.0]);
        check("sum of rows", x.sum_rows(), &[4], &[0.0; 4]);
        check("matmul", x.matmul(&empty(&[4, 3])), &[0, 3], &[]);
        check("no columns", empty(&[2, 4]).matmul(&empty(&[4, 0])), &[2, 0], &[]);
        check("no terms", empty(&[2, 0]).matmul(&empty(&[0, 8])), &[2, 8], &[0.0; 16]);
        let bias = g.tensor([3], &[-1.0, 2.0, 3.0]).unwrap();
        check(
            "bias alone",
            empty(&[2, 0]).linear(&empty(&[0, 3]), &bias, true),
            &[2, 3],
            &[0.0, 2.0, 3.0, 0.0, 2.0, 3.0],
        );
        let [w, b] = [empty(&[3, 3, 1, 4]), empty(&[4])];
        let images = empty(&[0, 6, 6, 1]);
        check(
            "conv",
            images.conv2d(&w, Some(&b), [1, 1], Padding::Same, true),
            &[0, 6, 6, 4],
            &[],
        );
        let window = Window::new([2, 2], [2, 2], Padding::Valid);
        check("max pool", images.max_pool(window), &[0, 3, 3, 1], &[]);
        check("mean pool", images.avg_pool(window, true), &[0, 3, 3, 1], &[]);
        check("global mean", images.global_avg_pool(), &[0, 1], &[]);
        check("resize", images.resize_bilinear([3, 3]), &[0, 3, 3, 1], &[]);
        let pooled = settings(true, true, [2, 2]);
        let norm = empty(&[0, 6, 6, 4]).batch_norm_inference(&four, &four, &four, &four, pooled);
        check("batch norm", norm, &[0, 3, 3, 4], &[]);
        let labels = g.tensor_u32([0], &[]).unwrap();
        let loss = x.cross_entropy(&labels, 0.1).unwrap();
        check("loss", Ok(loss.losses.clone()), &[0], &[]);
        let pairs = g.tensor_u32([0, 2], &[]).unwrap();
        check(
            "mixed loss",
            Ok(x.cross_entropy_mixed(&pairs, &empty(&[MIXING]), 0.0).unwrap().losses),
            &[0],
            &[],
        );
        check(
            "totals",
            g.tensor([2], &[5.0, 6.0]).unwrap().accumulate(&loss.scores),
            &[2],
            &[5.0, 6.0],
        );
        check("after all that", four.scale(2.0), &[4], &[2.0, 4.0, 6.0, 8.0]);
    }
}

#[test]
fn gradients_through_empty_batches_are_zero() {
    for core in cores() {
        let g = Graph::new(&gpu_with(core));
        let given = |shape: &[usize]| g.tensor(shape, &vec![1.0; shape.iter().product()]).unwrap();
        let images = g.zeros([0, 4, 4, 1]).unwrap();
        let (w, b) = (given(&[3, 3, 1, 8]), given(&[8]));
        let frozen = settings(false, true, [2, 2]);
        let features = images
            .conv2d(&w, Some(&b), [1, 1], Padding::Same, true)
            .unwrap()
            .batch_norm_inference(&b, &b, &given(&[8]), &given(&[8]), frozen)
            .unwrap();
        let (dense, bias, factor) = (given(&[32, 5]), given(&[5]), given(&[1]));
        let logits = features
            .flatten()
            .unwrap()
            .linear(&dense, &bias, true)
            .unwrap()
            .mul(&factor)
            .unwrap();
        let labels = g.tensor_u32([0], &[]).unwrap();
        let loss = logits.cross_entropy(&labels, 0.0).unwrap().losses.sum().unwrap();
        let parameters = [&w, &b, &dense, &bias, &factor];
        for (gradient, parameter) in loss.backward(&parameters).unwrap().iter().zip(parameters) {
            assert_eq!(gradient.shape(), parameter.shape());
            assert_same(core.name(), gradient, &vec![0.0; parameter.shape().len()]);
        }
        // No inputs: a gradient of the input with nothing in it, and one of the bias with all of it.
        let (x, w) = (g.zeros([2, 0]).unwrap(), g.zeros([0, 5]).unwrap());
        let y = x.linear(&w, &bias, false).unwrap();
        let gradients = y.backward_from(&given(&[2, 5]), &[&x, &w, &bias]).unwrap();
        assert_same("dx", &gradients[0], &[]);
        assert_same("dw", &gradients[1], &[]);
        assert_same("dbias", &gradients[2], &[2.0; 5]);
        // No outputs: nothing reaches the input.
        let x = given(&[2, 3]);
        let y = x.matmul(&g.zeros([3, 0]).unwrap()).unwrap();
        assert_same(
            "dx",
            &y.backward_from(&g.zeros([2, 0]).unwrap(), &[&x]).unwrap()[0],
            &[0.0; 6],
        );
    }
}

#[test]
fn an_optimiser_steps_over_nothing_and_over_parts_without_elements() {
    let g = graph();
    let arena = g
        .arena("parameters", &[([2].into(), vec![1.0, 2.0]), ([0, 3].into(), vec![])])
        .unwrap();
    let gradients: Vec<Tensor> = arena.parts.iter().map(|part| part.scale(1.0).unwrap()).collect();
    let group = selvedge::optim::Group::PLAIN;
    let groups = [Some(group), Some(group)];
    let mut optimiser = selvedge::optim::Optimiser::with_groups(&g, &arena, Rule::SGD, &groups).unwrap();
    let step = optimiser.record_clipped(&arena, &gradients, Some(100.0)).unwrap();
    let mut compiled = g.compile(&[&step]).unwrap();
    optimiser.start_step(0.5).unwrap();
    compiled.run().unwrap();
    assert_ne!(arena.parts[0].to_vec().unwrap(), [1.0, 2.0]);
    assert_same("nothing", &arena.parts[1], &[]);

    let empty = || g.zeros([0]).unwrap();
    let inputs = OptimiserInputs {
        gradients: empty(),
        group_of: g.tensor_u32([0], &[]).unwrap(),
        groups: g.zeros([1, 4]).unwrap(),
        clock: g.zeros([4]).unwrap(),
    };
    assert_same(
        "nothing",
        &empty().optimiser_step(Rule::SGD, &[empty()], &inputs).unwrap(),
        &[],
    );
    assert_same(
        "nothing",
        &empty().average(&empty(), &g.zeros([1]).unwrap()).unwrap(),
        &[],
    );
}

#[test]
fn what_nothing_does_not_have_is_refused_at_the_call() {
    let g = graph();
    let zeros = |shape: &[usize]| g.zeros(shape).unwrap();
    let labels = g.tensor_u32([3], &[0; 3]).unwrap();
    let plain = NormSettings::plain(1e-5);
    let empty = g.tensor_u32([0], &[]).unwrap();
    let place = g.tensor_u32([2], &[0; 2]).unwrap();
    let set = DataSet {
        images: labels.clone(),
        labels: labels.clone(),
    };
    let batch = Batch {
        order: &labels,
        place: &place,
        size: 2,
        augment: None,
        mixing: None,
    };
    let pixels = Pixels {
        height: 0,
        width: 2,
        mean: 0.0,
        deviation: 1.0,
    };
    for (result, says) in [
        (zeros(&[0, 4]).mean(), "mean: there is no mean of no elements"),
        (zeros(&[0, 4]).mean_rows(), "mean_rows"),
        (zeros(&[2, 0, 3, 4]).global_avg_pool(), "global_avg_pool"),
        (zeros(&[3, 0]).softmax(), "at least one class"),
        (
            zeros(&[3, 0]).cross_entropy(&labels, 0.0).map(|l| l.losses),
            "at least one class",
        ),
        (
            zeros(&[0, 2, 2, 4])
                .batch_norm(&zeros(&[4]), &zeros(&[4]), plain)
                .map(|n| n.y),
            "has no mean",
        ),
        (
            zeros(&[1, 4, 4, 0]).conv2d(&zeros(&[3, 3, 0, 2]), None, [1, 1], Padding::Same, false),
            "at least one channel",
        ),
        (zeros(&[4, 2]).gather_rows(&empty, &place, 2), "the order (input 1)"),
        (zeros(&[0, 2]).gather_rows(&labels, &place, 2), "must have rows"),
        (set.gather(batch, pixels).map(|(x, _)| x), "0x2 have no pixel"),
    ] {
        let text = result.unwrap_err().to_string();
        assert!(text.contains(says), "'{says}' is not in: {text}");
    }
}

/// An op whose one dispatch the device refuses: more workgroups than it has.
#[derive(Debug)]
struct Refused;

impl Op for Refused {
    fn name(&self) -> &'static str {
        "refused"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, _: &Io, launches: &mut Launches) -> Result<()> {
        let text = "@group(0) @binding(1) var<storage, read> x: array<f32>;
            @group(0) @binding(2) var<storage, read_write> y: array<f32>;
            @compute @workgroup_size(1) fn main() { y[0] = x[0]; }";
        let mut kernel = Kernel::new("refused", Source::new("refused", text));
        kernel.workgroups = [1 << 20, 1, 1];
        launches.dispatch(kernel, &[Operand::Input(0).read(), Operand::Output(0).write()]);
        Ok(())
    }
}

#[test]
fn work_that_the_device_refuses_is_an_error_of_its_call_and_of_no_other() {
    let g = graph();
    let x = g.tensor([2], &[1.0, 2.0]).unwrap();
    for _ in 0..2 {
        let error = Tensor::apply_one(Refused, &[&x]).unwrap().to_vec().unwrap_err();
        assert!(matches!(error, TensorError::Gpu(GpuError::Invalid { .. })), "{error}");
        g.gpu().health().unwrap();
        assert_same("the same graph", &x.scale(2.0).unwrap(), &[2.0, 4.0]);
        assert_same("another", &graph().tensor([1], &[3.0]).unwrap().relu().unwrap(), &[3.0]);
    }
}

// Element types

#[test]
fn every_op_names_the_input_that_holds_the_wrong_type() {
    let g = graph();
    let floats = |shape: &[usize]| g.zeros(shape).unwrap();
    let integers = |shape: &[usize]| g.tensor_u32(shape, &vec![0; shape.iter().product()]).unwrap();
    let [f, u] = [floats(&[2, 2]), integers(&[2, 2])];
    let [f1, u1] = [floats(&[2]), integers(&[2])];
    let [image, numbers] = [floats(&[1, 2, 2, 2]), integers(&[1, 2, 2, 2])];
    let window = Window::new([1, 1], [1, 1], Padding::Valid);
    let plain = NormSettings::plain(1e-5);
    let kernel = floats(&[1, 1, 2, 2]);
    let mixing = [floats(&[MIXING]), integers(&[MIXING])];
    let arena = [floats(&[64]), integers(&[64])];
    let step = |parameters: usize, gradients: usize, group_of: &Tensor| {
        let inputs = OptimiserInputs {
            gradients: arena[gradients].clone(),
            group_of: group_of.clone(),
            groups: floats(&[1, 4]),
            clock: floats(&[4]),
        };
        arena[parameters].optimiser_step(Rule::SGD, &[arena[0].clone()], &inputs)
    };
    let gather = |labels: &Tensor, order: &Tensor| {
        let set = DataSet {
            images: u1.clone(),
            labels: labels.clone(),
        };
        let batch = Batch {
            order,
            place: &u1,
            size: 1,
            augment: None,
            mixing: None,
        };
        let pixels = Pixels {
            height: 1,
            width: 1,
            mean: 0.0,
            deviation: 1.0,
        };
        set.gather(batch, pixels).map(|(x, _)| x)
    };
    let conv = |x: &Tensor, b: &Tensor| x.conv2d(&kernel, Some(b), [1, 1], Padding::Same, true);
    let running = g
        .arena("running", &[([2].into(), vec![0.0; 2]), ([2].into(), vec![0.0; 2])])
        .unwrap();
    let moments = RunningUpdate {
        moments: integers(&[2, 64]),
        mean_part: 0,
    };
    let cases: Vec<(Result<Tensor>, &str, usize, DType)> = vec![
        (u.add(&u), "add", 0, DType::F32),
        (f.add(&u), "add", 1, DType::F32),
        (u.mul(&f), "mul", 0, DType::F32),
        (f.mul(&u1), "mul", 1, DType::F32),
        (u.scale(2.0), "scale", 0, DType::F32),
        (u.relu(), "leaky_relu", 0, DType::F32),
        (u.sum(), "sum", 0, DType::F32),
        (u.transpose(), "transpose", 0, DType::F32),
        (u.softmax(), "softmax", 0, DType::F32),
        (u.log_softmax(), "log_softmax", 0, DType::F32),
        (u.clip_norm(1.0), "mul", 0, DType::F32),
        (u.channels(0, 1), "channels", 0, DType::F32),
        (Tensor::concat(&[&f, &u]), "concat", 1, DType::F32),
        (Tensor::pack(&[&f, &u], &[0, 64], 128), "pack", 1, DType::F32),
        (u.dropout(0.5, &u1, 0), "dropout", 0, DType::F32),
        (f.dropout(0.5, &f1, 0), "dropout", 1, DType::U32),
        (f.matmul(&u), "matmul", 1, DType::F32),
        (f.linear(&f, &u1, true), "linear", 2, DType::F32),
        (f.linear_dropout(&f, &f1, 0.5, &f1, 0), "linear", 3, DType::U32),
        (conv(&numbers, &f1), "conv2d", 0, DType::F32),
        (conv(&image, &u1), "conv2d", 2, DType::F32),
        (numbers.max_pool(window), "max_pool", 0, DType::F32),
        (numbers.avg_pool(window, true), "avg_pool", 0, DType::F32),
        (numbers.global_avg_pool(), "sum", 0, DType::F32),
        (numbers.resize_bilinear([1, 1]), "resize_bilinear", 0, DType::F32),
        (f.batch_norm(&f1, &u1, plain).map(|n| n.y), "batch_norm", 2, DType::F32),
        (
            f.batch_norm_inference(&f1, &f1, &u1, &f1, plain),
            "batch_norm",
            3,
            DType::F32,
        ),
        (running.update_running(&[moments], 0.1), "pack", 0, DType::F32),
        (
            u.cross_entropy(&u1, 0.0).map(|l| l.losses),
            "cross_entropy",
            0,
            DType::F32,
        ),
        (
            f.cross_entropy(&f1, 0.0).map(|l| l.losses),
            "cross_entropy",
            1,
            DType::U32,
        ),
        (
            f.cross_entropy_mixed(&f, &mixing[0], 0.0).map(|l| l.losses),
            "cross_entropy",
            1,
            DType::U32,
        ),
        (
            f.cross_entropy_mixed(&u, &mixing[1], 0.0).map(|l| l.losses),
            "cross_entropy",
            2,
            DType::F32,
        ),
        (f1.accumulate(&u), "accumulate", 1, DType::F32),
        (arena[0].average(&arena[1], &floats(&[1])), "average", 1, DType::F32),
        (step(1, 0, &u1), "sgd", 0, DType::F32),
        (step(0, 1, &u1), "sgd", 2, DType::F32),
        (step(0, 0, &f1), "sgd", 3, DType::U32),
        (gather(&f1, &u1), "gather", 1, DType::U32),
        (gather(&u1, &f1), "gather", 2, DType::U32),
        (f.gather_rows(&f1, &u1, 1), "gather_rows", 1, DType::U32),
        (f.gather_rows(&u1, &f1, 1), "gather_rows", 2, DType::U32),
        (
            u.backward_from(&u, &[&u]).map(|mut g| g.remove(0)),
            "backward_from",
            0,
            DType::F32,
        ),
        (
            f.scale(1.0).unwrap().backward_from(&u, &[&f]).map(|mut g| g.remove(0)),
            "backward_from",
            1,
            DType::F32,
        ),
        (u.to_vec().map(|_| f.clone()), "to_vec", 0, DType::F32),
        (f.to_vec_u32().map(|_| f.clone()), "to_vec", 0, DType::U32),
    ];
    for (number, (result, name, at, type_)) in cases.into_iter().enumerate() {
        match result {
            Err(TensorError::Type {
                op,
                input,
                wanted,
                given,
            }) => {
                assert_eq!((op, input, wanted), (name, at, type_), "case {number}");
                assert_ne!(given, wanted);
            }
            other => panic!("case {number}, {name}: {other:?}"),
        }
    }
    let text = f.add(&u).unwrap_err().to_string();
    assert_eq!(
        text,
        "add: input 1 holds unsigned integers (u32), but must hold floats (f32)"
    );
    // What only moves elements takes both.
    assert_eq!(u.reshape([4]).unwrap().to_vec_u32().unwrap(), [0; 4]);
    assert_eq!(u.gather_rows(&u1, &u1, 1).unwrap().to_vec_u32().unwrap(), [0; 2]);
    let mut compiled = g.compile(&[&u]).unwrap();
    compiled.run().unwrap();
    assert!(matches!(compiled.read(&u), Err(TensorError::Type { op: "read", .. })));
    assert_eq!(compiled.read_u32(&u).unwrap(), [0; 4]);
}
