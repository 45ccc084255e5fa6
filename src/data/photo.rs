//! A picture of one's own made into what the data set holds: grey, light on black, 28x28, the thing in the middle.
//!
//! The steps are those that made Fashion-MNIST out of photographs (Xiao et al. 2017, section 2): trim what looks like the
//! background, shrink the longer side to 28 pixels, put it in the middle, negate.

use std::fs;
use std::io::{BufReader, Seek};
use std::path::Path;

use image::imageops::{FilterType, crop_imm, overlay, resize};
use image::{DynamicImage, GrayImage, ImageDecoder, ImageReader, Limits, Luma};

use super::{DataError, HEIGHT, PIXELS, WIDTH};

/// Whether light and dark are exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inversion {
    /// When the background is light.
    Automatic,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

/// A picture as the networks take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// [`PIXELS`] bytes, row by row.
    pub pixels: Vec<u8>,
    /// Whether light and dark were exchanged.
    pub inverted: bool,
    /// Width and height of the picture.
    pub size: [u32; 2],
}

/// A picture may take so much memory while it is read (16,000 x 8,000 pixels of four bytes).
const MOST_BYTES: u64 = 512 << 20;
/// Pixels that differ less from the background belong to it: an eighth of the range.
const CLOSE: u8 = 32;

impl Photo {
    /// Reads a PNG, JPEG or WebP file of any size and colour. What is transparent is seen on white; a camera's note on which
    /// side is up is followed.
    ///
    /// # Errors
    /// [`DataError::Picture`] when it is none of these, damaged, larger than half a gigabyte in memory, or of one colour.
    pub fn read(path: &Path, inversion: Inversion) -> Result<Self, DataError> {
        let refuse = |problem: String| DataError::Picture {
            path: path.to_owned(),
            problem,
        };
        let file = fs::File::open(path).map_err(DataError::io(path))?;
        let image = decode(BufReader::new(file)).map_err(|e| refuse(e.to_string().trim().to_owned()))?;
        Self::from_image(&image, inversion).map_err(|problem| refuse(problem.to_owned()))
    }

    fn from_image(image: &DynamicImage, inversion: Inversion) -> Result<Self, &'static str> {
        let mut grey = grey_on_white(image);
        let (width, height) = grey.dimensions();
        if width == 0 || height == 0 {
            return Err("it has no pixels");
        }
        let inverted = match inversion {
            Inversion::Automatic => background(&grey) > 127,
            Inversion::Always => true,
            Inversion::Never => false,
        };
        if inverted {
            image::imageops::invert(&mut grey);
        }
        // An image of the data set's size is taken as it is.
        let pixels = if [width, height] == [WIDTH as u32, HEIGHT as u32] {
            grey.into_raw()
        } else {
            centred(&grey)?.into_raw()
        };
        debug_assert_eq!(pixels.len(), PIXELS);
        Ok(Self {
            pixels,
            inverted,
            size: [width, height],
        })
    }
}

fn decode(file: impl std::io::BufRead + Seek) -> image::ImageResult<DynamicImage> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    let mut reader = ImageReader::new(file).with_guessed_format()?;
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let upright = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(upright);
    Ok(image)
}

/// The brightness of each pixel (ITU-R BT.601), transparent ones on white.
fn grey_on_white(image: &DynamicImage) -> GrayImage {
    let colors = image.to_rgba8();
    let (width, height) = colors.dimensions();
    let grey = colors.pixels().map(|pixel| {
        let [r, g, b, alpha] = pixel.0.map(f32::from);
        let brightness = 0.299 * r + 0.587 * g + 0.114 * b;
        let opaque = alpha / 255.0;
        (opaque * brightness + (1.0 - opaque) * 255.0).round() as u8
    });
    GrayImage::from_raw(width, height, grey.collect()).unwrap_or_default()
}

/// The median along the border.
fn background(grey: &GrayImage) -> u8 {
    let (width, height) = grey.dimensions();
    let border = grey
        .enumerate_pixels()
        .filter(|(x, y, _)| *x == 0 || *y == 0 || *x == width - 1 || *y == height - 1);
    let mut border: Vec<u8> = border.map(|(_, _, pixel)| pixel.0[0]).collect();
    border.sort_unstable();
    border.get(border.len() / 2).copied().unwrap_or(0)
}

/// What stands out from the background, on black, as large as fits, in the middle of 28x28.
fn centred(grey: &GrayImage) -> Result<GrayImage, &'static str> {
    let dark = background(grey);
    let mut lifted = grey.clone();
    for pixel in lifted.pixels_mut() {
        // The background becomes 0, white stays white.
        let above = u32::from(pixel.0[0].saturating_sub(dark));
        pixel.0[0] = (above * 255 / (255 - u32::from(dark)).max(1)).min(255) as u8;
    }
    let things = || lifted.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] > CLOSE);
    let columns = things().map(|(x, _, _)| x);
    let rows = things().map(|(_, y, _)| y);
    let (Some(left), Some(right), Some(top), Some(bottom)) =
        (columns.clone().min(), columns.max(), rows.clone().min(), rows.max())
    else {
        return Err("nothing stands out from its background (with --invert yes or no light and dark can be forced)");
    };
    let (width, height) = (right - left + 1, bottom - top + 1);
    let longest = width.max(height);
    let side = WIDTH as u32;
    let shrunk = |length: u32| ((length * side + longest / 2) / longest).max(1);
    let thing = crop_imm(&lifted, left, top, width, height).to_image();
    let thing = resize(&thing, shrunk(width), shrunk(height), FilterType::Triangle);
    let mut canvas = GrayImage::from_pixel(side, side, Luma([0]));
    let middle = |length: u32| i64::from((side - length) / 2);
    overlay(&mut canvas, &thing, middle(thing.width()), middle(thing.height()));
    Ok(canvas)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};

    /// A dark rectangle on white.
    fn rectangle(size: [u32; 2], corners: [u32; 4]) -> DynamicImage {
        let [left, top, right, bottom] = corners;
        let inside = |x, y| (left..right).contains(&x) && (top..bottom).contains(&y);
        RgbaImage::from_fn(size[0], size[1], |x, y| {
            if inside(x, y) {
                Rgba([20, 20, 20, 255])
            } else {
                Rgba([250, 250, 250, 255])
            }
        })
        .into()
    }

    fn rows(photo: &Photo) -> Vec<&[u8]> {
        photo.pixels.chunks_exact(WIDTH).collect()
    }

    #[test]
    fn a_dark_thing_on_white_becomes_a_light_one_in_the_middle_of_black() {
        // 100 x 50 somewhere in 400 x 300: 28 x 14 in the middle.
        let photo = Photo::from_image(&rectangle([400, 300], [17, 200, 117, 250]), Inversion::Automatic).unwrap();
        assert!(photo.inverted);
        assert_eq!(photo.size, [400, 300]);
        for (y, row) in rows(&photo).iter().enumerate() {
            let wanted = if (7..21).contains(&y) { 200..=255 } else { 0..=0 };
            assert!(row.iter().all(|p| wanted.contains(p)), "row {y}: {row:?}");
        }
    }

    #[test]
    fn a_light_thing_on_black_stays_and_can_be_forced() {
        let mut dark = rectangle([60, 60], [10, 10, 50, 50]);
        dark.invert();
        let photo = Photo::from_image(&dark, Inversion::Automatic).unwrap();
        assert!(!photo.inverted);
        assert!(photo.pixels.iter().all(|p| *p > 200), "it fills the image");
        let forced = Photo::from_image(&dark, Inversion::Always);
        assert!(
            forced.is_err(),
            "black on white, as if white were the background, is nothing light"
        );
    }

    #[test]
    fn an_image_of_the_data_sets_size_is_taken_as_it_is() {
        let pixels: Vec<u8> = (0..PIXELS)
            .map(|i| {
                if (i / WIDTH).is_multiple_of(27) {
                    0
                } else {
                    (i % 251) as u8
                }
            })
            .collect();
        let image = GrayImage::from_raw(WIDTH as u32, HEIGHT as u32, pixels.clone()).unwrap();
        let photo = Photo::from_image(&image.into(), Inversion::Never).unwrap();
        assert_eq!(photo.pixels, pixels);
    }

    #[test]
    fn what_is_transparent_counts_as_white() {
        let mut image = rectangle([50, 50], [20, 20, 30, 30]).to_rgba8();
        for pixel in image.pixels_mut().filter(|pixel| pixel.0[0] > 200) {
            *pixel = Rgba([0, 0, 0, 0]);
        }
        let photo = Photo::from_image(&image.into(), Inversion::Automatic).unwrap();
        assert!(photo.inverted && photo.pixels.iter().all(|p| *p > 200));
    }

    #[test]
    fn a_tall_or_a_tiny_picture_is_no_problem_but_an_empty_one_is() {
        let line = Photo::from_image(&rectangle([3, 2000], [1, 10, 2, 1990]), Inversion::Automatic).unwrap();
        assert_eq!(line.pixels.iter().filter(|p| **p > 100).count(), HEIGHT);
        for side in [1, 40] {
            let blank = rectangle([side, side], [0, 0, 0, 0]);
            let refused = Photo::from_image(&blank, Inversion::Automatic).unwrap_err();
            assert!(refused.contains("nothing stands out"), "{refused}");
        }
    }
}
