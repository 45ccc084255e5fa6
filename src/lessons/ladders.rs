//! What the ladders compute.

use super::Ladder;
use crate::gradcheck::reference as f64_of;

/// In the order of the course.
pub(super) const ALL: &[Ladder] = &[
    Ladder {
        name: "sum",
        computes: "y = sum over i of x[i]",
        sizes: &['N'],
        usual: &[4_194_304],
        odd: &[10_007],
        inputs: |s| vec![s.to_vec()],
        output: |_| vec![1],
        reference: |x| vec![x[0].data.iter().sum()],
        flops: |s| s[0] as u64,
    },
    Ladder {
        name: "matmul",
        computes: "C[m][n] = sum over k of A[m][k] * B[k][n]",
        sizes: &['M', 'K', 'N'],
        usual: &[256, 256, 256],
        odd: &[65, 33, 69],
        inputs: |s| vec![vec![s[0], s[1]], vec![s[1], s[2]]],
        output: |s| vec![s[0], s[2]],
        reference: |x| f64_of::matmul(&x[0], &x[1]),
        flops: |s| 2 * s.iter().map(|size| *size as u64).product::<u64>(),
    },
    Ladder {
        name: "softmax",
        computes: "y[r][j] = exp(x[r][j] - m) / sum over k of exp(x[r][k] - m)",
        sizes: &['R', 'C'],
        usual: &[1024, 1024],
        odd: &[70, 301],
        inputs: |s| vec![s.to_vec()],
        output: |s| s.to_vec(),
        reference: |x| f64_of::log_softmax(&x[0]).into_iter().map(f64::exp).collect(),
        flops: |s| 4 * (s[0] * s[1]) as u64,
    },
];
