//! Throughput of the kernels at the networks' shapes, and of whole training steps.
//!
//! cargo bench                      everything (some minutes on a software driver)
//! cargo bench -- conv2d            benchmarks with `conv2d` in their name
//! SELVEDGE_GEMM=naive cargo bench -- gemm
//!
//! Compute-bound rows count FLOPs as elements ("Gelem/s" is GFLOP/s), memory-bound rows count bytes, and training and inference
//! steps count images.

use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use selvedge::data::{Form, ImageSet, ImageShape, Normalisation};
use selvedge::gpu::{Gpu, GpuOptions};
use selvedge::gradcheck::Array;
use selvedge::optim::{Group, Optimiser, Rule};
use selvedge::settings::{Architecture, Learned, TrainConfig};
use selvedge::tensor::ops::{NormSettings, Padding, Window};
use selvedge::tensor::{Compiled, Graph, Tensor};
use selvedge::train::{inference_step, training_step};

/// The pixels of an image of Fashion-MNIST.
const PIXELS: usize = 28 * 28;

/// Images in a batch.
const BATCH: usize = 128;

/// Side of the input, input channels, output channels, side of the kernel, stride.
type Convolution = [usize; 5];

const CNN: [Convolution; 4] = [[28, 1, 32, 3, 1], [14, 32, 68, 3, 1], [7, 68, 128, 3, 1], [3, 128, 256, 3, 1]];

/// Every convolution of the ResNet-18 for 28x28 images.
const RESNET18: [Convolution; 11] = [
    [28, 1, 64, 7, 2],
    [14, 64, 64, 3, 1],
    [14, 64, 128, 3, 2],
    [14, 64, 128, 1, 2],
    [7, 128, 128, 3, 1],
    [7, 128, 256, 3, 2],
    [7, 128, 256, 1, 2],
    [4, 256, 256, 3, 1],
    [4, 256, 512, 3, 2],
    [4, 256, 512, 1, 2],
    [2, 512, 512, 3, 1],
];

struct Bench {
    gpu: Arc<Gpu>,
    graph: Graph,
}

impl Bench {
    fn new() -> Self {
        let gpu = Gpu::open(&GpuOptions::from_env().unwrap()).unwrap();
        Self { graph: Graph::new(&gpu), gpu }
    }

    fn random(&self, shape: &[usize]) -> Tensor {
        let data = Array::random(shape, -1.0, 1.0, 1).to_f32();
        self.graph.tensor(shape, &data).unwrap()
    }

    fn compile<'a>(&self, outputs: impl IntoIterator<Item = &'a Tensor>) -> Compiled {
        let outputs: Vec<&Tensor> = outputs.into_iter().collect();
        self.graph.compile(&outputs).unwrap()
    }
}

/// What a row counts.
enum Work {
    Flops(u64),
    Images(u64),
    /// Bytes that have to be read and written at the least.
    Bytes(u64),
}

/// Times runs of a program, waiting for each.
fn time(c: &mut Criterion, group: &str, name: &str, work: Work, mut compiled: Compiled) {
    let mut group = c.benchmark_group(group);
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3)).throughput(
        match work {
            Work::Flops(n) | Work::Images(n) => Throughput::Elements(n),
            Work::Bytes(n) => Throughput::Bytes(n),
        },
    );
    group.bench_function(name, |b| {
        b.iter(|| {
            compiled.run().unwrap();
            compiled.program().finish().unwrap();
        });
    });
    group.finish();
}

fn gemm(c: &mut Criterion) {
    let bench = Bench::new();
    // The largest takes seconds on a CPU; a GPU is only busy at that size.
    let largest = if bench.gpu.adapter().is_cpu() { 1024 } else { 4096 };
    for n in [256, 1024, largest].into_iter().collect::<std::collections::BTreeSet<_>>() {
        let product = bench.random(&[n, n]).matmul(&bench.random(&[n, n])).unwrap();
        let work = Work::Flops(2 * (n as u64).pow(3));
        time(c, "gemm", &format!("{n}^3"), work, bench.compile([&product]));
    }
}

fn convolutions(c: &mut Criterion, network: &str, shapes: &[Convolution]) {
    let bench = Bench::new();
    for &[side, in_c, out_c, kernel, stride] in shapes {
        let x = bench.random(&[BATCH, side, side, in_c]);
        let w = bench.random(&[kernel, kernel, in_c, out_c]);
        let bias = bench.random(&[out_c]);
        let strides = [stride, stride];
        let y = x.conv2d(&w, Some(&bias), strides, Padding::Same, true).unwrap();
        // Without ReLU, the gradients need only dY and the other operand, no forward pass.
        let linear = x.conv2d(&w, Some(&bias), strides, Padding::Same, false).unwrap();
        let dy = bench.random(y.shape().axes());
        let gradients = linear.backward_from(&dy, &[&x, &w, &bias]).unwrap();
        let flops = 2 * (y.shape().len() * kernel * kernel * in_c) as u64;
        let name = format!("{side}x{side} {in_c}->{out_c} {kernel}x{kernel} stride {stride}");
        let [dx, dw, db] = <[Tensor; 3]>::try_from(gradients).unwrap();
        let mut row = |what: &str, outputs: &[&Tensor]| {
            let group = format!("{network} {what}");
            time(c, &group, &name, Work::Flops(flops), bench.compile(outputs.iter().copied()));
        };
        row("forward", &[&y]);
        // The images themselves need no gradient.
        if in_c > 1 {
            row("input gradient", &[&dx]);
        }
        row("weight gradient", &[&dw, &db]);
    }
}

fn cnn(c: &mut Criterion) {
    convolutions(c, "conv2d", &CNN);
}

fn resnet18(c: &mut Criterion) {
    convolutions(c, "resnet18", &RESNET18);
}

fn memory_bound(c: &mut Criterion) {
    let bench = Bench::new();
    for [side, _, channels, ..] in CNN {
        let shape = [BATCH, side, side, channels];
        let name = format!("{side}x{side}x{channels}");
        let bytes = |passes: usize| Work::Bytes((4 * passes * shape.iter().product::<usize>()) as u64);
        let x = bench.random(&shape);
        let (gamma, beta) = (bench.random(&[channels]), bench.random(&[channels]));
        let norm = x.batch_norm(&gamma, &beta, NormSettings::plain(1e-5)).unwrap();
        time(c, "batch norm forward", &name, bytes(3), bench.compile([&norm.y]));
        let gradients = norm.y.backward_from(&bench.random(&shape), &[&x, &gamma, &beta]).unwrap();
        // One pass for the statistics, which the gradient needs, and five for the gradient itself.
        let name_of_both = "batch norm statistics and backward";
        time(c, name_of_both, &name, bytes(6), bench.compile(&gradients));
        let beside = NormSettings { relu_before: true, pool: [2, 2], ..NormSettings::plain(1e-5) };
        let pooled = x.batch_norm(&gamma, &beta, beside).unwrap().y;
        let dy = bench.random(pooled.shape().axes());
        let gradients = pooled.backward_from(&dy, &[&x, &gamma, &beta]).unwrap();
        // Statistics, normalisation, gradient: three reads and one write of the image; pooled tensors are a quarter of its size.
        let name_of_all = "ReLU, batch norm and max pool, forward and backward";
        time(c, name_of_all, &name, bytes(4), bench.compile(&gradients));
        let pooled = x.max_pool(Window::new([2, 2], [2, 2], Padding::Valid)).unwrap();
        time(c, "max pool forward", &name, bytes(1), bench.compile([&pooled]));
        let dy = bench.random(pooled.shape().axes());
        let gradient = pooled.backward_from(&dy, &[&x]).unwrap();
        time(c, "max pool forward and backward", &name, bytes(2), bench.compile(&gradient));
    }
}

fn optimisers(c: &mut Criterion) {
    let bench = Bench::new();
    // The CNN's number of parameters.
    const LEN: usize = 660_416;
    for (name, rule, passes) in [("sgd", Rule::SGD, 5), ("adam", Rule::ADAM, 7)] {
        let arena = bench.graph.arena("parameters", &[([LEN].into(), vec![0.1; LEN])]).unwrap();
        let optimiser = Optimiser::with_groups(&bench.graph, &arena, rule, &[Some(Group::PLAIN)]).unwrap();
        let gradient = bench.random(&[LEN]);
        let update = optimiser.record(&arena, &[gradient]).unwrap();
        let work = Work::Bytes((4 * passes * LEN) as u64);
        time(c, "optimiser step with a copy of the gradient", name, work, bench.compile([&update]));
    }
}

fn steps(c: &mut Criterion) {
    let bench = Bench::new();
    let images = ImageSet::new("grey", ImageShape::grey(28, 28), vec![128; BATCH * PIXELS], vec![3; BATCH]).unwrap();
    let normalisation = Normalisation { mean: [0.3; 3], deviation: [0.35; 3] };
    let config = TrainConfig { batch_size: BATCH, ..TrainConfig::default() };
    let name = format!("cnn, batch {BATCH}");
    let step = training_step(&bench.gpu, &config, &Form::default(), &Learned::All, normalisation, &images).unwrap();
    time(c, "training step", &name, Work::Images(BATCH as u64), step);
    let step = inference_step(&bench.gpu, &config, &Form::default(), normalisation, &images).unwrap();
    time(c, "inference", &name, Work::Images(BATCH as u64), step);
}

/// FLOP/s of whole training steps, to compare with those of matrix products and convolutions.
fn networks(c: &mut Criterion) {
    let bench = Bench::new();
    for (model, batch) in [
        (Architecture::Cnn, BATCH),
        (Architecture::Resnet18, BATCH),
        (Architecture::Resnet20, BATCH),
        (Architecture::Inception, 16),
    ] {
        let images =
            ImageSet::new("grey", ImageShape::grey(28, 28), vec![128; batch * PIXELS], vec![3; batch]).unwrap();
        let config = TrainConfig {
            network: TrainConfig::default().network.of(model),
            batch_size: batch,
            ..TrainConfig::default()
        };
        let mut step =
            training_step(&bench.gpu, &config, &Form::default(), &Learned::All, Normalisation::UNIT, &images).unwrap();
        let work = Work::Flops(step.program().flops());
        time(c, "whole training step", &format!("{model}, batch {batch}"), work, step);
    }
}

criterion_group!(engine, gemm, cnn, resnet18, memory_bound, optimisers, steps, networks);
criterion_main!(engine);
