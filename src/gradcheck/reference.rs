//! A second implementation of the ops, in double precision and as naive as possible: nested loops over the definition.
//!
//! These are for checks, which know the shapes that they pass: with shapes that do not fit the op they panic, or read another
//! element than the op would.

use super::Array;
use crate::tensor::ops::Pad;

/// The sizes of an image batch `[n, h, w, c]`, or the axes of a kernel `[kh, kw, in, out]`.
fn four(x: &Array) -> [usize; 4] {
    std::array::from_fn(|axis| x.shape.axes()[axis])
}

/// `f(x)`, element by element.
pub fn map(x: &Array, f: impl Fn(f64) -> f64) -> Vec<f64> {
    x.data.iter().map(|v| f(*v)).collect()
}

/// `f(a, b)`, with `b` repeated as often as it fits into `a`.
pub fn zip(a: &Array, b: &Array, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let repeated = b.data.iter().cycle();
    a.data.iter().zip(repeated).map(|(a, b)| f(*a, *b)).collect()
}

/// `max(x, 0)`
pub fn relu(x: f64) -> f64 {
    x.max(0.0)
}

/// `[m, k] x [k, n]`
pub fn matmul(a: &Array, b: &Array) -> Vec<f64> {
    let (m, k, n) = (a.shape.rows(), a.shape.last(), b.shape.last());
    let mut c = vec![0.0; m * n];
    for i in 0..m {
        for j in 0..n {
            for l in 0..k {
                c[i * n + j] += a.data[i * k + l] * b.data[l * n + j];
            }
        }
    }
    c
}

/// The last two axes swapped.
pub fn transpose(x: &Array) -> Vec<f64> {
    let axes = x.shape.axes();
    let (rows, cols) = (axes[axes.len() - 2], axes[axes.len() - 1]);
    let mut y = Vec::new();
    for matrix in x.data.chunks(rows * cols) {
        for j in 0..cols {
            for i in 0..rows {
                y.push(matrix[i * cols + j]);
            }
        }
    }
    y
}

/// Cross-correlation of `[n, h, w, in]` with `[kh, kw, in, out]`, with zeros around the image.
pub fn conv2d(x: &Array, w: &Array, stride: [usize; 2], pad: Pad) -> Vec<f64> {
    let [n, in_h, in_w, in_c] = four(x);
    let [kernel_h, kernel_w, _, out_c] = four(w);
    let out_h = (in_h + pad.top + pad.bottom - kernel_h) / stride[0] + 1;
    let out_w = (in_w + pad.left + pad.right - kernel_w) / stride[1] + 1;
    let mut y = Vec::with_capacity(n * out_h * out_w * out_c);
    for b in 0..n {
        for oh in 0..out_h {
            for ow in 0..out_w {
                for co in 0..out_c {
                    let mut sum = 0.0;
                    for kh in 0..kernel_h {
                        for kw in 0..kernel_w {
                            let ih = (oh * stride[0] + kh).wrapping_sub(pad.top);
                            let iw = (ow * stride[1] + kw).wrapping_sub(pad.left);
                            if ih >= in_h || iw >= in_w {
                                continue;
                            }
                            for ci in 0..in_c {
                                sum += x.data[((b * in_h + ih) * in_w + iw) * in_c + ci]
                                    * w.data[((kh * kernel_w + kw) * in_c + ci) * out_c + co];
                            }
                        }
                    }
                    y.push(sum);
                }
            }
        }
    }
    y
}

/// The values of each channel, over all rows.
fn channel(x: &Array, c: usize) -> impl Iterator<Item = f64> + '_ {
    x.data.iter().skip(c).step_by(x.shape.last()).copied()
}

/// Mean and biased variance of each channel, the last axis.
pub fn moments(x: &Array) -> (Vec<f64>, Vec<f64>) {
    let rows = x.shape.rows() as f64;
    (0..x.shape.last())
        .map(|c| {
            let mean = channel(x, c).sum::<f64>() / rows;
            let variance = channel(x, c).map(|v| (v - mean).powi(2)).sum::<f64>() / rows;
            (mean, variance)
        })
        .unzip()
}

/// `(x - mean) / sqrt(variance + epsilon) gamma + beta`, channel by channel.
pub fn normalise(x: &Array, gamma: &[f64], beta: &[f64], mean: &[f64], variance: &[f64], epsilon: f64) -> Vec<f64> {
    let channels = x.shape.last();
    let one = |(i, v): (usize, &f64)| {
        let c = i % channels;
        (v - mean[c]) / (variance[c] + epsilon).sqrt() * gamma[c] + beta[c]
    };
    x.data.iter().enumerate().map(one).collect()
}

/// Calls `visit` with the values of `x` under each window, one call per channel; padding is left out.
fn windows(x: &Array, kernel: [usize; 2], stride: [usize; 2], pad: Pad, mut visit: impl FnMut(&[f64])) {
    let [n, in_h, in_w, channels] = four(x);
    let out_h = (in_h + pad.top + pad.bottom - kernel[0]) / stride[0] + 1;
    let out_w = (in_w + pad.left + pad.right - kernel[1]) / stride[1] + 1;
    for b in 0..n {
        for oh in 0..out_h {
            for ow in 0..out_w {
                for c in 0..channels {
                    let mut values = Vec::new();
                    for kh in 0..kernel[0] {
                        for kw in 0..kernel[1] {
                            let ih = (oh * stride[0] + kh).wrapping_sub(pad.top);
                            let iw = (ow * stride[1] + kw).wrapping_sub(pad.left);
                            if ih < in_h && iw < in_w {
                                values.push(x.data[((b * in_h + ih) * in_w + iw) * channels + c]);
                            }
                        }
                    }
                    visit(&values);
                }
            }
        }
    }
}

/// The largest number under each window of `[n, h, w, c]`; padding never wins.
pub fn max_pool(x: &Array, kernel: [usize; 2], stride: [usize; 2], pad: Pad) -> Vec<f64> {
    let mut y = Vec::new();
    windows(x, kernel, stride, pad, |values| {
        y.push(values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    });
    y
}

/// The mean under each window of `[n, h, w, c]`; `count_padding` counts the zeros around the image.
pub fn avg_pool(x: &Array, kernel: [usize; 2], stride: [usize; 2], pad: Pad, count_padding: bool) -> Vec<f64> {
    let mut y = Vec::new();
    windows(x, kernel, stride, pad, |values| {
        let count = if count_padding { kernel[0] * kernel[1] } else { values.len() };
        y.push(values.iter().sum::<f64>() / count as f64);
    });
    y
}

/// Images `[n, h, w, c]` interpolated between the centres of pixels, as PyTorch does with `align_corners=False`.
pub fn resize_bilinear(x: &Array, out_h: usize, out_w: usize) -> Vec<f64> {
    let [n, in_h, in_w, channels] = four(x);
    let position = |o: usize, size: usize, outputs: usize| {
        let s = ((o as f64 + 0.5) * size as f64 / outputs as f64 - 0.5).max(0.0);
        let low = (s.floor() as usize).min(size - 1);
        (low, (low + 1).min(size - 1), s - low as f64)
    };
    let mut y = Vec::new();
    for b in 0..n {
        for oh in 0..out_h {
            for ow in 0..out_w {
                for c in 0..channels {
                    let at = |h: usize, w: usize| x.data[((b * in_h + h) * in_w + w) * channels + c];
                    let (h0, h1, v) = position(oh, in_h, out_h);
                    let (w0, w1, u) = position(ow, in_w, out_w);
                    let upper = at(h0, w0) * (1.0 - u) + at(h0, w1) * u;
                    let lower = at(h1, w0) * (1.0 - u) + at(h1, w1) * u;
                    y.push(upper * (1.0 - v) + lower * v);
                }
            }
        }
    }
    y
}

/// `x - ln(sum(exp(x)))` along the last axis.
pub fn log_softmax(x: &Array) -> Vec<f64> {
    let mut y = Vec::new();
    for row in x.data.chunks(x.shape.last()) {
        let log_sum = row.iter().map(|v| v.exp()).sum::<f64>().ln();
        y.extend(row.iter().map(|v| v - log_sum));
    }
    y
}

/// `-sum(target log_softmax(logits))` of each row; `smoothing` is shared among all classes.
pub fn cross_entropy(logits: &Array, labels: &[u32], smoothing: f64) -> Vec<f64> {
    let classes = logits.shape.last();
    let log = log_softmax(logits);
    labels
        .iter()
        .enumerate()
        .map(|(r, label)| {
            let row = &log[r * classes..(r + 1) * classes];
            let target = |j: usize| {
                let hit = if j == *label as usize { 1.0 - smoothing } else { 0.0 };
                hit + smoothing / classes as f64
            };
            -(0..classes).map(|j| target(j) * row[j]).sum::<f64>()
        })
        .collect()
}

/// Sum over the middle axis of `[outer, len, inner]`.
pub fn sum_middle(x: &[f64], outer: usize, len: usize, inner: usize) -> Vec<f64> {
    let mut y = vec![0.0; outer * inner];
    for o in 0..outer {
        for l in 0..len {
            for i in 0..inner {
                y[o * inner + i] += x[(o * len + l) * inner + i];
            }
        }
    }
    y
}

/// pcg4d of `shaders/common/random.wgsl`.
pub fn pcg4d(counter: [u32; 4]) -> [u32; 4] {
    let mut v = counter.map(|c| c.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let mix = |v: &mut [u32; 4]| {
        for (to, (a, b)) in [(0, (1, 3)), (1, (2, 0)), (2, (0, 1)), (3, (1, 2))] {
            v[to] = v[to].wrapping_add(v[a].wrapping_mul(v[b]));
        }
    };
    mix(&mut v);
    v = v.map(|c| c ^ (c >> 16));
    mix(&mut v);
    v
}
