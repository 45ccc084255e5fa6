//! What an evaluation costs after the predictions: the metrics, pictures and HTML page for 10,000 images.
//!
//! cargo bench --bench evaluation

use criterion::Criterion;
use selvedge::data::{Form, ImageSet, ImageShape};
use selvedge::eval::{Gain, Metrics, Predictions, Stack};
use selvedge::report::{Evaluation, GallerySize, Page};

/// The sides and the pixels of an image of Fashion-MNIST.
const CLASSES: usize = 10;
const PIXELS: usize = 28 * 28;

const IMAGES: usize = 10_000;

/// Predictions that are right nine times out of ten, and more confident when they are right.
fn predictions(seed: usize) -> Predictions {
    let labels: Vec<u16> = (0..IMAGES).map(|i| (i * 7919 % CLASSES) as u16).collect();
    let rows = labels.iter().enumerate().flat_map(|(i, label)| {
        let noise = |j: usize| ((i * 31 + j * 17 + seed) * 2_654_435_761 % 1000) as f32 / 1000.0;
        let best = if noise(99) < 0.9 { *label as usize } else { i % CLASSES };
        let weights: Vec<f32> =
            (0..CLASSES).map(|class| noise(class) + if class == best { 4.0 + 4.0 * noise(98) } else { 0.0 }).collect();
        let sum: f32 = weights.iter().sum();
        weights.into_iter().map(move |weight| weight / sum)
    });
    let names = Form::default().class_names;
    Predictions::new(rows.collect(), labels.clone(), names).unwrap()
}

fn main() {
    let members = [predictions(0), predictions(1), predictions(2)];
    let pixels = (0..IMAGES * PIXELS).map(|i| (i % 251) as u8).collect();
    let images = ImageSet::new("images", ImageShape::grey(28, 28), pixels, members[0].labels().to_vec()).unwrap();
    let evaluations = [Evaluation {
        name: "a model".to_owned(),
        images: &images,
        predictions: members[0].clone(),
        settings: Vec::new(),
        curves: None,
    }];
    let folder = tempfile::tempdir().unwrap();
    let page = Page {
        title: "A model",
        data: "10,000 images",
        evaluations: &evaluations,
        in_full: 1,
        notes: &[],
        command: "cargo bench --bench evaluation",
        gallery: GallerySize::default(),
    };
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    criterion.bench_function("metrics of 10,000 images", |b| b.iter(|| Metrics::from_predictions(&members[0])));
    criterion.bench_function("files and pictures", |b| {
        b.iter(|| evaluations[0].write(folder.path(), GallerySize::default()).unwrap());
    });
    criterion.bench_function("page", |b| b.iter(|| page.write(&folder.path().join("report.html")).unwrap()));
    criterion.bench_function("bootstrap interval of a gain", |b| {
        b.iter(|| Gain::of(&members[0], &members[1], 0).unwrap());
    });
    criterion.bench_function("stack of three, cross-validated", |b| {
        b.iter(|| Stack::fit(&members, 0).unwrap());
    });
    criterion.final_summary();
}
