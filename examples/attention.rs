//! Layer norm, scaled dot-product attention and a mean squared error, as short compositions of ops; each is checked against a
//! reference in double precision, forward and backward.
//!
//! cargo run --release --example attention
use selvedge::gpu::{Gpu, GpuOptions};
use selvedge::gradcheck::{Array, Tolerance, gradcheck};
use selvedge::tensor::{Result, Tensor};

/// Layer norm (Ba et al. 2016) over the last axis: `[.., C]`, with scale and shift `[C]`.
fn layer_norm(x: &Tensor, gamma: &Tensor, beta: &Tensor) -> Result<Tensor> {
    let last = [x.shape().rank() - 1];
    let centred = (x - &x.mean_axes(&last, true)?)?;
    let variance = centred.square()?.mean_axes(&last, true)?;
    let normalised = (&centred * &(&variance + 1e-5)?.rsqrt()?)?;
    &(&normalised * gamma)? + beta
}

/// Attention (Vaswani et al. 2017, equation 1) of queries `[.., T, D]`, keys `[.., S, D]` and values `[.., S, V]`: `[.., T, V]`.
fn attention(q: &Tensor, k: &Tensor, v: &Tensor) -> Result<Tensor> {
    let scores = (&q.matmul(&k.transpose()?)? / (q.shape().last() as f32).sqrt())?;
    scores.softmax()?.matmul(v)
}

/// The mean squared error of two tensors of the same shape: `[1]`.
fn mse(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    (a - b)?.square()?.mean()
}

fn layer_norm_reference(x: &[Array]) -> Vec<f64> {
    let (gamma, beta) = (&x[1].data, &x[2].data);
    let mut y = Vec::new();
    for row in x[0].data.chunks(gamma.len()) {
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / row.len() as f64;
        y.extend((0..row.len()).map(|c| (row[c] - mean) / (variance + 1e-5).sqrt() * gamma[c] + beta[c]));
    }
    y
}

/// [`attention`] of queries `[heads, T, D]`, keys `[heads, S, D]` and values `[heads, S, V]`.
fn attention_reference(x: &[Array]) -> Vec<f64> {
    let [heads, d, e] = [x[0].shape.axes()[0], x[1].shape.last(), x[2].shape.last()];
    let mut y = Vec::new();
    for head in 0..heads {
        let [q, k, v] = [0, 1, 2].map(|i| x[i].data.chunks(x[i].data.len() / heads).nth(head).unwrap_or(&[]));
        for query in q.chunks(d) {
            let score = |key: &[f64]| query.iter().zip(key).map(|(q, k)| q * k).sum::<f64>() / (d as f64).sqrt();
            let weights: Vec<f64> = k.chunks(d).map(|key| score(key).exp()).collect();
            let mixed = |c: usize| v.chunks(e).zip(&weights).map(|(row, w)| row[c] * w).sum::<f64>();
            y.extend((0..e).map(|c| mixed(c) / weights.iter().sum::<f64>()));
        }
    }
    y
}

fn mse_reference(x: &[Array]) -> Vec<f64> {
    let squares = x[0].data.iter().zip(&x[1].data).map(|(a, b)| (a - b).powi(2));
    vec![squares.sum::<f64>() / x[0].data.len() as f64]
}

fn main() -> Result<()> {
    let gpu = Gpu::open(&GpuOptions::from_env()?)?;
    let check = |shapes: &[&[usize]], f: fn(&[Tensor]) -> Result<Tensor>, reference: fn(&[Array]) -> Vec<f64>| {
        let random = |(shape, seed): (&&[usize], u64)| Array::random(*shape, -1.0, 1.0, seed);
        let inputs: Vec<Array> = shapes.iter().zip(1..).map(random).collect();
        let report = gradcheck(&gpu, &inputs, Tolerance::default(), f, reference)?;
        println!("{report}");
        assert!(report.passed());
        Ok(())
    };
    let norm = |x: &[Tensor]| layer_norm(&x[0], &x[1], &x[2]);
    check(&[&[2, 5, 12], &[12], &[12]], norm, layer_norm_reference)?;
    // Six heads: seven queries and five keys with eight features, values with four.
    let heads = |x: &[Tensor]| attention(&x[0], &x[1], &x[2]);
    check(&[&[6, 7, 8], &[6, 5, 8], &[6, 5, 4]], heads, attention_reference)?;
    check(&[&[3, 5], &[3, 5]], |x| mse(&x[0], &x[1]), mse_reference)
}
