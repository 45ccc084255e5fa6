//! Finding the data and choosing its reader.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::limited::Limited;
use super::{DataError, ImageSet, archive, csv, idx};

pub(super) const TRAIN_CSV: &str = "fashion_mnist_train.csv";
pub(super) const TEST_CSV: &str = "fashion_mnist_test.csv";
const ARCHIVES: [&str; 2] = ["data.tar.gz", "data.tgz"];
/// Where the Debian package `dataset-fashion-mnist` puts its files.
const PACKAGE_FOLDER: &str = "/usr/share/datasets/fashion-mnist";
/// No single file has more bytes once decompressed (that many images take a fifth of it).
const MOST_BYTES: u64 = 4 << 30;

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
/// `path` is an archive `*.tar.gz`, one of the CSV or IDX files (the others are looked for beside it), or a folder that
/// holds any of these.
///
/// # Errors
/// [`DataError::NotFound`] with the ways to get the data, or what is wrong with the file that was found.
pub fn load(path: Option<&Path>) -> Result<Dataset, DataError> {
    let Some(path) = path else {
        let places = [Path::new("data"), Path::new(PACKAGE_FOLDER)];
        let found = places.into_iter().find_map(Found::in_folder);
        return found
            .ok_or_else(|| DataError::NotFound {
                looked: format!("data/ or {PACKAGE_FOLDER}"),
            })?
            .read();
    };
    let is_folder = fs::metadata(path).map_err(DataError::io(path))?.is_dir();
    let found = if is_folder {
        Found::in_folder(path)
    } else if is_archive(path) {
        Some(Found::Archive(path.to_owned()))
    } else {
        Found::in_folder(parent(path)).filter(|found| found.holds(path))
    };
    found
        .ok_or_else(|| DataError::NotFound {
            looked: path.display().to_string(),
        })?
        .read()
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn is_archive(path: &Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    name.ends_with(".tar.gz") || name.ends_with(".tgz")
}

/// Data in one of its forms.
#[derive(Debug)]
enum Found {
    Archive(PathBuf),
    Csv {
        train: PathBuf,
        test: PathBuf,
    },
    /// Images and labels, of the training and of the test set.
    Idx {
        train: [PathBuf; 2],
        test: [PathBuf; 2],
    },
}

impl Found {
    fn in_folder(folder: &Path) -> Option<Self> {
        let archive = ARCHIVES.iter().map(|name| folder.join(name)).find(|p| p.is_file());
        archive
            .map(Self::Archive)
            .or_else(|| Self::csv_in(folder))
            .or_else(|| Self::idx_in(folder))
    }

    fn csv_in(folder: &Path) -> Option<Self> {
        Some(Self::Csv {
            train: plain_or_gzipped(folder, TRAIN_CSV)?,
            test: plain_or_gzipped(folder, TEST_CSV)?,
        })
    }

    fn idx_in(folder: &Path) -> Option<Self> {
        let pair = |set: &str| {
            let file = |kind: &str, axes: u8| {
                plain_or_gzipped(folder, &format!("{set}-{kind}-idx{axes}-ubyte"))
                    .or_else(|| plain_or_gzipped(folder, &format!("{set}-{kind}.idx{axes}-ubyte")))
            };
            Some([file("images", 3)?, file("labels", 1)?])
        };
        Some(Self::Idx {
            train: pair("train")?,
            test: pair("t10k")?,
        })
    }

    fn files(&self) -> Vec<&PathBuf> {
        match self {
            Self::Archive(path) => vec![path],
            Self::Csv { train, test } => vec![train, test],
            Self::Idx { train, test } => train.iter().chain(test).collect(),
        }
    }

    fn holds(&self, path: &Path) -> bool {
        self.files().iter().any(|file| file.file_name() == path.file_name())
    }

    fn read(&self) -> Result<Dataset, DataError> {
        let (train, test, source) = match self {
            Self::Archive(path) => {
                let file = File::open(path).map_err(DataError::io(path))?;
                let (train, test) = archive::read(&path.display().to_string(), BufReader::new(file))?;
                (train, test, path.clone())
            }
            Self::Csv { train, test } => {
                let read = |path: &Path| csv::read(&path.display().to_string(), open(path)?);
                (read(train)?, read(test)?, parent(train).to_owned())
            }
            Self::Idx { train, test } => (read_idx(train)?, read_idx(test)?, parent(&train[0]).to_owned()),
        };
        Ok(Dataset { train, test, source })
    }
}

fn read_idx([images, labels]: &[PathBuf; 2]) -> Result<ImageSet, DataError> {
    let name = |path: &Path| path.display().to_string();
    let pixels = idx::read_images(&name(images), open(images)?)?;
    let classes = idx::read_labels(&name(labels), open(labels)?)?;
    ImageSet::new(&format!("{} with {}", name(images), name(labels)), pixels, classes)
}

fn plain_or_gzipped(folder: &Path, name: &str) -> Option<PathBuf> {
    [folder.join(name), folder.join(format!("{name}.gz"))]
        .into_iter()
        .find(|path| path.is_file())
}

/// Opens a file, decompressing it when its name ends with `.gz`.
fn open(path: &Path) -> Result<Box<dyn Read>, DataError> {
    let file = BufReader::new(File::open(path).map_err(DataError::io(path))?);
    Ok(if path.extension().is_some_and(|e| e == "gz") {
        let decoder = flate2::read::MultiGzDecoder::new(file);
        Box::new(Limited::new(decoder, MOST_BYTES))
    } else {
        Box::new(Limited::new(file, MOST_BYTES))
    })
}
