//! Reads data sets, with a progress bar for pictures.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use selvedge::data::{Dataset, Form, Reading, load_as};
use selvedge::files::shown;
use selvedge::inference::Classifier;

/// How many notes are printed one by one.
const NOTES: usize = 10;

/// Reads the data, for a model of the form `known` if there is one, and prints what a person should know of it.
pub fn load(place: Option<&Path>, reading: &Reading, known: Option<&Form>) -> anyhow::Result<Dataset> {
    // Drawn at a terminal only.
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("reading pictures {bar:40} {pos}/{len} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let most = AtomicU64::new(0);
    let observe = |done: usize, of: usize| {
        bar.set_length(of as u64);
        // Threads finish in any order.
        bar.set_position(most.fetch_max(done as u64, Ordering::Relaxed).max(done as u64));
    };
    let data = load_as(place, reading, known, &observe);
    bar.finish_and_clear();
    let data = data?;
    for note in data.notes.iter().take(NOTES) {
        warn!("{note}");
    }
    if data.notes.len() > NOTES {
        warn!("and {} more such notes; `selvedge data --json` lists all", data.notes.len() - NOTES);
    }
    Ok(data)
}

/// Reads the data that a model was trained on, or other data for it if a place is given.
pub fn load_for(classifier: &Classifier, place: Option<&Path>) -> anyhow::Result<Dataset> {
    let run = classifier.run();
    let data = load(place.or(run.train.data.as_deref()), &run.train.reading, Some(&run.form))?;
    if run.train.reading.test_share.is_some() && classifier.own_images(&data).is_err() {
        warn!(
            "the images in {} are not those that {} was trained on. If they are, but for some that were added, changed or removed, \
             it may have been trained on a few of those that are now to test with",
            shown(&data.source),
            shown(classifier.path())
        );
    }
    Ok(data)
}
