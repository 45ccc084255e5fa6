//! Turns a user's own picture into one like those of the data set that a network was trained on.
//!
//! Grey images of a data set like MNIST and Fashion-MNIST are light on black with the thing in the middle.
//!
//! The steps are those that made Fashion-MNIST from photographs (Xiao et al. 2017, section 2): trim what looks like
//! background, shrink the longer side to the image's, put it in the middle, negate.

mod colors;
mod decode;
mod fitted;
mod jpeg;
mod png;
mod shrink;
mod thing;
mod whole;

use std::io::{BufRead, BufReader, Seek};
use std::path::Path;

use image::imageops::{FilterType, overlay, resize};
use image::{GrayImage, Luma, RgbaImage};

use self::colors::Colors;
use self::decode::Decoded;
pub(super) use self::fitted::greys;
use self::fitted::{fitted, has_colour, opaque};
use self::shrink::Resolution;
use self::thing::Thing;
use super::error::Problem;
use super::{DataError, Fit, ImageShape, Size};
use crate::files;

/// Whether light and dark are swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Inversion {
    /// When the thing is darker than its background; on an image of the data set's size, when its border is light
    #[value(name = "auto")]
    Automatic,
    /// Always: what is darker than the background is the thing
    #[value(name = "yes")]
    Always,
    /// Never: what is lighter than the background is the thing
    #[value(name = "no")]
    Never,
}

/// What is done to a picture before a network sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preparation {
    /// The shape of the network's images.
    pub shape: ImageShape,
    /// How a picture of another shape is resized.
    pub fit: Fit,
    /// If the images are like those of MNIST ([`Form::is_like_mnist`](super::Form::is_like_mnist)): the thing is cut out of its
    /// background, and light and dark may be swapped.
    pub thing: Option<Inversion>,
}

/// A picture as the networks expect it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// The bytes of an image of the wanted shape.
    pub pixels: Vec<u8>,
    /// Whether light and dark were swapped.
    pub inverted: bool,
    /// Width and height of the picture.
    pub size: [u32; 2],
}

impl Photo {
    /// Reads a PNG, JPEG, WebP, GIF, BMP or TIFF file, whatever its name; of an animation, the first picture. The
    /// orientation that a camera recorded is applied. Transparent parts are shown on black or white, whichever the thing
    /// stands out from.
    ///
    /// A picture of up to 134 million pixels is read with less than a gigabyte of memory.
    ///
    /// # Errors
    /// [`DataError::File`] when it cannot be opened, [`DataError::Picture`] when it is none of these, larger, damaged or cut
    /// off, or when nothing stands out from its background.
    pub fn read(path: &Path, preparation: Preparation) -> Result<Self, DataError> {
        let refuse = |problem: Problem| DataError::Picture { path: path.to_owned(), problem: problem.0 };
        let file = BufReader::new(files::open(path)?);
        let Preparation { shape, fit, thing } = preparation;
        let wanted = Size { height: shape.height, width: shape.width };
        let resolution = if thing.is_some() { Resolution::Thing } else { Resolution::AtLeast(wanted) };
        let Decoded { size, small } = decode::decode(file, resolution).map_err(refuse)?;
        let (pixels, inverted) = match thing {
            Some(inversion) => seen(&small, shape, inversion).map_err(refuse)?,
            None => {
                let colours = fitted(&opaque(&small), wanted, fit).into_raw();
                (if shape.is_colour() { colours } else { greys(&colours) }, false)
            }
        };
        Ok(Self { pixels, inverted, size })
    }
}

/// File name extensions of pictures, in upper or lower case.
pub const PICTURE_ENDINGS: [&str; 8] = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"];

/// Whether a file's name is that of a picture.
pub fn is_picture(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| PICTURE_ENDINGS.contains(&ending.as_str()))
}

/// A picture of a data set with its colours.
pub(super) struct Resized {
    /// Red, green and blue of each pixel.
    pub colours: Vec<u8>,
    /// Its size now.
    pub size: Size,
    /// Whether there is anything but greys.
    pub has_colour: bool,
}

/// Reads a picture and gives it a size; without a size it keeps its own, if that is not too large to keep.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn resized(file: impl BufRead + Seek, size: Option<Size>, fit: Fit) -> Result<Resized, Problem> {
    let Decoded { size: [width, height], small } =
        decode::decode(file, size.map_or(Resolution::Whole, Resolution::AtLeast))?;
    let own = Size { height: height as usize, width: width as usize };
    if size.is_none() && small.dimensions() != (width, height) {
        return Err(format!(
            "it has {own} pixels, too many to be used as they are; say with `size` what to make of it"
        )
        .into());
    }
    let size = size.unwrap_or(own);
    let picture = fitted(&opaque(&small), size, fit);
    Ok(Resized { has_colour: has_colour(&picture), size, colours: picture.into_raw() })
}

/// The pixels as the networks expect them, and whether light and dark were swapped.
fn seen(picture: &RgbaImage, shape: ImageShape, inversion: Inversion) -> Result<(Vec<u8>, bool), Problem> {
    let is_inverted = |looks_dark: bool| match inversion {
        Inversion::Automatic => looks_dark,
        Inversion::Always => true,
        Inversion::Never => false,
    };
    let (pixels, inverted) = if picture.dimensions() == (shape.width as u32, shape.height as u32) {
        // An image of the data set's size is used as it is. Its thing may fill the corners, from which the background is
        // otherwise determined; but most of the whole border is dark on every image of the test set.
        let border = Colors::on_canvas(picture, inversion).border_luma();
        let inverted = is_inverted(border > 127.0);
        (grey(picture, inverted), inverted)
    } else {
        let thing = thing::find(picture, inversion)?;
        (centred(&thing, shape).into_raw(), is_inverted(thing.dark))
    };
    Ok((pixels, inverted))
}

/// The lightness of each pixel, or its darkness; transparent pixels are black in either case.
fn grey(picture: &RgbaImage, inverted: bool) -> Vec<u8> {
    let pixels = picture.pixels().map(|pixel| {
        let [r, g, b, a] = pixel.0.map(f32::from);
        let light = colors::luma([r, g, b]);
        let seen = if inverted { 255.0 - light } else { light };
        (seen * a / 255.0).round() as u8
    });
    pixels.collect()
}

/// A thing as large as fits, in the middle of a black image.
fn centred(thing: &Thing, shape: ImageShape) -> GrayImage {
    let (width, height) = thing.distances.dimensions();
    let longest = width.max(height);
    let side = shape.width.min(shape.height) as u32;
    let shrunk = |length: u32| ((length * side + longest / 2) / longest).max(1);
    let small = resize(&thing.distances, shrunk(width), shrunk(height), FilterType::Triangle);
    let mut canvas = GrayImage::from_pixel(shape.width as u32, shape.height as u32, Luma([0]));
    let middle = |whole: u32, length: u32| i64::from((whole - length) / 2);
    let (left, top) = (middle(canvas.width(), small.width()), middle(canvas.height(), small.height()));
    overlay(&mut canvas, &small, left, top);
    canvas
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, Rgba};

    const SHAPE: ImageShape = ImageShape::grey(28, 28);

    /// A dark rectangle on white.
    fn rectangle(size: [u32; 2], corners: [u32; 4]) -> RgbaImage {
        let [left, top, right, bottom] = corners;
        let inside = |x, y| (left..right).contains(&x) && (top..bottom).contains(&y);
        RgbaImage::from_fn(size[0], size[1], |x, y| {
            let grey = if inside(x, y) { 20 } else { 250 };
            Rgba([grey, grey, grey, 255])
        })
    }

    fn inverted(picture: RgbaImage) -> RgbaImage {
        let mut picture = DynamicImage::from(picture);
        picture.invert();
        picture.into_rgba8()
    }

    #[test]
    fn a_dark_thing_on_white_becomes_a_light_one_in_the_middle_of_black() {
        // 100 x 50 somewhere in 400 x 300: 28 x 14 in the middle.
        let (pixels, inverted) =
            seen(&rectangle([400, 300], [17, 200, 117, 250]), SHAPE, Inversion::Automatic).unwrap();
        assert!(inverted);
        for (y, row) in pixels.chunks_exact(28).enumerate() {
            let wanted = if (7..21).contains(&y) { 200..=255 } else { 0..=0 };
            assert!(row.iter().all(|p| wanted.contains(p)), "row {y}: {row:?}");
        }
    }

    #[test]
    fn a_light_thing_on_black_stays_and_can_be_forced() {
        let picture = inverted(rectangle([60, 60], [10, 10, 50, 50]));
        let (pixels, inverted) = seen(&picture, SHAPE, Inversion::Automatic).unwrap();
        assert!(!inverted);
        assert!(pixels.iter().all(|p| *p > 200), "it fills the image");
        assert_eq!(seen(&picture, SHAPE, Inversion::Never).unwrap(), (pixels, false));
        assert!(seen(&picture, SHAPE, Inversion::Always).is_err(), "nothing is darker than black");
    }

    #[test]
    fn an_image_of_the_data_sets_size_is_taken_as_it_is() {
        let value = |i: usize| {
            if (i / 28).is_multiple_of(27) { 0 } else { (i % 251) as u8 }
        };
        let pixels: Vec<u8> = (0..784).map(value).collect();
        let image = GrayImage::from_raw(28, 28, pixels.clone()).unwrap();
        let image = DynamicImage::from(image).into_rgba8();
        assert_eq!(seen(&image, SHAPE, Inversion::Never).unwrap(), (pixels.clone(), false));
        let negative = pixels.iter().map(|p| 255 - p).collect();
        assert_eq!(seen(&image, SHAPE, Inversion::Always).unwrap(), (negative, true));
        // In a picture of one colour there is nothing to find, and nothing to refuse.
        assert!(seen(&RgbaImage::new(28, 28), SHAPE, Inversion::Automatic).is_ok());
    }

    #[test]
    fn a_tall_or_a_tiny_picture_is_no_problem_but_an_empty_one_is() {
        let (line, _) = seen(&rectangle([3, 2000], [1, 10, 2, 1990]), SHAPE, Inversion::Automatic).unwrap();
        assert_eq!(line.iter().filter(|p| **p > 100).count(), 28);
        for side in [1, 2, 40] {
            let blank = rectangle([side, side], [0, 0, 0, 0]);
            let refused = seen(&blank, SHAPE, Inversion::Automatic).unwrap_err();
            assert!(refused.0.contains("nothing stands out"), "{refused}");
        }
    }
}
