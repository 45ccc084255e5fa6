//! Schedules, plateaus, early stopping, clipping and averaging against PyTorch, Keras and NumPy: `golden/optimisation.json`,
//! written by `interop/optimisation.py`.

use crate::common::gpu;
use approx::assert_relative_eq;
use selvedge::nn::{Init, Layout, ParameterBuilder, Role};
use selvedge::optim::{Average, LearningRate, Plateau, PlateauState, Schedule, Step, Timeline};
#[cfg(feature = "training")]
use selvedge::run::epochs_without_gain;
use selvedge::tensor::{Graph, Tensor};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/optimisation.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[test]
fn schedules_agree_with_pytorch_and_numpy() {
    let golden = golden();
    let timeline = Timeline {
        steps_per_epoch: golden["steps_per_epoch"].as_u64().unwrap(),
        epochs: golden["epochs"].as_u64().unwrap(),
    };
    let step = Schedule::Step(Step { milestones: vec![3, 6], factor: 0.1 });
    let cases = [
        ("constant", Schedule::Constant, 0.0),
        ("step", step, 0.0),
        ("cosine", Schedule::Cosine, 0.0),
        ("one_cycle", Schedule::OneCycle, 0.0),
        ("triangular", Schedule::Triangular, 0.0),
        ("cosine_after_warm_up", Schedule::Cosine, 2.0),
    ];
    for (name, schedule, warm_up) in cases {
        let rate = LearningRate {
            peak: golden["peak"].as_f64().unwrap(),
            floor: golden["floor"].as_f64().unwrap(),
            warm_up,
            schedule,
            cycle_start: 0,
        };
        let expected = numbers(&golden["schedules"][name]);
        assert_eq!(expected.len() as u64, timeline.epochs * timeline.steps_per_epoch);
        for (step, expected) in expected.iter().enumerate() {
            let ours = rate.at(step as u64, timeline, 1.0);
            assert!((ours - expected).abs() < 1e-9, "{name}, step {step}: {ours} instead of {expected}");
        }
    }
}

#[test]
fn plateaus_agree_with_pytorch() {
    let golden = golden();
    for case in golden["plateaus"].as_array().unwrap() {
        let settings = &case["settings"];
        let plateau = Plateau {
            factor: settings["factor"].as_f64().unwrap(),
            patience: settings["patience"].as_u64().unwrap() as usize,
            min_delta: settings["min_delta"].as_f64().unwrap(),
            cooldown: settings["cooldown"].as_u64().unwrap() as usize,
        };
        let rate = LearningRate {
            peak: golden["peak"].as_f64().unwrap(),
            floor: golden["floor"].as_f64().unwrap(),
            warm_up: 0.0,
            cycle_start: 0,
            schedule: Schedule::Plateau(plateau.clone()),
        };
        let timeline = Timeline { steps_per_epoch: 3, epochs: 50 };
        let mut state = PlateauState::default();
        // A loss of NaN is `null`.
        let losses = case["losses"].as_array().unwrap().iter();
        let losses = losses.map(|loss| loss.as_f64().unwrap_or(f64::NAN));
        for (epoch, (loss, expected)) in losses.zip(numbers(&case["rates"])).enumerate() {
            let ours = rate.at(3 * epoch as u64, timeline, state.reduction);
            assert!((ours - expected).abs() < 1e-12, "{settings}, epoch {epoch}: {ours} instead of {expected}");
            state.epoch_ended(&plateau, loss);
        }
        assert!(state.reduction < 1.0, "the case must reduce the rate");
    }
}

#[cfg(feature = "training")]
#[test]
fn early_stopping_agrees_with_keras() {
    for case in golden()["early_stopping"].as_array().unwrap() {
        let (patience, min_delta) = (&case["settings"]["patience"], &case["settings"]["min_delta"]);
        let losses = numbers(&case["losses"]);
        let stopped = (1..=losses.len()).find(|epochs| {
            let waited = epochs_without_gain(&losses[..*epochs], min_delta.as_f64().unwrap());
            waited as u64 >= patience.as_u64().unwrap()
        });
        assert_eq!(stopped.unwrap_or(0) as u64, case["stopped"].as_u64().unwrap(), "{}", case["settings"]);
    }
}

#[test]
fn clipping_by_norm_agrees_with_pytorch() {
    let golden = golden();
    let graph = Graph::new(&gpu());
    let gradient: Vec<f32> = numbers(&golden["clipping"]["gradient"]).iter().map(|x| *x as f32).collect();
    let x = graph.tensor([gradient.len()], &gradient).unwrap();
    for case in golden["clipping"]["cases"].as_array().unwrap() {
        let clipped = x.clip_norm(case["limit"].as_f64().unwrap() as f32).unwrap();
        for (ours, expected) in clipped.to_vec().unwrap().iter().zip(numbers(&case["clipped"])) {
            assert_relative_eq!(f64::from(*ours), expected, max_relative = 1e-5, epsilon = 1e-7);
        }
    }
    let zero = graph.zeros([5]).unwrap().clip_norm(1.0).unwrap();
    assert_eq!(zero.to_vec().unwrap(), [0.0; 5], "a gradient of zero stays zero");
    assert!(x.clip_norm(0.0).unwrap_err().to_string().contains("limit is 0"));
}

#[test]
fn averaging_agrees_with_pytorch() {
    let golden = &golden()["averaging"];
    let graph = Graph::new(&gpu());
    let start = golden["start"].as_f64().unwrap() as f32;
    let weight = graph.tensor([1], &[1.0 - golden["decay"].as_f64().unwrap() as f32]).unwrap();
    let (average, x) = (graph.tensor([64], &[start; 64]).unwrap(), graph.zeros([64]).unwrap());
    let moved = average.average(&x, &weight).unwrap();
    let mut step = graph.compile(&[&moved]).unwrap();
    for (value, expected) in numbers(&golden["values"]).iter().zip(numbers(&golden["averages"])) {
        x.write(&[*value as f32; 64]).unwrap();
        step.run().unwrap();
        for ours in average.to_vec().unwrap() {
            assert_relative_eq!(f64::from(ours), expected, max_relative = 1e-5);
        }
    }
    // A tensor that is not an arena, and more than one weight.
    let odd = graph.zeros([3]).unwrap();
    assert!(odd.average(&odd, &weight).is_err());
    assert!(average.average(&x, &odd).is_err());
}

#[test]
fn a_young_average_forgets_its_start() {
    // One parameter, set to 1 after the average has started at 0; by hand: d = min(decay, (1 + t) / (10 + t)).
    let graph = Graph::new(&gpu());
    let mut builder = ParameterBuilder::default();
    let zero = Init::Constant(0.0);
    let id = builder.declare("w".to_owned(), [1], Layout::Same, Role::Channel, zero);
    builder.declare("s".to_owned(), [1], Layout::Same, Role::Statistic, Init::Constant(0.0));
    let parameters = builder.build(&graph, 1, 0).unwrap();
    let average = Average::new(&graph, &parameters, 0.3).unwrap();
    parameters.get(id).write(&[1.0]).unwrap();
    let (learned, statistics) = (&parameters.learned().flat, &parameters.statistics().flat);
    let moves = average.record(learned, Some(statistics)).unwrap();
    let outputs: Vec<&Tensor> = moves.iter().collect();
    let mut step = graph.compile(&outputs).unwrap();
    let mut expected = 0.0;
    for t in 1..=5 {
        average.start_step(t).unwrap();
        step.run().unwrap();
        let decay = 0.3_f64.min((1.0 + t as f64) / (10.0 + t as f64));
        expected = decay * expected + (1.0 - decay);
        let ours = average.parameters.get(id).to_vec().unwrap()[0];
        assert_relative_eq!(f64::from(ours), expected, max_relative = 1e-5);
    }
}

#[test]
fn the_loss_of_mixed_labels_agrees_with_pytorch() {
    let golden = &golden()["mixed_labels"];
    let graph = Graph::new(&gpu());
    let single = |name: &str| -> Vec<f32> { numbers(&golden[name]).iter().map(|x| *x as f32).collect() };
    let labels: Vec<u32> = numbers(&golden["labels"]).iter().map(|x| *x as u32).collect();
    let logits = graph.tensor([7, 10], &single("logits")).unwrap();
    let labels = graph.tensor_u32([7, 2], &labels).unwrap();
    let share = golden["share"].as_f64().unwrap() as f32;
    let mixing = graph.tensor([6], &[0.0, share, 0.0, 0.0, 0.0, 0.0]).unwrap();
    let smoothing = golden["smoothing"].as_f64().unwrap() as f32;
    let loss = logits.cross_entropy_mixed(&labels, &mixing, smoothing).unwrap();
    let gradient = &loss.losses.sum().unwrap().backward(&[&logits]).unwrap()[0];
    for (tensor, name) in [(&loss.losses, "losses"), (gradient, "gradient")] {
        for (ours, expected) in tensor.to_vec().unwrap().iter().zip(numbers(&golden[name])) {
            assert_relative_eq!(f64::from(*ours), expected, max_relative = 1e-4, epsilon = 1e-6);
        }
    }
}
