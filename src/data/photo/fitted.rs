//! A picture given the size and the colours of a data set's images.

use image::imageops::{FilterType, crop_imm, overlay, resize};
use image::{Rgb, RgbImage, RgbaImage};

use super::colors::luma;
use crate::data::{Fit, Size};

/// How far apart the colours of a pixel may be in a grey picture: compression tints it.
const TINT: u8 = 24;
/// The share of its pixels that may be farther apart.
const TINTED: f64 = 0.005;

/// The picture on white, where it is transparent.
pub(super) fn opaque(picture: &RgbaImage) -> RgbImage {
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [r, g, b, a] = picture.get_pixel(x, y).0.map(u32::from);
        Rgb([r, g, b].map(|color| ((color * a + 255 * (255 - a) + 127) / 255) as u8))
    })
}

/// The picture with this size.
pub(super) fn fitted(picture: &RgbImage, size: Size, fit: Fit) -> RgbImage {
    let (width, height) = (size.width as u32, size.height as u32);
    if picture.dimensions() == (width, height) {
        return picture.clone();
    }
    let (from_width, from_height) = (f64::from(picture.width()), f64::from(picture.height()));
    let (across, down) = (f64::from(width) / from_width, f64::from(height) / from_height);
    match fit {
        Fit::Stretch => resize(picture, width, height, FilterType::Triangle),
        Fit::Crop => {
            let scale = across.max(down);
            let side = |wanted: u32, of: u32| ((f64::from(wanted) / scale).round() as u32).clamp(1, of);
            let (part_width, part_height) = (side(width, picture.width()), side(height, picture.height()));
            let (left, top) = ((picture.width() - part_width) / 2, (picture.height() - part_height) / 2);
            let part = crop_imm(picture, left, top, part_width, part_height).to_image();
            resize(&part, width, height, FilterType::Triangle)
        }
        Fit::Pad => {
            let scale = across.min(down);
            let side = |from: f64, most: u32| ((from * scale).round() as u32).clamp(1, most);
            let small = resize(picture, side(from_width, width), side(from_height, height), FilterType::Triangle);
            let mut canvas = RgbImage::new(width, height);
            let middle = |whole: u32, part: u32| i64::from((whole - part) / 2);
            overlay(&mut canvas, &small, middle(width, small.width()), middle(height, small.height()));
            canvas
        }
    }
}

/// Whether a picture has colours, not only greys.
pub(super) fn has_colour(picture: &RgbImage) -> bool {
    let is_tinted = |pixel: &&Rgb<u8>| {
        let [r, g, b] = pixel.0;
        r.max(g).max(b) - r.min(g).min(b) > TINT
    };
    let pixels = f64::from(picture.width()) * f64::from(picture.height());
    picture.pixels().filter(is_tinted).count() as f64 > TINTED * pixels
}

/// The lightness of pixels given as red, green and blue.
pub(in crate::data) fn greys(colours: &[u8]) -> Vec<u8> {
    let pixels = colours.as_chunks::<3>().0;
    pixels.iter().map(|pixel| luma(pixel.map(f32::from)).round() as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red on the left, green in the middle, blue on the right, each of 20 columns.
    fn flag() -> RgbImage {
        RgbImage::from_fn(60, 20, |x, _| Rgb(std::array::from_fn(|i| if x as usize / 20 == i { 255 } else { 0 })))
    }

    #[test]
    fn a_wide_picture_is_stretched_cropped_or_padded() {
        let size = Size { height: 10, width: 10 };
        let at = |fit: Fit, x: u32, y: u32| fitted(&flag(), size, fit).get_pixel(x, y).0;
        let (red, green, blue, black) = ([255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]);
        assert_eq!([0, 5, 9].map(|x| at(Fit::Stretch, x, 0)), [red, green, blue]);
        assert_eq!([0, 5, 9].map(|x| at(Fit::Crop, x, 0)), [green; 3]);
        assert_eq!([0, 5, 9].map(|x| at(Fit::Pad, x, 5)), [red, green, blue]);
        assert_eq!([0, 9].map(|y| at(Fit::Pad, 5, y)), [black; 2]);
        // And a picture of a single row or column has every size.
        for fit in [Fit::Stretch, Fit::Crop, Fit::Pad] {
            for line in [RgbImage::new(500, 1), RgbImage::new(1, 500)] {
                assert_eq!(fitted(&line, size, fit).dimensions(), (10, 10));
            }
        }
    }

    #[test]
    fn transparency_is_white_and_faint_tints_are_grey() {
        let glass = RgbaImage::from_pixel(2, 2, image::Rgba([10, 20, 30, 0]));
        assert_eq!(opaque(&glass).get_pixel(0, 0).0, [255; 3]);
        assert!(has_colour(&flag()));
        assert!(!has_colour(&RgbImage::from_pixel(9, 9, Rgb([100, 110, 120]))));
        assert_eq!(greys(&[255, 255, 255, 0, 0, 0, 255, 0, 0]), [255, 0, 76]);
    }
}
