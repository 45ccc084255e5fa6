use std::collections::HashSet;

use super::*;
use crate::data::{Form, Normalisation};
use crate::gpu::{Gpu, GpuOptions};
use crate::network::Network;
use crate::nn::weights;
use crate::run::RunConfig;
use crate::settings::{InceptionSettings, Learned, NetworkSettings, ResNetSettings, Shortcut, TrainConfig};

/// The model of an untrained network, written to a file and read back.
fn exported(train: TrainConfig) -> Model {
    let gpu = Gpu::open(&GpuOptions::from_env().unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let run = RunConfig {
        version: "test".to_owned(),
        adapter: "test".to_owned(),
        driver: String::new(),
        changed_shaders: Vec::new(),
        own_network: None,
        form: Form::default(),
        normalisation: Normalisation { mean: [0.25; 3], deviation: [0.5; 3] },
        train_images: 0,
        validation_images: 0,
        data_checksum: 0,
        ranks: 1,
        chosen: None,
        train,
    };
    let network = Network::of(&gpu, &run.train, &run.form, run.normalisation, &Learned::All).unwrap();
    let path = folder.path().join("w.safetensors");
    weights::save(&network.parameters, 0, &run.to_json(), &path).unwrap();
    let classifier = Classifier::open(&gpu, &path).unwrap();
    let onnx = folder.path().join("model.onnx");
    export(&classifier, &onnx).unwrap();
    let model = Model::decode(std::fs::read(&onnx).unwrap().as_slice()).unwrap();
    check(model.graph.as_ref().unwrap(), &classifier);
    model
}

/// Checks that every node reads only earlier values, every parameter is stored once with PyTorch's shape, and nothing is unused.
fn check(graph: &Graph, classifier: &Classifier) {
    let mut known: HashSet<&str> = graph.initializer.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(known.len(), graph.initializer.len());
    assert!(known.insert(INPUT));
    for node in &graph.node {
        assert!(node.input.iter().all(|i| i.is_empty() || known.contains(i.as_str())), "{node:?}");
        assert!(known.insert(&node.output[0]), "{node:?}");
    }
    assert_eq!(graph.node.last().unwrap().output, [OUTPUT]);
    let used: HashSet<&String> = graph.node.iter().flat_map(|node| &node.input).collect();
    for parameter in in_pytorch_layout(&classifier.network().parameters).unwrap() {
        let stored = graph.initializer.iter().find(|t| t.name == parameter.name).unwrap();
        let dims: Vec<usize> = stored.dims.iter().map(|d| *d as usize).collect();
        assert_eq!(dims, parameter.shape);
        assert_eq!(stored.raw_data, bytemuck::cast_slice::<f32, u8>(&parameter.values));
        assert!(used.contains(&parameter.name));
    }
}

fn ops(model: &Model) -> Vec<&str> {
    model.graph.as_ref().unwrap().node.iter().map(|n| n.op_type.as_str()).collect()
}

#[test]
fn the_cnn_is_its_layers_in_order() {
    let model = exported(TrainConfig::default());
    let block = ["Conv", "Relu", "BatchNormalization", "MaxPool"];
    let mut expected = vec!["Sub", "Div"];
    expected.extend(block.repeat(4));
    expected.extend(["Flatten", "Gemm", "Relu", "Gemm", "Relu", "Gemm"]);
    assert_eq!(ops(&model), expected);
    assert_eq!((model.ir_version, model.opset_import[0].version), (8, 18));
    let graph = model.graph.unwrap();
    let scale = |name| graph.initializer.iter().find(|t| t.name == name).unwrap().raw_data.clone();
    assert_eq!([scale("pixel_mean"), scale("pixel_deviation")], [0.25_f32, 0.5].map(|x| x.to_le_bytes().to_vec()));
    let conv = &graph.node[2].attribute;
    assert_eq!(conv.iter().find(|a| a.name == "pads").unwrap().ints, [1, 1, 1, 1]);
    let open = &graph.input[0].r#type.as_ref().unwrap().tensor_type.as_ref().unwrap().shape.as_ref().unwrap().dim[0];
    assert_eq!(open.dim_param.as_deref(), Some("N"));
    let property = |key: &str| model.metadata_props.iter().find(|p| p.key == key).unwrap().value.clone();
    assert!(property("classes").starts_with("t-shirt,trouser,"));
    assert_eq!(property("pixel_scale"), "1/255");
}

#[test]
fn a_shortcut_of_zeros_is_a_padding_for_any_number_of_images() {
    let model = exported(TrainConfig {
        network: NetworkSettings::Resnet20(ResNetSettings {
            shortcut: Shortcut::Zeros,
            slope: 0.1,
            ..ResNetSettings::default()
        }),
        ..TrainConfig::default()
    });
    let all = ops(&model);
    let count = |op: &str| all.iter().filter(|o| **o == op).count();
    assert_eq!((count("Pad"), count("Concat"), count("LeakyRelu"), count("Add")), (2, 0, 19, 9));
    let graph = model.graph.as_ref().unwrap();
    let pad = graph.node.iter().find(|n| n.op_type == "Pad").unwrap();
    let pads = graph.initializer.iter().find(|t| t.name == pad.input[1]).unwrap();
    let expected: Vec<u8> = [0_i64, 8, 0, 0, 0, 8, 0, 0].iter().flat_map(|v| v.to_le_bytes()).collect();
    assert_eq!(pads.raw_data, expected);
}

#[test]
fn inception_resizes_and_joins() {
    let model = exported(TrainConfig {
        network: NetworkSettings::Inception(InceptionSettings { image_size: 75, ..InceptionSettings::default() }),
        ..TrainConfig::default()
    });
    let all = ops(&model);
    let count = |op: &str| all.iter().filter(|o| **o == op).count();
    // Three colours, eleven blocks.
    assert_eq!((count("Conv"), count("Resize"), count("Concat")), (94, 1, 12));
    assert_eq!(all[2], "Resize");
}
