//! Finding the data and choosing its reader.

use std::fs;
use std::path::{Path, PathBuf};

use super::class_folders::{self, Part};
use super::entries::{Entry, entries, is_archive, may_be_data};
use super::labelled::Labelled;
use super::labels::{self, Labels};
use super::pairs::{csv_files, idx_files};
use super::photo::is_picture;
use super::prepared::{Manner, Observe, Prepared, prepared};
use super::{
    Colour, DataError, Form, ImageSet, ImageShape, Reading, Size, cifar, csv, fashion_mnist, idx, npz, shuffle,
    stratified_split,
};
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
    /// Whether the images were made from pictures in folders.
    pub of_pictures: bool,
    /// The folder or archive it was read from.
    pub source: PathBuf,
    /// What a person should know: pictures that were left out, images for validation that were added to those for training.
    pub notes: Vec<String>,
}

impl Dataset {
    /// The shape of its images and the names of its classes.
    pub fn form(&self) -> Form {
        let Self { class_names, of_pictures, .. } = self;
        Form { shape: self.train.shape(), class_names: class_names.clone(), of_pictures: *of_pictures }
    }
}

/// Reads the data set from `path`, or from the usual places: `data/`, then the Debian package's folder of Fashion-MNIST.
///
/// `path` is a folder, an archive (`.tar.gz`, `.tgz`, `.tar`, `.zip`) or one of the files. Tables and IDX files are found by
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
    parts.into_dataset(source, reading, known)
}

/// Reads a single set of labelled images for a model of this form: a table, an IDX file of images, whose labels are beside it
/// under the same name with `labels` for `images` and `idx1` for `idx3`, a `.npz` file, or a folder or an archive with a folder
/// of pictures per class. Of data with several parts it is the one to test with. Tables and IDX files may end with `.gz`.
///
/// # Errors
/// What is wrong with the files, or that a label is no class of the form.
pub fn load_set(path: &Path, reading: &Reading, form: &Form) -> Result<ImageSet, DataError> {
    let metadata = fs::metadata(path).map_err(FileError::io(path, FileTask::Read))?;
    let is_container = metadata.is_dir() || is_archive(path);
    let set = if is_container {
        let entries = entries(path)?;
        let pictures = class_folders::sorted(path, &entries)?;
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
    set.classified(&form.class_names)
}

/// Refuses images of another shape than a model takes.
fn must_fit(set: &Labelled, form: &Form) -> Result<(), DataError> {
    if set.shape == form.shape {
        return Ok(());
    }
    let problem = format!("they are {}, but the model takes images of {}", set.shape, form.shape);
    Err(DataError::content(&set.what, "its images", problem))
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
    if !may_be_data(Path::new(name)) || Path::new(name).extension().is_some_and(|ending| ending == "txt") {
        return Err(DataError::UnknownName { path: path.to_owned() });
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // The other files of the set are beside it.
    let beside = list_folder(folder)?.into_iter().filter(|file| !file.is_dir());
    let of_file = |file: PathBuf| Entry::of_file(&file, PathBuf::from(file.file_name().unwrap_or_default()));
    let entries = beside.map(of_file).filter(|entry| may_be_data(&entry.inside)).collect();
    Ok((folder.to_owned(), entries, Some(name.to_string_lossy().into_owned())))
}

/// How pictures are read: as the reading says or, for a model, as that needs them.
fn manner(reading: &Reading, known: Option<&Form>) -> Manner {
    let of_model = known.map(|form| form.shape);
    let colour_of = |shape: ImageShape| if shape.is_colour() { Colour::Rgb } else { Colour::Grey };
    Manner {
        size: of_model.map(|shape| Size { height: shape.height, width: shape.width }).or(reading.size),
        fit: reading.fit(),
        colour: of_model.map(colour_of).or(reading.colour),
        skip_broken: reading.skips_broken(),
    }
}

/// What was read, before labels become classes.
struct Parts {
    train: Labelled,
    test: Option<Labelled>,
    /// The names of the classes, if the data has them.
    names: Option<Vec<String>>,
    is_fashion: bool,
    of_pictures: bool,
    notes: Vec<String>,
}

impl Parts {
    fn read(
        source: &Path,
        entries: &[Entry],
        named: Option<&str>,
        reading: &Reading,
        known: Option<&Form>,
        observe: Observe,
    ) -> Result<Self, DataError> {
        let plain =
            |train, test| Self { train, test, names: None, is_fashion: false, of_pictures: false, notes: Vec::new() };
        let has_pictures = entries.iter().any(|entry| is_picture(&entry.inside) && !entry.folders().is_empty());
        let named = named.map(str::to_lowercase);
        let named = named.as_deref();
        // Of two formats, the complete one is read.
        let mut incomplete = None;
        match csv_files(source, entries, named, !has_pictures, reading.test_share.is_some()) {
            Ok(Some(files)) => {
                let read = |entry: &Entry| csv::read(&entry.name, entry.open()?, reading);
                let mut parts = plain(read(files.train)?, files.test.map(read).transpose()?);
                parts.is_fashion = files.train.plain_name().contains("fashion_mnist");
                return parts.with_names_of(entries);
            }
            Ok(None) => {}
            Err(error) => incomplete = Some(error),
        }
        match idx_files(source, entries, named, reading.test_share.is_some()) {
            Ok(Some(files)) => {
                let [images, labels] = files.train;
                let test = files.test.map(|[images, labels]| idx::read(images, labels)).transpose()?;
                let mut parts = plain(idx::read(images, labels)?, test);
                let package = fs::canonicalize(fashion_mnist::PACKAGE_FOLDER);
                parts.is_fashion =
                    package.is_ok_and(|package| fs::canonicalize(source).is_ok_and(|own| own == package));
                return parts.with_names_of(entries);
            }
            Ok(None) => {}
            Err(error) => incomplete = incomplete.or(Some(error)),
        }
        if let Some(error) = incomplete {
            return Err(error);
        }
        if let Some(cifar) = cifar::find(entries).filter(|cifar| named.is_none_or(|named| cifar.has(named))) {
            let (train, test, names) = cifar.read()?;
            return Ok(Self { names, ..plain(train, Some(test)) });
        }
        let arrays: Vec<&Entry> = entries.iter().filter(|entry| entry.plain_name().ends_with(".npz")).collect();
        let wanted = |entry: &&&Entry| named.is_none_or(|named| entry.plain_name() == named);
        match arrays.iter().filter(wanted).collect::<Vec<_>>()[..] {
            [] => {}
            [entry] => {
                let [train, validation, test] = npz::read(entry)?;
                let train =
                    train.ok_or_else(|| DataError::NotFound { looked: format!("{}, to train with", entry.name) })?;
                let parts = plain(train, test).with_validation(validation)?;
                return parts.with_names_of(entries);
            }
            ref several => {
                let found: Vec<String> = several.iter().map(|entry| shown(&entry.inside)).collect();
                return Err(DataError::Several { folder: source.to_owned(), found: found.join(", ") });
            }
        }
        let pictures = class_folders::sorted(source, entries)?;
        if pictures.is_empty() {
            let kind = if source.is_dir() { ", a folder" } else { "" };
            return Err(DataError::NotFound { looked: format!("{}{kind}", shown(source)) });
        }
        class_folders::refuse_empty(source, &pictures)?;
        let mut notes = Vec::new();
        let [train, validation, test] = read_pictures(source, &pictures, manner(reading, known), &mut notes, observe)?;
        let train =
            train.ok_or_else(|| DataError::NotFound { looked: format!("the folder train of {}", shown(source)) })?;
        let parts = Self { of_pictures: true, notes, ..plain(train, test) };
        parts.with_validation(validation)?.with_names_of(entries)
    }

    /// Images for validation are to test with if there are no others for that; otherwise they join those to train with, of
    /// which a part is held out for validation anyway.
    fn with_validation(mut self, validation: Option<Labelled>) -> Result<Self, DataError> {
        match (validation, &self.test) {
            (None, _) => {}
            (Some(validation), None) => self.test = Some(validation),
            (Some(validation), Some(_)) => {
                self.train.extend(&validation)?;
                let count = validation.labels.len();
                self.notes.push(format!("the {count} images for validation are among those to train with"));
            }
        }
        Ok(self)
    }

    /// Takes names from a `classes.txt` among the files.
    fn with_names_of(mut self, entries: &[Entry]) -> Result<Self, DataError> {
        use std::io::Read;

        if let Some(entry) = entries.iter().find(|entry| entry.plain_name() == "classes.txt") {
            let mut text = String::new();
            let read = entry.open()?.take(1 << 20).read_to_string(&mut text);
            read.map_err(|e| DataError::broken(&entry.name, "names of the classes", &e))?;
            self.names = Some(labels::lines(&text));
        }
        Ok(self)
    }

    fn into_dataset(self, source: PathBuf, reading: &Reading, known: Option<&Form>) -> Result<Dataset, DataError> {
        let Self { train, test, names, is_fashion, of_pictures, notes } = self;
        let (train, test) = match (test, reading.test_share) {
            // A model may be tried on other data than its own, which the reading was meant for.
            (Some(test), Some(_)) if known.is_some() => (train, Some(test)),
            (Some(_), Some(_)) => return Err(DataError::HasTest { source_path: source }),
            (None, None) => return Err(DataError::NoTest { source_path: source }),
            (Some(test), None) => (train, Some(test)),
            (None, Some(_)) => (train, None),
        };
        if let Some(test) = &test {
            train.must_match(test)?;
        }
        let sets: Vec<&Labels> = std::iter::once(&train).chain(&test).map(|set| &set.labels).collect();
        let is_fashion = is_fashion || fashion_mnist::is_its_training_set(&train);
        let class_names = match (known, &reading.classes, names) {
            (Some(known), _, _) => {
                must_fit(&train, known)?;
                known.class_names.clone()
            }
            (None, Some(given), _) => labels::given(given)?,
            (None, None, _) if is_fashion => Form::default().class_names,
            (None, None, Some(names)) => names,
            (None, None, None) => labels::occurring(&sets),
        };
        labels::check(reading.classes.as_deref().unwrap_or(&source), &class_names)?;
        let train = train.classified(&class_names)?;
        let (mut train, mut test) = match (test, reading.test_share) {
            (Some(test), _) => (train, test.classified(&class_names)?),
            (None, share) => set_aside(&train, share.unwrap_or_default())?,
        };
        if of_pictures {
            // In folders they are sorted by class, and the first few images must be of all classes.
            (train, test) = (in_any_order(&train)?, in_any_order(&test)?);
        }
        Ok(Dataset { train, test, class_names, of_pictures, source, notes })
    }
}

/// Sets a share of the images aside to test with: the same ones whatever the seed of a training is, so that no training sees
/// them.
fn set_aside(images: &ImageSet, share: f64) -> Result<(ImageSet, ImageSet), DataError> {
    const SEED: u64 = 0x7e57;
    let count = (share * images.len() as f64).round() as usize;
    let split = stratified_split(images.labels(), count, SEED)?;
    Ok((images.subset(&split.train)?, images.subset(&split.validation)?))
}

/// The images in an order that is random and always the same.
fn in_any_order(images: &ImageSet) -> Result<ImageSet, DataError> {
    let mut order: Vec<u32> = (0..images.len() as u32).collect();
    shuffle(&mut order, 0, 0);
    images.subset(&order)
}

/// The images to train with, those for validation, and those to test with, as far as they are there.
fn read_pictures(
    source: &Path,
    pictures: &[class_folders::Labelled],
    manner: Manner,
    notes: &mut Vec<String>,
    observe: Observe,
) -> Result<[Option<Labelled>; 3], DataError> {
    let files: Vec<&Entry> = pictures.iter().map(|picture| picture.entry).collect();
    let Prepared { shape, pixels, skipped } = prepared(source, &files, manner, observe)?;
    for (number, problem) in &skipped {
        notes.push(format!("{} is left out: {problem}", shown(&files[*number].inside)));
    }
    let is_skipped = |number: &usize| skipped.binary_search_by_key(number, |(number, _)| *number).is_ok();
    let kept = pictures.iter().enumerate().filter(|(number, _)| !is_skipped(number)).map(|(_, picture)| picture);
    let mut parts: [Option<Labelled>; 3] = [None, None, None];
    for (picture, image) in kept.zip(pixels.chunks_exact(shape.len())) {
        let (part, name) = match picture.part {
            Part::Train => (&mut parts[0], "train"),
            Part::Validation => (&mut parts[1], "val"),
            Part::Test => (&mut parts[2], "test"),
        };
        let part = part.get_or_insert_with(|| Labelled {
            what: format!("the {name} pictures of {}", shown(source)),
            shape,
            pixels: Vec::new(),
            labels: Labels::default(),
        });
        part.pixels.extend_from_slice(image);
        part.labels.push(&picture.class);
    }
    Ok(parts)
}
