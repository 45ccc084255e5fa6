//! The images of a data set before their labels become classes: read by the format that their files have.

use std::fs;
use std::path::{Path, PathBuf};

use super::class_folders::{self, Part};
use super::entries::Entry;
use super::labelled::Labelled;
use super::labels::{self, Labels};
use super::load::Dataset;
use super::pairs::{csv_files, idx_files};
use super::parquet::{self, Pictures};
use super::photo::is_picture;
use super::prepared::{Manner, Observe, Prepared, prepared};
use super::split::split_in_order;
use super::{
    Colour, DataError, Form, ImageSet, ImageShape, Reading, Size, cifar, csv, fashion_mnist, idx, npz, shuffle,
};
use crate::files::shown;

/// Refuses images of another shape than a model takes.
pub(super) fn must_fit(set: &Labelled, form: &Form) -> Result<(), DataError> {
    if set.shape == form.shape {
        return Ok(());
    }
    let problem = format!("they are {}, but the model takes images of {}", set.shape, form.shape);
    Err(DataError::content(&set.what, "its images", problem))
}

/// How pictures are read: as the reading says or, for a model, as that needs them.
pub(super) fn manner(reading: &Reading, known: Option<&Form>) -> Manner {
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
pub(super) struct Parts {
    train: Labelled,
    test: Option<Labelled>,
    /// The names of the classes, if the data has them.
    names: Option<Vec<String>>,
    is_fashion: bool,
    of_pictures: bool,
    /// Whether all of it is in one table or archive of arrays.
    pub is_one_file: bool,
    notes: Vec<String>,
}

impl Parts {
    /// Asks each format whether the files are its own.
    ///
    /// # Errors
    /// What is wrong with the files.
    pub fn read(
        source: &Path,
        entries: &[Entry],
        named: Option<&str>,
        reading: &Reading,
        known: Option<&Form>,
        observe: Observe,
    ) -> Result<Self, DataError> {
        let plain = |train, test| Self {
            train,
            test,
            names: None,
            is_fashion: false,
            of_pictures: false,
            is_one_file: false,
            notes: Vec::new(),
        };
        let has_pictures = entries.iter().any(|entry| is_picture(&entry.inside) && !entry.folders().is_empty());
        let named = named.map(str::to_lowercase);
        let named = named.as_deref();
        // Of two formats, the complete one is read.
        let mut incomplete = None;
        match csv_files(source, entries, named, !has_pictures, reading.test_share.is_some()) {
            Ok(Some(files)) => {
                let read = |entry: &Entry| csv::read(&entry.name, entry.open()?, reading);
                let mut parts = plain(read(files.train)?, files.test.map(read).transpose()?);
                parts.is_one_file = parts.test.is_none();
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
                let parts = Self { is_one_file: true, ..plain(train, test) };
                return parts.with_validation(validation)?.with_names_of(entries);
            }
            ref several => {
                let found: Vec<String> = several.iter().map(|entry| shown(&entry.inside)).collect();
                return Err(DataError::Several { folder: source.to_owned(), found: found.join(", ") });
            }
        }
        let mut pictures = class_folders::sorted(source, entries)?;
        let tables = if pictures.is_empty() { parquet::files(source, entries, named)? } else { Vec::new() };
        let rows = Pictures::read(&tables, reading)?;
        pictures.extend(rows.sorted());
        let loose = entries.iter().filter(|entry| is_picture(&entry.inside)).count();
        if pictures.is_empty() && loose > 0 {
            return Err(DataError::NoClasses { folder: source.to_owned(), pictures: loose });
        }
        if pictures.is_empty() {
            let kind = if source.is_dir() { ", a folder" } else { "" };
            return Err(DataError::NotFound { looked: format!("{}{kind}", shown(source)) });
        }
        class_folders::refuse_empty(source, &pictures)?;
        let mut notes = rows.notes.clone();
        let [train, validation, test] = read_pictures(source, &pictures, manner(reading, known), &mut notes, observe)?;
        let train =
            train.ok_or_else(|| DataError::NotFound { looked: format!("the folder train of {}", shown(source)) })?;
        let parts = Self {
            names: rows.names.clone(),
            of_pictures: true,
            is_one_file: tables.len() == 1,
            notes,
            ..plain(train, test)
        };
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

    /// Sets images aside to test with if there are none, and makes classes of the labels.
    ///
    /// # Errors
    /// When a label has no name, or the parts do not go together.
    pub fn into_dataset(self, source: PathBuf, reading: &Reading, known: Option<&Form>) -> Result<Dataset, DataError> {
        let Self { train, test, names, is_fashion, of_pictures, notes, .. } = self;
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
        let shape = train.shape;
        if let Some(size) =
            reading.size.filter(|size| known.is_none() && [size.height, size.width] != [shape.height, shape.width])
        {
            let problem =
                format!("they are {shape}, and `size` is {size}: only pictures can be resized, so leave it out");
            return Err(DataError::content(&train.what, "its images", problem));
        }
        let sets: Vec<&Labels> = std::iter::once(&train).chain(&test).map(|set| &set.labels).collect();
        let is_fashion = is_fashion || fashion_mnist::is_its_training_set(&train);
        let own_names = match names {
            _ if is_fashion => Form::default().class_names,
            Some(names) => names,
            None => labels::occurring(&sets),
        };
        let form = match (known, &reading.classes) {
            (Some(known), _) => {
                must_fit(&train, known)?;
                known.clone()
            }
            (None, Some(given)) => {
                let class_names = labels::given(given)?;
                // Names that say nothing of the labels are other names for the data's own, in their order.
                let are_others = own_names.len() == class_names.len()
                    && sets.iter().any(|labels| labels.among(&class_names).is_err());
                Form { shape, class_names, labels: are_others.then_some(own_names), of_pictures }
            }
            (None, None) => Form { shape, class_names: own_names, labels: None, of_pictures },
        };
        for names in std::iter::once(&form.class_names).chain(&form.labels) {
            labels::check(reading.classes.as_deref().unwrap_or(&source), names)?;
        }
        let checksums = train.checksums();
        let train = train.classified_as(&form)?;
        let (mut train, mut test) = match (test, reading.test_share) {
            (Some(test), _) => (train, test.classified_as(&form)?),
            (None, share) => set_aside(&source, &train, &checksums, share.unwrap_or_default())?,
        };
        if of_pictures {
            // In folders they are sorted by class, and the first few images must be of all classes.
            (train, test) = (in_any_order(&train)?, in_any_order(&test)?);
        }
        let Form { class_names, labels, .. } = form;
        Ok(Dataset { train, test, class_names, labels, of_pictures, source, notes })
    }
}

/// Sets a share of the images of each class aside to test with. The checksums of their files decide, and neither their places, nor
/// a seed, nor the size that they are read in: no training sees the images that another is tested with. Hardly any changes sides
/// when others are added or removed, and copies of one file in a class nearly always stay together.
fn set_aside(
    source: &Path,
    images: &ImageSet,
    checksums: &[u32],
    share: f64,
) -> Result<(ImageSet, ImageSet), DataError> {
    let count = (share * images.len() as f64).round() as usize;
    if count == 0 || count >= images.len() {
        let problem = format!("`test-share` is {share}, which of {} images leaves none for one part", images.len());
        return Err(DataError::content(&shown(source), "images to test with", problem));
    }
    let by_checksum = |_, members: &mut Vec<u32>| members.sort_by_key(|image| checksums[*image as usize]);
    let split = split_in_order(images.labels(), count, by_checksum)?;
    Ok((images.subset(&split.train)?, images.subset(&split.validation)?))
}

/// The images in an order that is random and always the same.
fn in_any_order(images: &ImageSet) -> Result<ImageSet, DataError> {
    let mut order: Vec<u32> = (0..images.len() as u32).collect();
    shuffle(&mut order, 0, 0);
    images.subset(&order)
}

/// The images to train with, those for validation, and those to test with, as far as they are there.
pub(super) fn read_pictures(
    source: &Path,
    pictures: &[class_folders::Labelled],
    manner: Manner,
    notes: &mut Vec<String>,
    observe: Observe,
) -> Result<[Option<Labelled>; 3], DataError> {
    let files: Vec<&Entry> = pictures.iter().map(|picture| picture.entry).collect();
    let Prepared { shape, pixels, checksums, skipped } = prepared(source, &files, manner, observe)?;
    for (number, problem) in &skipped {
        notes.push(format!("{} is left out: {problem}", shown(&files[*number].inside)));
    }
    let is_skipped = |number: &usize| skipped.binary_search_by_key(number, |(number, _)| *number).is_ok();
    let kept = pictures.iter().enumerate().filter(|(number, _)| !is_skipped(number)).map(|(_, picture)| picture);
    let mut parts: [Option<Labelled>; 3] = [None, None, None];
    for ((picture, image), checksum) in kept.zip(pixels.chunks_exact(shape.len())).zip(checksums) {
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
            files: Vec::new(),
            file_checksums: Vec::new(),
        });
        part.pixels.extend_from_slice(image);
        part.labels.push(&picture.class);
        part.files.push(picture.entry.inside.to_string_lossy().into_owned());
        part.file_checksums.push(checksum);
    }
    Ok(parts)
}
