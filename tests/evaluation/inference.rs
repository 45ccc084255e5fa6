//! Using trained networks: opening them from files, inspecting them layer by layer, combining and exporting them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::gpu;
use crate::common::training::{IMAGES, bars, config, dataset};
use approx::assert_abs_diff_eq;
use selvedge::data::{Form, ImageSet, ImageShape, Normalisation};
use selvedge::eval::{Predictions, ensemble};
use selvedge::gradcheck::{Array, reference};
use selvedge::inference::{Classifier, Ensemble, InferenceError, Model, Rule, RuleKind, Views};
use selvedge::network::Network;
use selvedge::nn::weights;
use selvedge::run::RunConfig;
use selvedge::settings::{
    Architecture, InceptionSettings, Learned, NetworkSettings, ResNetSettings, SettingsError, Shortcut, TrainConfig,
};
use selvedge::tensor::ops::{Pad, Window};
use selvedge::tensor::{Layer, Tensor};
use tempfile::{TempDir, tempdir};

/// The pixels of an image of Fashion-MNIST.
const PIXELS: usize = 28 * 28;

/// A network of every kind, as small as possible.
fn all_kinds() -> Vec<TrainConfig> {
    let cnn = config();
    let networks = [
        NetworkSettings::Resnet20(ResNetSettings {
            shortcut: Shortcut::Zeros,
            slope: 0.1,
            ..ResNetSettings::default()
        }),
        NetworkSettings::Resnet20(ResNetSettings::default()),
        NetworkSettings::Inception(InceptionSettings {
            image_size: 75,
            count_padding: false,
            slope: 0.3,
            ..InceptionSettings::default()
        }),
    ];
    let others = networks.map(|network| TrainConfig { network, ..config() });
    [cnn].into_iter().chain(others).collect()
}

/// Writes a network with the weights it starts from, as a training on [`dataset`] would.
fn write_model(path: &Path, train: &TrainConfig) -> RunConfig {
    let data = dataset();
    let run = RunConfig {
        version: "test".to_owned(),
        adapter: "test".to_owned(),
        driver: String::new(),

        changed_shaders: Vec::new(),
        own_network: None,
        form: Form::default(),
        train: train.clone(),
        normalisation: Normalisation { mean: [0.3; 3], deviation: [0.4; 3] },
        train_images: 104,
        validation_images: 26,
        data_checksum: train.images(&data).checksum(),
        ranks: 1,
        chosen: None,
    };
    let network = Network::of(&gpu(), train, &Form::default(), run.normalisation, &Learned::All).unwrap();
    weights::save(&network.parameters, 0, &run.to_json(), path).unwrap();
    run
}

fn open(train: &TrainConfig) -> (TempDir, Classifier) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    write_model(&path, train);
    let classifier = Classifier::open(&gpu(), &path).unwrap();
    (folder, classifier)
}

fn probabilities(predictions: &Predictions) -> Vec<f32> {
    predictions.rows().flatten().copied().collect()
}

fn assert_close(a: &[f32], b: &[f32], tolerance: f32) {
    assert_eq!(a.len(), b.len());
    let largest = b.iter().fold(1e-3, |most: f32, x| most.max(x.abs()));
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= tolerance * largest, "{a} is not {b}");
    }
}

#[test]
fn a_network_taken_apart_computes_the_same() {
    for train in all_kinds() {
        let network = Network::of(&gpu(), &train, &Form::default(), Normalisation::UNIT, &Learned::All).unwrap();
        let pixels: Vec<f32> = bars(2, 3).pixels().iter().map(|b| f32::from(*b) / 255.0).collect();
        let images = network.graph.tensor([2, 28, 28, 1], &pixels).unwrap();
        let whole = network.record(&images).unwrap();
        let layers = network.graph.layers(&whole).unwrap();
        let last = &layers.last().unwrap().output;
        assert_close(&last.to_vec().unwrap(), &whole.to_vec().unwrap(), 1e-5);
        for node in &layers {
            if let Layer::BatchNorm(settings) = &node.layer {
                assert!(!settings.relu_before && !settings.relu_after && settings.pool == [1, 1]);
            }
            assert!(!matches!(node.layer, Layer::Conv2d { relu: true, .. } | Layer::Linear { relu: true }));
        }
    }
}

#[test]
fn the_last_dense_layer_makes_logits_of_what_it_is_given() {
    for train in all_kinds() {
        let network = Network::of(&gpu(), &train, &Form::default(), Normalisation::UNIT, &Learned::All).unwrap();
        let images = bars(7, 3);
        let (features, width) = network.penultimate(&images).unwrap();
        let parameters: Vec<_> = network.parameters.named().collect();
        let [.., (weight_name, weight), (bias_name, bias)] = &parameters[..] else {
            panic!("a network without parameters")
        };
        assert!(weight_name.ends_with(".weight") && bias_name.ends_with(".bias"));
        let (weight, bias) = (weight.to_vec().unwrap(), bias.to_vec().unwrap());
        assert_eq!((features.len(), weight.len(), bias.len()), (7 * width, 10 * width, 10));
        let logit = |row: &[f32], class: usize| {
            let terms = row.iter().zip(weight.chunks_exact(10));
            terms.map(|(x, weights)| x * weights[class]).sum::<f32>() + bias[class]
        };
        let rows = features.chunks_exact(width);
        let logits: Vec<f32> =
            rows.flat_map(|row| (0..10).map(move |class| logit(row, class)).collect::<Vec<_>>()).collect();
        assert_close(&logits, &network.logits_of(&images).unwrap(), 1e-4);
    }
}

#[test]
fn what_only_training_needs_is_no_layer() {
    let graph = selvedge::tensor::Graph::new(&gpu());
    let x = graph.tensor([2], &[1.0, 2.0]).unwrap();
    let refused = graph.layers(&x.mul(&x).unwrap()).unwrap_err().to_string();
    assert!(refused.contains("no layer of a network"), "{refused}");
}

#[test]
fn a_weight_file_says_what_network_it_is_of() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    let run = write_model(&path, &config());
    let classifier = Classifier::open(&gpu(), &path).unwrap();
    assert_eq!(classifier.run(), &run);
    assert_eq!(classifier.name(), "w.safetensors");
    // The same predictions as the network itself.
    let network = Network::of(&gpu(), &run.train, &run.form, run.normalisation, &Learned::All).unwrap();
    let images = bars(7, 1);
    let expected = network.predict(&images).unwrap();
    let found = classifier.predict(&images, Views::One).unwrap();
    assert_close(&probabilities(&found), &probabilities(&expected), 1e-6);

    let foreign = folder.path().join("foreign.safetensors");
    weights::save(&network.parameters, 0, "", &foreign).unwrap();
    assert!(matches!(
        Classifier::open(&gpu(), &foreign),
        Err(InferenceError::Settings(SettingsError::Unreadable { .. }))
    ));
    fs::write(&foreign, safetensors::serialize(Vec::<(String, Empty)>::new(), None).unwrap()).unwrap();
    assert!(matches!(Classifier::open(&gpu(), &foreign), Err(InferenceError::Anonymous { .. })));
    let nowhere = Classifier::open(&gpu(), &folder.path().join("none"));
    assert!(matches!(nowhere, Err(InferenceError::File(_))));
    let no_run = Classifier::open(&gpu(), folder.path()).err().unwrap().to_string();
    assert!(no_run.contains("config.json"), "{no_run}");
}

/// The view type of a file without tensors.
struct Empty;

impl safetensors::View for Empty {
    fn dtype(&self) -> safetensors::Dtype {
        safetensors::Dtype::F32
    }
    fn shape(&self) -> &[usize] {
        &[0]
    }
    fn data(&self) -> std::borrow::Cow<'_, [u8]> {
        std::borrow::Cow::Borrowed(&[])
    }
    fn data_len(&self) -> usize {
        0
    }
}

#[test]
fn many_views_are_averaged_and_a_mirrored_image_has_the_same() {
    let (_folder, classifier) = open(&config());
    let images = bars(5, 2);
    let averaged = classifier.predict(&images, Views::FlipsAndShifts).unwrap();
    let mut views = Vec::new();
    for mirrored in [false, true] {
        for shift in [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]] {
            views.push(classifier.predict(&images.seen(mirrored, shift), Views::One).unwrap());
        }
    }
    let expected = ensemble::average(&views, &[1.0; 10]).unwrap();
    assert_close(&probabilities(&averaged), &probabilities(&expected), 1e-6);
    let mirrored = classifier.predict(&images.seen(true, [0, 0]), Views::FlipsAndShifts).unwrap();
    assert_close(&probabilities(&mirrored), &probabilities(&averaged), 1e-5);
    let once = classifier.predict(&images, Views::One).unwrap();
    assert_ne!(probabilities(&once), probabilities(&averaged));
}

#[test]
fn images_are_mirrored_and_moved_with_their_edge_repeated() {
    let pixels: Vec<u8> = (0..PIXELS).map(|i| (i / 28 * 8 + i % 28) as u8).collect();
    let set = ImageSet::new("one", ImageShape::grey(28, 28), pixels.clone(), vec![0]).unwrap();
    assert_eq!(set.seen(false, [0, 0]), set);
    let at = |set: &ImageSet, y: usize, x: usize| set.image(0)[28 * y + x];
    let moved = set.seen(false, [1, -2]);
    assert_eq!(at(&moved, 5, 5), at(&set, 4, 7));
    assert_eq!(at(&moved, 0, 3), at(&set, 0, 5), "the first row is repeated");
    assert_eq!(at(&moved, 9, 27), at(&set, 8, 27), "the last column is repeated");
    let mirrored = set.seen(true, [0, 1]);
    assert_eq!(at(&mirrored, 3, 11), at(&set, 3, 27 - 10));
}

fn values(tensor: &Tensor) -> Array {
    let values = tensor.to_vec().unwrap().into_iter().map(f64::from);
    Array::new(tensor.shape(), values.collect())
}

#[test]
fn the_first_layers_are_those_of_the_reference() {
    let (_folder, classifier) = open(&config());
    let images = bars(1, 4);
    let activations = classifier.activations(images.image(0), 5).unwrap();
    let names: Vec<&str> = activations.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["conv1", "bn1", "pool1", "conv2", "bn2"]);
    assert_eq!(activations[3].size, [14, 14, 68]);

    let scaled = images.image(0).iter().map(|b| (f64::from(*b) / 255.0 - 0.3) / 0.4);
    let x = Array::new([1, 28, 28, 1], scaled.collect());
    let parameters: Vec<(String, Array)> =
        classifier.network().parameters.named().map(|(name, t)| (name.to_owned(), values(t))).collect();
    let get = |name: &str| &parameters.iter().find(|(n, _)| n == name).unwrap().1;
    let pad = Pad { top: 1, bottom: 1, left: 1, right: 1 };
    // The bias starts at zero; batch norm starts with scale 1, mean 0 and variance 1.
    let conv: Vec<f64> =
        reference::conv2d(&x, get("conv1.weight"), [1, 1], pad).into_iter().map(reference::relu).collect();
    let norm: Vec<f64> = conv.iter().map(|x| x / (1.0_f64 + 1e-5).sqrt()).collect();
    let norm = Array::new([1, 28, 28, 32], norm);
    let pooled = reference::max_pool(&norm, [2, 2], [2, 2], Pad::default());
    for (found, wanted) in activations.iter().zip([&conv, &norm.data, &pooled]) {
        let wanted: Vec<f32> = wanted.iter().map(|x| *x as f32).collect();
        assert_close(&found.values, &wanted, 1e-5);
    }
    let channel = activations[0].channel(7);
    assert_eq!(channel.len(), 28 * 28);
    assert_eq!(channel[30], activations[0].values[30 * 32 + 7]);
}

#[test]
fn every_kind_of_network_shows_its_layers_and_its_class_maps() {
    for train in all_kinds() {
        let (_folder, classifier) = open(&train);
        let image = bars(1, 4);
        let activations = classifier.activations(image.image(0), 300).unwrap();
        assert!(activations.len() > 10 || train.network.architecture() == Architecture::Cnn);
        for layer in &activations {
            assert_eq!(layer.values.len(), layer.size.iter().product::<usize>());
            assert!(layer.values.iter().all(|v| v.is_finite()), "{}", layer.name);
        }
        let filters = classifier.filters().unwrap().unwrap();
        assert_eq!(filters.values.len(), filters.size.iter().product::<usize>());
        let maps = classifier.class_maps(image.image(0), 10).unwrap();
        assert!(maps.resolution[0] >= 6 || train.network.architecture() == Architecture::Inception);
        assert_eq!(maps.maps.len(), 10);
        for map in &maps.maps {
            assert_eq!(map.len(), PIXELS);
            assert!(map.iter().all(|v| (0.0..=1.0).contains(v)));
        }
        assert_abs_diff_eq!(maps.probabilities.iter().sum::<f32>(), 1.0, epsilon = 1e-5);
    }
}

/// Where global average pooling precedes the last layer, Grad-CAM is the class activation map of Zhou et al. 2016: the last
/// layer's weights times the channels.
#[test]
fn a_class_map_is_the_last_layers_weights_times_the_channels() {
    let train = &all_kinds()[2];
    let (_folder, classifier) = open(train);
    let image = bars(1, 4);
    let found = classifier.class_maps(image.image(0), 10).unwrap();
    assert_eq!(found.resolution, [7, 7]);
    // Of the three most probable classes the maps are the same.
    let few = classifier.class_maps(image.image(0), 3).unwrap();
    let mut ranked: Vec<usize> = (0..10).collect();
    ranked.sort_by(|a, b| found.probabilities[*b].total_cmp(&found.probabilities[*a]));
    ranked[..3].sort_unstable();
    assert_eq!(few.classes, ranked[..3]);
    for (class, map) in few.classes.iter().zip(&few.maps) {
        for (one, other) in map.iter().zip(&found.maps[*class]) {
            assert_abs_diff_eq!(*one, *other, epsilon = 1e-4);
        }
    }

    let network = classifier.network();
    let pixels: Vec<f32> = image.pixels().iter().map(|b| (f32::from(*b) / 255.0 - 0.3) / 0.4).collect();
    let x = network.graph.tensor([1, 28, 28, 1], &pixels).unwrap();
    let layers = network.graph.layers(&network.record(&x).unwrap()).unwrap();
    let pooling = layers.iter().position(|node| node.layer == Layer::GlobalAvgPool).unwrap();
    let channels = layers[pooling].inputs[0].to_vec().unwrap();
    let (_, weight) = network.parameters.named().find(|(name, _)| *name == "fc.weight").unwrap();
    let weight = weight.to_vec().unwrap();
    for class in 0..10 {
        let map: Vec<f32> = channels
            .chunks_exact(64)
            .map(|pixel| pixel.iter().enumerate().map(|(k, a)| a * weight[k * 10 + class]).sum::<f32>().max(0.0))
            .collect();
        let most = map.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        // 28 pixels over 7: those centred at 4 i + 1.5 and 4 i + 2.5 are an eighth of pixel i from its middle.
        for i in 1..6 {
            let at = |y: usize, x: usize| found.maps[class][28 * y + x];
            let middle = [(1, 1), (1, 2), (2, 1), (2, 2)].map(|(y, x)| at(4 * i + y, 4 * i + x));
            let mean = middle.iter().sum::<f32>() / 4.0;
            let own = map[7 * i + i];
            let beside = [map[7 * (i - 1) + i], map[7 * (i + 1) + i], map[7 * i + i - 1], map[7 * i + i + 1]];
            let corners = [
                map[7 * (i - 1) + i - 1],
                map[7 * (i - 1) + i + 1],
                map[7 * (i + 1) + i - 1],
                map[7 * (i + 1) + i + 1],
            ];
            let expected = (0.875 * 0.875 * own)
                + 0.875 * 0.0625 * beside.iter().sum::<f32>()
                + 0.0625 * 0.0625 * corners.iter().sum::<f32>();
            assert_abs_diff_eq!(mean, expected / most, epsilon = 1e-4);
        }
    }
}

fn members(folder: &Path, seeds: [(u64, Option<u64>); 2]) -> Vec<PathBuf> {
    let write = |(i, (seed, split_seed)): (usize, (u64, Option<u64>))| {
        let path = folder.join(format!("{i}.safetensors"));
        write_model(&path, &TrainConfig { seed, split_seed, ..config() });
        path
    };
    seeds.into_iter().enumerate().map(write).collect()
}

#[test]
fn an_ensemble_is_kept_and_opened_like_a_model() {
    let folder = tempdir().unwrap();
    let paths = members(folder.path(), [(1, None), (2, Some(1))]);
    let images = bars(30, 5);
    let opened = || paths.iter().map(|path| Classifier::open(&gpu(), path).unwrap());
    let said: Vec<Predictions> = opened().map(|m| m.predict(&images, Views::One).unwrap()).collect();
    for kind in [RuleKind::Mean, RuleKind::Weighted, RuleKind::Vote, RuleKind::Stack] {
        let (rule, tried) = Rule::fit(kind, &said, 0).unwrap();
        assert_eq!(tried.is_empty(), kind != RuleKind::Stack);
        let expected = rule.combine(&said).unwrap();
        let home = tempdir().unwrap();
        let ensemble = Ensemble::new(opened().collect(), rule.clone(), "e".to_owned()).unwrap();
        ensemble.save(home.path()).unwrap();
        let model = Model::open(&gpu(), home.path()).unwrap();
        let Model::Ensemble(again) = &model else { panic!("a folder with ensemble.json is an ensemble") };
        assert_eq!(again.rule(), &rule);
        let found = model.predict(&images, Views::One).unwrap();
        assert_close(&probabilities(&found), &probabilities(&expected), 1e-6);
    }
}

#[test]
fn a_member_that_has_changed_is_noticed() {
    let folder = tempdir().unwrap();
    let paths = members(folder.path(), [(1, None), (2, Some(1))]);
    let opened = paths.iter().map(|path| Classifier::open(&gpu(), path).unwrap());
    let ensemble = Ensemble::new(opened.collect(), Rule::Mean, "e".to_owned()).unwrap();
    ensemble.save(folder.path()).unwrap();
    let file = folder.path().join("ensemble.json");
    assert!(Ensemble::open(&gpu(), &file).is_ok());
    write_model(&paths[1], &TrainConfig { seed: 3, ..config() });
    assert!(matches!(Ensemble::open(&gpu(), &file), Err(InferenceError::Changed { .. })));
    let text = fs::read_to_string(&file).unwrap();
    for (from, to) in [
        ("\"mean\"", "\"weighted\",\n\"weights\": [0.5]"),
        ("\"mean\"", "\"weighted\",\n\"weights\": [-1.0, 2.0]"),
        ("\"mean\"", "\"best\""),
        ("{", "{{"),
    ] {
        fs::write(&file, text.replacen(from, to, 1)).unwrap();
        let error = Ensemble::open(&gpu(), &file).err().unwrap();
        assert!(matches!(error, InferenceError::Ensemble { .. }), "{to}: {error}");
    }
    let alone = Ensemble::new(vec![Classifier::open(&gpu(), &paths[0]).unwrap()], Rule::Mean, "e".to_owned());
    assert!(matches!(alone, Err(InferenceError::FewMembers { members: 1 })));
}

#[test]
fn only_images_that_no_member_was_trained_on_fit_an_ensemble() {
    let folder = tempdir().unwrap();
    let data = dataset();
    let common = |seeds| {
        let paths = members(folder.path(), seeds);
        let opened: Vec<Classifier> = paths.iter().map(|path| Classifier::open(&gpu(), path).unwrap()).collect();
        let opened: Vec<&Classifier> = opened.iter().collect();
        Ensemble::common_validation_images(&opened, &data, Ensemble::FEWEST_TO_FIT)
    };
    // 26 validation images: too few in any case, and even fewer in common when the splits differ.
    let images = |found: Result<Vec<u32>, InferenceError>| match found {
        Err(InferenceError::FewCommonImages { images, wanted: 200 }) => images,
        other => panic!("{other:?}"),
    };
    assert_eq!(images(common([(1, None), (2, Some(1))])), 26);
    let few = images(common([(1, None), (2, None)]));
    assert!((1..16).contains(&few), "{few}");
    let other = selvedge::data::Dataset { train: bars(IMAGES, 77), ..dataset() };
    let paths = members(folder.path(), [(1, None), (2, Some(1))]);
    let classifier = Classifier::open(&gpu(), &paths[0]).unwrap();
    let refused = classifier.validation_images(&other);
    assert!(matches!(refused, Err(InferenceError::OtherData { .. })));
}

#[test]
fn a_window_keeps_its_padding_as_a_layer() {
    let graph = selvedge::tensor::Graph::new(&gpu());
    let x = graph.tensor([1, 5, 5, 1], &[1.0; 25]).unwrap();
    let padding = selvedge::tensor::ops::Padding::Same;
    let y = x.max_pool(Window::new([3, 3], [2, 2], padding)).unwrap();
    let layers = graph.layers(&y).unwrap();
    let Layer::MaxPool(window) = &layers[0].layer else { panic!() };
    let pad = Pad { top: 1, bottom: 1, left: 1, right: 1 };
    assert_eq!(window.padding, selvedge::tensor::ops::Padding::Explicit(pad));
}
