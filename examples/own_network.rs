//! A custom network on custom data: three dense layers learn to tell two spirals apart. The trainer does the rest:
//! mini-batches, optimiser, schedule, validation, checkpoints to resume from, weights in a file.
//!
//! cargo run --release --example own_network -- NEW_FOLDER
use selvedge::data::{Normalisation, Rows};
use selvedge::gpu::{Gpu, GpuOptions};
use selvedge::network::Network;
use selvedge::nn::{Forward, Linear, Model, ParameterBuilder, Role, weights};
use selvedge::settings::{Learned, TrainConfig};
use selvedge::tensor::{Result, Tensor};
use selvedge::train::{Ending, Task, train};

struct Mlp {
    hidden: [Linear; 2],
    last: Linear,
}

impl Mlp {
    fn declare(builder: &mut ParameterBuilder) -> Box<dyn Model> {
        Box::new(Self {
            hidden: [
                Linear::new(builder, "dense1", [2, 64], Role::LinearWeight),
                Linear::new(builder, "dense2", [64, 64], Role::LinearWeight),
            ],
            // The names of the head's parameters start with fc.
            last: Linear::new(builder, "fc", [64, 2], Role::OutputWeight),
        })
    }
}

impl Model for Mlp {
    fn features(&self, pass: &mut Forward, points: &Tensor) -> Result<Tensor> {
        let x = self.hidden[0].forward(pass, points, true)?;
        self.hidden[1].forward(pass, &x, true)
    }

    fn head(&self, pass: &mut Forward, features: &Tensor) -> Result<Tensor> {
        self.last.forward(pass, features, false)
    }
}

/// Points of two spirals, shifted by `start` steps along them, to make different sets.
fn spirals(count: usize, start: f32) -> std::result::Result<Rows, selvedge::data::DataError> {
    let point = |i: usize| {
        let along = (i as f32 + start) / count as f32;
        let angle = 7.0 * along + std::f32::consts::PI * (i % 2) as f32;
        [along * angle.cos(), along * angle.sin()]
    };
    let labels = (0..count).map(|i| (i % 2) as u16).collect();
    Rows::new(&[2], (0..count).flat_map(point).collect(), labels)
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let Some(folder) = std::env::args().nth(1) else {
        return Err("usage: own_network NEW_FOLDER".into());
    };
    let gpu = Gpu::open(&GpuOptions::from_env()?)?;
    let mut config = TrainConfig::default();
    (config.epochs, config.batch_size) = (40, 50);
    config.optimisation.learning_rate.peak = 0.02;

    let classes = ["left", "right"];
    let task = Task::own("mlp", Mlp::declare, spirals(1000, 0.0)?, spirals(200, 0.5)?, &classes);
    let Ending::Finished(outcome) = train(&gpu, &config, &task, Some(folder.as_ref()), &mut ())? else {
        return Err("nobody stops it".into());
    };
    println!("test accuracy {:.4}", outcome.result.test.accuracy);

    // Load the weights again, as another program would.
    let network = Network::new(&gpu, Mlp::declare, task.form(), 0, Normalisation::UNIT, &Learned::All)?;
    weights::load(&network.parameters, &outcome.folder.best_weights())?;
    for probabilities in network.predict_examples(&spirals(4, 0.2)?.into())?.rows() {
        println!("a point is of the left spiral with probability {:.3}", probabilities[0]);
    }
    Ok(())
}
