//! Training from given weights: frozen layers do not change and cost nothing, files are checked, phases resume, memory is
//! planned.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::common::gpu;
use crate::common::hashed::write_safetensors;
use crate::common::training::{IMAGES, Watcher, bars, config, dataset, network_of, run, task, with};
use safetensors::{Dtype, SafeTensors};
use selvedge::data::{Dataset, Form, ImageSet, Normalisation};
use selvedge::gpu::{Gpu, GpuOptions};
use selvedge::network::Network;
use selvedge::nn::weights;
use selvedge::optim::{InverseTime, LearningRate, Schedule};
use selvedge::run::RunFolder;
use selvedge::settings::{
    Architecture, FineTune, InceptionSettings, Learned, NetworkSettings, OptimiserKind, Recipe, ResNetSettings,
    Shortcut, TrainConfig, Transfer,
};
use selvedge::tensor::{Compiled, Graph};
use selvedge::train::{Ending, Task, TrainError, automatic_batch_size, resume, summary, train, training_step};

/// Trains the head of resnet20 for two epochs, then its last stage for two.
fn transfer(base: &Path) -> TrainConfig {
    TrainConfig {
        network: network_of(Architecture::Resnet20),
        epochs: 2,
        transfer: Transfer {
            weights: Some(base.to_owned()),
            fine_tune: Some(FineTune {
                learned: Learned::Blocks(1),
                epochs: 2,
                batch_size: 13,
                learning_rate: LearningRate::new(0.01, Schedule::InverseTime(InverseTime { decay: 0.01 })),
                optimiser: OptimiserKind::Sgd,
                weight_decay: 1e-4,
            }),
        },
        ..config()
    }
}

/// A file with the initial weights of resnet20.
fn base(folder: &Path) -> PathBuf {
    let config = TrainConfig { network: network_of(Architecture::Resnet20), seed: 5, ..config() };
    let network = Network::of(&gpu(), &config, &Form::default(), Normalisation::UNIT, &Learned::All).unwrap();
    let path = folder.join("base.safetensors");
    weights::save(&network.parameters, 0, "", &path).unwrap();
    path
}

/// The bytes of every float tensor in a file.
fn tensors(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let floats = file.iter().filter(|(_, view)| view.dtype() == Dtype::F32);
    floats.map(|(name, view)| (name.to_owned(), view.data().to_vec())).collect()
}

#[test]
fn what_is_frozen_stays_as_it_is_to_the_last_bit() {
    let folder = tempfile::tempdir().unwrap();
    let base = base(folder.path());
    let (_folder, watcher, outcome) = run(&transfer(&base));
    let outcome = outcome.unwrap();
    let phases: Vec<usize> = outcome.history.iter().map(|record| record.phase).collect();
    assert_eq!(phases, [1, 1, 2, 2]);
    let losses: Vec<f64> = outcome.history.iter().map(|record| record.train_loss).collect();
    assert!(losses[1] < losses[0] && losses[3] < losses[2], "{losses:?}");
    assert_eq!(watcher.features, IMAGES);
    assert!(watcher.notes[0].contains("ignored") && watcher.notes[0].contains("fc.bias"), "{:?}", watcher.notes);

    let before = tensors(&base);
    let after = tensors(&outcome.folder.last_weights());
    assert_eq!(before.len(), after.len());
    for (name, values) in &before {
        let is_learned = name.starts_with("layer3.") || name.starts_with("fc.");
        assert_eq!(after[name] != *values, is_learned, "{name}");
    }
}

#[test]
fn either_phase_resumes_to_the_same_bits_and_computes_no_feature_again() {
    let folder = tempfile::tempdir().unwrap();
    let base = base(folder.path());
    let config = transfer(&base);
    let (_folder, _, outcome) = run(&config);
    let whole = std::fs::read(outcome.unwrap().folder.last_weights()).unwrap();

    let path = folder.path().join("run");
    let run_folder = RunFolder::open(&path);
    let last = run_folder.last_checkpoint();
    // Two epochs of seven steps, then two of eight.
    let mut watcher = Watcher::new(Some(3));
    let gpu = watcher.gpu.clone();
    let mut ending = train(&gpu, &config, &task(&config), Some(&path), &mut watcher).unwrap();
    let mut interruptions = 0;
    for stop_after in [9, 2, 1000] {
        assert!(matches!(ending, Ending::Interrupted(_)));
        interruptions += 1;
        let mut watcher = Watcher::new(Some(stop_after));
        ending = resume(&gpu, &run_folder, &last, None, &task(&config), &mut watcher).unwrap();
        assert_eq!(watcher.features, 0, "the features are in the folder");
    }
    assert!(matches!(ending, Ending::Finished(_)) && interruptions == 3);
    assert_eq!(std::fs::read(run_folder.last_weights()).unwrap(), whole);
}

/// The second phase starts from the best weights of the first, and overwrites them with better ones.
#[test]
fn a_second_phase_that_died_in_its_first_epoch_starts_as_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let config = transfer(&base(folder.path()));
    let (whole, _, outcome) = run(&config);
    outcome.unwrap();
    let whole = whole.path().join("run");

    // Stopped at the first step of the second phase: the first phase has 2 epochs of 7 steps.
    let path = folder.path().join("run");
    let mut watcher = Watcher::new(Some(15));
    let gpu = Arc::clone(&watcher.gpu);
    train(&gpu, &config, &task(&config), Some(&path), &mut watcher).unwrap();
    let run_folder = RunFolder::open(&path);
    assert!(!run_folder.file("result.json").exists());
    assert_eq!(run_folder.read_history().unwrap().len(), 2);
    // As if the best weights of its first epoch had been written, but no checkpoint after them.
    std::fs::copy(whole.join("best.safetensors"), run_folder.best_weights()).unwrap();
    let last = run_folder.last_checkpoint();
    resume(&gpu, &run_folder, &last, None, &task(&config), &mut Watcher::new(None)).unwrap();
    assert_eq!(tensors(&path.join("last.safetensors")), tensors(&whole.join("last.safetensors")));
}

#[test]
fn features_that_were_interrupted_resume_where_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let config = with(transfer(&base(folder.path())), |c| c.transfer.fine_tune = None);
    // More features than one batch.
    let data = Dataset { train: bars(700, 0), ..dataset() };
    let (whole, path) = (folder.path().join("whole"), folder.path().join("run"));
    let mut watcher = Watcher::new(None);
    let gpu = Arc::clone(&watcher.gpu);
    train(&gpu, &config, &Task::built_in(&config, &data), Some(&whole), &mut watcher).unwrap();
    watcher.stop_features = true;
    let ending = train(&gpu, &config, &Task::built_in(&config, &data), Some(&path), &mut watcher).unwrap();
    assert!(matches!(ending, Ending::Interrupted(_)));
    assert_eq!(watcher.features, 500);
    let run_folder = RunFolder::open(&path);
    let mut watcher = Watcher::new(None);
    let last = run_folder.last_checkpoint();
    resume(&gpu, &run_folder, &last, None, &Task::built_in(&config, &data), &mut watcher).unwrap();
    assert_eq!(watcher.features, 700);
    for file in ["features.safetensors", "last.safetensors"] {
        assert_eq!(tensors(&path.join(file)), tensors(&whole.join(file)), "{file}");
    }
}

fn step_on(learned: &Learned, model: Architecture) -> Compiled {
    let config = TrainConfig { network: network_of(model), ..config() };
    training_step(&gpu(), &config, &Form::default(), learned, Normalisation::UNIT, &bars(4, 0)).unwrap()
}

#[test]
fn frozen_layers_cost_no_backward_dispatch_and_no_gradient_memory() {
    // The gradient kernels, all dispatches and the planned bytes.
    let cost = |learned: &Learned| {
        let mut step = step_on(learned, Architecture::Resnet20);
        let program = step.program();
        let backward = program.kernels().filter(|kernel| kernel.label.contains("grad")).count();
        (backward, program.dispatch_count(), program.memory().planned_bytes())
    };
    let (all_backward, all, all_bytes) = cost(&Learned::All);
    let (last_backward, last, last_bytes) = cost(&Learned::Blocks(1));
    let (head_backward, head, head_bytes) = cost(&Learned::Head);
    assert!(all_backward > 3 * last_backward / 2 && last_backward > head_backward, "{all_backward} {last_backward}");
    assert!(all > last && last > head);
    assert!(all_bytes > last_bytes && last_bytes > head_bytes);
    // The head is a dense layer: it needs the gradients of its logits, weight and bias, and none of a convolution or a norm.
    let mut step = step_on(&Learned::Head, Architecture::Resnet20);
    let labels: Vec<&str> = step.program().kernels().map(|kernel| kernel.label).collect();
    let of_the_base = |label: &&&str| label.contains("grad") && (label.contains("conv") || label.contains("norm"));
    assert_eq!(labels.iter().filter(of_the_base).count(), 0, "{labels:?}");
}

#[test]
fn accumulated_batches_are_one_larger_batch() {
    let folder = tempfile::tempdir().unwrap();
    // With a frozen base, no batch norm is in training mode.
    let alone = with(transfer(&base(folder.path())), |c| {
        c.transfer.fine_tune = None;
        c.batch_size = 32;
        c.optimisation.clip_norm = Some(0.5);
        c.optimisation.ema = Some(0.9);
    });
    let parts = TrainConfig { batch_size: 8, accumulate: 4, ..alone.clone() };
    let head_of = |config: &TrainConfig| {
        let (_folder, _, outcome) = run(config);
        let outcome = outcome.unwrap();
        let head: Vec<f32> = tensors(&outcome.folder.last_weights())
            .iter()
            .filter(|(name, _)| name.starts_with("fc."))
            .flat_map(|(_, bytes)| bytemuck::pod_collect_to_vec::<u8, f32>(bytes))
            .collect();
        (head, outcome.history[1].train_loss, outcome.history[1].learning_rate)
    };
    let (whole, loss, rate) = head_of(&alone);
    let (sum, loss_of_parts, rate_of_parts) = head_of(&parts);
    assert_eq!(rate, rate_of_parts);
    approx::assert_relative_eq!(loss, loss_of_parts, max_relative = 1e-5);
    for (a, b) in whole.iter().zip(&sum) {
        approx::assert_relative_eq!(a, b, epsilon = 2e-5);
    }
    // Without accumulation, batches of 8 give other weights.
    let (other, ..) = head_of(&TrainConfig { accumulate: 1, ..parts });
    let apart = whole.iter().zip(&other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(apart > 1e-3, "{apart}");
}

/// The tensors of a file, to be changed and written again.
fn contents(path: &Path) -> Vec<(String, Vec<usize>, Vec<u8>)> {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let floats = file.iter().filter(|(_, view)| view.dtype() == Dtype::F32);
    floats.map(|(name, view)| (name.to_owned(), view.shape().to_vec(), view.data().to_vec())).collect()
}

#[test]
fn a_base_is_loaded_from_a_file_of_a_whole_network_and_problems_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let path = base(folder.path());
    let mut whole = contents(&path);
    whole.retain(|(name, ..)| !name.starts_with("fc."));
    whole.push(("fc.weight".to_owned(), vec![1000, 64], vec![0; 4 * 64_000]));
    whole.push(("AuxLogits.fc.bias".to_owned(), vec![7], vec![0; 28]));
    write_safetensors(&path, &whole);
    let config = transfer(&path);
    let network = Network::of(&gpu(), &config, &Form::default(), Normalisation::UNIT, &Learned::All).unwrap();
    let aside = weights::load_base(&network.parameters, &path).unwrap();
    assert_eq!(aside, ["AuxLogits.fc.bias", "fc.weight"]);

    let mut broken = whole.clone();
    broken.retain(|(name, ..)| name != "layer1.0.conv1.weight");
    broken.push(("layer9.conv.weight".to_owned(), vec![1], vec![0; 4]));
    for (name, shape, bytes) in &mut broken {
        if name == "bn1.bias" {
            (*shape, *bytes) = (vec![3], vec![0; 12]);
        }
    }
    write_safetensors(&path, &broken);
    for (name, _, bytes) in &mut broken {
        if name == "layer1.1.bn2.running_var" {
            bytes[..4].copy_from_slice(&f32::NAN.to_le_bytes());
        }
    }
    write_safetensors(&path, &broken);
    let before = network.predict(&bars(5, 1)).unwrap();
    let error = weights::load_base(&network.parameters, &path).unwrap_err().to_string();
    for part in [
        "layer1.0.conv1.weight is missing",
        "bn1.bias has shape [3] instead of [16]",
        "layer9.conv.weight is unexpected",
        "layer1.1.bn2.running_var holds numbers that are not finite",
    ] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(network.predict(&bars(5, 1)).unwrap(), before, "nothing has been changed");
}

#[test]
fn files_of_16_bits_are_widened() {
    let folder = tempfile::tempdir().unwrap();
    let path = base(folder.path());
    let floats = contents(&path);
    let config = transfer(&path);
    for dtype in [Dtype::F16, Dtype::BF16] {
        let narrow: Vec<(String, Vec<usize>, Vec<u8>)> = floats
            .iter()
            .map(|(name, shape, bytes)| {
                let values: Vec<f32> = bytemuck::pod_collect_to_vec(bytes);
                let narrowed = values.iter().flat_map(|x| match dtype {
                    Dtype::F16 => half::f16::from_f32(*x).to_le_bytes(),
                    _ => half::bf16::from_f32(*x).to_le_bytes(),
                });
                (name.clone(), shape.clone(), narrowed.collect())
            })
            .collect();
        let views = narrow.iter().map(|(name, shape, bytes)| {
            let view = safetensors::tensor::TensorView::new(dtype, shape.clone(), bytes).unwrap();
            (name, view)
        });
        std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
        let network = Network::of(&gpu(), &config, &Form::default(), Normalisation::UNIT, &Learned::All).unwrap();
        weights::load(&network.parameters, &path).unwrap();
        let widened = folder.path().join("widened.safetensors");
        weights::save(&network.parameters, 0, "", &widened).unwrap();
        // f16 has 11 bits of precision, bf16 has 8.
        let precision = if dtype == Dtype::F16 { 1.0 / 2048.0 } else { 1.0 / 256.0 };
        let after = tensors(&widened);
        for (name, _, bytes) in &floats {
            let before: Vec<f32> = bytemuck::pod_collect_to_vec(bytes);
            let after: Vec<f32> = bytemuck::pod_collect_to_vec(&after[name]);
            for (a, b) in before.iter().zip(&after) {
                assert!((a - b).abs() <= precision * a.abs() + 1e-7, "{name}: {a} became {b}");
            }
        }
    }
}

#[test]
fn hostile_and_foreign_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let network = Network::of(&gpu(), &config(), &Form::default(), Normalisation::UNIT, &Learned::All).unwrap();
    let refused = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let error = weights::load(&network.parameters, &path).unwrap_err().to_string();
        assert!(error.contains("weights.safetensors"), "{error}");
        error
    };
    let with_header = |header: &str, data: &[u8]| {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    };
    refused(&[]);
    refused(b"short");
    refused(&[0xFF; 64]);
    refused(&u64::MAX.to_le_bytes());
    let tensor = |name: &str, shape: &str, from: u64, to: u64| {
        format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}"#)
    };
    let overlapping = format!("{{{},{}}}", tensor("a", "[2]", 0, 8), tensor("b", "[2]", 4, 12));
    refused(&with_header(&overlapping, &[0; 12]));
    let outside = format!("{{{}}}", tensor("a", "[1000]", 0, 4000));
    refused(&with_header(&outside, &[0; 12]));
    let endless = format!("{{{}}}", tensor("a", "[4294967296,4294967296,4294967296]", 0, 12));
    refused(&with_header(&endless, &[0; 12]));
    assert!(refused(b"PK\x03\x04 and so on").contains("pth-to-safetensors.py"));
}

#[test]
fn a_step_that_does_not_fit_is_refused_with_the_batch_that_does() {
    let small = |mebibytes: u64| {
        let options = GpuOptions { memory: Some(mebibytes << 20), ..GpuOptions::from_env().unwrap() };
        Gpu::open(&options).unwrap()
    };
    let config = TrainConfig { network: network_of(Architecture::Resnet20), batch_size: 200, epochs: 1, ..config() };
    let gpu = small(60);
    let data = Dataset { train: bars(250, 0), ..dataset() };
    let task = |config| Task::built_in(config, &data);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut watcher = Watcher::new(None);
    let error = train(&gpu, &config, &task(&config), Some(&path), &mut watcher).unwrap_err();
    let TrainError::Memory { batch, problem, remedy } = &error else {
        panic!("{error}");
    };
    assert_eq!(*batch, 200);
    // Those of Winograd's algorithm, or those between the layers.
    let largest = if crate::common::has_winograd(&gpu) { "[200, 14, 14, 32]" } else { "[200, 28, 28, 16]" };
    assert!(problem.contains("The largest values are") && problem.contains(largest), "{problem}");
    let fits: usize =
        remedy.split_whitespace().find_map(|word| word.parse().ok()).unwrap_or_else(|| panic!("{remedy}"));
    assert!((8..200).contains(&fits), "{remedy}");

    // A step of the suggested batch fits, and a training with one image more does not.
    let step = TrainConfig { batch_size: fits, ..config.clone() };
    assert!(
        training_step(&small(60), &step, &Form::default(), &Learned::All, Normalisation::UNIT, &bars(fits, 0)).is_ok()
    );
    let one_more = TrainConfig { batch_size: fits + 1, ..config.clone() };
    let another = folder.path().join("another");
    let error = train(&small(60), &one_more, &task(&one_more), Some(&another), &mut watcher).unwrap_err();
    assert!(matches!(error, TrainError::Memory { .. }), "{error}");
    let automatic = automatic_batch_size(&small(60), &config, &Form::default(), Some(10_000)).unwrap();
    assert!(automatic.is_power_of_two() && automatic <= fits && fits < 2 * automatic, "{automatic} of {fits}");
    let few = automatic_batch_size(&small(4000), &self::config(), &Form::default(), Some(200)).unwrap();
    assert_eq!(few, 128, "no more than there are images");
    // A thousand such images are more than 32 bits can index; such a batch does not fit, like any other that is too large.
    let large = TrainConfig {
        network: NetworkSettings::Inception(InceptionSettings { image_size: 300, ..InceptionSettings::default() }),
        ..self::config()
    };
    let automatic = automatic_batch_size(&small(700), &large, &Form::default(), Some(10_000)).unwrap();
    assert!((2..64).contains(&automatic), "{automatic}");
}

#[test]
fn memory_in_use_comes_back_when_a_network_is_dropped() {
    let gpu = Gpu::open(&GpuOptions::from_env().unwrap()).unwrap();
    let before = gpu.memory_in_use();
    let step =
        training_step(&gpu, &config(), &Form::default(), &Learned::All, Normalisation::UNIT, &bars(32, 0)).unwrap();
    assert!(gpu.memory_in_use() > before + 10_000_000);
    drop(step);
    assert_eq!(gpu.memory_in_use(), before);
}

#[test]
fn a_summary_adds_up_to_the_known_totals() {
    let config = TrainConfig { batch_size: 16, ..Recipe::IcdssInception.config() };
    let inception = summary(&gpu(), &config, &Form::default()).unwrap();
    // torchvision's inception_v3 without fc and AuxLogits; Keras counts beta, mean and variance, but has no scale.
    let norms: usize = 17_216;
    assert_eq!(inception.parameters[0], 21_785_568);
    assert_eq!(inception.parameters[0] - 2 * norms + 3 * norms, 21_802_784);
    assert_eq!(inception.statistics, 2 * norms);
    assert_eq!(inception.parameters[1], 2048 * 512 + 512 + 512 * 10 + 10);
    let of_layers: usize = inception.layers.iter().map(|layer| layer.parameters).sum();
    assert_eq!(of_layers, inception.parameters.iter().sum::<usize>());
    let [batch, planned, fixed] = inception.phases[0];
    assert_eq!((batch, inception.phases.len()), (16, 1));
    assert!(planned < 2_000_000_000, "{planned}");
    // Parameters and two moments, statistics, and the alignment of parts.
    let expected = 4 * (3 * 22_839_786 + 2 * norms as u64);
    assert!((expected..expected + expected / 100).contains(&fixed), "{fixed}, not {expected}");
    // Training the head alone on features needs no memory for the base.
    let with_weights = with(config.clone(), |c| c.transfer.weights = Some("some".into()));
    let phases = summary(&gpu(), &with_weights, &Form::default()).unwrap().phases;
    assert_eq!(phases.len(), 2);
    assert!(phases[0][1] < 20_000_000 && phases[0][2] < 20_000_000, "{phases:?}");
    assert!(phases[1][1] > 10 * phases[0][1]);

    // torchvision's resnet18 has 11,689,512 parameters; here one channel replaces three, and ten classes replace 1000.
    let resnet18 = TrainConfig { network: network_of(Architecture::Resnet18), ..config };
    let found = summary(&gpu(), &resnet18, &Form::default()).unwrap();
    assert_eq!(found.parameters.iter().sum::<usize>(), 11_689_512 - 2 * 49 * 64 - 990 * 513);
    // He et al. 2015, table 6: 0.27 million to 0.85 million, for three channels and without projections.
    for (model, millions) in [
        (Architecture::Resnet20, 0.27),
        (Architecture::Resnet32, 0.46),
        (Architecture::Resnet44, 0.66),
        (Architecture::Resnet56, 0.85),
    ] {
        let zeros =
            NetworkSettings::Resnet18(ResNetSettings { shortcut: Shortcut::Zeros, ..ResNetSettings::default() });
        let zeros = TrainConfig { network: zeros.of(model), ..resnet18.clone() };
        let count = summary(&gpu(), &zeros, &Form::default()).unwrap().parameters.iter().sum::<usize>();
        assert!((count as f64 / 1e6 - millions).abs() < 0.006, "{model}: {count}");
    }
}

#[test]
fn a_block_may_start_as_its_shortcut() {
    let config = TrainConfig {
        network: NetworkSettings::Resnet20(ResNetSettings { zero_last_scale: true, ..ResNetSettings::default() }),
        ..config()
    };
    let network = Network::of(&gpu(), &config, &Form::default(), Normalisation::UNIT, &Learned::All).unwrap();
    for (name, tensor) in network.parameters.named().filter(|(name, _)| name.ends_with("bn2.weight")) {
        assert!(tensor.to_vec().unwrap().iter().all(|x| *x == 0.0), "{name}");
    }
    for (name, tensor) in network.parameters.named().filter(|(name, _)| name.ends_with("bn1.weight")) {
        assert!(tensor.to_vec().unwrap().iter().all(|x| *x == 1.0), "{name}");
    }
}

#[test]
fn rows_are_gathered_in_order_and_the_last_is_repeated() {
    let graph = Graph::new(&gpu());
    let values: Vec<f32> = (0..15).map(|x| x as f32).collect();
    let table = graph.tensor([5, 3], &values).unwrap();
    let labels = graph.tensor_u32([5], &[7, 8, 9, 10, 11]).unwrap();
    let order = graph.tensor_u32([4], &[4, 0, 2, 1]).unwrap();
    let place = graph.tensor_u32([2], &[1, 9]).unwrap();
    let rows = table.gather_rows(&order, &place, 5).unwrap();
    assert_eq!(rows.shape().axes(), [5, 3]);
    let expected: Vec<f32> =
        [0, 2, 1, 1, 1].iter().flat_map(|r| [3.0 * *r as f32, 3.0 * *r as f32 + 1.0, 3.0 * *r as f32 + 2.0]).collect();
    assert_eq!(rows.to_vec().unwrap(), expected);
    let gathered = labels.gather_rows(&order, &place, 5).unwrap();
    assert_eq!(gathered.to_vec_u32().unwrap(), [7, 9, 8, 8, 8]);
    assert!(table.gather_rows(&place, &table, 2).is_err());
}

fn inception(image_size: usize) -> TrainConfig {
    TrainConfig {
        network: NetworkSettings::Inception(InceptionSettings { image_size, ..InceptionSettings::default() }),
        ..Recipe::IcdssInception.config()
    }
}

#[test]
fn inception_sees_images_of_any_size_from_75_up() {
    let images: ImageSet = bars(2, 0);
    for image_size in [75, 97] {
        let config = inception(image_size);
        let network = Network::of(&gpu(), &config, &Form::default(), Normalisation::UNIT, &Learned::All).unwrap();
        let logits = network.logits_of(&images).unwrap();
        assert!(logits.len() == 20 && logits.iter().all(|x| x.is_finite()), "{image_size}");
    }
    let config = inception(74);
    assert!(config.validate().unwrap_err().to_string().contains("`image-size` is 74"));
}
