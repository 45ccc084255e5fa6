//! Every op checked at a few awkward shapes: what an adapter is asked before it is trusted with a training. The tests of this
//! repository ask more.

use std::sync::Arc;

use super::{Array, Report, Tolerance, binary, gradcheck, reference as f64_of, unary};
use crate::gpu::Gpu;
use crate::tensor::ops::{Binary, NormSettings, Pad, Padding, Unary, Window};
use crate::tensor::{Result, Tensor};

/// The check of one op, or of a family of ops, forward and backward.
#[derive(Debug, Clone, Copy)]
pub struct OpCheck {
    /// The op, as a person calls it.
    pub name: &'static str,
    /// Whether the op is computed by a core of the matrix product, so that it is worth a check on each core.
    pub is_product: bool,
    check: fn(&Arc<Gpu>) -> Result<Report>,
}

impl OpCheck {
    /// All of them, products first.
    pub const ALL: [Self; 14] = [
        Self { name: "matrix product", is_product: true, check: matmul },
        Self { name: "dense layer", is_product: true, check: linear },
        Self { name: "convolution", is_product: true, check: convolution },
        Self { name: "pointwise, one input", is_product: false, check: pointwise_of_one },
        Self { name: "pointwise, two inputs", is_product: false, check: pointwise_of_two },
        Self { name: "sum, largest", is_product: false, check: reductions },
        Self { name: "reshape, permute, slice, repeat", is_product: false, check: moves },
        Self { name: "join, split", is_product: false, check: joins },
        Self { name: "batch norm", is_product: false, check: batch_norm },
        Self { name: "pooling", is_product: false, check: pooling },
        Self { name: "resizing", is_product: false, check: resizing },
        Self { name: "dropout", is_product: false, check: dropout },
        Self { name: "softmax", is_product: false, check: softmax },
        Self { name: "cross-entropy", is_product: false, check: cross_entropy },
    ];

    /// Runs it.
    ///
    /// # Errors
    /// Those of the device. A disagreement is not an error: it is in the [`Report`].
    pub fn run(&self, gpu: &Arc<Gpu>) -> Result<Report> {
        (self.check)(gpu)
    }
}

/// The checks of one op, added up.
struct Checks<'a> {
    gpu: &'a Arc<Gpu>,
    whole: Report,
}

impl<'a> Checks<'a> {
    fn on(gpu: &'a Arc<Gpu>) -> Self {
        Self { gpu, whole: Report::default() }
    }

    fn check(
        &mut self,
        inputs: &[Array],
        build: impl Fn(&[Tensor]) -> Result<Tensor>,
        reference: impl Fn(&[Array]) -> Vec<f64>,
    ) -> Result<()> {
        self.whole.add(gradcheck(self.gpu, inputs, Tolerance::default(), build, reference)?);
        Ok(())
    }
}

fn random(shape: &[usize], seed: u64) -> Array {
    Array::random(shape, -1.0, 1.0, seed)
}

const NO_PAD: Pad = Pad { top: 0, bottom: 0, left: 0, right: 0 };

fn matmul(gpu: &Arc<Gpu>) -> Result<Report> {
    let mut checks = Checks::on(gpu);
    for [m, k, n] in [[1, 1, 1], [65, 33, 68], [3, 300, 132]] {
        checks.check(
            &[random(&[m, k], 1), random(&[k, n], 2)],
            |x| x[0].matmul(&x[1]),
            |x| f64_of::matmul(&x[0], &x[1]),
        )?;
    }
    let turned = |x: &Array| Array::new([x.shape.last(), x.shape.rows()], f64_of::transpose(x));
    let (m, k, n) = (19, 33, 10);
    checks.check(
        &[random(&[m, k], 1), random(&[n, k], 2)],
        |x| x[0].matmul_transposed(&x[1]),
        |x| f64_of::matmul(&x[0], &turned(&x[1])),
    )?;
    checks.check(
        &[random(&[k, m], 1), random(&[k, n], 2)],
        |x| x[0].transposed_matmul(&x[1]),
        |x| f64_of::matmul(&turned(&x[0]), &x[1]),
    )?;
    Ok(checks.whole)
}

fn linear(gpu: &Arc<Gpu>) -> Result<Report> {
    let mut checks = Checks::on(gpu);
    for n in [7, 36] {
        checks.check(
            &[random(&[19, 24], 1), random(&[24, n], 2), random(&[n], 3)],
            |x| x[0].linear(&x[1], &x[2], true),
            |x| {
                let product = Array::new([19, n], f64_of::matmul(&x[0], &x[1]));
                f64_of::zip(&product, &x[2], |a, b| f64_of::relu(a + b))
            },
        )?;
    }
    Ok(checks.whole)
}

fn convolution(gpu: &Arc<Gpu>) -> Result<Report> {
    let mut checks = Checks::on(gpu);
    let lopsided = Pad { top: 0, bottom: 2, left: 3, right: 1 };
    for (x, kernel, out_c, stride, pad) in [
        ([2, 5, 7, 1], [3, 3], 32, [1, 1], Pad { top: 1, bottom: 1, left: 1, right: 1 }),
        ([1, 9, 8, 1], [7, 7], 4, [2, 2], Pad { top: 3, bottom: 3, left: 2, right: 3 }),
        ([2, 5, 4, 68], [3, 3], 5, [1, 1], Pad { top: 1, bottom: 1, left: 1, right: 1 }),
        ([1, 6, 5, 3], [2, 4], 4, [2, 3], lopsided),
        ([2, 7, 9, 4], [1, 1], 12, [2, 2], NO_PAD),
        ([1, 4, 4, 4], [3, 3], 132, [1, 1], Pad { top: 1, bottom: 1, left: 1, right: 1 }),
        // The sum of the weight gradient is split over workgroups.
        ([2, 40, 9, 4], [3, 3], 4, [1, 1], Pad { top: 1, bottom: 1, left: 1, right: 1 }),
    ] {
        let weights = random(&[kernel[0], kernel[1], x[3], out_c], 2);
        checks.check(
            &[random(&x, 1), weights, random(&[out_c], 3)],
            |x| x[0].conv2d(&x[1], Some(&x[2]), stride, Padding::Explicit(pad), true),
            |x| {
                let y = f64_of::conv2d(&x[0], &x[1], stride, pad);
                let bias = x[2].data.iter().cycle();
                y.iter().zip(bias).map(|(y, bias)| f64_of::relu(y + bias)).collect()
            },
        )?;
    }
    Ok(checks.whole)
}

fn pointwise_of_one(gpu: &Arc<Gpu>) -> Result<Report> {
    let mut whole = Report::default();
    for row in Unary::ALL {
        whole.add(unary(gpu, row, [3, 5, 7])?);
        whole.add(unary(gpu, row, [2, 68])?);
    }
    Ok(whole)
}

fn pointwise_of_two(gpu: &Arc<Gpu>) -> Result<Report> {
    let mut whole = Report::default();
    for row in Binary::ALL {
        whole.add(binary(gpu, row, [[5, 68].into(), [5, 68].into()])?);
        whole.add(binary(gpu, row, [[3, 1, 7].into(), [5, 1].into()])?);
    }
    Ok(whole)
}

fn reductions(gpu: &Arc<Gpu>) -> Result<Report> {
    let mut checks = Checks::on(gpu);
    for [outer, len, inner] in [[1, 3000, 3], [5, 7, 68], [300, 1, 4], [2, 9001, 1]] {
        let x = [random(&[outer, len, inner], 1)];
        checks.check(&x, |x| x[0].sum_axes(&[1], false), |x| f64_of::sum_middle(&x[0].data, outer, len, inner))?;
        checks.check(&x, |x| x[0].sum(), |x| vec![x[0].data.iter().sum()])?;
    }
    // Numbers further apart than the step of the finite differences.
    let apart = (0..330).map(|i| f64::from((i * 7919 % 330) as f32 / 330.0)).collect();
    checks.check(
        &[Array::new([22, 15], apart)],
        |x| x[0].max_axes(&[1], false),
        |x| x[0].data.chunks(15).map(|row| row.iter().copied().fold(f64::NEG_INFINITY, f64::max)).collect(),
    )?;
    Ok(checks.whole)
}

fn moves(gpu: &Arc<Gpu>) -> Result<Report> {
    let mut checks = Checks::on(gpu);
    let x = [random(&[3, 3, 68, 5], 1)];
    checks.check(&x, |x| x[0].transpose(), |x| f64_of::transpose(&x[0]))?;
    checks.check(&x, |x| x[0].reshape([9, 68, 5])?.permute(&[0, 2, 1]), |x| f64_of::transpose(&x[0]))?;
    checks.check(
        &[random(&[7, 9], 1)],
        |x| x[0].slice_step(1, 1, 8, 3),
        |x| x[0].data.chunks(9).flat_map(|row| [row[1], row[4], row[7]]).collect(),
    )?;
    checks.check(
        &[random(&[5, 1, 3], 1)],
        |x| x[0].broadcast_to([5, 4, 3]),
        |x| x[0].data.chunks(3).flat_map(|row| row.repeat(4)).collect(),
    )?;
    Ok(checks.whole)
}

fn joins(gpu: &Arc<Gpu>) -> Result<Report> {
    let mut checks = Checks::on(gpu);
    checks.check(
        &[random(&[6, 1], 1), random(&[6, 68], 2), random(&[6, 3], 3)],
        |x| Tensor::concat_along(&[&x[0], &x[1], &x[2]], 1),
        |x| {
            (0..6)
                .flat_map(|row| x.iter().flat_map(move |x| x.data.chunks(x.shape.last()).nth(row)).flatten())
                .copied()
                .collect()
        },
    )?;
    checks.check(
        &[random(&[4, 9], 1)],
        |x| {
            let parts = x[0].split(1, &[3, 6])?;
            Tensor::concat_along(&[&parts[1], &parts[0]], 1)
        },
        |x| x[0].data.chunks(9).flat_map(|row| [&row[3..], &row[..3]].concat()).collect(),
    )?;
    Ok(checks.whole)
}

/// In training and in inference, alone and with ReLU, pooling and a residual in the same kernels.
fn batch_norm(gpu: &Arc<Gpu>) -> Result<Report> {
    let mut checks = Checks::on(gpu);
    let plain = NormSettings::plain(1e-3);
    let after = NormSettings { relu_after: true, pool: [2, 2], ..plain };
    let before = NormSettings { relu_before: true, pool: [2, 2], ..plain };
    let relu_if = |wanted: bool, y: Vec<f64>| if wanted { y.into_iter().map(f64_of::relu).collect() } else { y };
    for (shape, settings) in
        [([2, 3, 5, 1], plain), ([4, 3, 2, 3], plain), ([2, 5, 7, 68], after), ([1, 40, 37, 3], before)]
    {
        let inputs = [Array::away_from_zero(shape, 1), Array::away_from_zero([shape[3]], 2), random(&[shape[3]], 3)];
        // Normalised by these moments or those of the batch, without what follows.
        let normalised = |x: &[Array], moments: Option<[&[f64]; 2]>| {
            let input = Array::new(shape, relu_if(settings.relu_before, x[0].data.clone()));
            let (mean, variance) = match moments {
                Some([mean, variance]) => (mean.to_vec(), variance.to_vec()),
                None => f64_of::moments(&input),
            };
            f64_of::normalise(&input, &x[1].data, &x[2].data, &mean, &variance, 1e-3)
        };
        let followed = |y: Vec<f64>| {
            let y = Array::new(shape, relu_if(settings.relu_after, y));
            f64_of::max_pool(&y, settings.pool, settings.pool, NO_PAD)
        };
        checks.check(&inputs, |x| Ok(x[0].batch_norm(&x[1], &x[2], settings)?.y), |x| followed(normalised(x, None)))?;
        checks.check(
            &inputs,
            |x| {
                let x0 = x[0].mean_over_ranks()?;
                Ok(x0.batch_norm_over_ranks(&x[1], &x[2], None, settings, shape[0])?.y)
            },
            |x| followed(normalised(x, None)),
        )?;
        let mean = random(&[shape[3]], 4);
        let variance = Array::random([shape[3]], 0.5, 1.5, 5);
        checks.check(
            &inputs,
            |x| {
                let [mean, variance] = [&mean, &variance].map(|m| x[0].graph().tensor(m.shape.clone(), &m.to_f32()));
                x[0].batch_norm_inference(&x[1], &x[2], &mean?, &variance?, settings)
            },
            |x| followed(normalised(x, Some([&mean.data, &variance.data]))),
        )?;
        // A residual that keeps every sum away from ReLU's kink.
        let mut residual = Array::away_from_zero(shape, 6);
        residual.data.iter_mut().for_each(|r| *r += 8.0_f64.copysign(*r));
        residual.data.iter_mut().for_each(|r| *r = f64::from(*r as f32));
        let unpooled = NormSettings { pool: [1, 1], ..settings };
        checks.check(
            &[inputs.to_vec(), vec![residual]].concat(),
            |x| Ok(x[0].batch_norm_residual(&x[1], &x[2], &x[3], unpooled)?.y),
            |x| {
                let sum = f64_of::zip(&x[3], &Array::new(shape, normalised(x, None)), |a, b| a + b);
                relu_if(settings.relu_after, sum)
            },
        )?;
    }
    Ok(checks.whole)
}

fn pooling(gpu: &Arc<Gpu>) -> Result<Report> {
    let mut checks = Checks::on(gpu);
    let lopsided = Pad { top: 1, bottom: 0, left: 0, right: 2 };
    for (shape, kernel, stride, pad) in [
        ([2, 7, 5, 3], [2, 2], [2, 2], NO_PAD),
        ([1, 7, 7, 68], [3, 3], [2, 2], Pad { top: 1, bottom: 1, left: 1, right: 1 }),
        ([1, 8, 9, 3], [2, 3], [3, 2], lopsided),
    ] {
        let window = Window::new(kernel, stride, Padding::Explicit(pad));
        let x = [random(&shape, 1)];
        checks.check(&x, |x| x[0].max_pool(window), |x| f64_of::max_pool(&x[0], kernel, stride, pad))?;
        checks.check(&x, |x| x[0].avg_pool(window, false), |x| f64_of::avg_pool(&x[0], kernel, stride, pad, false))?;
    }
    checks.check(
        &[random(&[3, 5, 7, 3], 1)],
        |x| x[0].global_avg_pool(),
        |x| f64_of::sum_middle(&x[0].data, 3, 35, 3).into_iter().map(|sum| sum / 35.0).collect(),
    )?;
    Ok(checks.whole)
}

fn resizing(gpu: &Arc<Gpu>) -> Result<Report> {
    let mut checks = Checks::on(gpu);
    for (shape, [height, width]) in [([2, 5, 4, 3], [9, 7]), ([1, 7, 6, 1], [3, 4])] {
        checks.check(
            &[random(&shape, 1)],
            |x| x[0].resize_bilinear([height, width]),
            |x| f64_of::resize_bilinear(&x[0], height, width),
        )?;
    }
    Ok(checks.whole)
}

fn dropout(gpu: &Arc<Gpu>) -> Result<Report> {
    let mut checks = Checks::on(gpu);
    let (seed, step, first_row, stream, rate) = (11, 5, 6, 2, 0.3);
    // One hash for four neighbouring numbers, of which there are a hundred in a row; each number gets 24 bits.
    let bits = |i: usize| f64_of::pcg4d([25 * first_row + i as u32 / 4, stream, step, seed])[i % 4] >> 8;
    let kept = |i: usize| bits(i) as f32 / 16_777_216.0 >= rate;
    checks.check(
        &[random(&[9, 100], 1)],
        |x| x[0].dropout(rate, &x[0].graph().tensor_u32([3], &[seed, step, first_row])?, stream),
        |x| {
            let keep = |(i, v): (usize, &f64)| if kept(i) { v / (1.0 - f64::from(rate)) } else { 0.0 };
            x[0].data.iter().enumerate().map(keep).collect()
        },
    )?;
    Ok(checks.whole)
}

fn softmax(gpu: &Arc<Gpu>) -> Result<Report> {
    let mut checks = Checks::on(gpu);
    for shape in [[3, 10], [70, 7], [2, 1000]] {
        let x = [Array::random(shape, -3.0, 3.0, 1)];
        checks.check(&x, |x| x[0].log_softmax(), |x| f64_of::log_softmax(&x[0]))?;
        checks.check(&x, |x| x[0].softmax(), |x| f64_of::log_softmax(&x[0]).into_iter().map(f64::exp).collect())?;
    }
    Ok(checks.whole)
}

fn cross_entropy(gpu: &Arc<Gpu>) -> Result<Report> {
    let mut checks = Checks::on(gpu);
    for [rows, classes] in [[1, 10], [70, 10], [3, 301]] {
        let labels: Vec<u32> = (0..rows).map(|row| ((row * 7 + 3) % classes) as u32).collect();
        checks.check(
            &[Array::random([rows, classes], -3.0, 3.0, 1)],
            |x| {
                let labels = x[0].graph().tensor_u32([rows], &labels)?;
                Ok(x[0].cross_entropy(&labels, 0.1)?.losses)
            },
            |x| f64_of::cross_entropy(&x[0], &labels, f64::from(0.1_f32)),
        )?;
    }
    Ok(checks.whole)
}
