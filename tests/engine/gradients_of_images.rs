//! Gradients of the ops on images against finite differences in double precision: convolution, batch norm, pooling, resizing.

use std::sync::Arc;

use crate::common::{away_from_zero, check, check_on, cores, gpu_with, has_winograd, random};
use selvedge::gpu::{GemmCore, Gpu, Kernel};
use selvedge::gradcheck::{Array, reference as f64_of};
use selvedge::tensor::ops::{NormSettings, Pad, Padding, Window};
use selvedge::tensor::{Graph, Result, Tensor};

const NO_PAD: Pad = Pad { top: 0, bottom: 0, left: 0, right: 0 };

#[test]
fn global_avg_pool() {
    for [n, h, w, c] in [[1, 1, 1, 1], [3, 5, 7, 3], [2, 30, 30, 4]] {
        check(
            &[random(&[n, h, w, c], 1)],
            |x| x[0].global_avg_pool(),
            |x| {
                let sums = f64_of::sum_middle(&x[0].data, n, h * w, c);
                sums.iter().map(|s| s / (h * w) as f64).collect()
            },
        );
    }
}

/// One convolution to check.
struct Convolution {
    x: [usize; 4],
    kernel: [usize; 2],
    out_c: usize,
    stride: [usize; 2],
    padding: Padding,
    /// The resulting padding, worked out by hand.
    pad: Pad,
}

fn pad(top: usize, bottom: usize, left: usize, right: usize) -> Pad {
    Pad { top, bottom, left, right }
}

fn convolutions() -> Vec<Convolution> {
    let case = |x, kernel, out_c, stride, padding, pad| Convolution { x, kernel, out_c, stride, padding, pad };
    let explicit = |p| (Padding::Explicit(p), p);
    let (lopsided, all_lopsided) = explicit(pad(0, 2, 3, 1));
    vec![
        case([1, 1, 1, 1], [1, 1], 1, [1, 1], Padding::Valid, NO_PAD),
        case([2, 5, 7, 1], [3, 3], 32, [1, 1], Padding::Same, pad(1, 1, 1, 1)),
        case([1, 6, 5, 3], [3, 3], 4, [1, 1], Padding::Valid, NO_PAD),
        case([2, 5, 4, 68], [3, 3], 5, [1, 1], Padding::Same, pad(1, 1, 1, 1)),
        case([1, 4, 4, 4], [3, 3], 68, [1, 1], Padding::Same, pad(1, 1, 1, 1)),
        case([3, 3, 3, 8], [3, 3], 132, [1, 1], Padding::Same, pad(1, 1, 1, 1)),
        // TensorFlow's `same` with stride 2: an even size is padded only at the end, an odd one on both sides.
        case([2, 6, 7, 3], [3, 3], 6, [2, 2], Padding::Same, pad(0, 1, 1, 1)),
        case([1, 7, 7, 4], [7, 7], 8, [2, 2], Padding::Same, pad(3, 3, 3, 3)),
        case([2, 7, 9, 4], [1, 1], 12, [2, 2], Padding::Valid, NO_PAD),
        case([1, 9, 8, 5], [1, 7], 3, [1, 1], Padding::Same, pad(0, 0, 3, 3)),
        case([1, 9, 8, 4], [7, 1], 4, [1, 1], Padding::Same, pad(3, 3, 0, 0)),
        case([2, 6, 6, 4], [5, 5], 3, [1, 1], Padding::symmetric(1, 2), pad(1, 1, 2, 2)),
        case([1, 6, 5, 3], [2, 4], 4, [2, 3], lopsided, all_lopsided),
        case([1, 5, 5, 2], [2, 2], 3, [1, 1], Padding::Same, pad(0, 1, 0, 1)),
        // The first layer of a ResNet: few input channels, many taps, and a stride.
        case([2, 9, 8, 1], [7, 7], 4, [2, 2], Padding::Same, pad(3, 3, 2, 3)),
        case([1, 4, 9, 2], [3, 5], 16, [1, 3], Padding::Valid, NO_PAD),
        // Eight channels at a time for input and output, and a kernel narrower than its stride.
        case([2, 5, 6, 16], [1, 1], 64, [1, 1], Padding::Valid, NO_PAD),
        case([1, 7, 8, 8], [2, 1], 24, [3, 2], Padding::Valid, NO_PAD),
    ]
}

#[test]
fn conv2d_in_every_core() {
    for core in cores() {
        for (i, case) in convolutions().into_iter().enumerate() {
            let [_, _, _, in_c] = case.x;
            let [kernel_h, kernel_w] = case.kernel;
            // Small weights keep sums near 1, whatever the number of terms.
            let mut w = random(&[kernel_h, kernel_w, in_c, case.out_c], 2);
            let size = (kernel_h * kernel_w * in_c) as f64;
            w.data.iter_mut().for_each(|v| *v = f64::from((*v / size.sqrt()) as f32));
            check_on(
                &gpu_with(core),
                &format!("{core:?}, case {i}"),
                &[random(&case.x, 1), w],
                |x| x[0].conv2d(&x[1], None, case.stride, case.padding, false),
                |x| f64_of::conv2d(&x[0], &x[1], case.stride, case.pad),
            );
        }
    }
}

/// Names of the ops that compute the gradient of the first of `inputs`.
fn ops_of_gradient(
    gpu: &std::sync::Arc<Gpu>,
    inputs: &[Array],
    build: impl Fn(&[Tensor]) -> Result<Tensor>,
) -> Vec<&'static str> {
    let graph = Graph::new(gpu);
    let inputs: Vec<_> = inputs.iter().map(|x| graph.tensor(x.shape.clone(), &x.to_f32()).unwrap()).collect();
    let loss = build(&inputs).unwrap().sum().unwrap();
    let gradient = loss.backward(&[&inputs[0]]).unwrap().remove(0);
    graph.nodes(&[&gradient]).unwrap().iter().map(|node| node.op).collect()
}

#[test]
fn an_image_that_two_convolutions_read() {
    // As at the start of a residual block. The second gradient is added by the product that computes it, where 4 divides the
    // channels; with a stride, the product is of several phases.
    for core in cores() {
        for (in_c, stride) in [(4, [1, 1]), (8, [2, 2]), (16, [3, 1]), (3, [2, 2])] {
            let narrow = pad(0, 0, 0, 0);
            let wide = pad(1, 1, 1, 1);
            let inputs = [random(&[2, 7, 9, in_c], 1), random(&[3, 3, in_c, 8], 2), random(&[1, 1, in_c, 8], 3)];
            let build = |x: &[Tensor]| {
                let inner = x[0].conv2d(&x[1], None, stride, Padding::Explicit(wide), false)?;
                inner.add(&x[0].conv2d(&x[2], None, stride, Padding::Explicit(narrow), false)?)
            };
            check_on(&gpu_with(core), &format!("{core:?}, {in_c} channels, stride {stride:?}"), &inputs, build, |x| {
                let inner = f64_of::conv2d(&x[0], &x[1], stride, wide);
                let shortcut = f64_of::conv2d(&x[0], &x[2], stride, narrow);
                inner.iter().zip(&shortcut).map(|(a, b)| a + b).collect()
            });
            assert_eq!(
                ops_of_gradient(&crate::common::gpu(), &inputs, build).contains(&"add"),
                in_c % 4 != 0,
                "{in_c} channels"
            );
        }
    }
}

#[test]
fn another_gradient_is_added_to_a_sum_of_partial_products() {
    // A sum of 9,216 products is longer than a checked kernel may have, and a GPU splits one of 4,608 for few pixels.
    let [long, few] = [[4, 1024, 1], [512, 512, 2]].map(|[in_c, out_c, images]| {
        let inputs =
            [random(&[images, 4, 4, in_c], 1), random(&[3, 3, in_c, out_c], 2), random(&[1, 1, in_c, out_c], 3)];
        (inputs, out_c)
    });
    let build = |x: &[Tensor]| {
        let inner = x[0].conv2d(&x[1], None, [1, 1], Padding::Same, false)?;
        inner.add(&x[0].conv2d(&x[2], None, [1, 1], Padding::Same, false)?)
    };
    for (gpu, (inputs, out_c)) in [(crate::common::gpu(), long), (crate::common::gpu_as_large_gpu(), few)] {
        let graph = Graph::new(&gpu);
        let [x, w3, w1] = inputs.map(|x| graph.tensor(x.shape.clone(), &x.to_f32()).unwrap());
        let gradient = |loss: Result<Tensor>| loss?.sum()?.backward(&[&x])?[0].to_vec();
        let parts = [&w3, &w1].map(|w| gradient(x.conv2d(w, None, [1, 1], Padding::Same, false)).unwrap());
        let loss = build(&[x.clone(), w3.clone(), w1.clone()]).unwrap().sum().unwrap();
        let whole = loss.backward(&[&x]).unwrap().remove(0);
        let mut compiled = graph.compile(&[&whole]).unwrap();
        assert!(compiled.program().kernels().any(|kernel| kernel.label == "split_sum"), "{out_c}");
        assert!(compiled.program().kernels().all(|kernel| kernel.label != "add"), "{out_c}");
        let whole = whole.to_vec().unwrap();
        for ((whole, a), b) in whole.iter().zip(&parts[0]).zip(&parts[1]) {
            approx::assert_abs_diff_eq!(*whole, a + b, epsilon = 1e-3);
        }
    }
}

#[test]
fn a_gradient_used_twice_is_computed_once() {
    let inputs = [random(&[1, 5, 5, 4], 1), random(&[3, 3, 4, 8], 2)];
    let ops = ops_of_gradient(&crate::common::gpu(), &inputs, |x| {
        let twice = x[0].add(&x[0])?;
        twice.conv2d(&x[1], None, [1, 1], Padding::Same, false)
    });
    assert_eq!(ops.iter().filter(|op| **op == "conv2d_input_grad").count(), 1, "{ops:?}");
}

#[test]
fn a_kernel_row_is_cut_where_a_large_gpu_has_few_pixels() {
    let gpu = crate::common::gpu_as_large_gpu();
    let cases = [
        ([1, 3, 4, 256], [1, 3], [1, 1], Padding::Same, pad(0, 0, 1, 1), true),
        ([1, 1, 1, 512], [1, 1], [1, 1], Padding::Valid, NO_PAD, true),
        // Parts of 160 terms, 2.5 pixels: windows begin and end within a part.
        ([1, 4, 5, 64], [3, 5], [2, 1], Padding::Explicit(pad(0, 2, 3, 1)), pad(0, 2, 3, 1), true),
        // 51 channels have no part that tiles take without padding.
        ([1, 2, 3, 51], [1, 6], [1, 1], Padding::Same, pad(0, 0, 2, 3), false),
    ];
    for (shape, kernel, stride, padding, pad, is_split) in cases {
        let w = random(&[kernel[0], kernel[1], shape[3], 4], 2);
        let inputs =
            [random(&shape, 1), Array::new(w.shape, w.data.iter().map(|v| f64::from((v / 16.0) as f32)).collect())];
        let build = |x: &[Tensor]| x[0].conv2d(&x[1], None, stride, padding, false);
        check_on(&gpu, &format!("{shape:?}, {kernel:?}"), &inputs, build, |x| {
            f64_of::conv2d(&x[0], &x[1], stride, pad)
        });
        let graph = Graph::new(&gpu);
        let y = build(&inputs.map(|x| graph.tensor(x.shape.clone(), &x.to_f32()).unwrap())).unwrap();
        let mut compiled = graph.compile(&[&y]).unwrap();
        assert_eq!(compiled.program().kernels().any(|kernel| kernel.label == "sum"), is_split, "{shape:?}, {kernel:?}");
    }
}

#[test]
fn conv2d_with_bias_and_relu() {
    for core in cores() {
        // Directly or through the matrix product, and one, four or eight numbers at a time.
        for [in_c, out_c] in [[3, 5], [3, 8], [4, 6], [8, 16]] {
            for relu in [false, true] {
                check_on(
                    &gpu_with(core),
                    &format!("{core:?} {in_c}->{out_c} {relu}"),
                    &[random(&[2, 5, 5, in_c], 1), random(&[3, 3, in_c, out_c], 2), random(&[out_c], 3)],
                    |x| x[0].conv2d(&x[1], Some(&x[2]), [1, 1], Padding::Same, relu),
                    |x| {
                        let y = f64_of::conv2d(&x[0], &x[1], [1, 1], pad(1, 1, 1, 1));
                        let sum = f64_of::zip(&Array::new([2, 5, 5, out_c], y), &x[2], |a, b| a + b);
                        let relu_if = |v| if relu { f64_of::relu(v) } else { v };
                        sum.into_iter().map(relu_if).collect()
                    },
                );
            }
        }
    }
}

/// A convolution of 3x3 with so many channels and tiles that drivers on the processor compute it by Winograd's algorithm.
struct OfTiles {
    image: [usize; 3],
    channels: [usize; 2],
    padding: Padding,
    pad: Pad,
}

#[test]
fn conv2d_by_winograd() {
    let gpu = crate::common::gpu();
    let explicit = |top, bottom, left, right| {
        let pad = pad(top, bottom, left, right);
        (Padding::Explicit(pad), pad)
    };
    let cases = [
        // Sides that tiles of 4x4 fill, sides that they do not, and more zeros on one side than on the other; the last has tiles that
        // see nothing but zeros.
        ([16, 8, 8], [32, 32], (Padding::Same, pad(1, 1, 1, 1))),
        ([10, 7, 11], [68, 36], (Padding::Same, pad(1, 1, 1, 1))),
        ([15, 9, 10], [64, 68], (Padding::Valid, NO_PAD)),
        ([16, 14, 9], [40, 48], explicit(2, 0, 0, 1)),
        ([20, 8, 7], [48, 48], explicit(0, 6, 2, 1)),
    ];
    for (image, channels, (padding, pad)) in cases {
        let case = OfTiles { image, channels, padding, pad };
        check_winograd(&gpu, &case);
    }
}

fn check_winograd(gpu: &Arc<Gpu>, OfTiles { image: [n, h, w], channels: [in_c, out_c], padding, pad }: &OfTiles) {
    let x = random(&[*n, *h, *w, *in_c], 1);
    let [weight, bias] = [random(&[3, 3, *in_c, *out_c], 2), random(&[*out_c], 3)];
    let sums = {
        let turned = Array::new(x.shape.clone(), x.data.iter().map(|v| -v).collect());
        let y = Array::new([x.data.len()], f64_of::conv2d(&turned, &weight, [1, 1], *pad));
        let biases = bias.data.iter().cycle();
        y.data.iter().zip(biases).map(|(y, b)| y + b).collect::<Vec<_>>()
    };
    for relu in [false, true] {
        let case = format!("{n}x{h}x{w} {in_c}->{out_c} {padding:?} {relu}");
        // In the middle of a graph: a node before it, and any gradient after it, which is zero where rounding decides what ReLU does.
        let graph = Graph::new(gpu);
        let inputs = [&x, &weight, &bias].map(|x| graph.tensor(x.shape.clone(), &x.to_f32()).unwrap());
        let [x_on, w_on, b_on] = &inputs;
        let y = x_on.neg().unwrap().conv2d(w_on, Some(b_on), [1, 1], *padding, relu).unwrap();
        let mut dy = random(y.shape().axes(), 4);
        dy.data.iter_mut().zip(&sums).filter(|(_, sum)| sum.abs() < 1e-3).for_each(|(dy, _)| *dy = 0.0);
        let dy_on = graph.tensor(dy.shape.clone(), &dy.to_f32()).unwrap();
        let gradients = y.backward_from(&dy_on, &inputs.each_ref()).unwrap();
        let all = [&[&y][..], &gradients.iter().collect::<Vec<_>>()].concat();
        let mut compiled = graph.compile(&all).unwrap();
        let labels: Vec<_> = compiled.program().kernels().map(|kernel| kernel.label).collect();
        let count = |label| labels.iter().filter(|name| **name == label).count();
        let expected = if has_winograd(gpu) { (2, 1) } else { (0, 0) };
        assert_eq!((count("winograd_product"), count("winograd_weight_grad_product")), expected, "{case}");

        let passes = |sum: f64| !relu || sum > 0.0;
        let dz: Vec<f64> = dy.data.iter().zip(&sums).map(|(dy, sum)| if passes(*sum) { *dy } else { 0.0 }).collect();
        let [dx, dw, db] = gradients_of_3x3(&x, &weight, &Array::new(dy.shape.clone(), dz), *pad);
        let values: Vec<f64> = sums.iter().map(|sum| if passes(*sum) { *sum } else { 0.0 }).collect();
        let negated = |values: Vec<f64>| values.into_iter().map(|v| -v).collect::<Vec<_>>();
        assert_close(&format!("{case}: Y"), &y, &values);
        assert_close(&format!("{case}: dX"), &gradients[0], &negated(dx));
        assert_close(&format!("{case}: dW"), &gradients[1], &negated(dw));
        assert_close(&format!("{case}: db"), &gradients[2], &db);
    }
}

/// Equal but for rounding, as a share of the largest number.
fn assert_close(what: &str, tensor: &Tensor, expected: &[f64]) {
    let largest = expected.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    let got = tensor.to_vec().unwrap();
    let off = got.iter().zip(expected).fold(0.0_f64, |most, (a, b)| most.max((f64::from(*a) - b).abs()));
    assert!(got.len() == expected.len() && off < 1e-5 * largest, "{what} is off by {off} of {largest}");
}

#[test]
fn another_gradient_is_added_to_that_by_winograd() {
    let gpu = crate::common::gpu();
    let (x, weight, dy) = (random(&[16, 8, 8, 32], 1), random(&[3, 3, 32, 32], 2), random(&[16, 8, 8, 32], 3));
    let graph = Graph::new(&gpu);
    let [x_on, w_on, dy_on] = [&x, &weight, &dy].map(|x| graph.tensor(x.shape.clone(), &x.to_f32()).unwrap());
    let y = x_on.conv2d(&w_on, None, [1, 1], Padding::Same, false).unwrap();
    let both = y.add(&x_on.square().unwrap()).unwrap();
    let dx = both.backward_from(&dy_on, &[&x_on]).unwrap().remove(0);
    let mut compiled = graph.compile(&[&dx]).unwrap();
    let is_added = |kernel: &Kernel| {
        kernel.label == "winograd_output" && kernel.source.names().unwrap().contains(&"gemm/finish_add.wgsl")
    };
    assert_eq!(compiled.program().kernels().any(is_added), has_winograd(&gpu));

    let padding = pad(1, 1, 1, 1);
    assert_close("Y", &y, &f64_of::conv2d(&x, &weight, [1, 1], padding));
    let [mut expected, ..] = gradients_of_3x3(&x, &weight, &dy, padding);
    expected.iter_mut().zip(x.data.iter().zip(&dy.data)).for_each(|(dx, (x, dy))| *dx += 2.0 * x * dy);
    assert_close("dX", &dx, &expected);
}

/// Gradients of the input, the weights and the bias of a 3x3 convolution, by the definition.
fn gradients_of_3x3(x: &Array, weight: &Array, dy: &Array, pad: Pad) -> [Vec<f64>; 3] {
    let ([n, h, w, in_c], [_, out_h, out_w, out_c]) = (sizes(x), sizes(dy));
    let (mut dx, mut dw, mut db) = (vec![0.0; x.data.len()], vec![0.0; weight.data.len()], vec![0.0; out_c]);
    for (pixel, dy) in dy.data.chunks(out_c).enumerate() {
        let [image, oh, ow] = [pixel / out_w / out_h, pixel / out_w % out_h, pixel % out_w];
        db.iter_mut().zip(dy).for_each(|(db, dy)| *db += dy);
        for (tap, [kh, kw]) in (0..9).map(|tap| (tap, [tap / 3, tap % 3])) {
            let (Some(ih), Some(iw)) = ((oh + kh).checked_sub(pad.top), (ow + kw).checked_sub(pad.left)) else {
                continue;
            };
            if image >= n || ih >= h || iw >= w {
                continue;
            }
            for ci in 0..in_c {
                let at = ((image * h + ih) * w + iw) * in_c + ci;
                let row = (tap * in_c + ci) * out_c;
                for (co, dy) in dy.iter().enumerate() {
                    dx[at] += weight.data[row + co] * dy;
                    dw[row + co] += x.data[at] * dy;
                }
            }
        }
    }
    [dx, dw, db]
}

fn sizes(array: &Array) -> [usize; 4] {
    array.shape.axes().try_into().unwrap()
}

#[test]
fn a_weight_gradient_by_winograd_over_very_many_tiles() {
    let shape = [9, 124, 124];
    let [in_c, out_c] = [24, 28];
    let x = random(&[shape[0], shape[1], shape[2], in_c], 1);
    let dy = random(&[shape[0], shape[1], shape[2], out_c], 2);
    let of = |gpu: &Arc<Gpu>| {
        let graph = Graph::new(gpu);
        let [x, dy] = [&x, &dy].map(|array| graph.tensor(array.shape.clone(), &array.to_f32()).unwrap());
        let w = graph.zeros([3, 3, in_c, out_c]).unwrap();
        let y = x.conv2d(&w, None, [1, 1], Padding::Same, false).unwrap();
        let dw = y.backward_from(&dy, &[&w]).unwrap().remove(0);
        let mut compiled = graph.compile(&[&dw]).unwrap();
        // Two parts of the sum for each of 36 points, and their sum.
        let parts = |kernel: &Kernel| kernel.constants.contains(&("PARTS", 2.0));
        assert_eq!(compiled.program().kernels().any(parts), has_winograd(gpu));
        dw.to_vec().unwrap()
    };
    // Sums of 138,384 products of numbers in -1 to 1.
    let expected = of(&gpu_with(GemmCore::Naive));
    for (got, expected) in of(&crate::common::gpu()).iter().zip(&expected) {
        approx::assert_abs_diff_eq!(got, expected, epsilon = 0.01);
    }
}

#[test]
fn a_weight_gradient_over_a_very_large_image() {
    // More pixels than one segment holds, and more than lavapipe's limit on loop iterations.
    let [side, channels] = [1030, 4];
    let x = random(&[1, side, side, channels], 1);
    let dy = random(&[1, side, side, channels], 2);
    let mut expected = vec![0.0; channels * channels];
    for (x, dy) in x.data.chunks(channels).zip(dy.data.chunks(channels)) {
        for (i, place) in expected.iter_mut().enumerate() {
            *place += x[i / channels] * dy[i % channels];
        }
    }
    for core in cores() {
        let graph = selvedge::tensor::Graph::new(&gpu_with(core));
        let [x, dy] = [&x, &dy].map(|array| graph.tensor(array.shape.clone(), &array.to_f32()).unwrap());
        let w = graph.zeros([1, 1, channels, channels]).unwrap();
        let y = x.conv2d(&w, None, [1, 1], Padding::Valid, false).unwrap();
        let dw = y.backward_from(&dy, &[&w]).unwrap()[0].to_vec().unwrap();
        for (got, expected) in dw.iter().zip(&expected) {
            approx::assert_abs_diff_eq!(f64::from(*got), expected, epsilon = 0.2);
        }
    }
}

#[test]
fn a_weight_gradient_over_many_high_images() {
    // The stride is as high as the images, so each output pixel is in an image of its own: 128 of them, a whole segment, have more
    // rows than a float counts exactly.
    let [n, height] = [130, 140_001];
    let value = |image: usize, row: usize| ((image * height + row) % 251) as f32 / 251.0;
    let x: Vec<f32> = (0..n).flat_map(|image| (0..height).map(move |row| value(image, row))).collect();
    let dy = random(&[n, 1, 1, 1], 2);
    let graph = selvedge::tensor::Graph::new(&crate::common::gpu());
    let x = graph.tensor([n, height, 1, 1], &x).unwrap();
    let dy_on = graph.tensor(dy.shape.clone(), &dy.to_f32()).unwrap();
    let w = graph.zeros([3, 1, 1, 1]).unwrap();
    let y = x.conv2d(&w, None, [height, 1], Padding::Valid, false).unwrap();
    let dw = y.backward_from(&dy_on, &[&w]).unwrap()[0].to_vec().unwrap();
    for (row, got) in dw.iter().enumerate() {
        let expected: f64 = (0..n).map(|image| f64::from(value(image, row)) * dy.data[image]).sum();
        approx::assert_abs_diff_eq!(f64::from(*got), expected, epsilon = 1e-4);
    }
}

#[test]
fn a_weight_gradient_over_too_wide_an_image_is_refused() {
    let graph = selvedge::tensor::Graph::new(&crate::common::gpu());
    let (x, w) = (graph.zeros([1, 1, 1 << 20, 1]).unwrap(), graph.zeros([1, 1, 1, 1]).unwrap());
    let y = x.conv2d(&w, None, [1, 1], Padding::Valid, false).unwrap();
    let error = y.sum().unwrap().backward(&[&w]).unwrap()[0].to_vec().unwrap_err().to_string();
    assert!(error.contains("images of 1x1048576 pixels are too large"), "{error}");
}

#[test]
fn a_large_weight_gradient_is_split_and_stays_exact() {
    // The 2 * 40 image rows are split over workgroups, whose results are added up in a second pass.
    for core in cores() {
        check_on(
            &gpu_with(core),
            core.name(),
            &[random(&[2, 40, 9, 4], 1), random(&[3, 3, 4, 4], 2), random(&[4], 3)],
            |x| x[0].conv2d(&x[1], Some(&x[2]), [1, 1], Padding::Same, false),
            |x| {
                let y = f64_of::conv2d(&x[0], &x[1], [1, 1], pad(1, 1, 1, 1));
                f64_of::zip(&Array::new([2, 40, 9, 4], y), &x[2], |a, b| a + b)
            },
        );
    }
}

#[test]
fn batch_norm_over_very_many_pixels() {
    let rows = 64 * 70_000;
    let graph = selvedge::tensor::Graph::new(&crate::common::gpu());
    let x: Vec<f32> = (0..rows).map(|i| if i < rows / 2 { 1.0 } else { 3.0 }).collect();
    let ones = graph.tensor([1], &[1.0]).unwrap();
    let x = graph.tensor([rows, 1], &x).unwrap();
    let norm = x.batch_norm(&ones, &ones, NormSettings::plain(1e-5)).unwrap();
    let moments = norm.moments.to_vec().unwrap();
    approx::assert_abs_diff_eq!(moments[0], 2.0, epsilon = 1e-4);
    approx::assert_abs_diff_eq!(moments[moments.len() / 2], 1.0, epsilon = 1e-4);
}

/// Batch norm alone, and with everything that can be fused with it.
fn norm_settings() -> [NormSettings; 6] {
    let plain = NormSettings::plain(1e-3);
    let pool = [2, 2];
    [
        plain,
        NormSettings { relu_before: true, ..plain },
        NormSettings { relu_after: true, ..plain },
        NormSettings { pool, ..plain },
        NormSettings { relu_before: true, pool, ..plain },
        NormSettings { relu_before: true, relu_after: true, pool: [3, 2], ..plain },
    ]
}

/// The reference: normalised by `moments`, or by the moments of the batch.
fn norm_reference(x: &[Array], settings: NormSettings, moments: Option<[&[f64]; 2]>) -> Vec<f64> {
    let relu_if = |wanted: bool, values: Vec<f64>| match wanted {
        true => values.into_iter().map(f64_of::relu).collect(),
        false => values,
    };
    let shape = x[0].shape.axes();
    let input = Array::new(shape, relu_if(settings.relu_before, x[0].data.clone()));
    let (mean, variance) = match moments {
        Some([mean, variance]) => (mean.to_vec(), variance.to_vec()),
        None => f64_of::moments(&input),
    };
    let y = f64_of::normalise(&input, &x[1].data, &x[2].data, &mean, &variance, 1e-3);
    let y = relu_if(settings.relu_after, y);
    match settings.pool {
        [1, 1] => y,
        pool => f64_of::max_pool(&Array::new(shape, y), pool, pool, NO_PAD),
    }
}

/// X away from ReLU's kink, gamma of both signs, beta.
fn norm_inputs(shape: &[usize]) -> [Array; 3] {
    let channels = [shape[shape.len() - 1]];
    [away_from_zero(shape, 1), away_from_zero(&channels, 2), random(&channels, 3)]
}

#[test]
fn batch_norm_in_training() {
    // A GPU sums with many threads and workgroup memory, a CPU with one thread: here the tiled core stands for a GPU.
    for core in cores().into_iter().filter(|core| *core != GemmCore::Naive) {
        for shape in [[2, 3, 5, 1], [1, 3, 3, 3], [4, 3, 2, 4], [2, 5, 7, 68], [1, 40, 37, 3]] {
            for settings in norm_settings() {
                check_on(
                    &gpu_with(core),
                    &format!("{core:?} {shape:?} {settings:?}"),
                    &norm_inputs(&shape),
                    |x| Ok(x[0].batch_norm(&x[1], &x[2], settings)?.y),
                    |x| norm_reference(x, settings, None),
                );
            }
        }
    }
    // Features rather than images, and more rows than one piece holds.
    let plain = NormSettings::plain(1e-3);
    check(&norm_inputs(&[700, 3]), |x| Ok(x[0].batch_norm(&x[1], &x[2], plain)?.y), |x| norm_reference(x, plain, None));
}

#[test]
fn batch_norm_with_a_residual() {
    let plain = NormSettings::plain(1e-3);
    let both = NormSettings { relu_before: true, relu_after: true, ..plain };
    for core in cores().into_iter().filter(|core| *core != GemmCore::Naive) {
        for shape in [[2, 3, 5, 1], [1, 3, 3, 3], [2, 5, 7, 68], [1, 40, 37, 4]] {
            for settings in [plain, NormSettings { relu_after: true, ..plain }, both] {
                // A residual of 3 and more on one half and of -3 and less on the other: no sum is near ReLU's kink, both signs occur.
                let mut residual = away_from_zero(&shape, 4);
                residual.data.iter_mut().for_each(|r| *r = f64::from((*r + 6.0_f64.copysign(*r)) as f32));
                let [x, gamma, beta] = norm_inputs(&shape);
                check_on(
                    &gpu_with(core),
                    &format!("{core:?} {shape:?} {settings:?}"),
                    &[x, gamma, beta, residual],
                    |x| Ok(x[0].batch_norm_residual(&x[1], &x[2], &x[3], settings)?.y),
                    |x| {
                        let normalised = norm_reference(x, NormSettings { relu_after: false, ..settings }, None);
                        let sum = f64_of::zip(&x[3], &Array::new(shape, normalised), |a, b| a + b);
                        let relu_if = |v| if settings.relu_after { f64_of::relu(v) } else { v };
                        sum.into_iter().map(relu_if).collect()
                    },
                );
            }
        }
    }
}

#[test]
fn batch_norm_over_ranks() {
    // A single rank's images are all there are; `tests/training/ranks.rs` has several.
    check(&[random(&[3, 5], 1)], |x| x[0].square()?.mean_over_ranks(), |x| x[0].data.iter().map(|v| v * v).collect());
    for shape in [[2, 3, 5, 1], [1, 3, 3, 3], [2, 5, 7, 68]] {
        for settings in norm_settings() {
            check(
                &norm_inputs(&shape),
                |x| Ok(x[0].batch_norm_over_ranks(&x[1], &x[2], None, settings, shape[0])?.y),
                |x| norm_reference(x, settings, None),
            );
        }
        let graph = selvedge::tensor::Graph::new(&crate::common::gpu());
        let [x, gamma, beta] = norm_inputs(&shape).map(|a| graph.tensor(a.shape.clone(), &a.to_f32()).unwrap());
        let settings = NormSettings { relu_after: true, ..NormSettings::plain(1e-3) };
        let apart = x.batch_norm_over_ranks(&gamma, &beta, Some(&x), settings, shape[0]).unwrap();
        let fused = x.batch_norm_residual(&gamma, &beta, &x, settings).unwrap();
        for (apart, fused) in [(&apart.y, &fused.y), (&apart.moments, &fused.moments)] {
            assert_eq!(apart.shape(), fused.shape());
            let (apart, fused) = (apart.to_vec().unwrap(), fused.to_vec().unwrap());
            assert!(apart.iter().zip(&fused).all(|(a, b)| (a - b).abs() < 1e-4), "{apart:?}, not {fused:?}");
        }
    }
}

#[test]
fn a_residual_that_does_not_fit_is_refused() {
    let graph = selvedge::tensor::Graph::new(&crate::common::gpu());
    let zeros = |shape: &[usize]| graph.zeros(shape).unwrap();
    let (x, ones) = (zeros(&[2, 4, 4, 3]), zeros(&[3]));
    let plain = NormSettings::plain(1e-3);
    let refused = |residual: &[usize], settings| {
        x.batch_norm_residual(&ones, &ones, &zeros(residual), settings).unwrap_err().to_string()
    };
    assert!(refused(&[2, 4, 4, 1], plain).contains("the residual"), "{}", refused(&[2, 4, 4, 1], plain));
    let pooled = NormSettings { pool: [2, 2], ..plain };
    assert!(refused(&[2, 4, 4, 3], pooled).contains("not pooled"), "{}", refused(&[2, 4, 4, 3], pooled));
}

#[test]
fn batch_norm_statistics_survive_a_large_mean() {
    // E[x^2] - E[x]^2 in f32 would lose all digits of the variance here.
    let mut x = random(&[1000, 2], 1);
    x.data.iter_mut().for_each(|v| *v = f64::from((*v + 3000.0) as f32));
    let (mean, variance) = f64_of::moments(&x);
    let graph = selvedge::tensor::Graph::new(&crate::common::gpu());
    let ones = graph.tensor([2], &[1.0; 2]).unwrap();
    let device = graph.tensor([1000, 2], &x.to_f32()).unwrap();
    let norm = device.batch_norm(&ones, &ones, NormSettings::plain(1e-5)).unwrap();
    let moments = norm.moments.to_vec().unwrap();
    let (device_mean, device_variance) = moments.split_at(moments.len() / 2);
    for c in 0..2 {
        approx::assert_relative_eq!(f64::from(device_mean[c]), mean[c], max_relative = 1e-6);
        let unbiased = variance[c] * 1000.0 / 999.0;
        approx::assert_relative_eq!(f64::from(device_variance[c]), unbiased, max_relative = 1e-3);
    }
}

#[test]
fn batch_norm_in_inference() {
    for shape in [[2, 3, 5, 1], [1, 3, 3, 3], [2, 5, 3, 68]] {
        let channels = [shape[3]];
        let mean = random(&channels, 4);
        let variance = Array::random(channels, 0.5, 1.5, 5);
        for settings in norm_settings() {
            check(
                &norm_inputs(&shape),
                |x| {
                    let graph = x[0].graph();
                    let mean = graph.tensor(channels, &mean.to_f32())?;
                    let variance = graph.tensor(channels, &variance.to_f32())?;
                    x[0].batch_norm_inference(&x[1], &x[2], &mean, &variance, settings)
                },
                |x| norm_reference(x, settings, Some([&mean.data, &variance.data])),
            );
        }
    }
}

/// Windows for pooling, with the resulting padding.
fn poolings() -> Vec<([usize; 4], Window, Pad)> {
    let window = |kernel, stride, padding| Window::new(kernel, stride, padding);
    vec![
        ([1, 2, 2, 1], window([2, 2], [2, 2], Padding::Valid), NO_PAD),
        // Odd sizes: the last row and column are in no window.
        ([2, 7, 5, 3], window([2, 2], [2, 2], Padding::Valid), NO_PAD),
        ([1, 7, 7, 68], window([3, 3], [2, 2], Padding::symmetric(1, 1)), pad(1, 1, 1, 1)),
        ([2, 5, 6, 4], window([3, 3], [1, 1], Padding::Same), pad(1, 1, 1, 1)),
        ([1, 6, 5, 2], window([3, 2], [2, 1], Padding::Same), pad(0, 1, 0, 1)),
        ([1, 8, 9, 3], window([2, 3], [3, 2], Padding::Explicit(pad(1, 0, 0, 2))), pad(1, 0, 0, 2)),
    ]
}

#[test]
fn max_pool() {
    for (shape, window, pad) in poolings() {
        check(
            &[random(&shape, 1)],
            |x| x[0].max_pool(window),
            |x| f64_of::max_pool(&x[0], window.kernel, window.stride, pad),
        );
    }
}

#[test]
fn avg_pool_with_and_without_counting_padding() {
    for (shape, window, pad) in poolings() {
        for count in [false, true] {
            check(
                &[random(&shape, 1)],
                |x| x[0].avg_pool(window, count),
                |x| f64_of::avg_pool(&x[0], window.kernel, window.stride, pad, count),
            );
        }
    }
}

#[test]
fn resize_bilinear() {
    let sizes = [
        ([2, 5, 4, 3], [9, 7]),
        ([1, 7, 6, 1], [3, 4]),
        ([1, 1, 1, 2], [4, 3]),
        ([1, 4, 4, 1], [4, 4]),
        ([1, 28, 28, 1], [75, 75]),
    ];
    for (shape, [height, width]) in sizes {
        check(
            &[random(&shape, 1)],
            |x| x[0].resize_bilinear([height, width]),
            |x| f64_of::resize_bilinear(&x[0], height, width),
        );
    }
}
