//! Two training steps, whose weights are compared.

use std::sync::Arc;

use selvedge::data::{Form, ImageShape};
use selvedge::gpu::Gpu;
use selvedge::gradcheck::Array;
use selvedge::models;
use selvedge::nn::{Forward, Mode, ParameterBuilder};
use selvedge::optim::{Group, Optimiser, Rule};
use selvedge::settings::{Architecture, TrainConfig};
use selvedge::tensor::{Graph, Result, Tensor};

/// A batch as in real trainings, so that products are as large, and their tiles the same.
const BATCH: usize = 128;
/// On a software driver, which has one tile for all sizes, and takes seconds for the naive core.
const SMALL_BATCH: usize = 16;

/// Weights before and after, and the running statistics after.
#[derive(Debug)]
pub struct Trained {
    before: Vec<f32>,
    after: Vec<f32>,
    statistics: Vec<f32>,
}

/// Trains a network of `model` for two steps on random images, by SGD: its steps are in proportion to the gradients, so an error
/// in a gradient is as large in the weights.
pub fn two_steps(gpu: &Arc<Gpu>, model: Architecture) -> Result<Trained> {
    let batch = if gpu.adapter().is_cpu() { SMALL_BATCH } else { BATCH };
    let graph = Graph::new(gpu);
    let mut builder = ParameterBuilder::default();
    let form = Form::default();
    let network = models::declare(&TrainConfig::default().network.of(model), &mut builder, &form);
    let parameters = builder.build(&graph, 1, 0)?;
    let ImageShape { height, width, channels } = form.shape;
    let images = Array::random([batch, height, width, channels], -1.0, 1.0, 1);
    let images = graph.tensor(images.shape.clone(), &images.to_f32())?;
    let labels: Vec<u32> = (0..batch).map(|image| (image % form.classes()) as u32).collect();
    let labels = graph.tensor_u32([batch], &labels)?;
    let seed_step_row = graph.tensor_u32([3], &[1, 1, 0])?;

    let mut pass = Forward::new(&parameters, Mode::Training { seed_step_row: &seed_step_row });
    let loss = network.forward(&mut pass, &images)?.cross_entropy(&labels, 0.1)?.losses.mean()?;
    let arena = parameters.learned();
    let gradients = loss.backward(&arena.parts.iter().collect::<Vec<_>>())?;
    let mut optimiser = Optimiser::new(&graph, &parameters, Rule::SGD, |_| Some(Group::PLAIN))?;
    let mut outputs = pass.into_updates()?;
    outputs.push(optimiser.record(arena, &gradients)?);
    let mut step = graph.compile(&outputs.iter().collect::<Vec<&Tensor>>())?;

    let before = arena.flat.to_vec()?;
    for _ in 0..2 {
        optimiser.start_step(0.001)?;
        step.run()?;
    }
    Ok(Trained { before, after: arena.flat.to_vec()?, statistics: parameters.statistics().flat.to_vec()? })
}

type Outcome = std::result::Result<String, String>;

/// Whether a repetition has given the same weights.
pub fn same_bits(first: &Result<Trained>, again: Option<Result<Trained>>) -> Outcome {
    let first = first.as_ref().map_err(ToString::to_string)?;
    let again = again.transpose().map_err(|error| error.to_string())?;
    let again = again.ok_or("it was not repeated")?;
    let bits = |trained: &Trained| -> Vec<u32> {
        trained.after.iter().chain(&trained.statistics).map(|number| number.to_bits()).collect()
    };
    let (first, again) = (bits(first), bits(&again));
    let different = first.iter().zip(&again).filter(|(a, b)| a != b).count();
    match different {
        0 => Ok(format!("{} weights and statistics", first.len())),
        _ => Err(format!("{different} of {} weights and statistics differ", first.len())),
    }
}

/// How far two trainings may be apart, as a share of the weights' change. Their sums have another order, so here and there a ReLU
/// falls the other way, which alone makes half a percent in a residual network; a product that is wrong at the edge of its tiles
/// makes ten.
const ALLOWED: f64 = 0.03;

/// Whether two trainings have changed the weights in the same way.
pub fn close(first: &Result<Trained>, second: &Result<Trained>) -> Outcome {
    let [first, second] = [first, second].map(|trained| trained.as_ref().map_err(ToString::to_string));
    let (first, second) = (first?, second?);
    let size = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|x| x * x).sum::<f64>().sqrt();
    let less = |a: &[f32], b: &[f32]| size(&mut a.iter().zip(b).map(|(a, b)| f64::from(*a) - f64::from(*b)));
    let apart = less(&first.after, &second.after) / less(&second.after, &second.before);
    if apart < ALLOWED {
        return Ok(format!("apart by {:.4} % of the change", 100.0 * apart));
    }
    Err(format!("the weights are apart by {:.4} % of their change, more than {} %", 100.0 * apart, 100.0 * ALLOWED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trained(after: &[f32]) -> Result<Trained> {
        Ok(Trained { before: vec![0.0; after.len()], after: after.to_vec(), statistics: vec![0.5] })
    }

    #[test]
    fn a_single_bit_is_noticed() {
        let first = trained(&[1.0, 2.0]);
        assert!(same_bits(&first, Some(trained(&[1.0, 2.0]))).is_ok());
        let wrong = same_bits(&first, Some(trained(&[1.0, f32::from_bits(2.0_f32.to_bits() + 1)]))).unwrap_err();
        assert_eq!(wrong, "1 of 3 weights and statistics differ");
        assert!(same_bits(&first, None).is_err());
    }

    #[test]
    fn another_gradient_is_noticed() {
        let second = trained(&[1.0, 2.0]);
        assert!(close(&trained(&[1.0, 2.01]), &second).is_ok());
        assert!(close(&trained(&[1.0, 2.2]), &second).is_err());
        assert!(close(&trained(&[1.0, f32::NAN]), &second).is_err());
    }
}
