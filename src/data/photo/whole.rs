//! Whether a file is complete, for formats whose decoders stop at the first picture or read past the end.

use crate::data::error::Problem;
use std::io::{BufRead, Read, Seek, SeekFrom};

use image::ImageFormat;

use super::decode::explain;

/// Follows the parts of a WebP or GIF file to its end, and seeks back to its start.
pub(super) fn check(format: ImageFormat, file: &mut (impl BufRead + Seek), length: u64) -> Result<(), Problem> {
    let whole = match format {
        ImageFormat::WebP => webp(file, length),
        ImageFormat::Gif => gif(file),
        _ => return Ok(()),
    };
    whole.map_err(|e| explain(&e))?;
    Ok(file.rewind().map_err(|e| explain(&e))?)
}

/// Consecutive chunks inside one that spans the file (RIFF).
fn webp(file: &mut (impl BufRead + Seek), length: u64) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(4))?;
    let end = 8 + u64::from(u32::from_le_bytes(bytes(file)?));
    if end > length {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let mut at = 12;
    while at < end {
        file.seek(SeekFrom::Start(at + 4))?;
        let size = u64::from(u32::from_le_bytes(bytes(file)?));
        at += 8 + size + size % 2;
    }
    // An encoder may omit the byte that pads the last chunk to an even length.
    if at > end + 1 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// Blocks up to the trailer (GIF89a specification, appendix B).
fn gif(file: &mut (impl BufRead + Seek)) -> std::io::Result<()> {
    let [.., flags, _, _] = bytes::<13>(file)?;
    skip_palette(file, flags)?;
    loop {
        match bytes(file)? {
            // The trailer.
            [0x3b] => return Ok(()),
            // An extension, whose kind is one byte.
            [0x21] => skip(file, 1)?,
            // A picture: its position, its palette, and the width of its codes.
            [0x2c] => {
                let [.., flags] = bytes::<9>(file)?;
                skip_palette(file, flags)?;
                skip(file, 1)?;
            }
            _ => {
                return Err(std::io::Error::other("there is a block of no known kind: it is damaged"));
            }
        }
        // The data of either: blocks of up to 255 bytes, then an empty one.
        loop {
            let [size] = bytes(file)?;
            if size == 0 {
                break;
            }
            skip(file, u64::from(size))?;
        }
    }
}

fn skip_palette(file: &mut impl BufRead, flags: u8) -> std::io::Result<()> {
    if flags & 0x80 == 0 { Ok(()) } else { skip(file, 3 << ((flags & 7) + 1)) }
}

fn skip(file: &mut impl BufRead, count: u64) -> std::io::Result<()> {
    let skipped = std::io::copy(&mut file.take(count), &mut std::io::sink())?;
    if skipped == count { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}

fn bytes<const N: usize>(file: &mut impl Read) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
