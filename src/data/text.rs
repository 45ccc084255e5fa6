//! Text tables as programs write them: in UTF-8 or UTF-16, separated by `,`, `;` or TAB, with the line ends of any system.

use std::io::{self, Cursor, Read};

use super::content::Failed;

/// Bytes examined to determine the form: more than a header of 785 names takes, in UTF-16 too.
const LOOKED_AT: u64 = 32_768;

/// A table as lines of ASCII, and what separates its columns.
pub(super) struct Table<'a> {
    pub reader: Box<dyn Read + 'a>,
    pub separator: u8,
}

impl<'a> Table<'a> {
    pub(super) fn new(mut reader: impl Read + 'a) -> Self {
        let mut start = Vec::new();
        let failed = reader.by_ref().take(LOOKED_AT).read_to_end(&mut start).err();
        let utf16 = Utf16::of(&start);
        let text = match utf16 {
            Some(order) => start.as_chunks().0.iter().map(|unit| order.ascii(*unit)).collect(),
            None => start.clone(),
        };
        let reader = Cursor::new(start).chain(Failed(failed)).chain(reader);
        let reader: Box<dyn Read> = match utf16 {
            Some(order) => Box::new(FromUtf16 { reader, order }),
            None => Box::new(reader),
        };
        // The line ends of old Macs and of some exports.
        let only_cr = text.contains(&b'\r') && !text.contains(&b'\n');
        let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let header = text.split(is_end).find(|line| !line.trim_ascii().is_empty());
        Self {
            reader: if only_cr { Box::new(FromCr { reader }) } else { reader },
            separator: separator(header.unwrap_or_default()),
        }
    }
}

/// The most frequent separator in the header; a comma when there is none.
fn separator(header: &[u8]) -> u8 {
    let count = |separator: u8| header.iter().filter(|byte| **byte == separator).count();
    [b'\t', b';', b','].into_iter().max_by_key(|one| count(*one)).unwrap_or(b',')
}

/// The order of the two bytes of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Utf16 {
    LowFirst,
    HighFirst,
}

impl Utf16 {
    /// Determined by the byte order mark, or else by the zero beside the first letter.
    fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0xff, 0xfe, ..] | [1..=0x7f, 0, 1..=0x7f, 0, ..] => Some(Self::LowFirst),
            [0xfe, 0xff, ..] | [0, 1..=0x7f, 0, 1..=0x7f, ..] => Some(Self::HighFirst),
            _ => None,
        }
    }

    /// The character, a blank for the byte order mark, or a question mark for characters that occur in no number and not in
    /// `label`.
    fn ascii(self, unit: [u8; 2]) -> u8 {
        let unit = match self {
            Self::LowFirst => u16::from_le_bytes(unit),
            Self::HighFirst => u16::from_be_bytes(unit),
        };
        match unit {
            0xfeff => b' ',
            0..=0x7f => unit as u8,
            _ => b'?',
        }
    }
}

struct FromUtf16<R> {
    reader: R,
    order: Utf16,
}

impl<R: Read> Read for FromUtf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut units = Vec::new();
        self.reader.by_ref().take(2 * buffer.len() as u64).read_to_end(&mut units)?;
        let (units, half) = units.as_chunks();
        for (to, unit) in buffer.iter_mut().zip(units) {
            *to = self.order.ascii(*unit);
        }
        if half.is_empty() { Ok(units.len()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

struct FromCr<R> {
    reader: R,
}

impl<R: Read> Read for FromCr<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        for byte in &mut buffer[..count] {
            if *byte == b'\r' {
                *byte = b'\n';
            }
        }
        Ok(count)
    }
}
