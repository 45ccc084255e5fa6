//! Pictures read and resized in parallel, and kept: decoding a large folder takes minutes, reading what is kept a second.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use super::entries::Entry;
use super::error::Problem;
use super::image_set::MOST_IMAGES;
use super::photo::{Resized, greys, resized};
use super::{Colour, DataError, Fit, ImageShape, Size};
use crate::files::{create_folder, read, shown, write_atomically};

/// Told how many pictures are done, of how many.
pub(super) type Observe<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// How pictures become images of one shape.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Manner {
    /// Without a size all pictures must have one.
    pub size: Option<Size>,
    pub fit: Fit,
    /// Without it, grey if all pictures are.
    pub colour: Option<Colour>,
    /// Whether pictures that cannot be read are left out.
    pub skip_broken: bool,
}

/// Images made of pictures.
#[derive(Debug)]
pub(super) struct Prepared {
    pub shape: ImageShape,
    /// Those of all pictures but the skipped ones, in their order.
    pub pixels: Vec<u8>,
    /// A checksum of the file of each of these.
    pub checksums: Vec<u32>,
    /// The pictures that could not be read, by their numbers, and why.
    pub skipped: Vec<(usize, String)>,
}

/// What the kept images depend on. Others are not used.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Key {
    version: String,
    manner: Manner,
    count: usize,
    /// A checksum of the names, sizes and times of all files.
    files: u32,
}

/// What is kept beside the pixels.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    key: Key,
    shape: ImageShape,
    skipped: Vec<(usize, String)>,
    checksums: Vec<u32>,
    /// A checksum of the pixels.
    checksum: u32,
}

const TENSOR: &str = "images";
const ABOUT: &str = "about";
/// Larger files are not read.
const LARGEST_FILE: u64 = 64 << 30;
/// How many broken pictures an error lists.
const LISTED: usize = 10;
/// More than memory holds twice on most machines.
const MOST_BYTES: u64 = 8 << 30;

/// Reads pictures from `source`, or takes what was kept of them.
///
/// # Errors
/// When a picture cannot be read and is not to be skipped, or without a size when two have different ones.
pub(super) fn prepared(
    source: &Path,
    pictures: &[&Entry],
    manner: Manner,
    observe: Observe,
) -> Result<Prepared, DataError> {
    let files = pictures.iter().fold(0, |sum, entry| {
        let (size, time) = entry.version();
        let name = entry.inside.as_os_str().as_encoded_bytes();
        crc32c::crc32c_append(sum, &[name, &size.to_le_bytes(), &time.to_le_bytes()].concat())
    });
    let key = Key { version: env!("CARGO_PKG_VERSION").to_owned(), manner, count: pictures.len(), files };
    let path = kept_at(source);
    if let Some(kept) = path.as_deref().and_then(|path| take(path, &key)) {
        return Ok(kept);
    }
    let prepared = prepare(source, pictures, manner, observe)?;
    if let Some(path) = &path {
        // Only time is lost when it cannot be kept.
        let _ = keep(path, key, &prepared);
    }
    Ok(prepared)
}

fn prepare(source: &Path, pictures: &[&Entry], manner: Manner, observe: Observe) -> Result<Prepared, DataError> {
    let size = match manner.size {
        Some(size) => size,
        // That of the first one that can be read.
        None => {
            let first = pictures.iter().find_map(|entry| read_one(entry, manner).ok());
            first.map_or(Size { height: 1, width: 1 }, |picture| picture.size)
        }
    };
    let too_many = |problem: String| Err(DataError::content(&shown(source), "number of pictures", problem));
    let count = pictures.len();
    if count > MOST_IMAGES {
        return too_many(format!("there are {count}, but may be {MOST_IMAGES} at most"));
    }
    let bytes = (count * 3 * size.height * size.width) as u64;
    if bytes > MOST_BYTES {
        let [needed, most] = [bytes, MOST_BYTES].map(|bytes| bytes.div_ceil(1 << 30));
        return too_many(format!(
            "{count} of {size} pixels need {needed} GB while they are read, and {most} are the most; choose a smaller `size`"
        ));
    }
    let done = AtomicUsize::new(0);
    // Once one has another size, the rest need not be read.
    let stopped = AtomicBool::new(false);
    let read: Vec<Result<Resized, Problem>> = pictures
        .par_iter()
        .map(|entry| {
            if stopped.load(Ordering::Relaxed) {
                return Err("it was not read".into());
            }
            let picture = read_one(entry, manner);
            if picture.as_ref().is_ok_and(|picture| picture.size != size) {
                stopped.store(true, Ordering::Relaxed);
            }
            observe(done.fetch_add(1, Ordering::Relaxed) + 1, pictures.len());
            picture
        })
        .collect();
    let checksums: Vec<u32> = pictures.par_iter().map(|entry| entry.checksum()).collect();
    let is_odd = |picture: &Result<Resized, Problem>| picture.as_ref().is_ok_and(|picture| picture.size != size);
    if let Some((entry, Ok(odd))) = pictures.iter().zip(&read).find(|(_, picture)| is_odd(picture)) {
        let problem = format!(
            "it has {} pixels, but the first picture {size}; say with `size` what to resize all to, such as 64x64",
            odd.size
        );
        return Err(DataError::content(&entry.name, "its size", problem));
    }
    let is_broken = |(i, picture): (usize, &Result<Resized, Problem>)| picture.as_ref().err().map(|e| (i, e.0.clone()));
    let skipped: Vec<(usize, String)> = read.iter().enumerate().filter_map(is_broken).collect();
    if skipped.len() == pictures.len() || (!skipped.is_empty() && !manner.skip_broken) {
        return Err(refuse(source, pictures, &skipped));
    }
    let good = || read.iter().filter_map(|picture| picture.as_ref().ok());
    let is_colour = match manner.colour {
        Some(colour) => colour == Colour::Rgb,
        None => good().any(|picture| picture.has_colour),
    };
    let Size { height, width } = size;
    let shape = if is_colour { ImageShape::colour(height, width) } else { ImageShape::grey(height, width) };
    let mut pixels = Vec::with_capacity(good().count() * shape.len());
    for picture in good() {
        match is_colour {
            true => pixels.extend_from_slice(&picture.colours),
            false => pixels.extend(greys(&picture.colours)),
        }
    }
    let checksums = read.iter().zip(&checksums).filter(|(picture, _)| picture.is_ok()).map(|(_, sum)| *sum).collect();
    Ok(Prepared { shape, pixels, checksums, skipped })
}

fn read_one(entry: &Entry, manner: Manner) -> Result<Resized, Problem> {
    let file = entry.seekable().map_err(|e| Problem(e.to_string()))?;
    resized(file, manner.size, manner.fit)
}

fn refuse(source: &Path, pictures: &[&Entry], skipped: &[(usize, String)]) -> DataError {
    let listed = skipped.iter().take(LISTED).map(|(i, problem)| format!("{}: {problem}", shown(&pictures[*i].inside)));
    let listed: Vec<String> = listed.collect();
    let more = match skipped.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    DataError::Pictures {
        source_path: source.to_owned(),
        broken: skipped.len(),
        pictures: pictures.len(),
        list: listed.join("; ") + &more,
    }
}

/// Where the images made of a folder or archive are kept: in `SELVEDGE_CACHE`, nowhere if that is empty, or where this
/// system's programs keep such files.
fn kept_at(source: &Path) -> Option<PathBuf> {
    let root = match env::var_os("SELVEDGE_CACHE") {
        Some(path) if path.is_empty() => return None,
        Some(path) => PathBuf::from(path),
        None => {
            let of_system = ["XDG_CACHE_HOME", "LOCALAPPDATA"].into_iter().find_map(env::var_os);
            let of_system = of_system.filter(|path| !path.is_empty()).map(PathBuf::from);
            of_system.or_else(|| Some(env::home_dir()?.join(".cache")))?.join("selvedge")
        }
    };
    let real = fs::canonicalize(source).ok()?;
    let name = crc32c::crc32c(real.as_os_str().as_encoded_bytes());
    Some(root.join(format!("pictures-{name:08x}.safetensors")))
}

/// What was kept, if it is whole and was made of the same files in the same manner.
fn take(path: &Path, key: &Key) -> Option<Prepared> {
    let bytes = read(path, LARGEST_FILE).ok()?;
    let (_, header) = SafeTensors::read_metadata(&bytes).ok()?;
    let kept: Kept = serde_json::from_str(header.metadata().as_ref()?.get(ABOUT)?).ok()?;
    let tensors = SafeTensors::deserialize(&bytes).ok()?;
    let pixels = tensors.tensor(TENSOR).ok()?.data().to_vec();
    let images = kept.key.count.checked_sub(kept.skipped.len())?;
    let is_ascending = kept.skipped.is_sorted_by(|a, b| a.0 < b.0);
    let is_inside = kept.skipped.last().is_none_or(|(number, _)| *number < kept.key.count);
    let is_whole = kept.key == *key
        && is_ascending
        && is_inside
        && kept.shape.check().is_ok()
        && pixels.len() == images * kept.shape.len()
        && kept.checksums.len() == images
        && crc32c::crc32c(&pixels) == kept.checksum;
    is_whole.then_some(Prepared { shape: kept.shape, pixels, checksums: kept.checksums, skipped: kept.skipped })
}

fn keep(path: &Path, key: Key, prepared: &Prepared) -> Result<(), DataError> {
    let Prepared { shape, pixels, checksums, skipped } = prepared;
    let (checksums, checksum) = (checksums.clone(), crc32c::crc32c(pixels));
    let kept = Kept { key, shape: *shape, skipped: skipped.clone(), checksums, checksum };
    let about = HashMap::from([(ABOUT.to_owned(), serde_json::to_string(&kept).unwrap_or_default())]);
    let images = pixels.len() / shape.len();
    let sizes = vec![images, shape.height, shape.width, shape.channels];
    let written = TensorView::new(Dtype::U8, sizes, pixels)
        .and_then(|tensor| safetensors::serialize([(TENSOR, tensor)], Some(about)));
    let bytes = written.map_err(|e| DataError::content(&shown(path), "images", e.to_string()))?;
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    Ok(write_atomically(path, |file| file.write_all(&bytes))?)
}
