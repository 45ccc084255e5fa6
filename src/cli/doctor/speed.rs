//! What an adapter reaches at best, and which share of it products and convolutions reach.

use std::sync::Arc;

use selvedge::data::{Form, ImageSet, Normalisation};
use selvedge::gpu::{Gpu, GpuOptions};
use selvedge::gradcheck::Array;
use selvedge::program::Ceiling;
use selvedge::settings::{Learned, TrainConfig};
use selvedge::tensor::ops::{Padding, gemm_core};
use selvedge::tensor::{Graph, Result, Tensor};
use selvedge::train::training_step;

pub struct Speed {
    ceiling: Ceiling,
    /// What was computed, and its FLOP/s.
    products: Vec<(String, f64)>,
    /// Images per second of the CNN's training step.
    images: f64,
}

/// Images in a batch.
const BATCH: usize = 128;

pub fn measure(gpu: &Arc<Gpu>, wanted: &GpuOptions) -> anyhow::Result<Speed> {
    // Whoever asks for a core gets products, and no other algorithm.
    let of_products = Gpu::open(&GpuOptions { gemm: Some(gemm_core(gpu.variant())?), ..wanted.clone() })?;
    // A GPU is only busy with the larger product, which takes a CPU seconds.
    let side = if gpu.adapter().is_cpu() { 1024 } else { 4096 };
    let mut products = vec![(format!("matrix product {side}^3"), matmul(&of_products, side)?)];
    products.extend(convolution(&of_products)?);
    let config = TrainConfig { batch_size: BATCH, ..TrainConfig::default() };
    let form = Form::default();
    let images = ImageSet::new("grey", form.shape, vec![128; BATCH * form.shape.len()], vec![3; BATCH])?;
    let mut step = training_step(gpu, &config, &form, &Learned::All, Normalisation::UNIT, &images)?;
    Ok(Speed { ceiling: Ceiling::measure(gpu)?, products, images: BATCH as f64 / step.program().best_time()? })
}

impl Speed {
    pub fn lines(&self) -> Vec<String> {
        let ceiling = &self.ceiling;
        let mut lines = vec![format!(
            "{:<52} {:>9.1} GFLOP/s, {:.1} GB/s, {:.1} us a dispatch that waits for another",
            "at best, in registers and copying",
            ceiling.flops / 1e9,
            ceiling.bytes / 1e9,
            1e6 * (ceiling.dispatch + ceiling.barrier),
        )];
        lines.extend(self.products.iter().map(|(name, flops)| {
            format!("{name:<52} {:>9.1} GFLOP/s, {:.0} % of the best", flops / 1e9, 100.0 * flops / ceiling.flops)
        }));
        lines.push(format!("{:<52} {:>9.0} images/s", format!("training step of cnn, {BATCH} images"), self.images));
        lines
    }

    /// The most important figures on one line.
    pub fn summary(&self) -> String {
        let best = self.ceiling.flops / 1e9;
        let shares: Vec<String> =
            self.products.iter().map(|(_, flops)| format!("{:.0}", 100.0 * flops / self.ceiling.flops)).collect();
        format!(
            "{best:.0} GFLOP/s at best, products reach {} % of it; cnn {:.0} images/s",
            shares.join(", "),
            self.images
        )
    }
}

fn random(graph: &Graph, shape: &[usize]) -> Result<Tensor> {
    graph.tensor(shape, &Array::random(shape, -1.0, 1.0, 1).to_f32())
}

fn matmul(gpu: &Arc<Gpu>, side: usize) -> Result<f64> {
    let graph = Graph::new(gpu);
    let product = random(&graph, &[side, side])?.matmul(&random(&graph, &[side, side])?)?;
    speed(&graph, &[&product])
}

/// The third convolution of the CNN, in the middle of its sizes: forward, and both gradients, each as one product.
fn convolution(gpu: &Arc<Gpu>) -> Result<Vec<(String, f64)>> {
    let graph = Graph::new(gpu);
    let x = random(&graph, &[BATCH, 7, 7, 68])?;
    let weight = random(&graph, &[3, 3, 68, 128])?;
    let y = x.conv2d(&weight, None, [1, 1], Padding::Same, false)?;
    let dy = random(&graph, y.shape().axes())?;
    let gradients = y.backward_from(&dy, &[&x, &weight])?;
    let named = [("convolution", &y), ("its input gradient", &gradients[0]), ("its weight gradient", &gradients[1])];
    named
        .into_iter()
        .map(|(name, output)| Ok((format!("{name}, 128 x 7x7, 68 -> 128 channels"), speed(&graph, &[output])?)))
        .collect()
}

/// FLOP/s of what `outputs` need.
fn speed(graph: &Graph, outputs: &[&Tensor]) -> Result<f64> {
    let mut compiled = graph.compile(outputs)?;
    let flops = compiled.program().flops();
    Ok(flops as f64 / compiled.program().best_time()?)
}
