//! Pictures like those that people take, composed of real Fashion-MNIST images and backgrounds.

use image::{Rgba, RgbaImage};
use selvedge::data::ImageSet;

/// The sides and the pixels of an image of Fashion-MNIST.
const HEIGHT: usize = 28;
const WIDTH: usize = 28;

/// A colour.
pub type Color = [f32; 3];

/// Width and height of a composed picture.
pub const SIZE: [u32; 2] = [400, 360];
/// Side of the thing in the picture; its upper left corner.
const SIDE: u32 = 240;
const PLACE: [u32; 2] = [90, 45];

pub fn grey(level: f32) -> Color {
    [level; 3]
}

pub fn mix(a: Color, b: Color, share_of_b: f32) -> Color {
    std::array::from_fn(|i| a[i] + share_of_b * (b[i] - a[i]))
}

/// Pseudorandom numbers from -1 to 1 with a mean of 0, one per pixel.
pub fn noise(x: u32, y: u32) -> f32 {
    let hashed = (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77)).wrapping_mul(0xc2b2_ae3d);
    let hashed = (hashed ^ (hashed >> 15)).wrapping_mul(0x27d4_eb2f);
    (hashed >> 8) as f32 / (1 << 23) as f32 - 1.0
}

/// An image of the data set: how light each pixel is, and how much of each pixel it covers (holes inside it count as covered).
pub struct Shape {
    light: Vec<f32>,
    cover: Vec<f32>,
}

impl Shape {
    pub fn of(set: &ImageSet, image: usize) -> Self {
        let pixels = set.image(image);
        let cover = outside(pixels).into_iter().map(|outside| f32::from(u8::from(!outside)));
        Self { light: pixels.iter().map(|p| f32::from(*p) / 255.0).collect(), cover: cover.collect() }
    }

    /// Light and cover at a pixel of a composed picture.
    fn at(&self, x: u32, y: u32) -> Option<(f32, f32)> {
        let [x, y] = [x.checked_sub(PLACE[0])?, y.checked_sub(PLACE[1])?];
        (x < SIDE && y < SIDE).then(|| (enlarged(&self.light, x, y), enlarged(&self.cover, x, y)))
    }

    /// The picture of a thing on a background. `thing` maps how light each pixel is (0 to 1) to a colour. No background means
    /// a transparent one.
    pub fn on(&self, background: Option<&dyn Fn(u32, u32) -> Color>, thing: &dyn Fn(f32) -> Color) -> RgbaImage {
        RgbaImage::from_fn(SIZE[0], SIZE[1], |x, y| {
            let (light, cover) = self.at(x, y).unwrap_or((0.0, 0.0));
            let (color, alpha) = match background {
                Some(background) => (mix(background(x, y), thing(light), cover), 255),
                None => (thing(light), (255.0 * cover) as u8),
            };
            let [r, g, b] = color.map(|c| c.round().clamp(0.0, 255.0) as u8);
            Rgba([r, g, b, alpha])
        })
    }

    /// How much of each of the 28x28 pixels the thing covers.
    pub fn cover(&self) -> &[f32] {
        &self.cover
    }
}

/// The value of a 28x28 image at a pixel of the enlarged one, interpolated between the four nearest pixels.
fn enlarged(values: &[f32], x: u32, y: u32) -> f32 {
    let place = |at: u32, size: usize| {
        let at = ((at as f32 + 0.5) * size as f32 / SIDE as f32 - 0.5).clamp(0.0, size as f32 - 1.0);
        let low = (at as usize).min(size - 2);
        (low, at - low as f32)
    };
    let ((x, right), (y, down)) = (place(x, WIDTH), place(y, HEIGHT));
    let row = |y: usize| values[y * WIDTH + x] * (1.0 - right) + values[y * WIDTH + x + 1] * right;
    row(y) * (1.0 - down) + row(y + 1) * down
}

/// Whether each pixel is background connected to the border.
fn outside(pixels: &[u8]) -> Vec<bool> {
    let mut outside = vec![false; pixels.len()];
    let border = (0..pixels.len()).filter(|i| {
        let (x, y) = (i % WIDTH, i / WIDTH);
        x == 0 || y == 0 || x + 1 == WIDTH || y + 1 == HEIGHT
    });
    let mut next: Vec<usize> = border.collect();
    while let Some(i) = next.pop() {
        if pixels[i] > 8 || std::mem::replace(&mut outside[i], true) {
            continue;
        }
        let (x, y) = (i % WIDTH, i / WIDTH);
        next.extend((x > 0).then(|| i - 1));
        next.extend((x + 1 < WIDTH).then(|| i + 1));
        next.extend((y > 0).then(|| i - WIDTH));
        next.extend((y + 1 < HEIGHT).then(|| i + WIDTH));
    }
    outside
}

/// A frame of one colour around a picture.
pub fn framed(mut picture: RgbaImage, thickness: u32, level: u8) -> RgbaImage {
    let (width, height) = picture.dimensions();
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        if x.min(y).min(width - 1 - x).min(height - 1 - y) < thickness {
            *pixel = Rgba([level, level, level, 255]);
        }
    }
    picture
}
