//! Checks the description of a Parquet file before the crate `parquet` reads it, which allocates as much memory as the file claims
//! to need and follows groups within groups without a limit.
//!
//! The description is a struct in Thrift's compact protocol
//! (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>), `FileMetaData` of
//! <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>: its field 2 is the list of the columns and
//! groups, in which field 5 is the number of a group's members.

use super::error::Problem;

/// A data set of pictures has a few columns.
const MOST_COLUMNS: usize = 10_000;
/// Structs and lists within each other.
const DEEPEST: usize = 32;

const LIST_OF_COLUMNS: i64 = 2;
const MEMBERS: i64 = 5;

/// Refuses a file whose description is damaged, or names more columns or members than it has.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn check(file: &[u8]) -> Result<(), Problem> {
    let damaged = || Problem("it is damaged or not complete; get it again".to_owned());
    let length = file.strip_suffix(b"PAR1").and_then(|rest| rest.last_chunk::<4>());
    let length = u32::from_le_bytes(*length.ok_or_else(damaged)?) as usize;
    let start = file.len().checked_sub(8).and_then(|end| end.checked_sub(length)).ok_or_else(damaged)?;
    let mut reader = Reader { bytes: &file[start..file.len() - 8], members: 0, columns: 0 };
    reader.skip_struct(DEEPEST, Place::File).ok_or_else(damaged)?;
    match reader.columns <= MOST_COLUMNS && reader.members < reader.columns.max(1) as u64 {
        true => Ok(()),
        false => Err("it has too many columns, or groups that say they have more than there are".into()),
    }
}

/// Which struct is being read.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    File,
    Column,
    Other,
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// Columns and groups so far, and the members that the groups say they have.
    columns: usize,
    members: u64,
}

/// Each gives nothing when the bytes end too early or are no Thrift.
impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A number with its sign in the lowest bit.
    fn signed(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn skip_bytes(&mut self, count: u64) -> Option<()> {
        self.bytes = self.bytes.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    fn skip_struct(&mut self, depth: usize, place: Place) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let mut field = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            field = match head >> 4 {
                0 => self.signed()?,
                step => field + i64::from(step),
            };
            let kind = head & 0xf;
            match (place, field, kind) {
                (Place::Column, MEMBERS, 5) => {
                    let members = u64::try_from(self.signed()?).ok()?;
                    self.members = self.members.saturating_add(members);
                }
                (Place::File, LIST_OF_COLUMNS, 9) => self.skip_list(depth, Place::Column)?,
                // A boolean's value is its type.
                (_, _, 1 | 2) => {}
                _ => self.skip(kind, depth)?,
            }
        }
    }

    fn skip_list(&mut self, depth: usize, of: Place) -> Option<()> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        for _ in 0..count {
            match head & 0xf {
                12 => {
                    self.columns += usize::from(of == Place::Column);
                    self.skip_struct(depth.checked_sub(1)?, of)?;
                }
                1 | 2 => self.skip_bytes(1)?,
                kind => self.skip(kind, depth)?,
            }
        }
        Some(())
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            3 => self.skip_bytes(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.skip_bytes(8),
            8 => {
                let length = self.varint()?;
                self.skip_bytes(length)
            }
            9 | 10 => self.skip_list(depth.checked_sub(1)?, Place::Other),
            12 => self.skip_struct(depth, Place::Other),
            // Nothing in Parquet's description is a map.
            _ => None,
        }
    }
}
