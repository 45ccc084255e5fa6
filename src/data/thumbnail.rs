//! Images made smaller, to be shown beside many others.

use super::{ImageSet, ImageShape};

/// An image with sides of at most `longest` pixels: the means over square blocks of its pixels.
pub fn thumbnail(shape: ImageShape, pixels: &[u8], longest: usize) -> (ImageShape, Vec<u8>) {
    let ImageShape { height, width, channels } = shape;
    let block = height.max(width).div_ceil(longest.max(1)).max(1);
    let small = ImageShape { height: height.div_ceil(block), width: width.div_ceil(block), channels };
    if block == 1 {
        return (small, pixels.to_vec());
    }
    let mut means = Vec::with_capacity(small.len());
    for (top, left) in (0..height).step_by(block).flat_map(|y| (0..width).step_by(block).map(move |x| (y, x))) {
        let (bottom, right) = ((top + block).min(height), (left + block).min(width));
        let count = ((bottom - top) * (right - left)) as u32;
        for channel in 0..channels {
            let rows = (top..bottom).map(|y| &pixels[(y * width + left) * channels..(y * width + right) * channels]);
            let bytes = rows.flat_map(|row| row.iter().skip(channel).step_by(channels));
            let sum: u32 = bytes.map(|byte| u32::from(*byte)).sum();
            means.push(((sum + count / 2) / count) as u8);
        }
    }
    (small, means)
}

/// All images of a set with sides of at most `longest` pixels, one after the other.
pub fn thumbnails(images: &ImageSet, longest: usize) -> (ImageShape, Vec<u8>) {
    let shape = images.shape();
    let (small, _) = thumbnail(shape, &vec![0; shape.len()], longest);
    let each = images.pixels().chunks_exact(shape.len());
    (small, each.flat_map(|image| thumbnail(shape, image, longest).1).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_image_becomes_the_means_of_its_blocks() {
        // Three rows of five: blocks of two, those at the ends smaller.
        let pixels = [0, 2, 4, 6, 50, 4, 6, 8, 10, 60, 100, 200, 0, 0, 9];
        let (shape, small) = thumbnail(ImageShape::grey(3, 5), &pixels, 3);
        assert_eq!((shape, small), (ImageShape::grey(2, 3), vec![3, 7, 55, 150, 0, 9]));
        let colour = [10, 20, 30, 20, 40, 60];
        assert_eq!(thumbnail(ImageShape::colour(1, 2), &colour, 1).1, [15, 30, 45]);
        assert_eq!(thumbnail(ImageShape::colour(1, 2), &colour, 2).1, colour);
    }
}
