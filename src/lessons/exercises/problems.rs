//! What the exercises compute, in the order of their numbers.

use super::super::Problem;
use super::super::problem::as_drawn;
use super::references::{adam, conv, convolved, dropout_factors, gradient, max_pool, pooled, softmax, taps, zeros};
use crate::gradcheck::{Array, reference as f64_of};

/// In the order of the files in `lessons/solutions/`.
pub(super) const ALL: &[Problem] = &[
    Problem {
        name: "add",
        computes: "y[i] = a[i] + b[i]",
        letters: &['N'],
        awkward: &[&[64], &[192]],
        inputs: |s| vec![s.to_vec(); 2],
        prepare: as_drawn,
        output: <[usize]>::to_vec,
        reference: |_, x| f64_of::zip(&x[0], &x[1], |a, b| a + b),
    },
    Problem {
        name: "guard",
        computes: "y[i] = 2 x[i]",
        letters: &['N'],
        awkward: &[&[1], &[64], &[1001]],
        inputs: |s| vec![s.to_vec()],
        prepare: as_drawn,
        output: <[usize]>::to_vec,
        reference: |_, x| f64_of::map(&x[0], |v| 2.0 * v),
    },
    Problem {
        name: "edges",
        computes: "y[r][c] = x[r][c + 1] - x[r][c - 1]",
        letters: &['R', 'C'],
        awkward: &[&[1, 1], &[3, 5], &[19, 33]],
        inputs: |s| vec![s.to_vec()],
        prepare: as_drawn,
        output: <[usize]>::to_vec,
        reference: |s, x| {
            let at = |r: usize, c: usize| if c < s[1] { x[0].data[r * s[1] + c] } else { 0.0 };
            let one = |i: usize| at(i / s[1], i % s[1] + 1) - at(i / s[1], (i % s[1]).wrapping_sub(1));
            (0..s[0] * s[1]).map(one).collect()
        },
    },
    Problem {
        name: "transpose",
        computes: "y[c][r] = x[r][c]",
        letters: &['R', 'C'],
        awkward: &[&[1, 1], &[3, 17], &[50, 33]],
        inputs: |s| vec![s.to_vec()],
        prepare: as_drawn,
        output: |s| vec![s[1], s[0]],
        reference: |_, x| f64_of::transpose(&x[0]),
    },
    Problem {
        name: "dot",
        computes: "y = sum over i of a[i] * b[i]",
        letters: &['N'],
        awkward: &[&[1], &[33], &[1000]],
        inputs: |s| vec![s.to_vec(); 2],
        prepare: as_drawn,
        output: |_| vec![1],
        reference: |_, x| vec![f64_of::zip(&x[0], &x[1], |a, b| a * b).iter().sum()],
    },
    Problem {
        name: "matmul_transposed",
        computes: "C[m][n] = sum over k of A[m][k] * B[n][k]",
        letters: &['M', 'K', 'N'],
        awkward: &[&[1, 1, 1], &[5, 16, 7], &[33, 37, 18]],
        inputs: |s| vec![vec![s[0], s[1]], vec![s[2], s[1]]],
        prepare: as_drawn,
        output: |s| vec![s[0], s[2]],
        reference: |s, x| f64_of::matmul(&x[0], &Array::new([s[1], s[2]], f64_of::transpose(&x[1]))),
    },
    Problem {
        name: "conv",
        computes: "y[n][oh][ow][o] = sum over kh, kw, c of x[n][S oh + kh - 1][S ow + kw - 1][c] * k[kh][kw][c][o]",
        letters: CONV_LETTERS,
        awkward: CONV_SIZES,
        inputs: |s| vec![s[..4].to_vec(), taps(s)],
        prepare: as_drawn,
        output: convolved,
        reference: |s, x| conv(s, &x[0], &x[1]),
    },
    Problem {
        name: "bias_gradient",
        computes: "the gradient of y[r][c] = max(x[r][c] + b[c], 0) with respect to b",
        letters: &['R', 'C'],
        awkward: &[&[1, 1], &[5, 68], &[65, 3]],
        inputs: |s| vec![s.to_vec(); 2],
        // The drawn numbers stand for x + b, of which y is the part above 0.
        prepare: |_, x| x[0].data.iter_mut().for_each(|value| *value = f64_of::relu(*value)),
        output: |s| vec![s[1]],
        reference: |s, x| {
            // An x that gives this y with a bias of 0, as far from the kink as any where y is 0.
            let image = Array::new(s, f64_of::map(&x[0], |y| if y > 0.0 { y } else { -1.0 }));
            gradient(&zeros(&[s[1]]), &x[1].data, |b| f64_of::zip(&image, b, |x, b| f64_of::relu(x + b)))
        },
    },
    Problem {
        name: "max_pool_gradient",
        computes: "the gradient of y[n][oh][ow][c] = the largest x under 3 x 3 pixels, 2 apart",
        letters: &['N', 'H', 'W', 'C'],
        awkward: &[&[1, 1, 1, 1], &[1, 5, 7, 3], &[2, 4, 8, 2]],
        inputs: |s| vec![s.to_vec(), pooled(s), pooled(s)],
        prepare: |s, x| {
            // Numbers that are the same in several windows, but never twice in one: three rows and columns on, the pattern repeats.
            let pattern = |row: usize, column: usize| [4, 1, 7, 3, 8, 0, 6, 2, 5][row % 3 * 3 + column % 3];
            for (i, value) in x[0].data.iter_mut().enumerate() {
                let (row, column) = (i / s[3] / s[2] % s[1], i / s[3] % s[2]);
                let lower = if *value < 0.0 { 9 } else { 0 };
                *value = f64::from(pattern(row, column) - lower) / 8.0;
            }
            x[1].data = max_pool(&x[0]);
        },
        output: <[usize]>::to_vec,
        reference: |_, x| gradient(&x[0], &x[2].data, max_pool),
    },
    Problem {
        name: "conv_input_gradient",
        computes: "the gradient of sum of grad_y * y with respect to x, with y the convolution of x with k",
        letters: CONV_LETTERS,
        awkward: CONV_SIZES,
        inputs: |s| vec![convolved(s), taps(s)],
        prepare: as_drawn,
        output: |s| s[..4].to_vec(),
        // The convolution is linear: its gradient does not depend on where it is taken.
        reference: |s, x| gradient(&zeros(&s[..4]), &x[0].data, |image| conv(s, image, &x[1])),
    },
    Problem {
        name: "conv_weight_gradient",
        computes: "the gradient of sum of grad_y * y with respect to k, with y the convolution of x with k",
        letters: CONV_LETTERS,
        awkward: CONV_SIZES,
        inputs: |s| vec![s[..4].to_vec(), convolved(s)],
        prepare: as_drawn,
        output: taps,
        reference: |s, x| gradient(&zeros(&taps(s)), &x[1].data, |k| conv(s, &x[0], k)),
    },
    Problem {
        name: "moments",
        computes: "mean and variance of each column",
        letters: &['R', 'C'],
        awkward: &[&[1, 1], &[2, 68], &[519, 3]],
        inputs: |s| vec![s.to_vec()],
        prepare: |_, x| x[0].data.iter_mut().for_each(|value| *value += 1000.0),
        output: |s| vec![2, s[1]],
        reference: |_, x| {
            let (means, variances) = f64_of::moments(&x[0]);
            [means, variances].concat()
        },
    },
    Problem {
        name: "batch_norm_gradient",
        computes: "the gradient of y[r][c] = gamma[c] * (x[r][c] - mean[c]) / sqrt(variance[c] + 0.00001)",
        letters: &['R', 'C'],
        awkward: &[&[2, 1], &[4, 3], &[65, 5]],
        inputs: |s| vec![s.to_vec(), vec![s[1]], s.to_vec()],
        prepare: as_drawn,
        output: <[usize]>::to_vec,
        reference: |s, x| {
            let normalised = |image: &Array| {
                let (mean, variance) = f64_of::moments(image);
                f64_of::normalise(image, &x[1].data, &vec![0.0; s[1]], &mean, &variance, 1e-5)
            };
            gradient(&x[0], &x[2].data, normalised)
        },
    },
    Problem {
        name: "softmax",
        computes: "y[r][j] = exp(x[r][j]) / sum over k of exp(x[r][k])",
        letters: &['R', 'C'],
        awkward: &[&[1, 1], &[3, 10], &[70, 37]],
        inputs: |s| vec![s.to_vec()],
        // Some rows are around -1000, some around 1000.
        prepare: |s, x| {
            let row = |i: usize| (i / s[1] % 3) as f64 - 1.0;
            x[0].data.iter_mut().enumerate().for_each(|(i, value)| *value += 1000.0 * row(i));
        },
        output: <[usize]>::to_vec,
        reference: |_, x| softmax(&x[0]),
    },
    Problem {
        name: "softmax_gradient",
        computes: "grad_x[r][j] = sum over k of grad_y[r][k] * dy[r][k] / dx[r][j]",
        letters: &['R', 'C'],
        awkward: &[&[1, 1], &[3, 10], &[9, 37]],
        inputs: |s| vec![s.to_vec(); 2],
        prepare: |_, x| x[0].data = softmax(&x[0]),
        output: <[usize]>::to_vec,
        // The logarithm of y is an x that gives this y.
        reference: |s, x| gradient(&Array::new(s, f64_of::map(&x[0], f64::ln)), &x[1].data, softmax),
    },
    Problem {
        name: "cross_entropy_gradient",
        computes: "the gradient of -1/R sum over r, j of target[r][j] * log(softmax(x[r])[j])",
        letters: &['R', 'C'],
        awkward: &[&[1, 2], &[3, 10], &[9, 37]],
        inputs: |s| vec![s.to_vec(); 2],
        prepare: |_, x| x[1].data = softmax(&x[1]),
        output: <[usize]>::to_vec,
        reference: |s, x| {
            let loss = |logits: &Array| {
                let log = Array::new(s, f64_of::log_softmax(logits));
                vec![-f64_of::zip(&log, &x[1], |log, target| log * target).iter().sum::<f64>() / s[0] as f64]
            };
            gradient(&x[0], &[1.0], loss)
        },
    },
    Problem {
        name: "adam",
        computes: "the new weights, m and v after step T of Adam",
        letters: &['N', 'T'],
        awkward: &[&[1, 1], &[130, 2], &[65, 1000]],
        inputs: |s| vec![vec![s[0]]; 4],
        // An average of squares is not negative.
        prepare: |_, x| x[3].data.iter_mut().for_each(|value| *value = value.abs()),
        output: |s| vec![3, s[0]],
        reference: adam,
    },
    Problem {
        name: "dropout_gradient",
        computes: "the gradient of y[i] = x[i] / (1 - P) where random(i, seed) >= P, else 0",
        letters: &['N', 'S'],
        awkward: &[&[1, 1], &[64, 3], &[333, 12_345]],
        inputs: |s| vec![vec![s[0]]],
        prepare: as_drawn,
        output: |s| vec![s[0]],
        reference: |s, x| {
            let dropped_out = |x: &Array| x.data.iter().zip(dropout_factors(s[0], s[1])).map(|(x, f)| x * f).collect();
            gradient(&zeros(&[s[0]]), &x[0].data, dropped_out)
        },
    },
    Problem {
        name: "fused_dense",
        computes: "y = dropout(relu(x W + b))",
        letters: &['M', 'K', 'N', 'S'],
        awkward: &[&[1, 1, 1, 1], &[3, 5, 17, 2], &[33, 21, 18, 7]],
        inputs: |s| vec![vec![s[0], s[1]], vec![s[1], s[2]], vec![s[2]]],
        prepare: as_drawn,
        output: |s| vec![s[0], s[2]],
        reference: |s, x| {
            let product = Array::new([s[0], s[2]], f64_of::matmul(&x[0], &x[1]));
            let rows = f64_of::zip(&product, &x[2], |sum, bias| f64_of::relu(sum + bias));
            rows.iter().zip(dropout_factors(s[0] * s[2], s[3])).map(|(y, factor)| y * factor).collect()
        },
    },
];

const CONV_LETTERS: &[char] = &['N', 'H', 'W', 'C', 'O', 'S'];
/// A pixel alone; stride 2 with an odd and an even side; 68 channels; a batch.
const CONV_SIZES: &[&[usize]] = &[&[1, 1, 1, 1, 1, 1], &[1, 5, 4, 3, 2, 2], &[1, 2, 3, 1, 68, 1], &[2, 4, 5, 2, 3, 2]];
