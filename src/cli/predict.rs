//! `selvedge predict`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use selvedge::data::{CLASS_NAMES, ImageSet, Inversion, PIXELS, Photo, WIDTH};
use selvedge::files::shown;
use selvedge::inference::{Model, Views};
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
    /// Whether light and dark are exchanged: the networks expect light objects on black
    #[arg(long, value_enum, default_value_t = Inversion::Automatic)]
    invert: Inversion,
    /// Look at each picture ten times: mirrored or not, moved by a pixel in each direction or not
    #[arg(long)]
    tta: bool,
    /// Number of classes to print for each picture
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=10))]
    top: u8,
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
    let mut read = Vec::new();
    for path in &paths {
        match Photo::read(path, options.invert) {
            Ok(photo) => read.push(Read { path: path.clone(), photo }),
            // One bad picture must not keep the others from being classified.
            Err(error) => complain("error", &error.to_string()),
        }
    }
    if read.is_empty() {
        bail!("no picture could be read");
    }
    let pixels: Vec<u8> = read.iter().flat_map(|one| one.photo.pixels.iter().copied()).collect();
    debug_assert_eq!(pixels.len(), read.len() * PIXELS);
    // The labels are unknown, and nothing here reads them.
    let set = ImageSet::new("pictures", pixels, vec![0; read.len()])?;
    let views = if options.tta { Views::FlipsAndShifts } else { Views::One };
    let predictions = model.predict(&set, views)?;
    let rows: Vec<&[f32]> = predictions.rows().collect();
    if options.json {
        print_objects(options, &read, &rows)?;
    } else if options.csv {
        print_csv(&read, &rows)?;
    } else {
        print_text(options, &read, &rows)?;
    }
    if let Some(path) = &options.show {
        save_png(&prepared(&read, &rows), path)?;
    }
    // The exit code tells a script that some pictures were bad.
    Ok(ExitCode::from(u8::from(read.len() < paths.len())))
}

/// The classes of a row, most probable first.
fn ranked(row: &[f32]) -> Vec<(&'static str, f32)> {
    let mut ranked: Vec<_> = CLASS_NAMES.iter().copied().zip(row.iter().copied()).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}

fn print_text(options: &Options, read: &[Read], rows: &[&[f32]]) -> Result<(), PrintError> {
    let lines = read.iter().zip(rows).map(|(one, row)| {
        let best = ranked(row).into_iter().take(usize::from(options.top));
        let best: Vec<String> = best.map(|(name, p)| format!("{name} {p:.3}")).collect();
        let inverted = if one.photo.inverted { "inverted" } else { "" };
        [shown(&one.path), best.join("  "), inverted.to_owned()]
    });
    out!("{}", table(&lines.collect::<Vec<_>>(), &[]))
}

fn print_objects(options: &Options, read: &[Read], rows: &[&[f32]]) -> anyhow::Result<()> {
    for (one, row) in read.iter().zip(rows) {
        let best = ranked(row).into_iter().take(usize::from(options.top));
        let best: Vec<_> = best.map(|(name, p)| json!({ "class": name, "probability": p })).collect();
        let line = json!({
            "picture": one.path.to_string_lossy(),
            "size": one.photo.size,
            "inverted": one.photo.inverted,
            "classes": best,
        });
        print_json(&line)?;
    }
    Ok(())
}

fn print_csv(read: &[Read], rows: &[&[f32]]) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let headings = ["picture", "predicted"].iter().chain(&CLASS_NAMES);
    writer.write_record(headings)?;
    for (one, row) in read.iter().zip(rows) {
        let mut line = vec![shown(&one.path), ranked(row)[0].0.to_owned()];
        line.extend(row.iter().map(f32::to_string));
        writer.write_record(line)?;
    }
    Ok(print_bytes(&writer.into_inner()?)?)
}

fn prepared(read: &[Read], rows: &[&[f32]]) -> Gallery {
    let tiles = read.iter().zip(rows).map(|(one, row)| {
        let grey: Vec<f32> = one.photo.pixels.iter().map(|byte| f32::from(*byte) / 255.0).collect();
        let (class, probability) = ranked(row)[0];
        let name = one.path.file_name().unwrap_or_default().to_string_lossy();
        // About as much as fits under an image.
        let name: String = name.chars().take(20).collect();
        Tile { image: Raster::grey(WIDTH, &grey), lines: vec![name, format!("{class} {probability:.2}")] }
    });
    Gallery { title: "As the network sees them".to_owned(), tiles: tiles.collect(), columns: COLUMNS.min(read.len()) }
}
