//! One CSV file: a header row, a `label` column anywhere, and 784 pixel columns.

use std::io::Read;

use super::image_set::MOST_IMAGES;
use super::limited::Limited;
use super::{CLASSES, DataError, ImageSet, PIXELS};

/// A line of 785 numbers has at most 4 KB; quotes and blanks may double that.
const LONGEST_LINE: usize = 16_384;
/// A file of the most images allowed, with the longest numbers.
const MOST_BYTES: u64 = 4 << 30;

/// Where the columns are.
struct Columns {
    label: usize,
    /// For each column, which pixel it is; `None` for the label.
    pixel: Vec<Option<usize>>,
}

impl Columns {
    fn of(file: &str, header: &csv::ByteRecord) -> Result<Self, DataError> {
        let names: Vec<String> = header
            .iter()
            .map(|name| String::from_utf8_lossy(bare(name)).to_lowercase())
            .collect();
        let at_header = |problem: String| DataError::content(file, "line 1", problem);
        let mut labels = (0..names.len()).filter(|i| names[*i] == "label");
        let label = labels.next().ok_or_else(|| {
            at_header("the header has no column 'label'; the first line must name the columns".to_owned())
        })?;
        if labels.next().is_some() {
            return Err(at_header("the header has several columns 'label'".to_owned()));
        }
        if names.len() != PIXELS + 1 {
            return Err(at_header(format!(
                "the header has {} columns, but a label and {PIXELS} pixels make {}",
                names.len(),
                PIXELS + 1
            )));
        }
        let mut next = 0;
        let in_order: Vec<Option<usize>> = (0..names.len())
            .map(|i| {
                (i != label).then(|| {
                    next += 1;
                    next - 1
                })
            })
            .collect();
        let pixel = by_number(&names, label).unwrap_or(in_order);
        Ok(Self { label, pixel })
    }
}

/// The pixels in the order of their columns' numbers (`pixel1` or `1`), when those count from 0 or 1 without a gap.
fn by_number(names: &[String], label: usize) -> Option<Vec<Option<usize>>> {
    let number = |name: &String| name.trim_start_matches("pixel").parse::<usize>().ok();
    let mut numbers = Vec::with_capacity(names.len());
    for (i, name) in names.iter().enumerate() {
        numbers.push(if i == label { None } else { Some(number(name)?) });
    }
    let lowest = numbers.iter().flatten().min().copied()?;
    let mut seen = [false; PIXELS];
    for number in numbers.iter_mut().flatten() {
        *number = number.checked_sub(lowest)?;
        if std::mem::replace(seen.get_mut(*number)?, true) {
            return None;
        }
    }
    (lowest <= 1).then_some(numbers)
}

/// Reads one file; `file` names it in errors.
pub(super) fn read(file: &str, reader: impl Read) -> Result<ImageSet, DataError> {
    let limited = Limited::new(reader, MOST_BYTES).longest_line(LONGEST_LINE);
    // Without quoting a record is a line, so the limit on lines is one on records too; quotes around a field are
    // trimmed below.
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .quoting(false)
        .from_reader(limited);
    let mut record = csv::ByteRecord::new();
    let broken = |e: csv::Error| {
        let place = e
            .position()
            .map_or("reading".to_owned(), |p| format!("line {}", p.line()));
        DataError::content(file, place, format!("it cannot be read: {e}"))
    };
    if !rows.read_byte_record(&mut record).map_err(broken)? {
        return Err(DataError::content(file, "line 1", "the file is empty"));
    }
    let columns = Columns::of(file, &record)?;

    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    while rows.read_byte_record(&mut record).map_err(broken)? {
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |problem: String| DataError::content(file, format!("line {line}"), problem);
        if record.len() != columns.pixel.len() {
            return Err(wrong(format!(
                "it has {} columns, but the header has {}",
                record.len(),
                columns.pixel.len()
            )));
        }
        if labels.len() == MOST_IMAGES {
            return Err(wrong(format!("there are more than {MOST_IMAGES} images")));
        }
        let start = pixels.len();
        pixels.resize(start + PIXELS, 0);
        for (i, field) in record.iter().enumerate() {
            let value = parse_byte(field);
            match (columns.pixel[i], value) {
                (Some(pixel), Some(value)) => pixels[start + pixel] = value,
                (None, Some(label)) if usize::from(label) < CLASSES => labels.push(label),
                (kind, _) => {
                    let what = match kind {
                        Some(pixel) => format!("pixel {pixel} (column {})", i + 1),
                        None => format!("the label (column {})", columns.label + 1),
                    };
                    let most = if kind.is_some() { 255 } else { CLASSES - 1 };
                    return Err(wrong(format!(
                        "{what} is '{}', but must be a whole number from 0 to {most}",
                        String::from_utf8_lossy(&field[..field.len().min(40)])
                    )));
                }
            }
        }
    }
    if labels.is_empty() {
        return Err(DataError::content(
            file,
            "line 2",
            "there are no images after the header",
        ));
    }
    ImageSet::new(file, pixels, labels)
}

/// A field without blanks and quotes around it.
fn bare(field: &[u8]) -> &[u8] {
    let text = field.trim_ascii();
    let unquoted = text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\""));
    unquoted.unwrap_or(text).trim_ascii()
}

/// A whole number from 0 to 255, with blanks around it or `.0` behind it.
fn parse_byte(field: &[u8]) -> Option<u8> {
    let text = bare(field);
    let digits = match text.iter().position(|b| *b == b'.') {
        Some(point) if text[point + 1..].iter().all(|b| *b == b'0') => &text[..point],
        Some(_) => return None,
        None => text,
    };
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u8, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|d| *d < 10)?;
        value.checked_mul(10)?.checked_add(digit)
    })
}
