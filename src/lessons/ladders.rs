//! The ladders: a computation, and the steps from its definition to a fast kernel.

use super::problem::BORDER;
use super::problem::as_drawn;
use super::{LESSON_FILES, LessonError, LessonKernel, Problem};
use crate::gradcheck::reference as f64_of;

/// A computation, and the steps from its definition to a fast kernel.
#[derive(Debug, Clone, Copy)]
pub struct Ladder {
    /// What is computed; its name is that of the folder in `lessons/`.
    pub problem: Problem,
    /// Sizes to time at.
    pub usual: &'static [usize],
    /// Sizes to time at in a page: a telephone runs any step in a fifth of a second, and a large GPU has enough to do.
    pub on_pages: [&'static [usize]; 2],
    /// Floating-point operations at these sizes, of any step.
    pub flops: fn(&[usize]) -> u64,
}

impl Ladder {
    /// All ladders, in the order of the course.
    pub const ALL: &'static [Self] = &[SUM, MATMUL, SOFTMAX, CONV, BATCH_NORM];

    /// The ladder with this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|ladder| ladder.problem.name == name)
    }

    /// Its steps, from the first.
    ///
    /// # Errors
    /// As [`LessonKernel::new`].
    pub fn steps(&'static self) -> Result<Vec<LessonKernel>, LessonError> {
        let own = LESSON_FILES.iter().filter(|file| file.name.split('/').next() == Some(self.problem.name));
        own.map(|file| LessonKernel::new(&self.problem, file.name, file.text.to_owned())).collect()
    }
}

/// The product of sizes and a number.
fn product(number: u64, sizes: &[usize]) -> u64 {
    sizes.iter().fold(number, |product, size| product.saturating_mul(*size as u64))
}

const SUM: Ladder = Ladder {
    problem: Problem {
        name: "sum",
        computes: "y = sum over i of x[i]",
        letters: &['N'],
        awkward: &[&[1], &[10_007]],
        inputs: |s| vec![s.to_vec()],
        prepare: as_drawn,
        output: |_| vec![1],
        reference: |_, x| vec![x[0].data.iter().sum()],
    },
    usual: &[4_194_304],
    on_pages: [&[1_048_576], &[16_777_216]],
    flops: |s| product(1, s),
};

const MATMUL: Ladder = Ladder {
    problem: Problem {
        name: "matmul",
        computes: "C[m][n] = sum over k of A[m][k] * B[k][n]",
        letters: &['M', 'K', 'N'],
        awkward: &[&[1, 1, 1], &[65, 33, 69]],
        inputs: |s| vec![vec![s[0], s[1]], vec![s[1], s[2]]],
        prepare: as_drawn,
        output: |s| vec![s[0], s[2]],
        reference: |_, x| f64_of::matmul(&x[0], &x[1]),
    },
    usual: &[256, 256, 256],
    on_pages: [&[512, 512, 512], &[1024, 1024, 1024]],
    flops: |s| product(2, s),
};

const SOFTMAX: Ladder = Ladder {
    problem: Problem {
        name: "softmax",
        computes: "y[r][j] = exp(x[r][j] - m) / sum over k of exp(x[r][k] - m)",
        letters: &['R', 'C'],
        awkward: &[&[1, 1], &[70, 301]],
        inputs: |s| vec![s.to_vec()],
        prepare: as_drawn,
        output: <[usize]>::to_vec,
        reference: |_, x| f64_of::log_softmax(&x[0]).into_iter().map(f64::exp).collect(),
    },
    usual: &[1024, 1024],
    on_pages: [&[1024, 1024], &[8192, 2048]],
    flops: |s| product(4, s),
};

const CONV: Ladder = Ladder {
    problem: Problem {
        name: "conv",
        computes: "y[n][h][w][o] = sum over kh, kw, c of x[n][h+kh-1][w+kw-1][c] * k[kh][kw][c][o], 3 x 3 taps",
        letters: &['N', 'H', 'W', 'C', 'O'],
        awkward: &[&[1, 1, 1, 1, 1], &[1, 5, 7, 3, 5], &[2, 7, 5, 5, 68]],
        inputs: |s| vec![s[..4].to_vec(), vec![3, 3, s[3], s[4]]],
        prepare: as_drawn,
        output: |s| vec![s[0], s[1], s[2], s[4]],
        reference: |_, x| f64_of::conv2d(&x[0], &x[1], [1, 1], BORDER),
    },
    usual: &[4, 28, 28, 16, 32],
    on_pages: [&[8, 28, 28, 32, 64], &[16, 56, 56, 32, 64]],
    flops: |s| product(2 * 9, s),
};

const BATCH_NORM: Ladder = Ladder {
    problem: Problem {
        name: "batch_norm",
        computes: "mean[c] = sum over r of x[r][c] / R, variance[c] = sum over r of (x[r][c] - mean[c])^2 / R",
        letters: &['R', 'C'],
        awkward: &[&[1, 1], &[1, 68], &[519, 3]],
        inputs: |s| vec![s.to_vec()],
        // Far from zero, where the mean of the squares less the square of the mean has no digit left.
        prepare: |_, x| x[0].data.iter_mut().for_each(|value| *value += 100.0),
        output: |s| vec![2, s[1]],
        reference: |_, x| {
            let (means, variances) = f64_of::moments(&x[0]);
            [means, variances].concat()
        },
    },
    usual: &[16_384, 64],
    on_pages: [&[16_384, 64], &[65_536, 256]],
    flops: |s| product(4, s),
};
