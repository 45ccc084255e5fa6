//! `selvedge data`

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::Args;
use selvedge::data::{Dataset, ImageSet, ImageShape, Reading};
use selvedge::files::{escaped, shown};
use selvedge::plot::{Gallery, Raster, Tile, save_png};
use serde_json::json;

use super::dataset;
use super::output_file::ForceOption;
use super::table::{table, thousands};
use super::terminal::print_json;

#[derive(Debug, Args)]
pub struct Options {
    /// A folder, an archive or a file [default: data/, else the Debian package of Fashion-MNIST]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Draw a sheet with the first training images of each class
    #[arg(long, value_name = "FILE.png", help_heading = "Output")]
    sheet: Option<PathBuf>,
    #[command(flatten)]
    force: ForceOption,
    /// Print one JSON object
    #[arg(long, help_heading = "Output")]
    json: bool,
}

/// A class with fewer training images than this is pointed out.
const FEW: usize = 50;
/// Data without a brighter pixel than this is pointed out.
const DIM: u8 = 100;
/// Images of each class on the sheet.
const SAMPLES: usize = 8;
/// The most classes on the sheet.
const MOST_CLASSES: usize = 40;

pub fn run(options: &Options) -> anyhow::Result<()> {
    if let Some(sheet) = &options.sheet {
        let inputs: Vec<&Path> = options.path.iter().map(PathBuf::as_path).collect();
        options.force.check("--sheet", sheet, &["png"], &inputs)?;
    }
    let data = dataset::load(options.path.as_deref(), &options.reading, None)?;
    let found = Findings::of(&data);
    if options.json {
        print_json(&found.json(&data))?;
    } else {
        found.print(&data)?;
    }
    if let Some(path) = &options.sheet {
        save_png(&sheet(&data), path)?;
        if !options.json {
            outln!("a sheet of samples: {}", shown(path))?;
        }
    }
    Ok(())
}

/// What there is to say of a data set.
struct Findings {
    /// Images of each class to train and to test with.
    counts: Vec<[usize; 2]>,
    /// Images to train with that are there once before, each with the earlier one.
    repeated: Vec<[usize; 2]>,
    /// Images to test with that are also there to train with, each with the latter.
    shared: Vec<[usize; 2]>,
    /// How many of these have another label there.
    contradicting: usize,
}

impl Findings {
    fn of(data: &Dataset) -> Self {
        let mut counts = vec![[0; 2]; data.class_names.len()];
        for (part, set) in [&data.train, &data.test].into_iter().enumerate() {
            for label in set.labels() {
                counts[usize::from(*label)][part] += 1;
            }
        }
        let mut places: HashMap<&[u8], usize> = HashMap::with_capacity(data.train.len());
        let mut repeated = Vec::new();
        for (place, (image, _)) in images(&data.train).enumerate() {
            if let Some(earlier) = places.insert(image, place) {
                repeated.push([place, earlier]);
            }
        }
        let tested = images(&data.test).enumerate();
        let shared: Vec<[usize; 2]> =
            tested.filter_map(|(place, (image, _))| Some([place, *places.get(image)?])).collect();
        let contradicts = |[test, train]: &&[usize; 2]| data.test.labels()[*test] != data.train.labels()[*train];
        let contradicting = shared.iter().filter(contradicts).count();
        Self { counts, repeated, shared, contradicting }
    }

    /// Classes with few training images, with their numbers.
    fn scarce<'a>(&'a self, data: &'a Dataset) -> impl Iterator<Item = (&'a str, usize)> {
        let classes = data.class_names.iter().map(String::as_str).zip(self.counts.iter().map(|[train, _]| *train));
        classes.filter(|(_, count)| (1..FEW).contains(count))
    }

    fn print(&self, data: &Dataset) -> anyhow::Result<()> {
        outln!(
            "{}: {} training and {} test images of {}, {} classes\n",
            shown(&data.source),
            thousands(data.train.len()),
            thousands(data.test.len()),
            data.train.shape(),
            thousands(data.class_names.len())
        )?;
        let mut rows = vec![["label", "class", "training", "test"].map(str::to_owned)];
        rows.extend(data.class_names.iter().zip(&self.counts).enumerate().map(|(label, (name, [train, test]))| {
            [label.to_string(), escaped(name).into_owned(), thousands(*train), thousands(*test)]
        }));
        outln!("{}", table(&rows, &[0, 2, 3]))?;
        let repeated = thousands(self.repeated.len());
        outln!("the same image again among those to train with: {repeated}")?;
        outln!("images to test with that are also there to train with: {}", thousands(self.shared.len()))?;
        if self.contradicting > 0 {
            warn!("{} of them have another label there", thousands(self.contradicting));
        }
        if !self.shared.is_empty() {
            warn!(
                "a model may know images to test with by heart, and its test accuracy is then too high; --json lists them"
            );
        }
        let untrained = data.class_names.iter().zip(&self.counts).filter(|(_, [train, _])| *train == 0);
        let untrained: Vec<&str> = untrained.map(|(name, _)| name.as_str()).collect();
        if !untrained.is_empty() {
            warn!("classes without images to train with, which no model can learn: {}", escaped(&untrained.join(", ")));
        }
        let brightest = data.train.pixels().iter().max().copied().unwrap_or_default();
        if brightest < DIM {
            warn!("no pixel is above {brightest}, and 255 is white: do the numbers end lower here?");
        }
        let scarce: Vec<String> =
            self.scarce(data).map(|(name, count)| format!("{} ({count})", escaped(name))).collect();
        if !scarce.is_empty() {
            warn!("classes with fewer than {FEW} training images: {}", scarce.join(", "));
        }
        Ok(())
    }

    fn json(&self, data: &Dataset) -> serde_json::Value {
        let ImageShape { height, width, channels } = data.train.shape();
        let classes = data.class_names.iter().zip(&self.counts);
        let classes = classes.map(|(name, [train, test])| json!({ "name": name, "train": train, "test": test }));
        json!({
            "source": data.source.to_string_lossy(),
            "height": height,
            "width": width,
            "channels": channels,
            "of_pictures": data.of_pictures,
            "train": data.train.len(),
            "test": data.test.len(),
            "classes": classes.collect::<Vec<_>>(),
            "repeated": self.repeated.iter().map(|[one, other]| [name_of(&data.train, *one), name_of(&data.train, *other)]).collect::<Vec<_>>(),
            "shared": self.shared.iter().map(|[test, train]| [name_of(&data.test, *test), name_of(&data.train, *train)]).collect::<Vec<_>>(),
            "contradicting": self.contradicting,
            "notes": data.notes,
        })
    }
}

/// The file that an image was made of, or else its number.
fn name_of(set: &ImageSet, place: usize) -> serde_json::Value {
    set.file(place).map_or_else(|| json!(place), |file| json!(file))
}

/// The images of a set with their labels.
fn images(set: &ImageSet) -> impl Iterator<Item = (&[u8], u16)> {
    set.pixels().chunks_exact(set.shape().len()).zip(set.labels().iter().copied())
}

/// The first images of each class, a class per row.
fn sheet(data: &Dataset) -> Gallery {
    let shape = data.train.shape();
    let mut tiles = Vec::new();
    for (label, name) in (0_u16..).zip(&data.class_names).take(MOST_CLASSES) {
        let own = images(&data.train).filter(|(_, own)| *own == label).take(SAMPLES);
        let mut row: Vec<Tile> =
            own.map(|(image, _)| Tile { image: Raster::thumbnail(shape, image), lines: vec![name.clone()] }).collect();
        // A class with fewer images leaves places empty, so that each class has its row.
        let blank = Tile { image: Raster::thumbnail(shape, &vec![255; shape.len()]), lines: Vec::new() };
        row.resize(SAMPLES, blank);
        tiles.extend(row);
    }
    let title = format!("{} training images of {}", thousands(data.train.len()), shape);
    Gallery { title, tiles, columns: SAMPLES }
}
