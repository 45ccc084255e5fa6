//! Images of any size and colour, on the device or streamed to it.

use std::path::Path;
use std::sync::Arc;

use crate::common::gpu;
use crate::common::training::{config, dataset, network_of, with};
use selvedge::data::{Dataset, Form, ImageSet, ImageShape, Normalisation};
use selvedge::gpu::{Gpu, GpuOptions};
use selvedge::inference::{Classifier, Views};
use selvedge::models;
use selvedge::network::Network;
use selvedge::nn::weights;
use selvedge::run::RunFolder;
use selvedge::settings::{Architecture, InceptionSettings, Learned, NetworkSettings, Policy, TrainConfig};
use selvedge::tensor::Graph;
use selvedge::tensor::ops::{Augment, Batch, DataSet, Erased, Erasing, Fill, Flip, Pixels, Shift};
use selvedge::train::{Ending, Task, train};

fn form(shape: ImageShape, classes: usize) -> Form {
    Form {
        shape,
        class_names: (0..classes).map(|class| format!("class {class}")).collect(),
        labels: None,
        of_pictures: true,
    }
}

/// Bytes with no pattern.
fn noise(count: usize) -> Vec<u8> {
    (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

#[test]
fn every_network_takes_any_size_and_colour() {
    let small = InceptionSettings { image_size: 75, ..InceptionSettings::default() };
    let networks = [
        (network_of(Architecture::Cnn), ImageShape::colour(17, 39)),
        (network_of(Architecture::Cnn), ImageShape::grey(16, 16)),
        (network_of(Architecture::Resnet18), ImageShape::colour(65, 70)),
        (network_of(Architecture::Resnet18), ImageShape::grey(9, 5)),
        (network_of(Architecture::Resnet20), ImageShape::colour(11, 20)),
        (network_of(Architecture::Resnet20), ImageShape::grey(1, 3)),
        (NetworkSettings::Inception(small), ImageShape::colour(13, 31)),
    ];
    for (network, shape) in networks {
        let config = with(TrainConfig::default(), |c| c.network = network);
        let form = form(shape, 13);
        let built = Network::of(&gpu(), &config, &form, Normalisation::UNIT, &Learned::All).unwrap();
        let set = ImageSet::new("noise", shape, noise(3 * shape.len()), vec![12, 0, 5]).unwrap();
        let logits = built.logits_of(&set).unwrap();
        let what = format!("{} on {shape}", network.architecture());
        assert_eq!(logits.len(), 3 * 13, "{what}");
        assert!(logits.iter().all(|logit| logit.is_finite()), "{what}");
        assert!(logits[..13] != logits[13..26], "{what} sees its images");
    }
    let error = models::check_shape(&network_of(Architecture::Cnn), ImageShape::grey(40, 15)).unwrap_err().to_string();
    assert!(error.contains("cnn") && error.contains("16x16") && error.contains("40x15"), "{error}");
}

/// What the device makes of images with these channels, each the whole batch in order; one list per channel.
fn gathered(channels: &[&[u8]], size: [usize; 2], augment: Option<&Augment>, streamed: bool) -> Vec<Vec<f32>> {
    let graph = Graph::new(&gpu());
    let [height, width] = size;
    let count = channels.len();
    let images = channels[0].len() / (height * width);
    let order: Vec<u32> = (0..images as u32).rev().collect();
    let image = |i: usize| -> Vec<u8> {
        let pixels = i * height * width..(i + 1) * height * width;
        pixels.flat_map(|pixel| channels.iter().map(move |channel| channel[pixel])).collect()
    };
    // Streamed images are those of the batch in its order.
    let mut bytes: Vec<u8> = match streamed {
        true => order.iter().flat_map(|i| image(*i as usize)).collect(),
        false => (0..images).flat_map(image).collect(),
    };
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    let words: Vec<u32> = bytes.chunks(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let data = DataSet {
        images: graph.tensor_u32([words.len()], &words).unwrap(),
        labels: graph.tensor_u32([images], &(0..images as u32).collect::<Vec<_>>()).unwrap(),
    };
    let batch = Batch {
        order: &graph.tensor_u32([images], &order).unwrap(),
        place: &graph.tensor_u32([2], &[0, 3]).unwrap(),
        size: images,
        augment: augment.map(|augment| (augment, 7)),
        mixing: None,
        streamed,
    };
    let (mean, deviation) = ([0.1, 0.2, 0.3], [0.5, 0.25, 0.125]);
    let (y, labels) = data.gather(batch, Pixels { height, width, channels: count, mean, deviation }).unwrap();
    assert_eq!(y.shape().axes(), [images, height, width, count]);
    assert_eq!(labels.to_vec_u32().unwrap(), order);
    let y = y.to_vec().unwrap();
    (0..count).map(|channel| y.iter().skip(channel).step_by(count).copied().collect()).collect()
}

#[test]
fn each_colour_is_seen_as_a_grey_image_would_be() {
    let (size, images) = ([7, 5], 3);
    let all = noise(3 * images * 35);
    let channels: Vec<&[u8]> = all.chunks(images * 35).collect();
    let augment = Augment {
        zoom: [0.8, 1.2],
        shift: [Shift::Fraction(0.2), Shift::Pixels(2)],
        rotation: 30.0,
        fill: Fill::Reflect,
        flip: Flip::Random,
        crop: 2,
        brightness: [0.5, 1.5],
        erasing: Some(Erasing { probability: 0.5, area: [0.1, 0.4], aspect: [0.5, 2.0], fill: Erased::Constant(0.6) }),
        ..Augment::NONE
    };
    let (mean, deviation) = ([0.1, 0.2, 0.3], [0.5, 0.25, 0.125]);
    for augment in [None, Some(&augment)] {
        let colour = gathered(&channels, size, augment, false);
        for channel in 0..3 {
            // As grey, with the mean and the deviation of the first channel.
            let grey = gathered(&channels[channel..=channel], size, augment, false).swap_remove(0);
            for (seen, grey) in colour[channel].iter().zip(&grey) {
                let expected = (grey * deviation[0] + mean[0] - mean[channel]) / deviation[channel];
                assert!((seen - expected).abs() < 1e-5, "channel {channel}: {seen} and not {expected}");
            }
        }
        assert_eq!(gathered(&channels, size, augment, true), colour, "streamed");
    }
    // Noise and the square cut out are of each colour.
    let noisy = Augment {
        erasing: Some(Erasing { probability: 1.0, area: [1.0, 1.0], aspect: [1.4, 1.4], fill: Erased::Noise }),
        ..Augment::NONE
    };
    let seen = gathered(&channels, size, Some(&noisy), false);
    assert!(seen[0] != seen[1] && seen[1] != seen[2]);
    let cut = gathered(&channels, size, Some(&Augment { cutout: 30, ..Augment::NONE }), false);
    assert!(cut.iter().all(|channel| channel.iter().all(|y| *y == 0.0)), "everything is the mean of its colour");
}

/// Red, green and blue images, each with another brightness: three classes that only the colours tell apart.
fn colours(count: usize, seed: usize) -> ImageSet {
    let shape = ImageShape::colour(16, 20);
    let noise = noise(count * shape.len() + seed);
    let pixel = |i: usize, at: usize| {
        let (class, channel) = (i % 3, at % 3);
        let bright = if class == channel { 150 } else { 40 };
        bright + noise[i * shape.len() + at + seed] % 80
    };
    let pixels = (0..count).flat_map(|i| (0..shape.len()).map(move |at| (i, at))).map(|(i, at)| pixel(i, at));
    ImageSet::new("colours", shape, pixels.collect(), (0..count).map(|i| (i % 3) as u16).collect()).unwrap()
}

fn outcome(gpu: &Arc<Gpu>, config: &TrainConfig, data: &Dataset, folder: &Path) -> RunFolder {
    match train(gpu, config, &Task::built_in(config, data), Some(folder), &mut ()).unwrap() {
        Ending::Finished(outcome) => outcome.folder,
        Ending::Interrupted(_) => panic!("nobody stopped it"),
    }
}

#[test]
fn a_run_on_colours_knows_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let data = Dataset {
        train: colours(90, 0),
        test: colours(30, 5),
        class_names: ["red", "green", "blue sky"].map(str::to_owned).to_vec(),
        labels: None,
        of_pictures: true,
        source: "made".into(),
        notes: Vec::new(),
    };
    let config = with(config(), |c| (c.epochs, c.batch_size) = (4, 24));
    let run = outcome(&gpu(), &config, &data, &folder.path().join("run"));
    let result = run.read_result().unwrap().unwrap();
    assert!(result.test.accuracy > 0.9, "{}", result.test.accuracy);
    assert_eq!(result.test.classes[2].name, "blue sky");
    let stored = run.read_config().unwrap();
    assert_eq!(stored.form, data.form());
    assert!(stored.normalisation.mean[0] != stored.normalisation.mean[1], "each colour has its mean");
    // Of the folder, and of a weight file alone.
    for path in [run.path().to_owned(), run.best_weights()] {
        let classifier = Classifier::open(&gpu(), &path).unwrap();
        assert_eq!(classifier.network().form(), &data.form());
        let said = classifier.predict(&data.test, Views::FlipsAndShifts).unwrap();
        assert!(said.hits().filter(|hit| *hit).count() > 27);
        let maps = classifier.class_maps(data.test.image(0), 10).unwrap();
        assert_eq!(maps.maps.iter().map(Vec::len).collect::<Vec<_>>(), [320; 3]);
    }
}

#[test]
fn streamed_images_give_the_same_weights_to_the_bit() {
    let open = |stream: bool| Gpu::open(&GpuOptions { stream, ..GpuOptions::from_env().unwrap() }).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // A tail batch, several batches a step, augmentation, mixing, and averaged weights that are validated too.
    let config = with(config(), |c| {
        (c.epochs, c.batch_size, c.accumulate) = (2, 48, 2);
        c.augment = Policy::Standard.augment();
        c.regularisation.mixup = 0.3;
        c.optimisation.ema = Some(0.9);
    });
    let runs = [false, true].map(|stream| {
        let run = outcome(&open(stream), &config, &dataset(), &folder.path().join(format!("{stream}")));
        let metrics = run.read_history().unwrap().into_iter().map(|record| (record.train_loss, record.validation_loss));
        let report = run.read_result().unwrap().unwrap().test;
        let network = Classifier::open(&open(stream), run.path()).unwrap();
        let parameters = weights::in_pytorch_layout(&network.network().parameters).unwrap();
        (metrics.collect::<Vec<_>>(), report, parameters, network.network().logits_of(&dataset().test).unwrap())
    });
    assert!(runs[0] == runs[1]);
}
