//! From training to pictures through the library: trains a network for two epochs on 2,000 images, evaluates it on 1,000
//! test images, and draws what it gets right and wrong.
//!
//! cargo run --release --example evaluate -- NEW_FOLDER
use std::path::Path;

use selvedge::eval::{Metrics, Predictions};
use selvedge::files::shown;
use selvedge::gpu::{Gpu, GpuOptions};
use selvedge::inference::{Classifier, Views};
use selvedge::plot::{ConfusionPicture, save_png};
use selvedge::report::{Evaluation, GallerySize, Page};
use selvedge::settings::TrainConfig;
use selvedge::train::{Task, train};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(folder) = std::env::args().nth(1) else {
        return Err("usage: evaluate NEW_FOLDER".into());
    };
    let folder = Path::new(&folder);
    let gpu = Gpu::open(&GpuOptions::from_env()?)?;
    let mut data = selvedge::data::load(None)?;
    data.test = data.test.take(1000);
    let config = TrainConfig { limit: Some(2000), epochs: 2, batch_size: 32, ..TrainConfig::default() };
    train(&gpu, &config, &Task::built_in(&config, &data), Some(&folder.join("run")), &mut ())?;

    let classifier = Classifier::open(&gpu, &folder.join("run"))?;
    let predictions = classifier.predict(&data.test, Views::One)?;
    let metrics = Metrics::from_predictions(&predictions);
    print!("{}", metrics.report.to_text(2));
    println!("\namong the top 2: {:.3}", metrics.top_2_accuracy);

    // Everything that `selvedge evaluate` writes.
    let evaluation = Evaluation {
        name: classifier.name().to_owned(),
        images: &data.test,
        predictions,
        settings: vec![("network".to_owned(), config.network.architecture().to_string())],
        curves: None,
    };
    evaluation.write(folder, GallerySize::default())?;
    Page {
        title: "A network after two short epochs",
        data: "the first 1,000 test images",
        evaluations: &[evaluation],
        in_full: 1,
        notes: &[],
        command: "cargo run --release --example evaluate",
        gallery: GallerySize::default(),
    }
    .write(&folder.join("report.html"))?;

    // Or a single picture, of predictions from any source: two images of two classes.
    let names = ["cat", "dog"].map(str::to_owned).to_vec();
    let predictions = Predictions::new(vec![0.9, 0.1, 0.6, 0.4], vec![0, 1], names)?;
    let table = predictions.confusion_table(30);
    let picture = ConfusionPicture(&table);
    save_png(&picture, &folder.join("cats-and-dogs.png"))?;
    println!("pictures and report.html are in {}", shown(folder));
    Ok(())
}
