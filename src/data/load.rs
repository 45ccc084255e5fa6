//! Finding the data and choosing its reader.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::content::open;
use super::csv::{TEST_CSV, TRAIN_CSV};
use super::{DataError, ImageSet, archive, csv, idx};
use crate::files::{FileError, FileTask, exists, shown};

const ARCHIVES: [&str; 2] = ["data.tar.gz", "data.tgz"];

/// The names that one file may have; each may end with `.gz` too.
type Spellings = &'static [&'static str];
const CSV_FILES: [Spellings; 2] = [&[TRAIN_CSV], &[TEST_CSV]];
const IDX_FILES: [Spellings; 4] = [
    &["train-images-idx3-ubyte", "train-images.idx3-ubyte"],
    &["train-labels-idx1-ubyte", "train-labels.idx1-ubyte"],
    &["t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"],
    &["t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"],
];

/// Where the Debian package `dataset-fashion-mnist` puts its files.
const PACKAGE_FOLDER: &str = "/usr/share/datasets/fashion-mnist";

/// The data set: 60,000 images to train with and 10,000 to test with, in the real one.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// To train and validate with.
    pub train: ImageSet,
    /// To be read once, at the end.
    pub test: ImageSet,
    /// The folder or archive it was read from.
    pub source: PathBuf,
}

/// Reads the data set from `path`, or from the usual places: `data/`, then the Debian package's folder.
///
/// `path` is an archive `*.tar.gz` or `*.tgz`, one of the CSV or IDX files (the others are looked for beside it), or a
/// folder that holds any of these. In a folder, an archive takes precedence over CSV files, and these over IDX files.
///
/// # Errors
/// [`DataError::NotFound`] with the ways to get the data, [`DataError::Incomplete`] when only some files are there, or
/// what is wrong with the file that was found.
pub fn load(path: Option<&Path>) -> Result<Dataset, DataError> {
    match path {
        Some(path) => Found::at(path)?.read(),
        None => Found::in_usual_places()?.read(),
    }
}

/// Reads a single set of labelled images: a CSV file like those of the data set, or an IDX file of images, whose labels are
/// beside it under the same name with `labels` for `images` and `idx1` for `idx3`. Any of them may end with `.gz`.
///
/// # Errors
/// [`DataError::UnknownSet`] when the name indicates neither; what is wrong with the file that was found.
pub fn load_set(path: &Path) -> Result<ImageSet, DataError> {
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    let plain = file_name.strip_suffix(".gz").unwrap_or(&file_name);
    if plain.ends_with(".csv") {
        csv::read(&name(path), open(path)?)
    } else if plain.contains("images") && plain.contains("idx3") {
        let labels = file_name.replace("images", "labels").replace("idx3", "idx1");
        read_idx(path, &path.with_file_name(labels))
    } else {
        Err(DataError::UnknownSet { path: path.to_owned() })
    }
}

/// Data in one of its forms.
#[derive(Debug)]
enum Found {
    Archive(PathBuf),
    /// Training and test set.
    Csv([PathBuf; 2]),
    /// In the order of [`IDX_FILES`].
    Idx([PathBuf; 4]),
}

impl Found {
    fn in_usual_places() -> Result<Self, DataError> {
        let data = Path::new("data");
        // An incomplete `data/` is an error: reading other data than was put there would be a surprise.
        if let Some(found) = Self::in_folder(data)? {
            return Ok(found);
        }
        Self::in_folder(Path::new(PACKAGE_FOLDER))?
            .ok_or_else(|| DataError::NotFound { looked: format!("data/ or {PACKAGE_FOLDER}") })
    }

    fn at(path: &Path) -> Result<Self, DataError> {
        let is_folder = fs::metadata(path).map_err(FileError::io(path, FileTask::Read))?.is_dir();
        let found = if is_folder { Self::in_folder(path)? } else { Self::with_siblings(path)? };
        // A folder may have the name of a file.
        let kind = if is_folder { ", a folder" } else { "" };
        found.ok_or_else(|| DataError::NotFound { looked: format!("{}{kind}", shown(path)) })
    }

    fn in_folder(folder: &Path) -> Result<Option<Self>, DataError> {
        for archive in ARCHIVES.map(|name| folder.join(name)) {
            if exists(&archive)? {
                return Ok(Some(Self::Archive(archive)));
            }
        }
        match (Self::csv(folder, None), Self::idx(folder, None)) {
            (Ok(Some(found)), _) | (_, Ok(Some(found))) => Ok(Some(found)),
            (Err(incomplete), _) | (_, Err(incomplete)) => Err(incomplete),
            (Ok(None), Ok(None)) => Ok(None),
        }
    }

    /// The form of the file at `path`, with the other files of that form from the same folder.
    fn with_siblings(path: &Path) -> Result<Option<Self>, DataError> {
        let folder = parent(path);
        let file_name = path.file_name().unwrap_or_default();
        let name = file_name.to_string_lossy();
        if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
            return Ok(Some(Self::Archive(path.to_owned())));
        }
        let plain = name.strip_suffix(".gz").unwrap_or(&name);
        if CSV_FILES.iter().any(|names| names.contains(&plain)) {
            Self::csv(folder, Some(file_name))
        } else if IDX_FILES.iter().any(|names| names.contains(&plain)) {
            Self::idx(folder, Some(file_name))
        } else {
            Err(DataError::UnknownName { path: path.to_owned() })
        }
    }

    fn csv(folder: &Path, named: Option<&OsStr>) -> Result<Option<Self>, DataError> {
        Ok(all_of(folder, CSV_FILES, named)?.map(Self::Csv))
    }

    fn idx(folder: &Path, named: Option<&OsStr>) -> Result<Option<Self>, DataError> {
        Ok(all_of(folder, IDX_FILES, named)?.map(Self::Idx))
    }

    fn read(self) -> Result<Dataset, DataError> {
        let (train, test, source) = match self {
            Self::Archive(path) => {
                let (train, test) = archive::read(&name(&path), open(&path)?)?;
                (train, test, path)
            }
            Self::Csv([train, test]) => {
                let read = |path: &Path| csv::read(&name(path), open(path)?);
                (read(&train)?, read(&test)?, parent(&train).to_owned())
            }
            Self::Idx([train_images, train_labels, test_images, test_labels]) => (
                read_idx(&train_images, &train_labels)?,
                read_idx(&test_images, &test_labels)?,
                parent(&train_images).to_owned(),
            ),
        };
        Ok(Dataset { train, test, source })
    }
}

/// The files in `folder`; `None` when there is none of them. Of several existing spellings, the one that was `named` is
/// used, or else the first.
fn all_of<const N: usize>(
    folder: &Path,
    files: [Spellings; N],
    named: Option<&OsStr>,
) -> Result<Option<[PathBuf; N]>, DataError> {
    let mut present: Vec<PathBuf> = Vec::new();
    let mut missing: Vec<&str> = Vec::new();
    for names in files {
        let mut spellings: Vec<PathBuf> = Vec::new();
        for path in names.iter().flat_map(|name| [folder.join(name), folder.join(format!("{name}.gz"))]) {
            // A folder that may not be searched is not the same as an empty one.
            if exists(&path)? {
                spellings.push(path);
            }
        }
        let is_named = |path: &&PathBuf| named.is_some() && path.file_name() == named;
        match spellings.iter().find(is_named).or(spellings.first()) {
            Some(path) => present.push(path.clone()),
            None => missing.extend(names.first()),
        }
    }
    if present.is_empty() || missing.is_empty() {
        return Ok(present.try_into().ok());
    }
    let present: Vec<_> = present.iter().filter_map(|path| path.file_name()).collect();
    Err(DataError::Incomplete {
        folder: folder.to_owned(),
        present: present.join(OsStr::new(", ")).to_string_lossy().into_owned(),
        missing: missing.join(", "),
    })
}

fn read_idx(images: &Path, labels: &Path) -> Result<ImageSet, DataError> {
    let pixels = idx::read_images(&name(images), open(images)?)?;
    let classes = idx::read_labels(&name(labels), open(labels)?)?;
    let both = format!("{} with {}", name(images), name(labels));
    ImageSet::new(&both, pixels, classes)
}

/// A path as shown in errors.
fn name(path: &Path) -> String {
    shown(path)
}

/// The folder that contains a file.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
