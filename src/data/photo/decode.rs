//! Reading a picture of any format into a small one, in bounded memory.

use crate::data::error::Problem;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbaImage};

use super::shrink::{Resolution, Row, Shrinking};
use super::{jpeg, png, whole};

/// The most pixels a picture may have (2^27: 134 million).
pub(super) const MOST_PIXELS: u64 = 1 << 27;
/// The most pixels along a side: a single row must not take the memory of a whole picture.
const LONGEST_SIDE: u32 = 65_535;
/// The most bytes that decoding may take. PNG needs a few rows, and JPEG the file and almost nothing besides, unless it is
/// progressive; the other formats are decoded whole.
const MOST_BYTES: u64 = 768 << 20;
/// The most bytes of the file itself.
const MOST_FILE_BYTES: u64 = 512 << 20;

/// A picture at the resolution that is needed, the right way up.
pub(super) struct Decoded {
    /// Width and height before shrinking.
    pub size: [u32; 2],
    pub small: RgbaImage,
}

impl Decoded {
    pub(super) fn new([width, height]: [u32; 2], small: RgbaImage, upright: Option<Orientation>) -> Self {
        let upright = upright.unwrap_or(Orientation::NoTransforms);
        let mut small = DynamicImage::from(small);
        small.apply_orientation(upright);
        let lies = matches!(
            upright,
            Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
        );
        Self { size: if lies { [height, width] } else { [width, height] }, small: small.into_rgba8() }
    }
}

/// Reads the first picture of a file.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn decode(mut file: impl BufRead + Seek, resolution: Resolution) -> Result<Decoded, Problem> {
    let length = file.seek(SeekFrom::End(0)).map_err(|e| explain(&e))?;
    file.rewind().map_err(|e| explain(&e))?;
    if length > MOST_FILE_BYTES {
        return Err(format!("the file has more than {} MB", MOST_FILE_BYTES >> 20).into());
    }
    let start = file.fill_buf().map_err(|e| explain(&e))?;
    let format = format_of(start)?;
    match format {
        ImageFormat::Png => png::decode(file, resolution),
        ImageFormat::Jpeg => {
            let mut bytes = Vec::with_capacity(length as usize);
            file.take(MOST_FILE_BYTES).read_to_end(&mut bytes).map_err(|e| explain(&e))?;
            jpeg::decode(&bytes, resolution)
        }
        format => {
            whole::check(format, &mut file, length)?;
            decode_whole(format, file, resolution)
        }
    }
}

/// The format, judging by a file's first bytes.
fn format_of(start: &[u8]) -> Result<ImageFormat, Problem> {
    let readable =
        [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::Tiff];
    match image::guess_format(start) {
        Ok(format) if readable.contains(&format) => Ok(format),
        _ if start.is_empty() => Err("the file is empty".into()),
        _ => Err("it is no PNG, JPEG, WebP, GIF, BMP or TIFF; save it as one of these first".into()),
    }
}

/// What a read error means for a picture.
pub(super) fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends too early: it was cut off, get it again".to_owned(),
        _ => error.to_string(),
    }
}

/// Refuses what would take too much memory: too many pixels, or a decoder that needs too many `bytes`.
pub(super) fn check_size([width, height]: [u32; 2], bytes: u64) -> Result<(), Problem> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        Err("it has no pixels".into())
    } else if width.max(height) > LONGEST_SIDE || pixels > MOST_PIXELS {
        Err(format!(
            "it has {width}x{height} pixels, but may have {LONGEST_SIDE} a side and {} million in all; make it smaller first",
            MOST_PIXELS / 1_000_000
        ).into())
    } else if bytes > MOST_BYTES {
        Err(format!(
            "a file of this kind with {width}x{height} pixels would take {} MB to decode, but may take {}; make it smaller \
             first, or save it as PNG",
            bytes >> 20,
            MOST_BYTES >> 20
        ).into())
    } else {
        Ok(())
    }
}

/// Decodes a picture in one piece, for formats whose decoders do not return it row by row.
fn decode_whole(format: ImageFormat, file: impl BufRead + Seek, resolution: Resolution) -> Result<Decoded, Problem> {
    let said = |e: ImageError| match e {
        ImageError::IoError(e) => explain(&e),
        e => e.to_string().trim().to_owned(),
    };
    let mut reader = ImageReader::with_format(file, format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(said)?;
    let size = <[u32; 2]>::from(decoder.dimensions());
    // The TIFF decoder copies the picture once, and the WebP decoder also holds colour and brightness.
    let copies = match format {
        ImageFormat::Tiff | ImageFormat::WebP => 2,
        _ => 1,
    };
    let bytes = decoder.total_bytes();
    check_size(size, bytes.saturating_mul(copies))?;
    limits.max_alloc = Some(MOST_BYTES - bytes);
    decoder.set_limits(limits).map_err(said)?;
    let upright = decoder.orientation().map_err(said)?;
    let color = decoder.color_type();
    // `check_size` has made sure that they fit.
    let mut pixels = vec![0; bytes as usize];
    decoder.read_image(&mut pixels).map_err(said)?;

    let mut shrinking = Shrinking::new(size, resolution);
    let row_bytes = size[0] as usize * usize::from(color.bytes_per_pixel());
    for (y, row) in (0..).zip(pixels.chunks_exact(row_bytes)) {
        shrinking.add(Row::whole(y), color, row)?;
    }
    Ok(Decoded::new(size, shrinking.finish(), Some(upright)))
}
