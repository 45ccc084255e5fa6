//! A trained network used from a program: prints the logits of the first test images as CSV, one line an image.
//!
//! cargo run --release --example logits -- runs/cnn-1 100
use selvedge::gpu::{Gpu, GpuOptions};
use selvedge::nn::weights;
use selvedge::train::{Network, RunFolder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, run, count] = arguments.as_slice() else {
        return Err("usage: logits RUN COUNT".into());
    };
    let folder = RunFolder::open(run.as_ref());
    let config = folder.read_config()?;
    let data = selvedge::data::load(config.train.data.as_deref())?;
    let network = Network::new(
        &Gpu::open(&GpuOptions::from_env()?)?,
        &config.train,
        config.normalisation,
    )?;
    weights::load(&network.parameters, &folder.best_weights())?;
    for logits in network.logits_of(&data.test.take(count.parse()?))?.chunks(10) {
        let row: Vec<String> = logits.iter().map(f32::to_string).collect();
        println!("{}", row.join(","));
    }
    Ok(())
}
