//! `selvedge features`

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use selvedge::data::{Inversion, Photo};
use selvedge::files::{create_folder, shown};
use selvedge::inference::{Activation, Classifier, Filters};
use selvedge::plot::{FeatureSheet, Gallery, Raster, Section, Tile, save_png};

use super::output_folder::OutputFolder;
use super::predict::preparation;
use super::table::thousands;
use super::{AdapterOption, dataset};

#[derive(Debug, Args)]
pub struct Options {
    /// A run folder, or a weight file that selvedge wrote
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Which image of the test split [default: 2018, or the first if there are fewer]
    #[arg(long, value_name = "N")]
    index: Option<usize>,
    /// A picture of your own instead, prepared as for predict
    #[arg(long, value_name = "FILE", conflicts_with = "index")]
    image: Option<PathBuf>,
    /// How many convolutions, batch norms and poolings to draw
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    layers: u16,
    /// The data set, instead of the one the model was trained on
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Where the pictures go [default: in the run's folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    adapter: AdapterOption,
}

/// The most classes whose maps are drawn.
const MOST_CLASSES: usize = 23;
/// The image that is shown if none is named.
const USUAL_IMAGE: usize = 2018;
/// How many channels of a layer the sheet of all layers shows; the layer's own picture shows all of them.
const IN_SHEET: usize = 64;

pub fn run(options: &Options) -> anyhow::Result<()> {
    if let Some(folder) = &options.out {
        OutputFolder::refuse_used(folder)?;
    }
    let gpu = options.adapter.open_quietly()?;
    let classifier = Classifier::open(&gpu, &options.model)?;
    let (pixels, name, words) = image(options, &classifier)?;
    let folder = options.out.clone().unwrap_or_else(|| match options.model.is_dir() {
        true => options.model.join(format!("features-{name}")),
        false => options.model.with_extension(format!("features-{name}")),
    });
    // Computed before the folder is made, which would stay empty if one of these failed.
    let activations = classifier.activations(&pixels, usize::from(options.layers))?;
    let (filters, maps) = (classifier.filters()?, classifier.class_maps(&pixels, MOST_CLASSES)?);
    create_folder(&folder)?;

    let mut sheet = FeatureSheet { sections: Vec::new() };
    for (number, layer) in (1..).zip(&activations) {
        let all = section(layer, usize::MAX);
        let file = format!("{number:02}-{}.png", layer.name.replace(['/', '\\'], "-"));
        save_png(&FeatureSheet { sections: vec![all] }, &folder.join(file))?;
        sheet.sections.push(section(layer, IN_SHEET));
    }
    save_png(&sheet, &folder.join("layers.png"))?;
    if let Some(filters) = filters {
        save_png(&filter_sheet(&filters), &folder.join("filters.png"))?;
    }
    let form = classifier.network().form();
    let image = Raster::photo(form.shape, &pixels);
    let which = if maps.classes.len() < form.classes() { "the most probable classes" } else { "each class" };
    let classes = maps.classes.iter().zip(&maps.maps).zip(&maps.probabilities);
    let heated = classes.map(|((class, map), probability)| Tile {
        image: image.heated(map),
        lines: vec![form.class_names[*class].clone(), format!("{probability:.3}")],
    });
    let original = Tile { image: image.clone(), lines: vec!["the image".to_owned(), words.clone()] };
    let tiles = std::iter::once(original).chain(heated).collect();
    let [rows, columns] = maps.resolution;
    let gallery = Gallery {
        title: format!("What speaks for {which} (Grad-CAM at {rows}x{columns} pixels, each to its own maximum)"),
        tiles,
        columns: 6,
    };
    save_png(&gallery, &folder.join("class-maps.png"))?;
    outln!("{} layers, the first filters and the class maps of {words} in {}", activations.len(), shown(&folder))?;
    Ok(())
}

/// The image, a name for the folder, and a description.
fn image(options: &Options, classifier: &Classifier) -> anyhow::Result<(Vec<u8>, String, String)> {
    if let Some(path) = &options.image {
        let photo = Photo::read(path, preparation(classifier, Inversion::Automatic))?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        return Ok((photo.pixels, stem.clone(), stem));
    }
    let data = dataset::load_for(classifier, options.data.as_deref())?;
    let test = &data.test;
    let index = options.index.unwrap_or(if test.len() > USUAL_IMAGE { USUAL_IMAGE } else { 0 });
    let Some(label) = test.labels().get(index) else {
        bail!("--index is {index}, but the test split has {} images, from 0", thousands(test.len()));
    };
    let name = data.class_names.get(usize::from(*label)).cloned().unwrap_or_default();
    let words = format!("test image {index}, {name}");
    Ok((test.image(index).to_vec(), index.to_string(), words))
}

fn section(layer: &Activation, most: usize) -> Section {
    let [height, width, channels] = layer.size;
    let shown = channels.min(most);
    let maps: Vec<Vec<f32>> = (0..shown).map(|channel| layer.channel(channel)).collect();
    let mut title = format!("{}: {channels} channels of {height}x{width}", layer.name);
    if shown < channels {
        title += &format!(", the first {shown}");
    }
    Section::standardised(title, [height, width], &maps)
}

/// The filters in viridis, each standardised; those of coloured images are averaged over the colours.
fn filter_sheet(filters: &Filters) -> FeatureSheet {
    let [height, width, from, to] = filters.size;
    let maps: Vec<Vec<f32>> = (0..to)
        .map(|filter| {
            let taps = filters.values.chunks_exact(from * to);
            let sum = |tap: &[f32]| tap.iter().skip(filter).step_by(to).map(|w| f64::from(*w)).sum::<f64>();
            taps.map(|tap| (sum(tap) / from as f64) as f32).collect()
        })
        .collect();
    let title = format!("{}: {to} filters of {height}x{width}", filters.name);
    FeatureSheet { sections: vec![Section::standardised(title, [height, width], &maps)] }
}
