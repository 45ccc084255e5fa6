//! A table of images: a row for each, with a column for the label and one for each pixel.

use std::io::{Chain, Read};

use super::columns::Columns;
use super::image_set::MOST_IMAGES;
use super::labelled::Labelled;
use super::labels::Labels;
use super::limited::ShortLines;
use super::text::Table;
use super::{DataError, Reading};

/// A line of 224x224 colour pixels has at most 600 KB; quotes, blanks and `.0` may double that.
const LONGEST_LINE: usize = 1 << 21;

/// Reads one file; `file` names it in errors. Limiting the number of bytes is up to `reader`.
pub(super) fn read(file: &str, reader: impl Read, reading: &Reading) -> Result<Labelled, DataError> {
    let Table { reader, separator } = Table::new(reader);
    let mut rows = Rows::new(file, reader, separator);
    if !rows.next()? {
        return Err(DataError::content(file, "line 1", "the file is empty; get it again"));
    }
    let names = rows.names();
    let columns = Columns::of(&names, reading).map_err(|problem| rows.wrong(problem))?;

    let (mut pixels, mut labels) = (Vec::new(), Labels::default());
    // Without a header the first row is an image already.
    let mut has_row = if columns.header { rows.next()? } else { true };
    while has_row {
        if labels.len() == MOST_IMAGES {
            return Err(rows.wrong(format!("there are more than {MOST_IMAGES} images")));
        }
        columns.add_image(&rows, &mut pixels, &mut labels)?;
        has_row = rows.next()?;
    }
    if labels.len() == 0 {
        return Err(rows.wrong("there are no images after the header; get the file again"));
    }
    Labelled::new(file.to_owned(), columns.shape, pixels, labels)
}

/// The non-blank lines of a file, one at a time.
struct Rows<'a, R> {
    file: &'a str,
    reader: csv::Reader<Chain<ShortLines<R>, &'static [u8]>>,
    record: csv::ByteRecord,
    /// Number of the line in `record`, from 1.
    line: u64,
}

impl<'a, R: Read> Rows<'a, R> {
    fn new(file: &'a str, reader: R, separator: u8) -> Self {
        // Without quoting, a record is a line, so the limit on lines also limits records; `bare` trims quotes around a
        // field, as well as the CR of a CRLF. With a line end after the last line too, the line just read is always the one
        // before the reader's.
        let lines = ShortLines::new(reader, LONGEST_LINE).chain(b"\n".as_slice());
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .quoting(false)
            .delimiter(separator)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(lines);
        Self { file, reader, record: csv::ByteRecord::new(), line: 1 }
    }

    /// Advances to the next non-blank line; false at the end.
    fn next(&mut self) -> Result<bool, DataError> {
        loop {
            let more = self.reader.read_byte_record(&mut self.record);
            let line = self.reader.position().line();
            let more = more.map_err(|e| {
                let place = format!("line {line}");
                match e.kind() {
                    csv::ErrorKind::Io(e) => DataError::broken(self.file, place, e),
                    _ => DataError::content(self.file, place, e.to_string()),
                }
            })?;
            self.line = line.saturating_sub(1);
            let blank = self.record.len() == 1 && bare(&self.record[0]).is_empty();
            if !more || !blank {
                return Ok(more);
            }
        }
    }

    /// The fields of this line as text.
    fn names(&self) -> Vec<String> {
        let fields = self.record.iter();
        fields.map(|field| String::from_utf8_lossy(bare(field)).into_owned()).collect()
    }

    /// An error at this line.
    fn wrong(&self, problem: impl Into<String>) -> DataError {
        DataError::content(self.file, format!("line {}", self.line), problem)
    }
}

impl Columns {
    /// Adds a row's image and label.
    fn add_image<R: Read>(&self, row: &Rows<R>, pixels: &mut Vec<u8>, labels: &mut Labels) -> Result<(), DataError> {
        if row.record.len() != self.places.len() {
            let (found, wanted) = (row.record.len(), self.places.len());
            return Err(row.wrong(format!("it has {found} columns, but the first line has {wanted}")));
        }
        let start = pixels.len();
        pixels.resize(start + self.shape.len(), 0);
        for (i, (place, field)) in self.places.iter().zip(&row.record).enumerate() {
            match (place, parse_byte(field)) {
                (Some(pixel), Some(value)) => pixels[start + pixel] = value,
                (None, _) if bare(field).is_empty() => {
                    return Err(row.wrong(format!("the label (column {}) is empty", i + 1)));
                }
                (None, _) => labels.push(&label(field)),
                (Some(pixel), None) => {
                    let text = String::from_utf8_lossy(&field[..field.len().min(40)]);
                    return Err(row.wrong(format!(
                        "pixel {pixel} (column {}) is '{}', but must be a whole number from 0 to 255",
                        i + 1,
                        text.trim_end().escape_debug()
                    )));
                }
            }
        }
        Ok(())
    }
}

/// A label as text, a number without `.0` and without zeros before it.
fn label(field: &[u8]) -> String {
    let text = bare(field);
    let point = text.iter().position(|b| matches!(b, b'.' | b',')).unwrap_or(text.len());
    let (digits, fraction) = text.split_at(point);
    let is_whole = fraction.iter().skip(1).all(|b| *b == b'0');
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u64>().ok()).filter(|_| is_whole);
    number.map_or_else(|| String::from_utf8_lossy(text).into_owned(), |number| number.to_string())
}

/// A field without the blanks and quotes around it.
fn bare(field: &[u8]) -> &[u8] {
    let text = field.trim_ascii();
    let unquoted = text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\""));
    unquoted.unwrap_or(text).trim_ascii()
}

/// A whole number from 0 to 255, possibly with blanks or quotes around it or `.0` after it.
fn parse_byte(field: &[u8]) -> Option<u8> {
    // Nearly all fields are digits alone, and the training set has 47 million of them.
    parse_digits(field).or_else(|| {
        let text = bare(field);
        // A comma can only occur here where it does not separate columns.
        let point = text.iter().position(|b| matches!(b, b'.' | b',')).unwrap_or(text.len());
        let (digits, fraction) = text.split_at(point);
        let is_whole = fraction.iter().skip(1).all(|b| *b == b'0');
        parse_digits(digits).filter(|_| is_whole)
    })
}

fn parse_digits(digits: &[u8]) -> Option<u8> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u8, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|d| *d < 10)?;
        value.checked_mul(10)?.checked_add(digit)
    })
}
