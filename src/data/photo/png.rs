//! PNG, row by row: a picture of any size takes the memory of a few rows.

use crate::data::error::Problem;
use std::io::{BufRead, Seek};

use image::ColorType;
use image::metadata::Orientation;
use png::{BitDepth, Transformations};

use super::decode::{Decoded, check_size, explain};
use super::shrink::{Resolution, Row, Shrinking};

/// The most bytes that the decoder may take for rows and for the chunks it keeps.
const MOST_BYTES: usize = 64 << 20;

/// First column, step between columns, first row, step between rows.
type Pass = [u32; 4];
const WHOLE: [Pass; 1] = [[0, 1, 0, 1]];
/// The passes of an interlaced picture, in order (PNG specification, section 8.2).
const ADAM7: [Pass; 7] =
    [[0, 8, 0, 8], [4, 8, 0, 8], [0, 4, 4, 8], [2, 4, 0, 4], [0, 2, 2, 4], [1, 2, 0, 2], [0, 1, 1, 2]];

/// Decodes the first picture of the file and reads on to its end mark, so that a file cut off anywhere is refused.
pub(super) fn decode(file: impl BufRead + Seek, resolution: Resolution) -> Result<Decoded, Problem> {
    let said = |e: png::DecodingError| match e {
        png::DecodingError::IoError(e) => explain(&e),
        e => e.to_string(),
    };
    let mut decoder = png::Decoder::new_with_limits(file, png::Limits { bytes: MOST_BYTES });
    // Texts and profiles may decompress to a thousand times their size, and are not needed here.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    // Palettes become colours, and 16 bits become 8.
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let header = decoder.read_header_info().map_err(said)?;
    let size = [header.width, header.height];
    check_size(size, 0)?;

    let mut reader = decoder.read_info().map_err(said)?;
    let color = match reader.output_color_type() {
        (png::ColorType::Grayscale, BitDepth::Eight) => ColorType::L8,
        (png::ColorType::GrayscaleAlpha, BitDepth::Eight) => ColorType::La8,
        (png::ColorType::Rgb, BitDepth::Eight) => ColorType::Rgb8,
        (png::ColorType::Rgba, BitDepth::Eight) => ColorType::Rgba8,
        other => return Err(format!("pixels of the form {other:?} cannot be read").into()),
    };
    let passes = if reader.info().interlaced { &ADAM7[..] } else { &WHOLE };
    let mut shrinking = Shrinking::new(size, resolution);
    for row in rows(size, passes) {
        let pixels = reader.next_interlaced_row().map_err(said)?;
        let pixels = pixels.ok_or("it has fewer rows than its header says")?;
        shrinking.add(row, color, pixels.data())?;
    }
    reader.finish().map_err(said)?;
    let exif = reader.info().exif_metadata.as_deref();
    let upright = exif.and_then(Orientation::from_exif_chunk);
    Ok(Decoded::new(size, shrinking.finish(), upright))
}

fn rows([width, height]: [u32; 2], passes: &[Pass]) -> impl Iterator<Item = Row> {
    let with_columns = passes.iter().filter(move |[start, ..]| *start < width);
    with_columns.flat_map(move |[start, step, first, rows]| {
        (*first..height).step_by(*rows as usize).map(|y| Row { y, start: *start, step: *step as usize })
    })
}
