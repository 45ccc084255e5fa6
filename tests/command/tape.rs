//! Tapes: recorded on a device with WebGPU's limits, replayed to the same bits, and refused when they are damaged.

use std::path::Path;
use std::sync::Arc;

use crate::common::process::{selvedge, text};
use crate::common::training::dataset;
use selvedge::gpu::{Gpu, GpuOptions};
use selvedge::optim::{Plateau, Schedule};
use selvedge::program::Pass;
use selvedge::settings::{Recipe, TrainConfig};
use selvedge::tape::{Moment, Named, PlaceRole, Recorder, Replay, Tape, TapeBuffer, TapeDispatch, TapeError};
use selvedge::tensor::Graph;
use selvedge::train::{self, Extent};

fn portable() -> Arc<Gpu> {
    Gpu::open(&GpuOptions { portable: true, ..GpuOptions::from_env().unwrap() }).unwrap()
}

/// The steps of an epoch of two whole batches and a smaller one, and one of the next epoch.
const STEPS: usize = 4;

fn settings() -> TrainConfig {
    TrainConfig { batch_size: 16, limit: Some(50), ..Recipe::Standard.config() }
}

fn training(gpu: &Arc<Gpu>) -> Tape {
    let config = settings();
    let mut steps = 0;
    let tape = train::record(gpu, &config, &dataset(), Extent::all(STEPS), |done| steps = done).unwrap();
    assert_eq!((steps, tape.runs.len()), (STEPS, STEPS));
    tape
}

/// Replays a tape, and compares all that is watched with the recording.
fn replay(gpu: &Arc<Gpu>, tape: &Tape) {
    let mut replay = Replay::new(gpu, tape).unwrap();
    for (number, run) in tape.runs.iter().enumerate() {
        assert!(replay.step().unwrap());
        if !run.expected.is_empty() {
            assert_eq!(replay.watched().unwrap(), run.expected, "run {number}");
        }
    }
    assert!(!replay.step().unwrap());
}

#[test]
fn a_training_is_replayed_to_the_same_bits_also_from_its_file() {
    let gpu = portable();
    let tape = training(&gpu);
    assert_eq!(tape.programs.len(), 2, "{:?}", tape.programs.iter().map(|program| &program.name).collect::<Vec<_>>());
    let losses: Vec<f32> = tape.runs.iter().map(|run| f32::from_bits(run.expected[0][0])).collect();
    assert!(losses.iter().all(|loss| loss.is_finite() && *loss > 0.0), "{losses:?}");
    // A step has few numbers of its own; the order of the images comes with the first step of an epoch.
    let written = |run: usize| tape.runs[run].writes.iter().map(|write| write.contents.bytes).sum::<usize>();
    assert!(written(1) < 200, "{} bytes", written(1));
    replay(&gpu, &tape);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cnn.tape");
    tape.save(&path).unwrap();
    let mut loaded = Tape::load(&path).unwrap();
    assert!(loaded == tape);
    let said = selvedge(folder.path(), &["replay", "cnn.tape"]);
    assert!(text(&said.stdout).contains(&format!("{STEPS} runs of a training of cnn, batch 16")), "{said:?}");
    assert!(text(&said.stdout).contains("the same bits"), "{said:?}");

    // A changed kernel gives other numbers, though not before the first update.
    let adam = loaded.kernels.iter_mut().find(|kernel| kernel.text.contains("optim/adam.wgsl")).unwrap();
    adam.text = adam.text.replace("- rate * step", "+ rate * step");
    let mut replay = Replay::new(&gpu, &loaded).unwrap();
    assert!(replay.step().unwrap());
    assert_eq!(replay.watched().unwrap(), tape.runs[0].expected);
    assert!(replay.step().unwrap());
    assert_ne!(replay.watched().unwrap(), tape.runs[1].expected);
    loaded.save(&path).unwrap();
    let said = selvedge(folder.path(), &["replay", "cnn.tape"]);
    assert!(!said.status.success() && text(&said.stderr).contains("after run 2"), "{said:?}");
}

/// Several runs in a step, a program for the update, averaged weights and mixed images: other numbers that the host writes.
#[test]
fn a_training_with_more_than_one_program_is_replayed_too() {
    let gpu = portable();
    let mut config = TrainConfig { accumulate: 2, ..settings() };
    config.optimisation.ema = Some(0.9);
    config.regularisation.mixup = 0.4;
    let tape = train::record(&gpu, &config, &dataset(), Extent::all(2), |_| ()).unwrap();
    let names: Vec<&str> = tape.runs.iter().map(|run| tape.programs[run.program].name.as_str()).collect();
    assert_eq!(
        names,
        ["gradients of 16 images", "gradients of 16 images", "update", "gradients of 8 images", "update"]
    );
    replay(&gpu, &tape);
}

/// What a page needs to know of a step: which layer and pass a dispatch belongs to, and what it is the gradient of.
#[test]
fn dispatches_know_their_layer_their_pass_and_what_they_are_the_gradient_of() {
    let gpu = portable();
    let extent = Extent { steps: 4, run: 2, predicted: Some(3) };
    let tape = train::record(&gpu, &settings(), &dataset(), extent, |_| ()).unwrap();
    let step = &tape.programs[0].dispatches;
    let binds =
        |dispatch: &TapeDispatch, shape: &[usize]| dispatch.bindings.iter().any(|one| one.writes && one.shape == shape);
    // The gradient of the fourth convolution's weight.
    let gradient = step.iter().find(|one| one.pass == Pass::Backward && binds(one, &[3, 3, 128, 256])).unwrap();
    assert_eq!(gradient.layer, "conv4");
    let of = &step[gradient.gradient_of.unwrap()];
    assert_eq!((of.pass, of.layer.as_str()), (Pass::Forward, "conv4"));
    assert!(binds(of, &[16, 3, 3, 256]), "{of:?}");
    let passes: Vec<Pass> = step.iter().map(|one| one.pass).collect();
    let updates = passes.iter().position(|pass| *pass == Pass::Update).unwrap();
    assert!(passes[..updates].is_sorted_by_key(|pass| *pass == Pass::Backward), "{passes:?}");
    assert!(step.iter().any(|one| one.pass == Pass::Update && one.label.starts_with("adam")));
    for layer in ["conv1", "bn3", "fc1", "fc2", "fc3"] {
        for pass in [Pass::Forward, Pass::Backward] {
            assert!(step.iter().any(|one| one.layer == layer && one.pass == pass), "{layer} {pass:?}");
        }
    }
    // Steps that were only noted have what the host wrote, and no results.
    let has_results: Vec<bool> = tape.runs.iter().map(|run| !run.expected.is_empty()).collect();
    assert_eq!(has_results, [true, true, false, false]);
    assert_eq!(tape.runs[3].moment, Moment { step: 4, epoch: 2, images: 16 });
    let place = |role| tape.places.iter().find(|place| place.role == role).unwrap();
    assert_eq!(place(PlaceRole::Input).shape, [3, 28, 28, 1]);
    assert_eq!(place(PlaceRole::Output).shape, [3, 10]);
    let written = tape.runs[2].writes.iter().any(|write| write.buffer == place(PlaceRole::Rate).buffer);
    assert!(written && tape.programs.iter().any(|program| program.name == "prediction"));
    // The same steps, all carried out, have the same numbers.
    let whole = train::record(&gpu, &settings(), &dataset(), Extent::all(4), |_| ()).unwrap();
    assert_eq!(whole.runs[1].expected, tape.runs[1].expected);
    let written = |tape: &Tape| -> Vec<Vec<u8>> {
        let writes = tape.runs.iter().flat_map(|run| &run.writes).map(|write| write.contents);
        writes.map(|piece| tape.data[piece.place..piece.place + piece.bytes].to_vec()).collect()
    };
    assert_eq!(written(&whole), written(&tape));
}

#[test]
fn what_a_recording_cannot_follow_is_refused() {
    let gpu = portable();
    let mut config = settings();
    config.optimisation.learning_rate.schedule =
        Schedule::Plateau(Plateau { factor: 0.5, patience: 1, min_delta: 0.0, cooldown: 0 });
    let said = |config: &TrainConfig, steps| {
        train::record(&gpu, config, &dataset(), Extent::all(steps), |_| ()).unwrap_err().to_string()
    };
    assert!(said(&config, 1).contains("schedule"));
    assert!(said(&TrainConfig { epochs: 1, ..settings() }, 4).contains("at most 3"));
}

#[test]
fn any_program_can_be_recorded() {
    let gpu = portable();
    let graph = Graph::new(&gpu);
    let x = graph.tensor([2, 3], &[1.0, 2.0, 3.0, -1.0, 0.5, 4.0]).unwrap();
    let w = graph.tensor([3, 2], &[0.1; 6]).unwrap();
    let y = x.matmul(&w).unwrap().relu().unwrap();
    let mut compiled = graph.compile(&[&y]).unwrap();
    assert!(y.memory().is_none());
    let programs = [("forward".to_owned(), compiled.as_program())];
    let output = Named {
        name: "y".to_owned(),
        role: PlaceRole::Output,
        slice: compiled.memory(&y).unwrap(),
        info: y.info(),
        is_watched: true,
    };
    let places = [Named::tensor("w", PlaceRole::Parameter, &w).unwrap().watched(), output];
    assert!(Named::tensor("y", PlaceRole::Output, &y).is_none());
    let mut recorder = Recorder::start(&gpu, "t", &programs, &places).unwrap();
    assert!(matches!(Recorder::start(&gpu, "t", &programs, &places), Err(TapeError::Recording(_))));
    w.write(&[0.2; 6]).unwrap();
    compiled.run().unwrap();
    recorder.take(Moment::default()).unwrap();
    let tape = recorder.finish().unwrap();
    assert_eq!(tape.places[1].shape, [2, 2]);
    assert_eq!(tape.runs[0].writes.len(), 1);
    assert_eq!(tape.runs[0].expected[0], [0.2_f32.to_bits(); 6]);
    assert_eq!(tape.runs[0].expected[1], [1.2, 1.2, 0.7, 0.7].map(f32::to_bits));
    replay(&gpu, &tape);
    // The device can be recorded again, and a recorder that is dropped ends its recording.
    let programs = [("forward".to_owned(), compiled.as_program())];
    drop(Recorder::start(&gpu, "t", &programs, &[]).unwrap());
    drop(Recorder::start(&gpu, "t", &programs, &[]).unwrap());
    // Another program than those of the tape is an error.
    let mut other = graph.compile(&[&x.relu().unwrap()]).unwrap();
    let mut recorder = Recorder::start(&gpu, "t", &programs, &[]).unwrap();
    other.run().unwrap();
    assert!(matches!(recorder.take(Moment::default()), Err(TapeError::Recording(_))));
}

/// What reading these bytes as a tape says.
fn refusal(folder: &Path, bytes: &[u8]) -> Option<String> {
    let path = folder.join("damaged.tape");
    std::fs::write(&path, bytes).unwrap();
    Tape::load(&path).err().map(|error| error.to_string())
}

#[test]
fn damaged_files_are_refused() {
    let gpu = portable();
    let graph = Graph::new(&gpu);
    let x = graph.tensor([64], &[0.5; 64]).unwrap();
    let mut compiled = graph.compile(&[&x.relu().unwrap()]).unwrap();
    let places = [Named::tensor("x", PlaceRole::Other, &x).unwrap().watched()];
    let mut recorder = Recorder::start(&gpu, "t", &[("p".to_owned(), compiled.as_program())], &places).unwrap();
    compiled.run().unwrap();
    recorder.take(Moment::default()).unwrap();
    let tape = recorder.finish().unwrap();
    let bytes = tape.to_bytes().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    assert_eq!(refusal(here, &bytes), None);
    for length in 0..bytes.len() {
        let said = refusal(here, &bytes[..length]).unwrap_or_else(|| panic!("cut at {length}"));
        assert!(said.contains("damaged.tape"), "{said}");
    }
    assert!(refusal(here, b"no tape at all").unwrap().contains("unpacked"));
    let newer = Tape { version: 9, ..tape.clone() };
    assert!(refusal(here, &newer.to_bytes().unwrap()).unwrap().contains("has version 9"));

    // Numbers that do not fit together. Each is a field of a tape that is whole otherwise.
    let refused = |change: &dyn Fn(&mut Tape)| {
        let mut tape = tape.clone();
        change(&mut tape);
        let error = Replay::new(&gpu, &tape).unwrap_err();
        assert!(matches!(error, TapeError::Damaged(_)), "{error}");
        assert!(refusal(here, &tape.to_bytes().unwrap()).unwrap().contains("damaged"));
    };
    refused(&|tape| tape.programs[0].dispatches[0].kernel = 99);
    refused(&|tape| tape.programs[0].dispatches[0].bindings[0].buffer = 99);
    refused(&|tape| tape.programs[0].dispatches[0].bindings[0].offset = u64::MAX - 3);
    refused(&|tape| tape.programs[0].dispatches[0].bindings[0].offset = 4);
    refused(&|tape| tape.programs[0].dispatches[0].bindings[0].bytes = 0);
    refused(&|tape| tape.programs[0].dispatches[0].params = vec![1]);
    refused(&|tape| tape.buffers[0].bytes = 0);
    refused(&|tape| tape.buffers[0].bytes = u64::MAX);
    refused(&|tape| tape.buffers[0].bytes += 1);
    refused(&|tape| tape.buffers.push(TapeBuffer { bytes: 7, scratch: true, contents: Default::default() }));
    refused(&|tape| tape.kernels[0].entry = "third".to_owned());
    refused(&|tape| tape.buffers[0].contents.place = usize::MAX);
    refused(&|tape| tape.buffers[0].contents.bytes += 4);
    refused(&|tape| tape.runs[0].program = 1);
    refused(&|tape| tape.runs[0].expected[0].push(0));
    refused(&|tape| tape.places[0].bytes = 1 << 40);
    refused(&|tape| tape.places[0].shape = vec![65]);
    refused(&|tape| tape.places[0].shape = vec![usize::MAX, usize::MAX]);
    refused(&|tape| tape.watched[0] = 1);
    refused(&|tape| tape.programs[0].dispatches[0].gradient_of = Some(0));
    refused(&|tape| tape.programs[0].dispatches[0].bindings[0].shape = vec![65]);
    refused(&|tape| tape.data.clear());
    // Too large for a device: an error, and nothing is allocated.
    let mut huge = tape.clone();
    huge.buffers.push(TapeBuffer { bytes: 1 << 50, scratch: true, contents: Default::default() });
    assert!(matches!(Replay::new(&gpu, &huge), Err(TapeError::Memory { .. } | TapeError::Gpu(_))));
}
