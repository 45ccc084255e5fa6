//! A custom network with a custom op: trained, resumed, used for predictions and inspected like a built-in one.

use std::path::Path;
use std::sync::Arc;

use crate::common::gpu;
use crate::common::training::{Watcher, bars, config, dataset, task, with};
use selvedge::data::{Normalisation, Rows};
use selvedge::inference::{Classifier, InferenceError};
use selvedge::network::Network;
use selvedge::nn::weights::in_pytorch_layout;
use selvedge::nn::{Conv2d, ConvSettings, Forward, Linear, Model, ParameterBuilder, Role, WeightStart};
use selvedge::optim::{LearningRate, Schedule};
use selvedge::run::RunFolder;
use selvedge::settings::{ClassWeights, Learned, OptimiserKind, TrainConfig};
use selvedge::tensor::ops::{Padding, Window};
use selvedge::tensor::{Backward, Info, Inputs, Io, Launches, Layer, Op, Operand, Result, Tensor};
use selvedge::train::{Ending, Task, TrainError, resume, train};

const CLASSES: [&str; 2] = ["inside", "outside"];

/// Points, and whether they are inside a circle. One point in seven is near its edge.
fn points(count: usize, seed: usize) -> Rows {
    let number = |i: usize| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0;
    let values: Vec<f32> = (0..2 * count).map(number).collect();
    let is_outside = |point: &[f32]| u16::from(point[0] * point[0] + point[1] * point[1] > 0.6);
    let labels = values.chunks_exact(2).map(is_outside).collect();
    Rows::new(&[2], values, labels).unwrap()
}

struct Mlp {
    hidden: Linear,
    last: Linear,
}

impl Mlp {
    fn declare(builder: &mut ParameterBuilder) -> Box<dyn Model> {
        Box::new(Self {
            hidden: Linear::new(builder, "dense", [2, 32], Role::LinearWeight),
            last: Linear::new(builder, "fc", [32, 2], Role::OutputWeight),
        })
    }
}

impl Model for Mlp {
    fn features(&self, pass: &mut Forward, points: &Tensor) -> Result<Tensor> {
        self.hidden.forward_dropout(pass, points, 0.1)
    }

    fn head(&self, pass: &mut Forward, features: &Tensor) -> Result<Tensor> {
        self.last.forward(pass, features, false)
    }
}

fn circle() -> Task<'static> {
    Task::own("mlp", Mlp::declare, points(500, 1), points(100, 2), &CLASSES)
}

fn settings() -> TrainConfig {
    with(config(), |c| {
        (c.epochs, c.batch_size) = (6, 40);
        c.optimisation.learning_rate.peak = 0.02;
        c.optimisation.ema = Some(0.9);
    })
}

#[test]
fn it_learns_and_a_resumed_training_ends_at_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, path) = (folder.path().join("whole"), folder.path().join("run"));
    let Ending::Finished(outcome) = train(&gpu(), &settings(), &circle(), Some(&whole), &mut ()).unwrap() else {
        panic!("nobody stopped it")
    };
    assert!(outcome.result.test.accuracy > 0.9, "{}", outcome.result.test.accuracy);

    let mut watcher = Watcher::new(Some(17));
    let device = Arc::clone(&watcher.gpu);
    let ending = train(&device, &settings(), &circle(), Some(&path), &mut watcher).unwrap();
    assert!(matches!(ending, Ending::Interrupted(_)));
    let run = RunFolder::open(&path);
    resume(&device, &run, &run.last_checkpoint(), None, &circle(), &mut ()).unwrap();
    for name in ["best.safetensors", "last.safetensors"] {
        let bytes = |folder: &Path| std::fs::read(folder.join(name)).unwrap();
        assert!(bytes(&whole) == bytes(&path), "{name}");
    }

    // Its weights, in another program.
    let classifier = Classifier::open_own(&gpu(), &path, Mlp::declare, &CLASSES).unwrap();
    let predictions = classifier.network().predict_examples(&points(100, 2).into()).unwrap();
    let right = predictions.hits().filter(|hit| *hit).count();
    assert_eq!(right as f64 / 100.0, outcome.result.test.accuracy);
    assert_eq!(predictions.class_names(), CLASSES);
}

#[test]
fn runs_of_other_networks_and_data_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut watcher = Watcher::new(Some(3));
    let device = Arc::clone(&watcher.gpu);
    train(&device, &settings(), &circle(), Some(&path), &mut watcher).unwrap();
    let run = RunFolder::open(&path);
    let again = |task: &Task| resume(&device, &run, &run.last_checkpoint(), None, task, &mut ());
    assert!(matches!(again(&task(&settings())), Err(TrainError::OtherNetwork { .. })));
    let other = Task::own("mlp", Mlp::declare, points(500, 3), points(100, 2), &CLASSES);
    assert!(matches!(again(&other), Err(TrainError::OtherData { .. })));
    assert!(again(&circle()).is_ok());
    let refused = Classifier::open(&device, &path).map(|_| ()).unwrap_err();
    assert!(matches!(refused, InferenceError::OwnNetwork { ref name, .. } if name == "mlp"), "{refused}");

    let mixed = with(settings(), |c| c.regularisation.mixup = 0.2);
    let error = train(&device, &mixed, &circle(), Some(&folder.path().join("other")), &mut ()).unwrap_err();
    assert!(error.to_string().contains("only images can be mixed"), "{error}");
    for rows in [
        Rows::new(&[2], vec![0.0; 3], vec![0]),
        Rows::new(&[0], vec![], vec![0]),
        Rows::new(&[1], vec![f32::NAN], vec![0]),
    ] {
        assert!(rows.is_err());
    }
}

/// `Y = X^2`, as a custom op.
#[derive(Debug)]
struct Squared;

impl Op for Squared {
    fn name(&self) -> &'static str {
        "squared"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let text = "
#import common/grid.wgsl
@group(0) @binding(0) var<uniform> len: vec4<u32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(group, groups) * 64u + local;
    if (i < len.x) { y[i] = x[i] * x[i]; }
}";
        let len = io.input(0).len();
        let kernel = selvedge::gpu::Kernel::new("squared", selvedge::gpu::Source::new("squared", text))
            .params([len as u32, 0, 0, 0])
            .threads(len as u64, 64);
        launches.dispatch(kernel, &[Operand::Input(0).read(), Operand::Output(0).write()]);
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(node.gradient(0)?.mul(node.input(0))?.scale(2.0)?)])
    }

    fn layer(&self) -> Option<Layer> {
        Some(Layer::Custom("squared"))
    }
}

/// A convolution, the custom op, the mean over each image, ten logits.
struct SquareNet {
    conv: Conv2d,
    last: Linear,
}

impl SquareNet {
    fn declare(builder: &mut ParameterBuilder) -> Box<dyn Model> {
        let settings =
            ConvSettings { window: Window::new([3, 3], [2, 2], Padding::Same), bias: true, start: WeightStart::Glorot };
        Box::new(Self {
            conv: Conv2d::new(builder, "conv1", [1, 8], settings),
            last: Linear::new(builder, "fc", [8, 10], Role::OutputWeight),
        })
    }
}

impl Model for SquareNet {
    fn features(&self, pass: &mut Forward, images: &Tensor) -> Result<Tensor> {
        let y = self.conv.forward(pass, images)?;
        Tensor::apply_one(Squared, &[&y])?.global_avg_pool()
    }

    fn head(&self, pass: &mut Forward, features: &Tensor) -> Result<Tensor> {
        self.last.forward(pass, features, false)
    }
}

#[test]
fn an_op_of_ones_own_is_seen_in_activations_and_grad_cam_and_refused_by_onnx() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let names: [&str; 10] = std::array::from_fn(|i| ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"][i]);
    let task = Task::own("square", SquareNet::declare, bars(250, 0), dataset().test, &names);
    let config = with(config(), |c| c.epochs = 1);
    train(&gpu(), &config, &task, Some(&path), &mut ()).unwrap();
    let classifier = Classifier::open_own(&gpu(), &path, SquareNet::declare, &names).unwrap();
    let image = bars(1, 5);
    let shown = classifier.activations(image.image(0), 9).unwrap();
    let named: Vec<&str> = shown.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(named, ["conv1", "squared"]);
    for (x, y) in shown[0].values.iter().zip(&shown[1].values) {
        approx::assert_relative_eq!(x * x, *y, max_relative = 1e-6, epsilon = 1e-12);
    }
    let maps = classifier.class_maps(image.image(0), 10).unwrap();
    assert_eq!(maps.resolution, [14, 14]);
    #[cfg(feature = "onnx")]
    {
        let file = folder.path().join("m.onnx");
        let error = selvedge::onnx::export(&classifier, &file).unwrap_err().to_string();
        assert!(error.contains("squared is an op of one's own"), "{error}");
        assert!(!file.exists());
    }
    assert_eq!(classifier.predict(&bars(20, 1), selvedge::inference::Views::One).unwrap().labels().len(), 20);
}

#[test]
fn tasks_that_would_fail_at_their_end_are_refused_at_their_start() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |task: Task, part: &str| {
        let path = folder.path().join("run");
        let error = train(&gpu(), &settings(), &task, Some(&path), &mut ()).unwrap_err().to_string();
        assert!(error.contains(part) && !path.exists(), "{error}");
    };
    let wide = Rows::new(&[3], vec![0.0; 30], vec![0; 10]).unwrap();
    refused(Task::own("mlp", Mlp::declare, points(500, 1), wide, &CLASSES), "another shape");
    refused(Task::own("mlp", Mlp::declare, points(500, 1), bars(10, 0), &CLASSES), "another shape");
    refused(Task::own("mlp", Mlp::declare, points(500, 1), points(10, 2), &CLASSES[..1]), "1 class names");
    let empty = Rows::new(&[2], vec![], vec![]).unwrap();
    refused(Task::own("mlp", Mlp::declare, points(500, 1), empty, &CLASSES), "no examples to test with");
}

#[test]
fn there_may_be_more_classes_than_ten() {
    let labels: Vec<u16> = (0..240).map(|i| (i % 12) as u16).collect();
    let values = labels.iter().flat_map(|label| [f32::from(*label) / 6.0 - 1.0, 0.5]).collect();
    let rows = Rows::new(&[2], values, labels).unwrap();
    let names: Vec<String> = (0..12).map(|i| i.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let declare = |builder: &mut ParameterBuilder| -> Box<dyn Model> {
        Box::new(Mlp {
            hidden: Linear::new(builder, "dense", [2, 32], Role::LinearWeight),
            last: Linear::new(builder, "fc", [32, 12], Role::OutputWeight),
        })
    };
    let folder = tempfile::tempdir().unwrap();
    let task = Task::own("twelve", declare, rows.clone(), rows, &names);
    let ending = train(&gpu(), &settings(), &task, Some(&folder.path().join("run")), &mut ()).unwrap();
    let Ending::Finished(outcome) = ending else { panic!("nobody stopped it") };
    assert_eq!(outcome.result.test.classes.len(), 12);
}

/// One dense layer: softmax regression, whose gradient is a formula.
struct Regression(Linear);

impl Regression {
    fn declare(builder: &mut ParameterBuilder) -> Box<dyn Model> {
        Box::new(Self(Linear::new(builder, "fc", [2, 3], Role::OutputWeight)))
    }
}

impl Model for Regression {
    fn features(&self, _: &mut Forward, points: &Tensor) -> Result<Tensor> {
        Ok(points.clone())
    }

    fn head(&self, pass: &mut Forward, features: &Tensor) -> Result<Tensor> {
        self.0.forward(pass, features, false)
    }
}

#[test]
fn class_weights_scale_the_gradient_of_each_image() {
    const RATE: f64 = 0.5;
    // The first step with Nesterov momentum of 0.9 is 1 + 0.9 gradients long.
    const STEP: f64 = 1.9 * RATE;
    let labels: Vec<u16> = (0..60).map(|i| [0, 0, 0, 1, 0, 2][i % 6]).collect();
    let values: Vec<f32> = (0..120).map(|i| (i * 37 % 101) as f32 / 50.0 - 1.0).collect();
    let rows = Rows::new(&[2], values.clone(), labels.clone()).unwrap();
    let names = ["many", "few", "fewer"];
    let task = Task::own("regression", Regression::declare, rows.clone(), rows, &names);
    for given in [ClassWeights::Balanced, ClassWeights::Given([("few".to_owned(), 4.0)].into())] {
        let config = with(config(), |c| {
            // One step on all of the 48 images to train with.
            (c.epochs, c.batch_size) = (1, 48);
            c.optimisation.optimiser = OptimiserKind::Sgd;
            c.optimisation.learning_rate = LearningRate::new(RATE, Schedule::Constant);
            c.regularisation.weight_decay = 0.0;
            c.regularisation.label_smoothing = 0.0;
            c.class_weights = Some(given.clone());
        });
        let train_images = config.split(&labels).unwrap().train;
        assert_eq!(train_images.len(), 48);
        let counts =
            [0, 1, 2].map(|class| train_images.iter().filter(|i| labels[**i as usize] == class).count() as f64);
        let raw = match given {
            ClassWeights::Balanced => counts.map(|count| 1.0 / count),
            ClassWeights::Given(_) => [1.0, 4.0, 1.0],
        };
        let mean = (0..3).map(|class| raw[class] * counts[class]).sum::<f64>() / 48.0;

        let before =
            Network::new(&gpu(), Regression::declare, task.form(), config.seed, Normalisation::UNIT, &Learned::All);
        let before = in_pytorch_layout(&before.unwrap().parameters).unwrap();
        let [weight, bias] = [0, 1].map(|i| before[i].values.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>());
        // Of the weights [3, 2] and the biases [3].
        let (mut of_weight, mut of_bias) = (vec![0.0; 6], vec![0.0; 3]);
        for image in train_images {
            let x = [0, 1].map(|axis| f64::from(values[2 * image as usize + axis]));
            let label = usize::from(labels[image as usize]);
            let logits: Vec<f64> = (0..3).map(|k| weight[2 * k] * x[0] + weight[2 * k + 1] * x[1] + bias[k]).collect();
            let all: f64 = logits.iter().map(|logit| logit.exp()).sum();
            for k in 0..3 {
                let error = logits[k].exp() / all - f64::from(u8::from(k == label));
                let error = error * raw[label] / mean / 48.0;
                of_weight[2 * k] += error * x[0];
                of_weight[2 * k + 1] += error * x[1];
                of_bias[k] += error;
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        train(&gpu(), &config, &task, Some(&path), &mut ()).unwrap();
        let after = Classifier::open_own(&gpu(), &RunFolder::open(&path).last_weights(), Regression::declare, &names);
        let after = in_pytorch_layout(&after.unwrap().network().parameters).unwrap();
        let steps = [(&weight, &of_weight, &after[0].values), (&bias, &of_bias, &after[1].values)];
        for (before, gradient, after) in steps {
            for ((before, gradient), after) in before.iter().zip(gradient).zip(after) {
                let expected = before - STEP * gradient;
                assert!((f64::from(*after) - expected).abs() < 1e-5, "{after} and not {expected}");
            }
        }
    }
    let mixed = with(config(), |c| {
        c.class_weights = Some(ClassWeights::Balanced);
        c.regularisation.mixup = 0.2;
    });
    let error = mixed.validate().unwrap_err().to_string();
    assert!(error.contains("class-weights") && error.contains("mixup"), "{error}");
}
