//! `selvedge predict`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use selvedge::data::{ImageSet, ImageShape, Inversion, Photo, Preparation};
use selvedge::files::{escaped, shown};
use selvedge::inference::{Classifier, Model, Views};
use selvedge::plot::{Gallery, Raster, Tile, save_png};
use serde_json::json;

use super::output_file::ForceOption;
use super::table::table;
use super::terminal::{PrintError, complain, print_bytes, print_json};
use super::{AdapterOption, picture_files};

#[derive(Debug, Args)]
pub struct Options {
    /// A run folder, a weight file that selvedge wrote, or an ensemble
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Pictures (PNG, JPEG, WebP, GIF, BMP, TIFF), folders of them, or patterns such as 'photos/*.jpg'
    #[arg(required = true, value_name = "PICTURE")]
    pictures: Vec<PathBuf>,
    /// For a model trained on images like those of MNIST, light on black: whether light and dark are exchanged
    #[arg(long, value_enum, default_value_t = Inversion::Automatic)]
    invert: Inversion,
    /// Look at each picture ten times: mirrored or not, moved by a pixel in each direction or not
    #[arg(long)]
    tta: bool,
    /// Number of classes to print for each picture
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
    top: u16,
    /// Draw the pictures as the network sees them
    #[arg(long, value_name = "FILE.png")]
    show: Option<PathBuf>,
    #[command(flatten)]
    force: ForceOption,
    /// Print CSV with all probabilities
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print one JSON object per picture
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    adapter: AdapterOption,
}

/// How a picture is prepared for a model: as the pictures that it was trained on, or if these were images like those of MNIST,
/// as one of them.
pub fn preparation(classifier: &Classifier, inversion: Inversion) -> Preparation {
    let run = classifier.run();
    let thing = run.form.is_like_mnist().then_some(inversion);
    Preparation { shape: run.form.shape, fit: run.train.reading.fit(), thing }
}

/// Pictures per row of `--show`.
const COLUMNS: usize = 6;

/// A picture that has been read and prepared.
struct Read {
    path: PathBuf,
    photo: Photo,
}

pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let paths = picture_files::find(&options.pictures)?;
    if let Some(path) = &options.show {
        let inputs: Vec<&Path> = paths.iter().chain([&options.model]).map(PathBuf::as_path).collect();
        options.force.check("--show", path, &["png"], &inputs)?;
    }
    let gpu = options.adapter.open_quietly()?;
    let model = Model::open(&gpu, &options.model)?;
    let form = model.form();
    let preparation = preparation(model.classifiers()[0], options.invert);
    let mut read = Vec::new();
    for path in &paths {
        match Photo::read(path, preparation) {
            Ok(photo) => read.push(Read { path: path.clone(), photo }),
            // One bad picture must not keep the others from being classified.
            Err(error) => complain("error", &error.to_string()),
        }
    }
    if read.is_empty() {
        bail!("no picture could be read");
    }
    let pixels: Vec<u8> = read.iter().flat_map(|one| one.photo.pixels.iter().copied()).collect();
    // The labels are unknown, and nothing here reads them.
    let set = ImageSet::new("pictures", form.shape, pixels, vec![0; read.len()])?;
    let views = if options.tta { Views::FlipsAndShifts } else { Views::One };
    let predictions = model.predict(&set, views)?;
    let names = &form.class_names;
    let answers: Vec<Answer> =
        read.iter().zip(predictions.rows()).map(|(one, row)| Answer { one, row, names }).collect();
    if options.json {
        print_objects(options, &answers)?;
    } else if options.csv {
        print_csv(&answers, names)?;
    } else {
        print_text(options, &answers)?;
    }
    if let Some(path) = &options.show {
        save_png(&prepared(&answers, form.shape), path)?;
    }
    // The exit code tells a script that some pictures were bad.
    Ok(ExitCode::from(u8::from(read.len() < paths.len())))
}

/// What a model says of a picture.
struct Answer<'a> {
    one: &'a Read,
    /// The probability of each class.
    row: &'a [f32],
    names: &'a [String],
}

impl<'a> Answer<'a> {
    /// The classes, most probable first.
    fn ranked(&self) -> Vec<(&'a str, f32)> {
        let mut ranked: Vec<_> = self.names.iter().map(String::as_str).zip(self.row.iter().copied()).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked
    }

    fn best(&self, options: &Options) -> impl Iterator<Item = (&'a str, f32)> {
        self.ranked().into_iter().take(usize::from(options.top))
    }
}

fn print_text(options: &Options, answers: &[Answer]) -> Result<(), PrintError> {
    let lines = answers.iter().map(|answer| {
        let best: Vec<String> = answer.best(options).map(|(name, p)| format!("{} {p:.3}", escaped(name))).collect();
        let inverted = if answer.one.photo.inverted { "inverted" } else { "" };
        [shown(&answer.one.path), best.join("  "), inverted.to_owned()]
    });
    out!("{}", table(&lines.collect::<Vec<_>>(), &[]))
}

fn print_objects(options: &Options, answers: &[Answer]) -> anyhow::Result<()> {
    for answer in answers {
        let best: Vec<_> = answer.best(options).map(|(name, p)| json!({ "class": name, "probability": p })).collect();
        let line = json!({
            "picture": answer.one.path.to_string_lossy(),
            "size": answer.one.photo.size,
            "inverted": answer.one.photo.inverted,
            "classes": best,
        });
        print_json(&line)?;
    }
    Ok(())
}

fn print_csv(answers: &[Answer], names: &[String]) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let headings = ["picture", "predicted"].into_iter().chain(names.iter().map(String::as_str));
    writer.write_record(headings)?;
    for answer in answers {
        let mut line = vec![shown(&answer.one.path), answer.ranked()[0].0.to_owned()];
        line.extend(answer.row.iter().map(f32::to_string));
        writer.write_record(line)?;
    }
    Ok(print_bytes(&writer.into_inner()?)?)
}

fn prepared(answers: &[Answer], shape: ImageShape) -> Gallery {
    let tiles = answers.iter().map(|answer| {
        let (class, probability) = answer.ranked()[0];
        let name = answer.one.path.file_name().unwrap_or_default().to_string_lossy();
        // About as much as fits under an image.
        let name: String = name.chars().take(20).collect();
        let lines = vec![name, format!("{class} {probability:.2}")];
        Tile { image: Raster::thumbnail(shape, &answer.one.photo.pixels), lines }
    });
    let columns = COLUMNS.min(answers.len());
    Gallery { title: "As the network sees them".to_owned(), tiles: tiles.collect(), columns }
}
