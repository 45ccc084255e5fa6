//! How a network was trained, for the page.

use selvedge::files::shown;
use selvedge::inference::Classifier;

use crate::cli::table::thousands;

/// Names and values.
pub fn settings(classifier: &Classifier) -> Vec<(String, String)> {
    let run = classifier.run();
    let config = &run.train;
    let optimiser =
        format!("{:?}, learning rate {}", config.optimisation.optimiser, config.optimisation.learning_rate.peak);
    let rows = [
        ("network", config.network.architecture().to_string()),
        ("weights", shown(classifier.path())),
        ("epochs", config.total_epochs().to_string()),
        ("images a step", config.images_per_step().to_string()),
        ("optimiser", optimiser),
        ("seed", config.seed.to_string()),
        (
            "trained on",
            format!("{} images, validated on {}", thousands(run.train_images), thousands(run.validation_images)),
        ),
        ("trained with", format!("selvedge {} on {}", run.version, run.adapter)),
        ("train it again with", format!("selvedge train --config {}", shown(&classifier.path().join("config.json")))),
    ];
    let is_run = classifier.path().is_dir();
    let rows = rows.into_iter().filter(|(name, _)| is_run || *name != "train it again with");
    rows.map(|(name, value)| (name.to_owned(), value)).collect()
}
