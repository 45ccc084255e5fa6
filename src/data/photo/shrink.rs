//! Shrinks a picture while it is decoded, so that no full-size copy of it is needed.

use crate::data::error::Problem;
use crate::data::{ImageShape, Size};
use image::{ColorType, Rgba, RgbaImage};

/// How much of a picture's resolution is needed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Resolution {
    /// Enough to find a thing: about 2^18 pixels, so that one that fills a twentieth of a picture's width keeps the 28 that it will
    /// have.
    Thing,
    /// At least this size, where the picture has it.
    AtLeast(Size),
    /// All of it, if its sides are not too long for an image.
    Whole,
}

/// About how many pixels are kept to find a thing.
const OF_THING: u64 = 1 << 18;
/// The most pixels kept, whatever is wanted: the sums take sixteen times as many bytes.
const MOST_KEPT: u64 = 1 << 24;
/// The largest side of a block: its sums must not overflow.
const LARGEST_BLOCK: u32 = 256;

/// Sums over square blocks of pixels, which may be added in any order.
pub(super) struct Shrinking {
    size: [u32; 2],
    /// Side of a block in pixels.
    side: u32,
    /// Blocks per row.
    columns: usize,
    /// For each column of pixels, the column of its block.
    column_of: Vec<u32>,
    /// For each block, the sums of r*a, g*a, b*a and a, which [`LARGEST_BLOCK`] keeps from overflowing.
    sums: Vec<[u32; 4]>,
}

/// Pixels of one row: `start`, `start + step`, ...
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub y: u32,
    pub start: u32,
    pub step: usize,
}

impl Row {
    pub(super) fn whole(y: u32) -> Self {
        Self { y, start: 0, step: 1 }
    }
}

/// Side of a block in pixels.
fn block_side([width, height]: [u32; 2], resolution: Resolution) -> u32 {
    let pixels = u64::from(width) * u64::from(height);
    let keeping = |kept: u64| (pixels as f64 / kept as f64).sqrt().ceil() as u32;
    let side = match resolution {
        Resolution::Thing => keeping(OF_THING),
        Resolution::Whole if width.max(height) > ImageShape::LONGEST_SIDE as u32 => keeping(OF_THING),
        Resolution::Whole => 1,
        // A camera may have stored height as width.
        Resolution::AtLeast(size) => {
            (width.min(height) / size.height.max(size.width).max(1) as u32).max(keeping(MOST_KEPT))
        }
    };
    side.clamp(1, LARGEST_BLOCK)
}

impl Shrinking {
    /// The size of a picture after shrinking.
    pub(super) fn kept_size(size: [u32; 2], resolution: Resolution) -> [u32; 2] {
        size.map(|length| length.div_ceil(block_side(size, resolution)))
    }

    /// For a picture of `[width, height]`, at most [`super::decode::MOST_PIXELS`] in all.
    pub(super) fn new(size: [u32; 2], resolution: Resolution) -> Self {
        let side = block_side(size, resolution);
        let [columns, rows] = Self::kept_size(size, resolution).map(|length| length as usize);
        Self {
            size,
            side,
            columns,
            column_of: (0..size[0]).map(|x| x / side).collect(),
            sums: vec![[0; 4]; columns * rows],
        }
    }

    /// Adds pixels as decoders return them; those outside the picture are ignored.
    ///
    /// # Errors
    /// For a layout that no decoder here returns.
    pub(super) fn add(&mut self, row: Row, color: ColorType, bytes: &[u8]) -> Result<(), Problem> {
        match color {
            ColorType::L8 => self.add_as(row, bytes, |[l]: [u8; 1]| [l, l, l, 255]),
            ColorType::La8 => self.add_as(row, bytes, |[l, a]: [u8; 2]| [l, l, l, a]),
            ColorType::Rgb8 => self.add_as(row, bytes, |[r, g, b]: [u8; 3]| [r, g, b, 255]),
            ColorType::Rgba8 => self.add_as(row, bytes, |rgba: [u8; 4]| rgba),
            ColorType::L16 => self.add_as(row, bytes, |p: [u8; 2]| {
                let [l] = high_bytes(p);
                [l, l, l, 255]
            }),
            ColorType::La16 => self.add_as(row, bytes, |p: [u8; 4]| {
                let [l, a] = high_bytes(p);
                [l, l, l, a]
            }),
            ColorType::Rgb16 => self.add_as(row, bytes, |p: [u8; 6]| {
                let [r, g, b] = high_bytes(p);
                [r, g, b, 255]
            }),
            ColorType::Rgba16 => self.add_as(row, bytes, |p: [u8; 8]| high_bytes(p)),
            ColorType::Rgb32F => self.add_as(row, bytes, |p: [u8; 12]| {
                let [r, g, b] = from_floats(p);
                [r, g, b, 255]
            }),
            ColorType::Rgba32F => self.add_as(row, bytes, |p: [u8; 16]| from_floats(p)),
            other => return Err(format!("pixels of the form {other:?} cannot be read").into()),
        }
        Ok(())
    }

    fn add_as<const N: usize>(&mut self, row: Row, bytes: &[u8], rgba: impl Fn([u8; N]) -> [u8; 4]) {
        let start = (row.y / self.side) as usize * self.columns;
        let Some(sums) = self.sums.get_mut(start..start + self.columns) else {
            return;
        };
        let columns = self.column_of.iter().skip(row.start as usize).step_by(row.step);
        for (pixel, column) in bytes.as_chunks::<N>().0.iter().zip(columns) {
            let [r, g, b, a] = rgba(*pixel).map(u32::from);
            let sum = &mut sums[*column as usize];
            *sum = [sum[0] + r * a, sum[1] + g * a, sum[2] + b * a, sum[3] + a];
        }
    }

    /// The means of the blocks.
    pub(super) fn finish(self) -> RgbaImage {
        let [width, height] = self.size;
        let rows = height.div_ceil(self.side);
        RgbaImage::from_fn(self.columns as u32, rows, |x, y| {
            let [r, g, b, a] = self.sums[y as usize * self.columns + x as usize];
            let within = |at: u32, size: u32| self.side.min(size - at * self.side);
            let pixels = within(x, width) * within(y, height);
            let mean = |sum: u32, of: u32| ((sum + of / 2) / of.max(1)) as u8;
            Rgba([mean(r, a), mean(g, a), mean(b, a), mean(a, pixels)])
        })
    }
}

/// The upper halves of 16-bit samples in this machine's byte order.
fn high_bytes<const N: usize, const SAMPLES: usize>(pixel: [u8; N]) -> [u8; SAMPLES] {
    std::array::from_fn(|i| (u16::from_ne_bytes([pixel[2 * i], pixel[2 * i + 1]]) >> 8) as u8)
}

/// Floats from 0 to 1 in this machine's byte order.
fn from_floats<const N: usize, const SAMPLES: usize>(pixel: [u8; N]) -> [u8; SAMPLES] {
    std::array::from_fn(|i| {
        let bytes = [0, 1, 2, 3].map(|byte| pixel[4 * i + byte]);
        (f32::from_ne_bytes(bytes) * 255.0).round() as u8
    })
}
