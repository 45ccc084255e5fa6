//! JPEG, decoded at down to an eighth of its size: the inverse cosine transform of 8 x 8 values can yield as few as 1 x 1.
//!
//! Decoders show what they can of a truncated file, and grey below. [`Parts::of`] therefore first follows the file's
//! structure from marker to marker (ITU-T T.81, annex B), and requires its end and every scan. What is missing *inside* a
//! scan shows only while it is decoded: where the data of a scan end, decoders read zeros, which mean something. Here they
//! read ones, of which 16 are no code in any Huffman table (annex C), so the decoder fails.

use crate::data::error::Problem;
use std::io::Read;

use image::ColorType;
use image::metadata::Orientation;
use jpeg_decoder::{Decoder, PixelFormat};

use super::decode::{Decoded, check_size};
use super::shrink::{Resolution, Row, Shrinking};

/// 128 ones. Each byte is followed by the zero that distinguishes it from a marker, so a decoder that looks for the next
/// marker after reading the whole scan skips them.
const ONES: [u8; 32] = {
    let mut ones = [0; 32];
    let mut i = 0;
    while i < ones.len() {
        ones[i] = 0xff;
        i += 2;
    }
    ones
};
/// Progressive pictures have about ten scans, and never need as many as this. Each scan is a pass over the whole picture, so
/// a small file with many scans would take hours.
const MOST_SCANS: usize = 500;
/// What the decoder may allocate for each segment it keeps, besides the segment's content.
const NOTE_BYTES: u64 = 128;
const CUT_OFF: &str = "it ends before its end mark: it was cut off, get it again";

pub(super) fn decode(bytes: &[u8], resolution: Resolution) -> Result<Decoded, Problem> {
    let said = |e: jpeg_decoder::Error| format!("{e}; it is damaged or was cut off");
    let parts = Parts::of(bytes)?;
    check_size(parts.size.map(u32::from), parts.memory() + bytes.len() as u64)?;

    let mut decoder = Decoder::new(WithOnes::new(bytes, &parts.scan_ends));
    if !parts.lossless {
        let [width, height] = Shrinking::kept_size(parts.size.map(u32::from), resolution).map(|side| side as u16);
        decoder.scale(width, height).map_err(said)?;
    }
    let mut pixels = decoder.decode().map_err(said)?;
    let info = decoder.info().ok_or("it has no header")?;
    let color = match info.pixel_format {
        PixelFormat::L8 => ColorType::L8,
        PixelFormat::L16 => ColorType::L16,
        PixelFormat::RGB24 => ColorType::Rgb8,
        PixelFormat::CMYK32 => {
            cmyk_to_rgb(&mut pixels);
            ColorType::Rgba8
        }
    };
    let scaled = [info.width, info.height].map(u32::from);
    let mut shrinking = Shrinking::new(scaled, resolution);
    let row_bytes = scaled[0] as usize * usize::from(color.bytes_per_pixel());
    for (y, row) in (0..).zip(pixels.chunks_exact(row_bytes.max(1))) {
        shrinking.add(Row::whole(y), color, row)?;
    }
    let upright = decoder.exif_data().and_then(Orientation::from_exif_chunk);
    Ok(Decoded::new(parts.size.map(u32::from), shrinking.finish(), upright))
}

/// Converts cyan, magenta, yellow and black to red, green, blue and opaque alpha, in place.
fn cmyk_to_rgb(pixels: &mut [u8]) {
    for pixel in pixels.as_chunks_mut::<4>().0 {
        let [c, m, y, k] = pixel.map(|ink| 255 - u16::from(ink));
        *pixel = [c * k / 255, m * k / 255, y * k / 255, 255].map(|light| light as u8);
    }
}

/// The parts of a JPEG file.
#[derive(Debug)]
struct Parts {
    size: [u16; 2],
    progressive: bool,
    lossless: bool,
    components: Vec<Component>,
    /// Where the data of each scan end.
    scan_ends: Vec<usize>,
    /// Bytes of the segments that programs add, such as colour profiles, of which the decoder keeps copies.
    notes: u64,
}

#[derive(Debug)]
struct Component {
    id: u8,
    /// Horizontal and vertical.
    sampling: [u8; 2],
    /// For each of the 64 coefficients, how many of its lowest bits are still missing; `None` when all are.
    missing_bits: [Option<u8>; 64],
}

impl Parts {
    /// Follows the file from its start marker to its end marker.
    fn of(bytes: &[u8]) -> Result<Self, Problem> {
        let mut parts = None;
        let mut notes = 0;
        let mut at = 2;
        loop {
            let mark = next_mark(bytes, at).ok_or(CUT_OFF)?;
            at = mark + 2;
            match bytes[mark + 1] {
                // Markers without a segment.
                0x01 | 0xd0..=0xd8 => continue,
                0xd9 => break,
                kind => {
                    let segment = segment(bytes, at).ok_or(CUT_OFF)?;
                    at += 2 + segment.len();
                    match kind {
                        0xc4 | 0xc8 | 0xcc => {}
                        0xc0..=0xcf if parts.is_some() => return Err("it has two headers".into()),
                        0xc0..=0xcf => parts = Some(Self::of_header(kind, segment).ok_or("its header is damaged")?),
                        0xda => {
                            let parts = parts.as_mut().ok_or("its pixels come before its header")?;
                            parts.add_scan(segment).ok_or("the header of a scan is damaged")?;
                            at = scan_end(bytes, at).ok_or(CUT_OFF)?;
                            parts.scan_ends.push(at);
                            if parts.scan_ends.len() > MOST_SCANS {
                                return Err(format!("it has more than {MOST_SCANS} scans; save it anew").into());
                            }
                        }
                        0xe0..=0xef => notes += NOTE_BYTES + segment.len() as u64,
                        _ => {}
                    }
                }
            }
        }
        let parts = parts.ok_or("it has no header")?;
        parts.check_scans()?;
        Ok(Self { notes, ..parts })
    }

    fn of_header(kind: u8, segment: &[u8]) -> Option<Self> {
        let [_precision, h1, h0, w1, w0, count, rest @ ..] = segment else {
            return None;
        };
        let components = rest.as_chunks::<3>().0.iter().map(|[id, sampling, _table]| Component {
            id: *id,
            sampling: [sampling >> 4, sampling & 15],
            missing_bits: [None; 64],
        });
        let components: Vec<Component> = components.collect();
        (components.len() == usize::from(*count)).then_some(Self {
            size: [u16::from_be_bytes([*w1, *w0]), u16::from_be_bytes([*h1, *h0])],
            progressive: matches!(kind, 0xc2 | 0xc6 | 0xca | 0xce),
            lossless: matches!(kind, 0xc3 | 0xc7 | 0xcb | 0xcf),
            components,
            scan_ends: Vec::new(),
            notes: 0,
        })
    }

    /// Records what a scan contributes.
    fn add_scan(&mut self, segment: &[u8]) -> Option<()> {
        let (count, rest) = segment.split_first()?;
        let (selected, rest) = rest.split_at_checked(2 * usize::from(*count))?;
        let [first, last, bits] = *rest.first_chunk::<3>()?;
        let (coefficients, missing) =
            if self.progressive { (usize::from(first)..usize::from(last) + 1, bits & 15) } else { (0..64, 0) };
        for [id, _tables] in selected.as_chunks::<2>().0 {
            let component = self.components.iter_mut().find(|component| component.id == *id)?;
            let coefficients = component.missing_bits.get_mut(coefficients.clone())?;
            coefficients.fill(Some(missing));
        }
        Some(())
    }

    fn check_scans(&self) -> Result<(), Problem> {
        let mut coefficients = self.components.iter().flat_map(|component| component.missing_bits);
        if coefficients.all(|missing| missing == Some(0)) {
            Ok(())
        } else {
            Err("some of its scans are missing: it was cut off, get it again".into())
        }
    }

    /// Bytes that decoding takes besides the file: two per coefficient when all are needed at once, almost nothing row by
    /// row, and the notes.
    fn memory(&self) -> u64 {
        let [width, height] = self.size.map(u64::from);
        let pixels = width * height;
        let most = |axis: usize| self.components.iter().map(|c| u64::from(c.sampling[axis])).max().unwrap_or(1);
        let full = (most(0) * most(1)).max(1);
        let share = |c: &Component| pixels * u64::from(c.sampling[0]) * u64::from(c.sampling[1]) / full;
        let decoded = if self.lossless {
            // Planes of 16 bits, and what is made from them.
            4 * pixels * self.components.len() as u64
        } else if self.progressive {
            2 * self.components.iter().map(share).sum::<u64>()
        } else {
            0
        };
        decoded + self.notes
    }
}

/// Where the next marker begins: 0xff and a byte that is neither 0 nor 0xff.
fn next_mark(bytes: &[u8], from: usize) -> Option<usize> {
    let pairs = bytes.get(from..)?.windows(2);
    let at = pairs.into_iter().position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff))?;
    Some(from + at)
}

/// The content of the segment whose length is at `at`.
fn segment(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?);
    bytes.get(at + 2..at + usize::from(length))
}

/// Where the scan data that begin at `at` end: at the next marker that does not just restart the scan.
fn scan_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at = next_mark(bytes, at)?;
        if !matches!(bytes[at + 1], 0xd0..=0xd7) {
            return Some(at);
        }
        at += 2;
    }
}

/// The file with [`ONES`] inserted where the data of each scan end.
struct WithOnes<'a> {
    /// What is left to read, the last piece first.
    pieces: Vec<&'a [u8]>,
}

impl<'a> WithOnes<'a> {
    fn new(bytes: &'a [u8], scan_ends: &[usize]) -> Self {
        let mut pieces = Vec::with_capacity(2 * scan_ends.len() + 1);
        let mut from = 0;
        for end in scan_ends {
            pieces.extend([&bytes[from..*end], &ONES]);
            from = *end;
        }
        pieces.push(&bytes[from..]);
        pieces.reverse();
        Self { pieces }
    }
}

impl Read for WithOnes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while let Some(piece) = self.pieces.last_mut() {
            if !piece.is_empty() {
                return piece.read(buffer);
            }
            self.pieces.pop();
        }
        Ok(0)
    }
}
