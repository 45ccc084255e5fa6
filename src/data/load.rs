//! Finding the data and choosing its reader.

use std::fs;
use std::path::{Path, PathBuf};

use super::class_folders;
use super::entries::{Entry, entries, is_archive, may_be_data};
use super::parquet::{Pictures, is_parquet};
use super::parts::{Parts, manner, must_fit, read_pictures};
use super::photo::is_picture;
use super::{DataError, Form, ImageSet, Reading, csv, fashion_mnist, idx, npz};
use crate::files::{FileError, FileTask, exists, list_folder, shown};

/// A data set.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// To train and validate with.
    pub train: ImageSet,
    /// To be read once, at the end.
    pub test: ImageSet,
    /// The names of the classes, in the order of their labels.
    pub class_names: Vec<String>,
    /// The labels that the data itself has for these classes, if a person has given them other names.
    pub labels: Option<Vec<String>>,
    /// Whether the images were made from pictures in folders.
    pub of_pictures: bool,
    /// The folder, archive or file it was read from.
    pub source: PathBuf,
    /// What a person should know: pictures that were left out, images for validation that were added to those for training.
    pub notes: Vec<String>,
}

impl Dataset {
    /// The shape of its images and the names of its classes.
    pub fn form(&self) -> Form {
        let Self { class_names, labels, of_pictures, .. } = self;
        Form {
            shape: self.train.shape(),
            class_names: class_names.clone(),
            labels: labels.clone(),
            of_pictures: *of_pictures,
        }
    }
}

/// Reads the data set from `path`, or from the usual places: `data/`, then the Debian package's folder of Fashion-MNIST.
///
/// `path` is a folder, an archive (`.tar.gz`, `.tgz`, `.tar`, `.zip`) or one of the files. A Parquet file is read as the
/// pictures in it. Tables and IDX files are found by
/// their names, which contain `train` and `test`; a named file decides which of several sets is meant. In a folder
/// `data.tar.gz` takes precedence over tables, these over IDX files, CIFAR's, `.npz` files, and pictures in folders.
///
/// The names of the classes are Fashion-MNIST's for its files; those of a `classes.txt`; or the labels.
///
/// # Errors
/// [`DataError::NotFound`] with the ways to get data, [`DataError::Incomplete`] when only some files are there, or what is
/// wrong with the files that were found.
pub fn load(path: Option<&Path>) -> Result<Dataset, DataError> {
    load_as(path, &Reading::default(), None, &|_, _| {})
}

/// As [`load`], in the manner of `reading`; if the form is `known`, that of a model, the labels must be of its classes and the
/// images of its shape. `observe` is told how many pictures of how many have been read.
///
/// # Errors
/// As [`load`].
pub fn load_as(
    path: Option<&Path>,
    reading: &Reading,
    known: Option<&Form>,
    observe: &(dyn Fn(usize, usize) + Sync),
) -> Result<Dataset, DataError> {
    let (source, entries, named) = match path {
        Some(path) => at(path)?,
        None => in_usual_places()?,
    };
    let parts = Parts::read(&source, &entries, named.as_deref(), reading, known, observe)?;
    let source = path.filter(|path| parts.is_one_file && path.is_file()).map_or(source, Path::to_owned);
    parts.into_dataset(source, reading, known)
}

/// Reads a single set of labelled images for a model of this form: a table, an IDX file of images, whose labels are beside it
/// under the same name with `labels` for `images` and `idx1` for `idx3`, a `.npz` or `.parquet` file, or a folder or an archive with a folder
/// of pictures per class. Of data with several parts it is the one to test with. Tables and IDX files may end with `.gz`.
///
/// # Errors
/// What is wrong with the files, or that a label is no class of the form.
pub fn load_set(path: &Path, reading: &Reading, form: &Form) -> Result<ImageSet, DataError> {
    let metadata = fs::metadata(path).map_err(FileError::io(path, FileTask::Read))?;
    let is_container = metadata.is_dir() || is_archive(path);
    let set = if is_container || is_parquet(path) {
        let entries = entries(path)?;
        let rows = match is_parquet(path) {
            true => Pictures::read(&entries.iter().collect::<Vec<_>>(), reading)?,
            false => Pictures::default(),
        };
        let pictures = if is_parquet(path) { rows.sorted() } else { class_folders::sorted(path, &entries)? };
        if pictures.is_empty() {
            let problem = "there are no pictures in a folder per class; name a table or another file of images itself";
            return Err(DataError::content(&shown(path), "its files", problem));
        }
        let mut notes = Vec::new();
        let [train, validation, test] =
            read_pictures(path, &pictures, manner(reading, Some(form)), &mut notes, &|_, _| {})?;
        // Of several parts, the one that a model has not been trained on.
        test.or(validation).or(train)
    } else {
        let entry = Entry::of_file(path, PathBuf::from(path.file_name().unwrap_or_default()));
        let plain = entry.plain_name();
        if plain.ends_with(".csv") || plain.ends_with(".tsv") {
            Some(csv::read(&entry.name, entry.open()?, reading)?)
        } else if plain.ends_with(".npz") {
            let [train, validation, test] = npz::read(&entry)?;
            test.or(validation).or(train)
        } else if plain.contains("images") && plain.contains("idx3") {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let labels = PathBuf::from(name.replace("images", "labels").replace("idx3", "idx1"));
            Some(idx::read(&entry, &Entry::of_file(&path.with_file_name(&labels), labels))?)
        } else {
            None
        }
    };
    let set = set.ok_or_else(|| DataError::UnknownName { path: path.to_owned() })?;
    must_fit(&set, form)?;
    set.classified_as(form)
}

/// The places searched when none is named.
fn in_usual_places() -> Result<(PathBuf, Vec<Entry>, Option<String>), DataError> {
    let data = Path::new("data");
    let package = Path::new(fashion_mnist::PACKAGE_FOLDER);
    // An incomplete `data/` is an error: reading other data than was put there would be a surprise.
    for folder in [data, package] {
        if exists(folder)? && folder.is_dir() {
            let (source, entries, named) = at(folder)?;
            if entries.iter().any(|entry| !entry.plain_name().ends_with(".txt")) {
                return Ok((source, entries, named));
            }
        }
    }
    Err(DataError::NotFound { looked: format!("data/ or {}", fashion_mnist::PACKAGE_FOLDER) })
}

/// The files that belong to what is named: the folder or archive they are in, and the name of the file if one was named.
fn at(path: &Path) -> Result<(PathBuf, Vec<Entry>, Option<String>), DataError> {
    let is_folder = fs::metadata(path).map_err(FileError::io(path, FileTask::Read))?.is_dir();
    if is_folder {
        for archive in ["data.tar.gz", "data.tgz"].map(|name| path.join(name)) {
            if exists(&archive)? {
                return Ok((archive.clone(), entries(&archive)?, None));
            }
        }
        let found = entries(path)?;
        // A download folder: an archive and nothing else.
        let archives: Vec<PathBuf> = list_folder(path)?.into_iter().filter(|file| is_archive(file)).collect();
        if let ([only], true) = (&archives[..], found.iter().all(|entry| entry.plain_name().ends_with(".txt"))) {
            return Ok((only.clone(), entries(only)?, None));
        }
        return Ok((path.to_owned(), found, None));
    }
    let name = path.file_name().unwrap_or_default();
    if is_archive(path) {
        return Ok((path.to_owned(), entries(path)?, None));
    }
    if !may_be_data(Path::new(name))
        || is_picture(path)
        || Path::new(name).extension().is_some_and(|ending| ending == "txt")
    {
        return Err(DataError::UnknownName { path: path.to_owned() });
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // The other files of the set are beside it.
    let beside = list_folder(folder)?.into_iter().filter(|file| !file.is_dir());
    let of_file = |file: PathBuf| Entry::of_file(&file, PathBuf::from(file.file_name().unwrap_or_default()));
    let entries = beside.map(of_file).filter(|entry| may_be_data(&entry.inside));
    Ok((folder.to_owned(), entries.collect(), Some(name.to_string_lossy().into_owned())))
}
