//! Parquet files with a picture and a label per row, as Hugging Face keeps data sets.
//!
//! The pictures are in a column of bytes, or of a group with a field `bytes` (`datasets.Image` in
//! <https://huggingface.co/docs/datasets/about_dataset_features>), as files in PNG, JPEG and so on; the labels are numbers, whose
//! names the file's metadata may tell, or texts.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{ConvertedType, LogicalType, Type as Stored};
use parquet::file::metadata::FileMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::{Type, TypePtr};

use super::class_folders::{Labelled, Part};
use super::columns::LABELS;
use super::entries::Entry;
use super::error::Problem;
use super::image_set::MOST_IMAGES;
use super::labels::shown_name;
use super::{DataError, Reading, parquet_footer};
use crate::files::shown;

/// All files together, and all pictures in them.
const MOST_BYTES: u64 = 2 << 30;
/// The name of the thread that reads Parquet files. Its panics end as errors, so a program need not report them.
pub const PARQUET_READER: &str = "parquet reader";
/// The reading of a schema calls itself as deep as that goes.
const STACK: usize = 64 << 20;

/// Whether a file's name ends like that of a Parquet file.
pub(super) fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"))
}

/// The Parquet files of one data set; with `named`, in lower case, those of the set of that file.
///
/// # Errors
/// [`DataError::Several`] when there are several sets, by the words of their names.
pub(super) fn files<'a>(source: &Path, entries: &'a [Entry], named: Option<&str>) -> Result<Vec<&'a Entry>, DataError> {
    let all: Vec<&Entry> = entries.iter().filter(|entry| is_parquet(&entry.inside)).collect();
    let first = match named {
        Some(named) => all.iter().find(|entry| entry.plain_name() == named),
        None => all.first(),
    };
    let Some(first) = first else {
        return Ok(Vec::new());
    };
    let (own, others): (Vec<&Entry>, Vec<&Entry>) =
        all.iter().copied().partition(|entry| family_of(entry) == family_of(first));
    match others.is_empty() || named.is_some() {
        true => Ok(own),
        false => {
            let found: Vec<String> = [own[0], others[0]].map(|entry| shown(&entry.inside)).to_vec();
            Err(DataError::Several { folder: source.to_owned(), found: found.join(", ") })
        }
    }
}

/// The words of a file's name that tell its set from others: not its part, and not its number.
fn family_of(entry: &Entry) -> Vec<String> {
    let name = entry.plain_name();
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let says_nothing =
        |word: &&str| Part::named(word).is_none() && *word != "of" && !word.bytes().all(|byte| byte.is_ascii_digit());
    words.filter(says_nothing).map(str::to_owned).collect()
}

/// The pictures of Parquet files.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    /// Each picture with its part and its class.
    rows: Vec<(Entry, Part, String)>,
    /// The names of the classes in their order, if the files tell them.
    pub names: Option<Vec<String>>,
    /// What a person should know.
    pub notes: Vec<String>,
}

impl Pictures {
    /// Reads the files of a data set. A file whose name tells no part is to train with.
    ///
    /// # Errors
    /// What is wrong with a file.
    pub fn read(files: &[&Entry], reading: &Reading) -> Result<Self, DataError> {
        let mut pictures = Self::default();
        let mut room = MOST_BYTES;
        for file in files {
            let wrong = |problem: Problem| DataError::content(&file.name, "Parquet file", problem.0);
            let bytes = Bytes::from(file.bytes(room)?);
            room -= bytes.len() as u64;
            parquet_footer::check(&bytes).map_err(wrong)?;
            let read = guarded(|| {
                let table = Table::open(bytes, reading)?;
                let rows = table.rows(file, &mut room)?;
                Ok((rows, table.names))
            });
            let (rows, names) = read.map_err(wrong)?;
            if rows.is_empty() {
                pictures.notes.push(format!("{} is left out: its images have no labels", shown(&file.inside)));
            }
            pictures.rows.extend(rows);
            pictures.names = pictures.names.or(names);
        }
        Ok(pictures)
    }

    /// Each picture with its part and its class.
    pub fn sorted(&self) -> Vec<Labelled<'_>> {
        self.rows.iter().map(|(entry, part, class)| Labelled { entry, part: *part, class: class.clone() }).collect()
    }
}

/// Reads in a thread of its own: the crate `parquet` panics over some damaged files.
fn guarded<T: Send>(read: impl FnOnce() -> Result<T, Problem> + Send) -> Result<T, Problem> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name(PARQUET_READER.to_owned()).stack_size(STACK);
        let reader = builder.spawn_scoped(scope, read);
        let reader = reader.map_err(|e| Problem(format!("no thread can be started to read it: {e}")))?;
        reader.join().unwrap_or_else(|_| Err("it is damaged; get it again".into()))
    })
}

/// A Parquet file whose columns are known.
struct Table {
    reader: SerializedFileReader<Bytes>,
    image: TypePtr,
    label: TypePtr,
    /// The names of the numbers in the column of labels.
    names: Option<Vec<String>>,
}

impl Table {
    fn open(bytes: Bytes, reading: &Reading) -> Result<Self, Problem> {
        let reader = SerializedFileReader::new(bytes).map_err(|e| damaged(&e))?;
        let about = reader.metadata().file_metadata();
        let columns = about.schema().get_fields();
        let image = columns.iter().find(|column| holds_files(column));
        let image = image.or_else(|| columns.iter().find(|column| is_bytes(column))).cloned();
        let image = image.ok_or_else(|| {
            Problem(format!("it has no column of pictures, but {}; export it as a table for them", listed(columns)))
        })?;
        let label = label_of(columns, reading)?;
        let names = names(about, label.name());
        Ok(Self { image, label, names, reader })
    }

    /// Each picture with its part and its class; none when no row has a label. The pictures' bytes are taken from `room`.
    fn rows(&self, file: &Entry, room: &mut u64) -> Result<Vec<(Entry, Part, String)>, Problem> {
        let part = part_of(&file.inside);
        let root = self.reader.metadata().file_metadata().schema().name().to_owned();
        let wanted =
            Type::group_type_builder(&root).with_fields(vec![Arc::clone(&self.image), Arc::clone(&self.label)]);
        let wanted = wanted.build().map_err(|e| damaged(&e))?;
        let mut found = Vec::new();
        let mut unlabelled = None;
        for (number, row) in (0..).zip(self.reader.get_row_iter(Some(wanted)).map_err(|e| damaged(&e))?) {
            if number == MOST_IMAGES {
                return Err(Problem(format!("it has more than {MOST_IMAGES} rows")));
            }
            let (mut picture, mut class) = (Vec::new(), None);
            for (name, field) in row.map_err(|e| damaged(&e))?.into_columns() {
                if name == self.label.name() {
                    class = self.class(&field).map_err(|problem| self.wrong_label(number, &problem))?;
                } else {
                    // A row without a picture counts as a broken one, which may be skipped.
                    picture = bytes_of(field).unwrap_or_default();
                }
            }
            *room = room.checked_sub(picture.len() as u64).ok_or_else(|| {
                Problem(format!("the pictures have more than {} GB; split the file", MOST_BYTES >> 30))
            })?;
            match class {
                Some(class) => {
                    let name = format!("{}, row {number}", file.name);
                    let inside = file.inside.join(number.to_string());
                    found.push((Entry::of_memory(name, inside, picture), part, class));
                }
                None => unlabelled = Some(number),
            }
        }
        match unlabelled {
            Some(number) if !found.is_empty() => {
                Err(self.wrong_label(number, &Problem("is missing, though others have one".to_owned())))
            }
            _ => Ok(found),
        }
    }

    fn wrong_label(&self, row: usize, problem: &Problem) -> Problem {
        Problem(format!("the label '{}' of row {row} {problem}", self.label.name().escape_debug()))
    }

    /// The name of a class; none for a number below zero, as which missing labels are stored.
    fn class(&self, label: &Field) -> Result<Option<String>, Problem> {
        let number: i64 = match label {
            Field::Str(text) => return Ok(Some(text.clone())),
            Field::Byte(number) => (*number).into(),
            Field::Short(number) => (*number).into(),
            Field::Int(number) => (*number).into(),
            Field::Long(number) => *number,
            Field::UByte(number) => (*number).into(),
            Field::UShort(number) => (*number).into(),
            Field::UInt(number) => (*number).into(),
            Field::ULong(number) => i64::try_from(*number).unwrap_or(i64::MAX),
            Field::Bool(yes) => (*yes).into(),
            Field::Null => return Ok(None),
            _ => return Err("is no whole number and no text".into()),
        };
        let Ok(number) = usize::try_from(number) else {
            return Ok(None);
        };
        match &self.names {
            Some(names) => names
                .get(number)
                .cloned()
                .map(Some)
                .ok_or_else(|| Problem(format!("is {number}, but the file names {} classes only", names.len()))),
            None => Ok(Some(number.to_string())),
        }
    }
}

fn damaged(error: &parquet::errors::ParquetError) -> Problem {
    Problem(format!("it cannot be read ({error}); get it again, or write it with snappy or without compression"))
}

fn listed(columns: &[TypePtr]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name()).take(12).collect();
    names.join(", ").escape_debug().to_string()
}

/// Whether a column is of bytes that are no text.
fn is_bytes(column: &Type) -> bool {
    if !column.is_primitive() || column.get_physical_type() != Stored::BYTE_ARRAY {
        return false;
    }
    let info = column.get_basic_info();
    // Older writers tell texts in the second way only.
    !matches!(info.logical_type_ref(), Some(LogicalType::String | LogicalType::Enum | LogicalType::Json))
        && matches!(info.converted_type(), ConvertedType::NONE)
}

/// Whether a column is of groups that have bytes under the name `bytes`.
fn holds_files(column: &Type) -> bool {
    column.is_group() && column.get_fields().iter().any(|field| field.name() == "bytes" && is_bytes(field))
}

fn label_of(columns: &[TypePtr], reading: &Reading) -> Result<TypePtr, Problem> {
    let known: Vec<&str> = match &reading.label {
        Some(name) => vec![name],
        // CIFAR-100 has coarse labels too.
        None => LABELS.into_iter().chain(["labels", "fine_label"]).collect(),
    };
    let named = |name: &&str| columns.iter().find(|column| column.is_primitive() && column.name() == *name);
    let found = known.iter().find_map(named).cloned();
    found.ok_or_else(|| {
        let columns = listed(columns);
        let wanted = known[0].escape_debug();
        Problem(format!("it has no column '{wanted}', but {columns}; say with `label` which one has the labels"))
    })
}

/// The names of classes in the metadata that the library `datasets` writes.
fn names(about: &FileMetaData, label: &str) -> Option<Vec<String>> {
    let values = about.key_value_metadata()?;
    let text = values.iter().find(|value| value.key == "huggingface")?.value.as_deref()?;
    let metadata: serde_json::Value = serde_json::from_str(text).ok()?;
    let names = metadata.pointer("/info/features")?.get(label)?.get("names")?.as_array()?;
    let names: Vec<String> = names.iter().map(|name| name.as_str().map(shown_name)).collect::<Option<_>>()?;
    let are_different = names.iter().collect::<BTreeSet<_>>().len() == names.len();
    (!names.is_empty() && are_different).then_some(names)
}

/// The part that a file belongs to: told by its name, such as `test-00000-of-00001.parquet`, or by a folder of it.
fn part_of(inside: &Path) -> Part {
    let stem = inside.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let folders = inside.parent().into_iter().flat_map(Path::components);
    let words = stem.split(|c: char| !c.is_alphanumeric()).map(str::to_owned);
    let mut words = words.chain(folders.map(|part| shown(part.as_ref())));
    words.find_map(|word| Part::named(&word)).unwrap_or(Part::Train)
}

/// The picture of a row: bytes, or those of a group.
fn bytes_of(field: Field) -> Option<Vec<u8>> {
    match field {
        Field::Bytes(bytes) => Some(bytes.data().to_vec()),
        Field::Group(row) => {
            let columns = row.into_columns().into_iter();
            columns.filter(|(name, _)| name == "bytes").find_map(|(_, field)| bytes_of(field))
        }
        _ => None,
    }
}
