//! Every op, forward and backward, against its reference in double precision (`common/reference.rs`).

mod common;

use common::reference as f64_of;
use common::{away_from_zero, check, check_on, cores, gpu_with, random};
use selvedge::gpu::GemmCore;
use selvedge::gradcheck::Array;
use selvedge::tensor::Tensor;
use selvedge::tensor::ops::{NormSettings, Pad, Padding, Window};

const NO_PAD: Pad = Pad { top: 0, bottom: 0, left: 0, right: 0 };

#[test]
fn scale() {
    check(&[random(&[3, 7], 1)], |x| x[0].scale(-2.5), |x| f64_of::map(&x[0], |v| -2.5 * v));
}

#[test]
fn add() {
    for b in [&[2, 3, 5, 68][..], &[68], &[5, 68], &[1]] {
        check(
            &[random(&[2, 3, 5, 68], 1), random(b, 2)],
            |x| x[0].add(&x[1]),
            |x| f64_of::zip(&x[0], &x[1], |a, b| a + b),
        );
    }
}

#[test]
fn mul() {
    for b in [&[2, 3, 5, 68][..], &[68], &[5, 68], &[1]] {
        check(
            &[random(&[2, 3, 5, 68], 1), random(b, 2)],
            |x| x[0].mul(&x[1]),
            |x| f64_of::zip(&x[0], &x[1], |a, b| a * b),
        );
    }
}

#[test]
fn a_value_used_twice_gets_both_gradients() {
    check(
        &[random(&[5, 3], 1)],
        |x| x[0].mul(&x[0])?.add(&x[0].scale(3.0)?),
        |x| f64_of::map(&x[0], |v| v * v + 3.0 * v),
    );
}

#[test]
fn relu_and_leaky_relu() {
    for slope in [0.0, 0.3] {
        check(
            &[away_from_zero(&[7, 13], 1)],
            |x| x[0].leaky_relu(slope),
            |x| f64_of::map(&x[0], |v| if v > 0.0 { v } else { f64::from(slope) * v }),
        );
    }
}

#[test]
fn dropout() {
    let (seed, step, stream, rate) = (11_u32, 5_u32, 2_u32, 0.3_f32);
    // One hash for four neighbouring columns.
    let kept = |i: usize| {
        let bits = f64_of::pcg4d([i as u32 / 4, stream, step, seed])[i % 4];
        (bits >> 8) as f32 / 16_777_216.0 >= rate
    };
    let count = (0..4000).filter(|i| kept(*i)).count();
    assert!((2650..2950).contains(&count), "{count} of 4000 kept, 2800 expected");
    check(
        &[random(&[40, 100], 1)],
        |x| {
            let seed_and_step = x[0].graph().tensor_u32([2], &[seed, step])?;
            x[0].dropout(rate, &seed_and_step, stream)
        },
        |x| {
            let keep = |(i, v): (usize, &f64)| if kept(i) { v / (1.0 - f64::from(rate)) } else { 0.0 };
            x[0].data.iter().enumerate().map(keep).collect()
        },
    );
}

#[test]
fn dropout_within_a_dense_layer_is_dropout_after_it() {
    let graph = selvedge::tensor::Graph::new(&common::gpu());
    for core in cores() {
        // Columns that 4 divides and that it does not.
        for n in [36, 7] {
            let inputs = [random(&[19, 24], 1), random(&[24, n], 2), random(&[n], 3)];
            let [seed_and_step, other] = [[11, 5], [11, 6]].map(|numbers| graph.tensor_u32([2], &numbers).unwrap());
            let [x, w, b] = inputs.each_ref().map(|array| {
                let shape = array.shape.clone();
                graph.tensor(shape, &array.to_f32()).unwrap()
            });
            let after = x.linear(&w, &b, true).unwrap().dropout(0.3, &seed_and_step, 2).unwrap();
            let within = x.linear_dropout(&w, &b, 0.3, &seed_and_step, 2).unwrap();
            assert_eq!(after.to_vec().unwrap(), within.to_vec().unwrap());
            let another = x.linear_dropout(&w, &b, 0.3, &other, 2).unwrap();
            assert_ne!(another.to_vec().unwrap(), within.to_vec().unwrap());

            let kept = |i: usize| {
                let (row, col) = (i / n, i % n);
                let quad = row * n.div_ceil(4) + col / 4;
                let bits = f64_of::pcg4d([quad as u32, 2, 5, 11])[col % 4];
                (bits >> 8) as f32 / 16_777_216.0 >= 0.3
            };
            check_on(
                &gpu_with(core),
                &format!("{core:?} {n} columns"),
                &inputs,
                |x| {
                    let seed_and_step = x[0].graph().tensor_u32([2], &[11, 5])?;
                    x[0].linear_dropout(&x[1], &x[2], 0.3, &seed_and_step, 2)
                },
                |x| {
                    let product = Array::new([19, n], f64_of::matmul(&x[0], &x[1]));
                    let sum = f64_of::zip(&product, &x[2], |a, b| a + b);
                    let factor = 1.0 / (1.0 - f64::from(0.3_f32));
                    let keep = |(i, v): (usize, f64)| if kept(i) { f64_of::relu(v) * factor } else { 0.0 };
                    sum.into_iter().enumerate().map(keep).collect()
                },
            );
        }
    }
}

#[test]
fn reshape_and_flatten() {
    check(
        &[random(&[3, 2, 2, 5], 1)],
        |x| x[0].flatten()?.scale(2.0)?.reshape([5, 12]),
        |x| f64_of::map(&x[0], |v| 2.0 * v),
    );
}

#[test]
fn transpose() {
    for shape in [&[7, 5][..], &[3, 3, 68, 5], &[2, 1, 9]] {
        check(&[random(shape, 1)], |x| x[0].transpose(), |x| f64_of::transpose(&x[0]));
    }
}

#[test]
fn sums_and_means() {
    // 3000 rows and 9000 elements need two passes.
    for shape in [&[1, 1][..], &[13, 3], &[3000, 3], &[2, 3, 5, 68]] {
        let x = [random(shape, 1)];
        let (rows, channels) = (x[0].shape.rows(), x[0].shape.last());
        let len = rows * channels;
        check(&x, |x| x[0].sum(), |x| vec![x[0].data.iter().sum()]);
        check(&x, |x| x[0].mean(), |x| vec![x[0].data.iter().sum::<f64>() / len as f64]);
        check(&x, |x| x[0].sum_rows(), |x| f64_of::sum_middle(&x[0].data, 1, rows, channels));
        check(
            &x,
            |x| x[0].mean_rows(),
            |x| {
                let sums = f64_of::sum_middle(&x[0].data, 1, rows, channels);
                sums.iter().map(|s| s / rows as f64).collect()
            },
        );
    }
}

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

#[test]
fn matmul_in_every_core() {
    for core in cores() {
        for [m, k, n] in [[1, 1, 1], [5, 7, 3], [17, 68, 10], [65, 33, 68], [130, 20, 36], [3, 300, 132]] {
            check_on(
                &gpu_with(core),
                &format!("{core:?} {m}x{k}x{n}"),
                &[random(&[m, k], 1), random(&[k, n], 2)],
                |x| x[0].matmul(&x[1]),
                |x| f64_of::matmul(&x[0], &x[1]),
            );
        }
    }
}

#[test]
fn linear_with_and_without_relu() {
    for relu in [false, true] {
        check(
            &[random(&[6, 9], 1), random(&[9, 7], 2), random(&[7], 3)],
            |x| x[0].linear(&x[1], &x[2], relu),
            |x| {
                let product = Array::new([6, 7], f64_of::matmul(&x[0], &x[1]));
                let sum = f64_of::zip(&product, &x[2], |a, b| a + b);
                sum.into_iter().map(|v| if relu { f64_of::relu(v) } else { v }).collect()
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
    /// What the padding comes to, worked out by hand.
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
        // TensorFlow's `same` with stride 2: an even size pads only after, an odd one on both sides.
        case([2, 6, 7, 3], [3, 3], 6, [2, 2], Padding::Same, pad(0, 1, 1, 1)),
        case([1, 7, 7, 4], [7, 7], 8, [2, 2], Padding::Same, pad(3, 3, 3, 3)),
        case([2, 7, 9, 4], [1, 1], 12, [2, 2], Padding::Valid, NO_PAD),
        case([1, 9, 8, 5], [1, 7], 3, [1, 1], Padding::Same, pad(0, 0, 3, 3)),
        case([1, 9, 8, 4], [7, 1], 4, [1, 1], Padding::Same, pad(3, 3, 0, 0)),
        case([2, 6, 6, 4], [5, 5], 3, [1, 1], Padding::symmetric(1, 2), pad(1, 1, 2, 2)),
        case([1, 6, 5, 3], [2, 4], 4, [2, 3], lopsided, all_lopsided),
        case([1, 5, 5, 2], [2, 2], 3, [1, 1], Padding::Same, pad(0, 1, 0, 1)),
        // A ResNet's first layer: few inputs an output, many taps, with a stride.
        case([2, 9, 8, 1], [7, 7], 4, [2, 2], Padding::Same, pad(3, 3, 2, 3)),
        case([1, 4, 9, 2], [3, 5], 16, [1, 3], Padding::Valid, NO_PAD),
        // Eight at a time on both sides, and a kernel narrower than its stride.
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
            // Small weights keep sums near 1, whatever their number of terms.
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

#[test]
fn conv2d_with_bias_and_relu() {
    for core in cores() {
        // Directly or through the product, one, four or eight numbers at a time.
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

#[test]
fn a_weight_gradient_over_a_very_large_image() {
    // More pixels than a segment has, and more than lavapipe goes round a loop.
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
fn a_large_weight_gradient_is_split_and_stays_exact() {
    // 2 * 40 image rows are cut over workgroups and added up in a second pass.
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
fn a_product_over_very_many_terms() {
    // More than lavapipe goes round a loop.
    let k = 600_001;
    let (a, b) = (random(&[1, k], 1), random(&[k, 1], 2));
    let expected: f64 = a.data.iter().zip(&b.data).map(|(a, b)| a * b).sum();
    for core in cores() {
        let graph = selvedge::tensor::Graph::new(&gpu_with(core));
        let tensor = |array: &Array| graph.tensor(array.shape.clone(), &array.to_f32()).unwrap();
        let (a, b, b_column) = (tensor(&a), tensor(&b), tensor(&Array::new([1, k], b.data.clone())));
        let product = a.matmul(&b).unwrap().to_vec().unwrap();
        approx::assert_abs_diff_eq!(f64::from(product[0]), expected, epsilon = 0.2);
        // The gradient of c in c B goes over as many terms, with B stored by columns.
        let c = graph.zeros([1, 1]).unwrap();
        let gradients = c.matmul(&b_column).unwrap().backward_from(&a, &[&c]).unwrap();
        approx::assert_abs_diff_eq!(f64::from(gradients[0].to_vec().unwrap()[0]), expected, epsilon = 0.2);
    }
}

#[test]
fn batch_norm_over_very_many_pixels() {
    let rows = 64 * 70_000;
    let graph = selvedge::tensor::Graph::new(&common::gpu());
    let x: Vec<f32> = (0..rows).map(|i| if i < rows / 2 { 1.0 } else { 3.0 }).collect();
    let ones = graph.tensor([1], &[1.0]).unwrap();
    let x = graph.tensor([rows, 1], &x).unwrap();
    let norm = x.batch_norm(&ones, &ones, NormSettings::plain(1e-5)).unwrap();
    let moments = norm.moments.to_vec().unwrap();
    approx::assert_abs_diff_eq!(moments[0], 2.0, epsilon = 1e-4);
    approx::assert_abs_diff_eq!(moments[moments.len() / 2], 1.0, epsilon = 1e-4);
}

/// Batch norm alone and with everything that can stand beside it.
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

/// The reference: normalised by `moments`, or by those of the batch.
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
    // A real GPU adds up with many threads and workgroup memory, a processor with one: the tiled core stands for a GPU.
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
    // Features rather than images, and more rows than one piece.
    let plain = NormSettings::plain(1e-3);
    check(&norm_inputs(&[700, 3]), |x| Ok(x[0].batch_norm(&x[1], &x[2], plain)?.y), |x| norm_reference(x, plain, None));
}

#[test]
fn batch_norm_statistics_survive_a_large_mean() {
    // E[x^2] - E[x]^2 in f32 would lose all digits of the variance here.
    let mut x = random(&[1000, 2], 1);
    x.data.iter_mut().for_each(|v| *v = f64::from((*v + 3000.0) as f32));
    let (mean, variance) = f64_of::moments(&x);
    let graph = selvedge::tensor::Graph::new(&common::gpu());
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

/// Windows for pooling, with what their padding comes to.
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
fn concat_over_channels() {
    check(
        &[random(&[2, 3, 3, 1], 1), random(&[2, 3, 3, 68], 2), random(&[2, 3, 3, 3], 3)],
        |x| Tensor::concat(&[&x[0], &x[1], &x[2]]),
        |x| {
            let rows = (0..18).flat_map(|r| {
                x.iter().flat_map(move |x| {
                    let c = x.shape.last();
                    x.data[r * c..(r + 1) * c].to_vec()
                })
            });
            rows.collect()
        },
    );
}

#[test]
fn a_slice_of_channels() {
    for (from, count) in [(0, 3), (2, 4), (1, 7), (0, 8)] {
        check(
            &[random(&[2, 3, 8], 1)],
            |x| x[0].channels(from, count),
            |x| x[0].data.chunks(8).flat_map(|row| row[from..from + count].to_vec()).collect(),
        );
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

#[test]
fn softmax_and_log_softmax() {
    for shape in [[1, 1], [3, 10], [70, 7]] {
        let x = [Array::random(shape, -3.0, 3.0, 1)];
        check(&x, |x| x[0].log_softmax(), |x| f64_of::log_softmax(&x[0]));
        check(&x, |x| x[0].softmax(), |x| f64_of::log_softmax(&x[0]).into_iter().map(f64::exp).collect());
    }
}

#[test]
fn softmax_does_not_overflow() {
    let graph = selvedge::tensor::Graph::new(&common::gpu());
    let x = graph.tensor([1, 3], &[1000.0, 0.0, -1000.0]).unwrap();
    assert_eq!(x.softmax().unwrap().to_vec().unwrap(), [1.0, 0.0, 0.0]);
    assert_eq!(x.log_softmax().unwrap().to_vec().unwrap(), [0.0, -1000.0, -2000.0]);
    let label = graph.tensor_u32([1], &[2]).unwrap();
    let loss = x.cross_entropy(&label, 0.0).unwrap().losses;
    assert_eq!(loss.to_vec().unwrap(), [2000.0]);
}

#[test]
fn cross_entropy_with_label_smoothing() {
    for smoothing in [0.0_f32, 0.1] {
        for rows in [1, 70] {
            let labels: Vec<u32> = (0..rows).map(|r| (r * 7 + 3) % 10).collect();
            check(
                &[Array::random([rows as usize, 10], -3.0, 3.0, 1)],
                |x| {
                    let labels = x[0].graph().tensor_u32([labels.len()], &labels)?;
                    Ok(x[0].cross_entropy(&labels, smoothing)?.losses)
                },
                |x| f64_of::cross_entropy(&x[0], &labels, f64::from(smoothing)),
            );
        }
    }
}

#[test]
fn cross_entropy_of_mixed_images() {
    for (share, smoothing) in [(1.0_f32, 0.0_f32), (0.7, 0.1), (0.2, 0.0)] {
        for rows in [1, 70_u32] {
            // Some pairs have one label twice.
            let labels: Vec<[u32; 2]> = (0..rows).map(|r| [(r * 7 + 3) % 10, (r * 3) % 10]).collect();
            check(
                &[Array::random([rows as usize, 10], -3.0, 3.0, 1)],
                |x| {
                    let graph = x[0].graph();
                    let labels = graph.tensor_u32([labels.len(), 2], labels.as_flattened())?;
                    let mixing = graph.tensor([6], &[0.0, share, 0.0, 0.0, 0.0, 0.0])?;
                    Ok(x[0].cross_entropy_mixed(&labels, &mixing, smoothing)?.losses)
                },
                |x| {
                    let of = |i: usize| {
                        let labels: Vec<u32> = labels.iter().map(|pair| pair[i]).collect();
                        f64_of::cross_entropy(&x[0], &labels, f64::from(smoothing))
                    };
                    let w = f64::from(share);
                    of(0).iter().zip(of(1)).map(|(a, b)| w * a + (1.0 - w) * b).collect()
                },
            );
        }
    }
}
