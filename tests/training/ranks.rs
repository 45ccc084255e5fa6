//! Ranks train one network together and end where one device with the larger batch would have ended.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::common::training::{Watcher, bars, config, dataset, everything, own_device, task, with};
use safetensors::SafeTensors;
use selvedge::gpu::Gpu;
use selvedge::nn::{
    BatchNorm2d, Beside, Conv2d, ConvSettings, Forward, Linear, Model, ParameterBuilder, Role, WeightStart,
};
use selvedge::ranks::{Ranks, threads};
use selvedge::run::RunFolder;
use selvedge::settings::{OptimiserKind, Policy, TrainConfig};
use selvedge::tensor::ops::{Padding, Window};
use selvedge::tensor::{Result, Tensor};
use selvedge::train::{Ending, Task, TrainError, resume, train};

/// A small network. Without batch norm, an image's gradient does not depend on the others of its batch.
struct Small {
    conv: Conv2d,
    norm: Option<BatchNorm2d>,
    hidden: Linear,
    last: Linear,
}

impl Small {
    fn declare(builder: &mut ParameterBuilder, is_normed: bool) -> Box<dyn Model> {
        let window = Window::new([5, 5], [3, 3], Padding::Same);
        let conv = ConvSettings { window, bias: !is_normed, start: WeightStart::Glorot };
        Box::new(Self {
            conv: Conv2d::new(builder, "conv", [1, 8], conv),
            norm: is_normed.then(|| BatchNorm2d::new(builder, "norm", 8)),
            hidden: Linear::new(builder, "dense", [8 * 100, 27], Role::LinearWeight),
            last: Linear::new(builder, "fc", [27, 10], Role::OutputWeight),
        })
    }
}

impl Model for Small {
    fn features(&self, pass: &mut Forward, images: &Tensor) -> Result<Tensor> {
        let x = self.conv.forward(pass, images)?;
        let x = match &self.norm {
            Some(norm) => norm.forward(pass, &x, Beside::RELU)?,
            None => x.relu()?,
        };
        self.hidden.forward_dropout(pass, &x.flatten()?, 0.3)
    }

    fn head(&self, pass: &mut Forward, features: &Tensor) -> Result<Tensor> {
        self.last.forward(pass, features, false)
    }
}

/// 208 images to train with: of 48 in a batch four batches, and 16 left over.
fn small(is_normed: bool) -> Task<'static> {
    let names = dataset().class_names;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Task::own("small", move |builder| Small::declare(builder, is_normed), bars(259, 0), bars(61, 9), &names)
}

fn plain() -> Task<'static> {
    small(false)
}

fn settings(batch: usize) -> TrainConfig {
    with(config(), |c| {
        (c.epochs, c.batch_size) = (3, batch);
        c.optimisation.clip_norm = Some(0.5);
        c.augment = Policy::IcdssCnn.augment();
    })
}

/// The device of a rank; all tests take the same, so that a driver translates each kernel once for each rank.
fn device(ranks: &Ranks) -> Arc<Gpu> {
    static OPENED: Mutex<BTreeMap<usize, Arc<Gpu>>> = Mutex::new(BTreeMap::new());
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(opened.entry(ranks.rank()).or_insert_with(own_device))
}

/// What `work` returns on each of `size` ranks.
fn on_ranks<T: Send>(size: usize, work: impl Fn(&Ranks) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> =
            threads(size).into_iter().map(|thread| scope.spawn(move || work(&Ranks::of(thread)))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Trains on this many ranks; the first is stopped after some steps, if that is asked for. Every rank must finish, or none.
fn trained(
    size: usize,
    task: impl Fn() -> Task<'static> + Sync,
    settings: &TrainConfig,
    out: &Path,
    stop: Option<usize>,
) {
    let finished = on_ranks(size, |ranks| {
        let mut watcher = Watcher::on(device(ranks), stop.filter(|_| ranks.is_first()));
        let gpu = Arc::clone(&watcher.gpu);
        let ending = train(&gpu, settings, &task().on(ranks), Some(out), &mut watcher).unwrap();
        matches!(ending, Ending::Finished(_))
    });
    assert_eq!(finished, vec![stop.is_none(); size]);
}

fn resumed(size: usize, task: impl Fn() -> Task<'static> + Sync, out: &Path) {
    on_ranks(size, |ranks| {
        let run = RunFolder::open(out);
        let gpu = device(ranks);
        let ending = resume(&gpu, &run, &run.last_checkpoint(), None, &task().on(ranks), &mut ()).unwrap();
        assert!(matches!(ending, Ending::Finished(_)));
    });
}

fn bytes(run: &Path) -> Vec<u8> {
    fs::read(run.join("last.safetensors")).unwrap()
}

fn weights(run: &Path) -> BTreeMap<String, Vec<f32>> {
    let bytes = bytes(run);
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let numbers = |data: &[u8]| data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    file.tensors().into_iter().map(|(name, view)| (name, numbers(view.data()))).collect()
}

/// Epoch, losses and accuracies of a history, without the times.
fn figures(run: &Path) -> Vec<Vec<f64>> {
    let history = fs::read_to_string(run.join("history.csv")).unwrap();
    let figures = |line: &str| line.split(',').take(7).map(|number| number.parse().unwrap()).collect();
    history.lines().skip(1).map(figures).collect()
}

#[test]
fn ranks_end_where_one_device_with_the_whole_batch_does() {
    assert_same_end(plain, |_| {});
}

#[test]
fn so_they_do_with_batch_norm_over_all_their_images() {
    assert_same_end(|| small(true), |settings| settings.sync_batch_norm = true);
}

#[test]
fn so_they_do_with_muon_and_accumulated_gradients() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
    let settings = |batch| {
        with(settings(batch), |c| {
            (c.epochs, c.accumulate) = (1, 2);
            c.optimisation.optimiser = OptimiserKind::Muon;
            c.optimisation.learning_rate.peak = 0.01;
        })
    };
    trained(1, plain, &settings(24), &one, None);
    trained(2, plain, &settings(12), &two, None);
    assert_same_weights(&one, &two, 1e-3);
}

#[test]
fn batch_norm_by_rank_is_another_training() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
    let settings = |batch| with(settings(batch), |c| c.epochs = 1);
    trained(1, || small(true), &settings(48), &one, None);
    trained(2, || small(true), &settings(24), &two, None);
    let [one, two] = [one, two].map(|run| weights(&run)["norm.running_var"].clone());
    assert!(one.iter().zip(&two).any(|(a, b)| (a - b).abs() > 1e-4 * a.abs()), "{one:?} {two:?}");
}

/// Compares all weights, relative to the largest of a tensor.
fn assert_same_weights(one: &Path, together: &Path, tolerance: f32) {
    for ((name, one), together) in weights(one).iter().zip(weights(together).values()) {
        let largest = one.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
        let apart = one.iter().zip(together).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(apart <= tolerance * largest, "{name}: {apart} of {largest}");
    }
}

/// Trains on one rank with batch norm as usual, and on several with what `change` sets.
fn assert_same_end(task: impl Fn() -> Task<'static> + Sync, change: impl Fn(&mut TrainConfig)) {
    let folder = tempfile::tempdir().unwrap();
    let one = folder.path().join("one");
    trained(1, &task, &settings(48), &one, None);
    for (size, batch) in [(2, 24), (3, 16)] {
        let together = folder.path().join(format!("{size}"));
        trained(size, &task, &with(settings(batch), &change), &together, None);
        assert_same_weights(&one, &together, 2e-4);
        for (one, together) in figures(&one).iter().flatten().zip(figures(&together).iter().flatten()) {
            assert!((one - together).abs() < 1e-3 * one.abs(), "{size} ranks: {together}, not {one}");
        }
        let result = |run: &Path| RunFolder::open(run).read_result().unwrap().unwrap();
        assert_eq!(result(&one).test.accuracy, result(&together).test.accuracy);
    }
}

#[test]
fn a_training_with_everything_repeats_itself_to_the_bit_and_resumes_so() {
    let folder = tempfile::tempdir().unwrap();
    let settings = with(everything(), |c| (c.epochs, c.batch_size, c.accumulate) = (2, 4, 2));
    let task = || task(&settings);
    let [first, second, stopped] = ["first", "second", "stopped"].map(|name| folder.path().join(name));
    trained(2, task, &settings, &first, None);
    trained(2, task, &settings, &second, None);
    assert!(bytes(&first) == bytes(&second));
    assert!(weights(&first).keys().any(|name| name.contains("running_mean")));

    // Seven steps an epoch: it stops within one.
    trained(2, task, &settings, &stopped, Some(2));
    let checkpoint = fs::read(stopped.join("last.checkpoint.safetensors")).unwrap();
    assert!(!String::from_utf8_lossy(&checkpoint).contains(r#"steps_of_epoch\":0,"#));
    resumed(2, task, &stopped);
    assert!(bytes(&first) == bytes(&stopped));
    // The sums of losses of an epoch that was resumed were added in another order.
    for (whole, resumed) in figures(&first).iter().flatten().zip(figures(&stopped).iter().flatten()) {
        assert!((whole - resumed).abs() < 1e-5 * whole.abs(), "{resumed}, not {whole}");
    }
}

#[test]
fn another_number_of_ranks_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    trained(3, plain, &settings(16), &run, Some(3));
    resumed(2, plain, &run);
    assert_eq!(figures(&run).len(), 3);
    assert_eq!(RunFolder::open(&run).read_config().unwrap().ranks, 2);
    // Not to the bit, but as well as without the interruption.
    let whole = folder.path().join("whole");
    trained(3, plain, &settings(16), &whole, None);
    let [resumed, whole] = [&run, &whole].map(|run| figures(run)[2].clone());
    let (loss, accuracy) = (3, 4);
    assert!((resumed[loss] - whole[loss]).abs() < 0.15 * whole[loss], "{resumed:?}, not {whole:?}");
    assert!((resumed[accuracy] - whole[accuracy]).abs() < 0.1, "{resumed:?}, not {whole:?}");
}

#[test]
fn ranks_that_do_not_fit_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let errors = on_ranks(2, |ranks| {
        let settings = with(settings(24), |c| c.seed = ranks.rank() as u64);
        train(&device(ranks), &settings, &plain().on(ranks), Some(&out), &mut ()).unwrap_err().to_string()
    });
    assert!(errors.iter().all(|error| error.contains("rank 1") && error.contains("the settings")), "{errors:?}");

    let errors = on_ranks(2, |ranks| {
        train(&device(ranks), &settings(120), &plain().on(ranks), Some(&out), &mut ()).unwrap_err().to_string()
    });
    assert!(errors.iter().all(|error| error.contains("at most 104") && error.contains("2 ranks")), "{errors:?}");
    assert!(!out.exists());
}

#[test]
fn no_rank_waits_for_one_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    // The first rank cannot make its folder.
    let out = folder.path().join("file");
    fs::write(&out, "not a folder").unwrap();
    let errors =
        on_ranks(2, |ranks| train(&device(ranks), &settings(24), &plain().on(ranks), Some(&out), &mut ()).unwrap_err());
    assert!(matches!(errors[1], TrainError::Ranks(_)), "{errors:?}");
}
