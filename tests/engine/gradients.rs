//! Every op, forward and backward, against its reference in double precision (`gradcheck::reference`).

use crate::common::{away_from_zero, check, check_on, cores, gpu, gpu_with, random};
use selvedge::gradcheck::{Array, reference as f64_of};
use selvedge::tensor::Tensor;

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
    let (seed, step, first, stream, rate) = (11_u32, 5_u32, 6_u32, 2_u32, 0.3_f32);
    // One hash per four adjacent columns, of which there are a hundred.
    let kept = |i: usize| {
        let bits = f64_of::pcg4d([first * 25 + i as u32 / 4, stream, step, seed])[i % 4];
        (bits >> 8) as f32 / 16_777_216.0 >= rate
    };
    let count = (0..4000).filter(|i| kept(*i)).count();
    assert!((2650..2950).contains(&count), "{count} of 4000 kept, 2800 expected");
    check(
        &[random(&[40, 100], 1)],
        |x| {
            let seed_step_row = x[0].graph().tensor_u32([3], &[seed, step, first])?;
            x[0].dropout(rate, &seed_step_row, stream)
        },
        |x| {
            let keep = |(i, v): (usize, &f64)| if kept(i) { v / (1.0 - f64::from(rate)) } else { 0.0 };
            x[0].data.iter().enumerate().map(keep).collect()
        },
    );
}

#[test]
fn dropout_within_a_dense_layer_is_dropout_after_it() {
    let graph = selvedge::tensor::Graph::new(&crate::common::gpu());
    for core in cores() {
        // A number of columns that is a multiple of 4, and one that is not.
        for n in [36, 7] {
            let inputs = [random(&[19, 24], 1), random(&[24, n], 2), random(&[n], 3)];
            let [seed_step_row, other] =
                [[11, 5, 3], [11, 6, 3]].map(|numbers| graph.tensor_u32([3], &numbers).unwrap());
            let [x, w, b] = inputs.each_ref().map(|array| {
                let shape = array.shape.clone();
                graph.tensor(shape, &array.to_f32()).unwrap()
            });
            let after = x.linear(&w, &b, true).unwrap().dropout(0.3, &seed_step_row, 2).unwrap();
            let within = x.linear_dropout(&w, &b, 0.3, &seed_step_row, 2).unwrap();
            assert_eq!(after.to_vec().unwrap(), within.to_vec().unwrap());
            let another = x.linear_dropout(&w, &b, 0.3, &other, 2).unwrap();
            assert_ne!(another.to_vec().unwrap(), within.to_vec().unwrap());

            let kept = |i: usize| {
                let (row, col) = (i / n, i % n);
                let quad = (row + 3) * n.div_ceil(4) + col / 4;
                let bits = f64_of::pcg4d([quad as u32, 2, 5, 11])[col % 4];
                (bits >> 8) as f32 / 16_777_216.0 >= 0.3
            };
            check_on(
                &gpu_with(core),
                &format!("{core:?} {n} columns"),
                &inputs,
                |x| {
                    let seed_step_row = x[0].graph().tensor_u32([3], &[11, 5, 3])?;
                    x[0].linear_dropout(&x[1], &x[2], 0.3, &seed_step_row, 2)
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
fn products_with_a_transposed_matrix() {
    for core in cores() {
        for [m, k, n] in [[1, 1, 1], [5, 7, 3], [17, 68, 10], [65, 33, 68]] {
            let turned = |x: &Array| Array::new([x.shape.last(), x.shape.rows()], f64_of::transpose(x));
            check_on(
                &gpu_with(core),
                &format!("{core:?} {m}x{k}x{n}, the second transposed"),
                &[random(&[m, k], 1), random(&[n, k], 2)],
                |x| x[0].matmul_transposed(&x[1]),
                |x| f64_of::matmul(&x[0], &turned(&x[1])),
            );
            check_on(
                &gpu_with(core),
                &format!("{core:?} {m}x{k}x{n}, the first transposed"),
                &[random(&[k, m], 1), random(&[k, n], 2)],
                |x| x[0].transposed_matmul(&x[1]),
                |x| f64_of::matmul(&turned(&x[0]), &x[1]),
            );
        }
    }
}

#[test]
fn transposed_products_name_sizes_that_do_not_fit() {
    let graph = selvedge::tensor::Graph::new(&gpu());
    let zeros = |shape: [usize; 2]| graph.zeros(shape).unwrap();
    let columns = zeros([2, 3]).matmul_transposed(&zeros([4, 5])).unwrap_err().to_string();
    assert!(columns.contains("matmul_transposed") && columns.contains("3 columns"), "{columns}");
    let rows = zeros([2, 3]).transposed_matmul(&zeros([4, 3])).unwrap_err().to_string();
    assert!(rows.contains("transposed_matmul") && rows.contains("2 rows"), "{rows}");
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

#[test]
fn a_product_over_very_many_terms() {
    // More terms than lavapipe's limit on loop iterations.
    let k = 600_001;
    let (a, b) = (random(&[1, k], 1), random(&[k, 1], 2));
    let expected: f64 = a.data.iter().zip(&b.data).map(|(a, b)| a * b).sum();
    for core in cores() {
        let graph = selvedge::tensor::Graph::new(&gpu_with(core));
        let tensor = |array: &Array| graph.tensor(array.shape.clone(), &array.to_f32()).unwrap();
        let (a, b, b_column) = (tensor(&a), tensor(&b), tensor(&Array::new([1, k], b.data.clone())));
        let product = a.matmul(&b).unwrap().to_vec().unwrap();
        approx::assert_abs_diff_eq!(f64::from(product[0]), expected, epsilon = 0.2);
        // The gradient of c in c B sums as many terms, with B stored by columns.
        let c = graph.zeros([1, 1]).unwrap();
        let gradients = c.matmul(&b_column).unwrap().backward_from(&a, &[&c]).unwrap();
        approx::assert_abs_diff_eq!(f64::from(gradients[0].to_vec().unwrap()[0]), expected, epsilon = 0.2);
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
fn softmax_and_log_softmax() {
    for shape in [[1, 1], [3, 10], [70, 7]] {
        let x = [Array::random(shape, -3.0, 3.0, 1)];
        check(&x, |x| x[0].log_softmax(), |x| f64_of::log_softmax(&x[0]));
        check(&x, |x| x[0].softmax(), |x| f64_of::log_softmax(&x[0]).into_iter().map(f64::exp).collect());
    }
}

#[test]
fn softmax_does_not_overflow() {
    let graph = selvedge::tensor::Graph::new(&crate::common::gpu());
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
            // Some pairs contain the same label twice.
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

#[test]
fn long_rows_have_a_workgroup_each_on_a_large_gpu() {
    let gpu = crate::common::gpu_as_large_gpu();
    // As many numbers as a workgroup has threads, one more, and several for each.
    for [rows, classes] in [[1, 64], [3, 65], [5, 301]] {
        let x = [Array::random([rows, classes], -3.0, 3.0, 1)];
        let on = |name: &str| format!("{name} of {classes} classes");
        check_on(&gpu, &on("log_softmax"), &x, |x| x[0].log_softmax(), |x| f64_of::log_softmax(&x[0]));
        let softmax = |x: &[Array]| f64_of::log_softmax(&x[0]).into_iter().map(f64::exp).collect();
        check_on(&gpu, &on("softmax"), &x, |x| x[0].softmax(), softmax);
        let labels: Vec<u32> = (0..rows).map(|row| ((row * 7 + 30) % classes) as u32).collect();
        check_on(
            &gpu,
            &on("cross_entropy"),
            &x,
            |x| {
                let labels = x[0].graph().tensor_u32([rows], &labels)?;
                Ok(x[0].cross_entropy(&labels, 0.1)?.losses)
            },
            |x| f64_of::cross_entropy(&x[0], &labels, f64::from(0.1_f32)),
        );
    }
}

#[test]
fn the_first_of_the_largest_logits_is_the_prediction() {
    // With one thread per row, and with a workgroup per row.
    for (gpu, classes) in
        [(crate::common::gpu(), 10), (crate::common::gpu(), 200), (crate::common::gpu_as_large_gpu(), 200)]
    {
        let graph = selvedge::tensor::Graph::new(&gpu);
        // The largest logits of a row, and the class that is predicted.
        let rows = [([0, 9], 0), ([5, 6], 5), ([3, classes - 1], 3), ([classes - 1; 2], classes - 1)];
        let mut logits = vec![-2.0; rows.len() * classes];
        for (row, (places, _)) in rows.iter().enumerate() {
            places.iter().for_each(|place| logits[row * classes + place] = -1.0);
        }
        let x = graph.tensor([rows.len(), classes], &logits).unwrap();
        for class in [0, 3, 5, 6, 9, classes - 1] {
            let labels = graph.tensor_u32([rows.len()], &vec![class as u32; rows.len()]).unwrap();
            let scores = x.cross_entropy(&labels, 0.0).unwrap().scores.to_vec().unwrap();
            let hits: Vec<bool> = scores.chunks(2).map(|score| score[1] == 1.0).collect();
            let expected: Vec<bool> = rows.iter().map(|(_, predicted)| *predicted == class).collect();
            assert_eq!(hits, expected, "class {class} of {classes}");
        }
    }
}
