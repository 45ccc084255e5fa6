//! How a network was trained, for the page.

use selvedge::files::shown;
use selvedge::inference::Classifier;
use selvedge::run::RunConfig;

use crate::cli::table::thousands;

fn trained_on(run: &RunConfig) -> String {
    let images = thousands(run.train_images);
    match &run.chosen {
        Some(chosen) => {
            format!("{images} images, all there are, for the epochs that validation chose in {}", shown(&chosen.run))
        }
        None if !run.is_validated() => format!("{images} images, with none held out"),
        None => format!("{images} images, validated on {}", thousands(run.validation_images)),
    }
}

/// The command that repeats a run.
fn again(classifier: &Classifier) -> String {
    match &classifier.run().chosen {
        Some(chosen) => format!("selvedge train --final {}", shown(&chosen.run)),
        None => format!("selvedge train --config {}", shown(&classifier.path().join("config.json"))),
    }
}

/// Names and values.
pub fn settings(classifier: &Classifier) -> Vec<(String, String)> {
    let run = classifier.run();
    let config = &run.train;
    let optimiser =
        format!("{:?}, learning rate {}", config.optimisation.optimiser, config.optimisation.learning_rate.peak);
    let rows = [
        ("network", config.network.architecture().to_string()),
        ("weights", shown(classifier.path())),
        ("epochs", run.total_epochs().to_string()),
        ("images a step", config.images_per_step().to_string()),
        ("optimiser", optimiser),
        ("seed", config.seed.to_string()),
        ("trained on", trained_on(run)),
        ("trained with", format!("selvedge {} on {}", run.version, run.adapter)),
        ("train it again with", again(classifier)),
    ];
    let is_run = classifier.path().is_dir();
    let rows = rows.into_iter().filter(|(name, _)| is_run || *name != "train it again with");
    rows.map(|(name, value)| (name.to_owned(), value)).collect()
}
