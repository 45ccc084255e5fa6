//! Text tables as programs write them: in UTF-8 or UTF-16, separated by `,`, `;` or TAB, with the line ends of any system.

use std::collections::VecDeque;
use std::io::{self, Cursor, Read};

use super::content::Failed;

/// Bytes examined to determine the form: more than a header of 785 names takes, in UTF-16 too.
const LOOKED_AT: u64 = 32_768;

/// A table as lines of text, and what separates its columns.
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
            Some(order) => order.text(start.as_chunks().0).into_bytes(),
            None => start.clone(),
        };
        let reader = Cursor::new(start).chain(Failed(failed)).chain(reader);
        let reader: Box<dyn Read> = match utf16 {
            Some(order) => Box::new(FromUtf16 { reader, order, text: VecDeque::new() }),
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

    /// The text that these bytes are, with blanks for byte order marks, of which some programs leave one in each part of a file.
    fn text(self, bytes: &[[u8; 2]]) -> String {
        let unit = |bytes: &[u8; 2]| match self {
            Self::LowFirst => u16::from_le_bytes(*bytes),
            Self::HighFirst => u16::from_be_bytes(*bytes),
        };
        let characters = char::decode_utf16(bytes.iter().map(unit));
        let characters = characters.map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER));
        characters.map(|character| if character == '\u{feff}' { ' ' } else { character }).collect()
    }

    /// Whether these bytes are the first half of a character.
    fn is_half(self, bytes: [u8; 2]) -> bool {
        let high = match self {
            Self::LowFirst => bytes[1],
            Self::HighFirst => bytes[0],
        };
        (0xd8..=0xdb).contains(&high)
    }
}

/// Text in UTF-16 as UTF-8.
struct FromUtf16<R> {
    reader: R,
    order: Utf16,
    /// Read, and not yet handed out.
    text: VecDeque<u8>,
}

impl<R: Read> FromUtf16<R> {
    /// Bytes that are read at once.
    const PART: u64 = 16 << 10;
}

impl<R: Read> Read for FromUtf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.text.is_empty() {
            let mut bytes = Vec::new();
            self.reader.by_ref().take(Self::PART).read_to_end(&mut bytes)?;
            if bytes.last_chunk().is_some_and(|last| self.order.is_half(*last)) {
                self.reader.by_ref().take(2).read_to_end(&mut bytes)?;
            }
            let (units, half) = bytes.as_chunks();
            if !half.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.text = self.order.text(units).into_bytes().into();
        }
        self.text.read(buffer)
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
