//! A trained network used from a program: prints the logits of the first test images as CSV, one line per image.
//!
//! cargo run --release --example logits -- runs/cnn-1 100
use selvedge::gpu::{Gpu, GpuOptions};
use selvedge::inference::Classifier;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, run, count] = arguments.as_slice() else {
        return Err("usage: logits RUN COUNT".into());
    };
    let classifier = Classifier::open(&Gpu::open(&GpuOptions::from_env()?)?, run.as_ref())?;
    let data = selvedge::data::load(classifier.run().train.data.as_deref())?;
    let images = data.test.take(count.parse()?);
    for logits in classifier.network().logits_of(&images)?.chunks(10) {
        let row: Vec<String> = logits.iter().map(f32::to_string).collect();
        println!("{}", row.join(","));
    }
    Ok(())
}
