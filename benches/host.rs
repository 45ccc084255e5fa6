//! What a step costs the host: recording, compiling and submitting the CNN's training step on wgpu's `noop` backend,
//! which executes nothing. What remains is the work of selvedge and wgpu.
//!
//! cargo bench --bench host

use std::sync::Arc;

use criterion::Criterion;
use selvedge::data::{Form, ImageSet, ImageShape, Normalisation};
use selvedge::gpu::{Gpu, GpuOptions};
use selvedge::settings::{Learned, TrainConfig};
use selvedge::tensor::Compiled;
use selvedge::train::training_step;

/// The pixels of an image of Fashion-MNIST.
const PIXELS: usize = 28 * 28;

const BATCH: usize = 128;

fn compile(gpu: &Arc<Gpu>) -> Compiled {
    let images =
        ImageSet::new("blank images", ImageShape::grey(28, 28), vec![0; BATCH * PIXELS], vec![0; BATCH]).unwrap();
    let normalisation = Normalisation { mean: [0.0; 3], deviation: [1.0; 3] };
    training_step(gpu, &TrainConfig::default(), &Form::default(), &Learned::All, normalisation, &images).unwrap()
}

fn main() {
    // SAFETY: nothing else runs yet that could read the environment.
    unsafe {
        std::env::set_var("WGPU_BACKEND", "noop");
        std::env::set_var("WGPU_NOOP_BACKEND", "1");
    }
    let gpu = Gpu::open(&GpuOptions::default()).unwrap();
    assert_eq!(gpu.adapter().backend, wgpu::Backend::Noop);
    let mut step = compile(&gpu);
    let name = format!("one run of {} dispatches", step.program().dispatch_count());
    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function(&name, |b| b.iter(|| step.run().unwrap()));
    criterion.bench_function("recording and compiling it", |b| b.iter(|| compile(&gpu)));
    criterion.final_summary();
}
