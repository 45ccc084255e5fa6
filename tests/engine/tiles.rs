//! Every tile of the tiled core, forward and backward, against double precision. Which tile a product gets is a matter of its size,
//! so these are of the sizes for which a large GPU takes each.

use std::collections::BTreeSet;

use crate::common::{gpu_as_large_gpu, gpu_with, random};
use selvedge::gpu::{GemmCore, Kernel};
use selvedge::gradcheck::Array;
use selvedge::tensor::{Graph, Tensor};

/// Rows and columns of the tile of a kernel of the tiled core.
fn tile_of(kernel: &Kernel) -> Option<[u32; 2]> {
    let text = kernel.source.text().unwrap();
    let number = |name: &str| {
        let (_, after) = text.split_once(&format!("const {name}: u32 = "))?;
        after.split('u').next()?.parse().ok()
    };
    Some([number("TILE_ROWS")?, number("TILE_COLS")?])
}

/// `[rows, inner] x [inner, cols]` in double precision, of matrices given by functions of row and column.
fn product(
    [rows, inner, cols]: [usize; 3],
    a: impl Fn(usize, usize) -> f64,
    b: impl Fn(usize, usize) -> f64,
) -> Vec<f64> {
    let mut c = vec![0.0; rows * cols];
    for i in 0..rows {
        for k in 0..inner {
            let x = a(i, k);
            for j in 0..cols {
                c[i * cols + j] += x * b(k, j);
            }
        }
    }
    c
}

fn assert_close(case: &str, tensor: &Tensor, expected: &[f64], inner: usize) {
    let got = tensor.to_vec().unwrap();
    assert_eq!(got.len(), expected.len(), "{case}");
    // Factors below 1: rounding grows with the square root of the number of terms.
    let bound = 1e-6 * (inner as f64).sqrt().max(1.0) * 4.0;
    let worst = got.iter().zip(expected).map(|(got, expected)| (f64::from(*got) - expected).abs()).fold(0.0, f64::max);
    assert!(worst < bound, "{case}: off by {worst:e}, more than {bound:e}");
}

#[test]
fn every_tile_is_right_forward_and_backward() {
    let gpu = gpu_as_large_gpu();
    let mut seen = BTreeSet::new();
    for [m, k, n] in SIZES {
        let (a, b, bias) = (random(&[m, k], 1), random(&[k, n], 2), random(&[n], 3));
        let weights = random(&[m, n], 4);
        let graph = Graph::new(&gpu);
        let tensor = |array: &Array| {
            let data: Vec<f32> = array.data.iter().map(|value| *value as f32).collect();
            graph.tensor(array.shape.clone(), &data).unwrap()
        };
        let [x, w, v, g] = [&a, &b, &bias, &weights].map(tensor);
        let y = x.linear(&w, &v, false).unwrap();
        let gradients = y.backward_from(&g, &[&x, &w, &v]).unwrap();
        let outputs: Vec<&Tensor> = [&y].into_iter().chain(&gradients).collect();
        let mut compiled = graph.compile(&outputs).unwrap();
        let tiles: Vec<[u32; 2]> = compiled.program().kernels().filter_map(tile_of).collect();
        compiled.run().unwrap();
        let case = format!("{m} x {k} x {n} in tiles of {tiles:?}");
        seen.extend(tiles);

        let [a, b, bias, g] = [&a, &b, &bias, &weights].map(|array| &array.data);
        let mut expected = product([m, k, n], |i, t| a[i * k + t], |t, j| b[t * n + j]);
        expected.iter_mut().enumerate().for_each(|(i, y)| *y += bias[i % n]);
        assert_close(&format!("y of {case}"), &y, &expected, k);
        let expected = product([m, n, k], |i, t| g[i * n + t], |t, j| b[j * n + t]);
        assert_close(&format!("dx of {case}"), &gradients[0], &expected, n);
        let expected = product([k, m, n], |i, t| a[t * k + i], |t, j| g[t * n + j]);
        assert_close(&format!("dw of {case}"), &gradients[1], &expected, m);
        let expected = product([1, m, n], |_, _| 1.0, |t, j| g[t * n + j]);
        assert_close(&format!("dbias of {case}"), &gradients[2], &expected, m);
    }
    let all = [[128, 128], [128, 64], [64, 64], [128, 32], [64, 32], [32, 32], [128, 16], [64, 16]];
    assert_eq!(seen, BTreeSet::from(all), "tiles that no size above uses, or that this test does not know");
}

#[test]
fn the_longest_sum_of_one_pass_is_exact() {
    // lavapipe silently ends a thread's loops after 65,535 iterations. A bias keeps the sum from being split.
    const TERMS: usize = 1 << 15;
    let gpu = gpu_with(GemmCore::Tiled);
    let mut seen = BTreeSet::new();
    for [m, n] in [[256, 256], [256, 64], [64, 64], [128, 32], [64, 32], [32, 32], [128, 16], [64, 10]] {
        let graph = Graph::new(&gpu);
        let ones = |shape: &[usize]| graph.tensor(shape, &vec![1.0; shape.iter().product()]).unwrap();
        let y = ones(&[m, TERMS]).linear(&ones(&[TERMS, n]), &ones(&[n]), false).unwrap();
        let mut compiled = graph.compile(&[&y]).unwrap();
        seen.extend(compiled.program().kernels().filter_map(tile_of));
        compiled.run().unwrap();
        assert!(y.to_vec().unwrap().iter().all(|y| *y == TERMS as f32 + 1.0), "{m} x {n}");
    }
    assert!(seen.len() >= 3, "{seen:?}");
}

/// Rows, terms and columns: none a multiple of its tile, some of 4 and some odd.
const SIZES: [[usize; 3]; 8] = [
    [14_001, 10, 500],
    [9001, 10, 260],
    [3001, 18, 500],
    [1501, 11, 1300],
    [14_001, 18, 33],
    [101, 18, 11],
    [14_001, 10, 68],
    [100, 10, 10],
];
