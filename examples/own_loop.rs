//! A training loop written by hand: the step is recorded once, and each step then writes a few numbers and runs it. Two dense
//! layers learn to tell two spirals apart.
//!
//! cargo run --release --example own_loop
use selvedge::gpu::{Gpu, GpuOptions};
use selvedge::nn::{Forward, Linear, Mode, ParameterBuilder, Role};
use selvedge::optim::{Group, LearningRate, Optimiser, Rule, Schedule, Timeline};
use selvedge::tensor::{Graph, Result};

const BATCH: usize = 50;
const STEPS: u64 = 600;

/// Batch `number` of the points and their classes.
fn batch(number: u64) -> (Vec<f32>, Vec<u32>) {
    let point = |i: usize| {
        let i = i as u64 + number * BATCH as u64;
        // A stride that visits all thousand points before any repeats.
        let (class, along) = ((i % 2) as u32, (i * 377 % 1000) as f32 / 1000.0);
        let angle = 7.0 * along + std::f32::consts::PI * class as f32;
        ([along * angle.cos(), along * angle.sin()], class)
    };
    let points: Vec<([f32; 2], u32)> = (0..BATCH).map(point).collect();
    let classes = points.iter().map(|(_, class)| *class).collect();
    (points.into_iter().flat_map(|(xy, _)| xy).collect(), classes)
}

fn main() -> Result<()> {
    let graph = Graph::new(&Gpu::open(&GpuOptions::from_env()?)?);
    let mut builder = ParameterBuilder::default();
    let hidden = Linear::new(&mut builder, "dense", [2, 64], Role::LinearWeight);
    let last = Linear::new(&mut builder, "fc", [64, 2], Role::OutputWeight);
    let parameters = builder.build(&graph, 1, 0)?;

    // The step, recorded once: forward pass, loss, backward pass, and the optimiser's update of all parameters.
    let points = graph.zeros([BATCH, 2])?;
    let classes = graph.tensor_u32([BATCH], &[0; BATCH])?;
    let seed_step_row = graph.tensor_u32([3], &[0, 0, 0])?;
    let pass = Forward::new(&parameters, Mode::Training { seed_step_row: &seed_step_row });
    let logits = last.forward(&pass, &hidden.forward(&pass, &points, true)?, false)?;
    let loss = logits.cross_entropy(&classes, 0.0)?.losses.mean()?;
    let arena = parameters.learned();
    let gradients = loss.backward(&arena.parts.iter().collect::<Vec<_>>())?;
    let mut optimiser = Optimiser::new(&graph, &parameters, Rule::ADAM, |_| Some(Group::PLAIN))?;
    let updated = optimiser.record(arena, &gradients)?;
    let mut step = graph.compile(&[&loss, &updated])?;

    let rate = LearningRate::new(0.02, Schedule::OneCycle);
    let timeline = Timeline { steps_per_epoch: STEPS, epochs: 1 };
    for number in 0..STEPS {
        // All that is uploaded per step: a batch and the learning rate.
        let (xy, labels) = batch(number);
        points.write(&xy)?;
        classes.write_u32(&labels)?;
        optimiser.start_step(rate.at(number, timeline, 1.0))?;
        step.run()?;
        if number % 100 == 99 {
            println!("step {}: loss {:.4}", number + 1, step.read(&loss)?[0]);
        }
    }
    Ok(())
}
