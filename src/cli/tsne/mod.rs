//! `selvedge tsne`

mod options;
mod progress;
mod source;

use std::process::ExitCode;

use selvedge::data::shuffle;
use selvedge::files::shown;
use selvedge::report::{MAP_FILES, Map};
use selvedge::tsne::{Embedding, Tsne, TsneError, knn_accuracy, trustworthiness};
use serde_json::json;

use super::command_line::command_line;
use super::display::{INTERRUPTED, stop_on_ctrl_c};
use super::launch::ranks;
use super::output_folder::OutputFolder;
use super::table::thousands;
use super::terminal::{PrintError, print_json};
pub use options::Options;
use progress::Watcher;
use source::Source;

pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let tsne = options.tsne()?;
    if let Some(folder) = &options.out {
        OutputFolder::refuse_used(folder)?;
    }
    let source = Source::load(options)?;
    if !ranks().is_first() {
        // The first rank makes the map of the points that all have computed.
        return Ok(ExitCode::SUCCESS);
    }
    tsne.check_for(source.images.len())?;
    stop_on_ctrl_c()?;
    // Made before the work, so that no work is lost when the folder cannot be made.
    let folder = OutputFolder::new(options.out.as_deref(), "tsne")?;
    let mut watcher = Watcher::new(options.is_watched());
    let embedding = tsne.fit_observed(&source.points, source.dims, |progress| watcher.observe(progress));
    watcher.finish();
    let embedding = match embedding {
        Err(TsneError::Stopped) => {
            warn!("{}", TsneError::Stopped);
            return Ok(ExitCode::from(INTERRUPTED));
        }
        embedding => embedding?,
    };

    let title = format!("t-SNE of {}", source.words);
    let map = Map {
        title: &title,
        note: &note(&embedding),
        command: &command_line(),
        names: &source.names,
        images: &source.images,
        positions: embedding.positions(),
        components: embedding.components(),
    };
    map.write(folder.path())?;
    let quality = match options.metrics || options.json {
        true => Some(Quality::of(&source, &embedding)?),
        false => None,
    };
    if options.json {
        print_json(&json(&source, &embedding, quality.as_ref(), &folder))?;
    } else if !options.quiet {
        print_text(&tsne, &map, &embedding, quality.as_ref(), &folder)?;
    }
    if embedding.iterations() < tsne.all_iterations() {
        warn!("stopped early: the map is that of iteration {}", embedding.iterations());
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(ExitCode::SUCCESS)
}

/// Numbers of neighbours: for trustworthiness, which compares those in the map with those in the data, and for the k-NN
/// classification. Both are as in the published comparisons of t-SNE programs.
const TRUSTED: usize = 5;
const VOTERS: usize = 10;
/// How many points the trustworthiness is measured on: it needs all pairwise distances in the data.
const SAMPLE: usize = 5000;

/// How good a map is; `None` where there are too few points to measure it.
struct Quality {
    trustworthiness: Option<f64>,
    /// How many points it was measured on.
    sample: usize,
    knn_accuracy: Option<f64>,
}

impl Quality {
    fn of(source: &Source, embedding: &Embedding) -> anyhow::Result<Self> {
        let (count, components) = (source.images.len(), embedding.components());
        let mut numbers: Vec<u32> = (0..count as u32).collect();
        if count > SAMPLE {
            shuffle(&mut numbers, 0, 0);
            numbers.truncate(SAMPLE);
        }
        let rows = |values: &[f32], width: usize| -> Vec<f32> {
            let row = |i: &u32| &values[*i as usize * width..][..width];
            numbers.iter().flat_map(row).copied().collect()
        };
        let (data, map) = (rows(&source.points, source.dims), rows(embedding.positions(), components));
        let sample = numbers.len();
        let enough = |least: usize| count >= least;
        let trusted = || trustworthiness(&data, source.dims, &map, components, TRUSTED);
        let voted = || knn_accuracy(embedding.positions(), components, source.images.labels(), VOTERS);
        Ok(Self {
            trustworthiness: enough(2 * TRUSTED + 1).then(trusted).transpose()?,
            sample,
            knn_accuracy: enough(2 * VOTERS).then(voted).transpose()?,
        })
    }
}

fn note(embedding: &Embedding) -> String {
    format!(
        "perplexity {}, {} iterations, {}: KL divergence {:.4}, {:.1} s",
        two_decimals(embedding.perplexity()),
        thousands(embedding.iterations()),
        embedding.method(),
        embedding.kl(),
        embedding.seconds().total(),
    )
}

/// At most two decimals.
fn two_decimals(value: f64) -> f64 {
    (100.0 * value).round() / 100.0
}

fn json(source: &Source, embedding: &Embedding, quality: Option<&Quality>, folder: &OutputFolder) -> serde_json::Value {
    let seconds = embedding.seconds();
    json!({
        "of": source.words,
        "images": source.images.len(),
        "dims": source.dims,
        "components": embedding.components(),
        "method": embedding.method().to_string(),
        "perplexity": embedding.perplexity(),
        "iterations": embedding.iterations(),
        "seconds": seconds.total(),
        "stages": {
            "preparation": seconds.preparation,
            "neighbours": seconds.neighbours,
            "affinities": seconds.affinities,
            "initial": seconds.initial,
            "attraction": seconds.attraction,
            "repulsion": seconds.repulsion,
            "steps": seconds.steps,
        },
        "kl": embedding.kl(),
        "trustworthiness": quality.and_then(|quality| quality.trustworthiness),
        "trustworthiness_points": quality.map(|quality| quality.sample),
        "knn_accuracy": quality.and_then(|quality| quality.knn_accuracy),
        "folder": folder.path(),
    })
}

fn print_text(
    tsne: &Tsne,
    map: &Map,
    embedding: &Embedding,
    quality: Option<&Quality>,
    folder: &OutputFolder,
) -> Result<(), PrintError> {
    outln!("{}", map.title)?;
    if embedding.perplexity() < tsne.perplexity {
        let lowered = two_decimals(embedding.perplexity());
        outln!("perplexity lowered to {lowered}, a third of the other points")?;
    }
    outln!("{}", map.note)?;
    if let Some(quality) = quality {
        let or_none = |value: Option<f64>| value.map_or("too few points".to_owned(), |value| format!("{value:.4}"));
        let trusted = or_none(quality.trustworthiness);
        let sample = match quality.sample < map.images.len() {
            true => format!(" of {} points drawn at random", thousands(quality.sample)),
            false => String::new(),
        };
        outln!("trustworthiness (k = {TRUSTED}) {trusted}{sample}")?;
        outln!("{VOTERS}-NN accuracy {}", or_none(quality.knn_accuracy))?;
    }
    outln!("{} in {}", MAP_FILES.join(", "), shown(folder.path()))
}
