//! The colours of a picture and of its background.

use image::RgbaImage;

use super::Inversion;
use super::thing::quantile;

/// Weights of red, green and blue in the lightness of a colour (ITU-R BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// The lightness of a colour, 0 to 255.
pub(super) fn luma(color: [f32; 3]) -> f32 {
    (0..3).map(|i| LUMA[i] * color[i]).sum()
}

/// How far apart two colours are: for greys their difference, and never less than their difference in lightness.
pub(super) fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    (0..3).map(|i| LUMA[i] * (a[i] - b[i]).powi(2)).sum::<f32>().sqrt()
}

/// Opaque colours, row by row.
pub(super) struct Colors {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<[f32; 3]>,
}

impl Colors {
    /// A picture with its transparent parts on a plain canvas: of the border's colour when most of the border is opaque, or
    /// else black or white, whichever the opaque part stands out from.
    pub(super) fn on_canvas(picture: &RgbaImage, inversion: Inversion) -> Self {
        let (width, height) = picture.dimensions();
        let is_border = |x: u32, y: u32| x == 0 || y == 0 || x + 1 == width || y + 1 == height;
        let color = |[r, g, b, _]: [u8; 4]| [r, g, b].map(f32::from);
        let border = || picture.enumerate_pixels().filter(|(x, y, _)| is_border(*x, *y));
        let opaque_border = || border().filter(|(.., pixel)| pixel.0[3] > 127);
        let canvas = if 2 * opaque_border().count() > border().count() {
            median(opaque_border().map(|(.., pixel)| color(pixel.0)))
        } else {
            let (mut sum, mut opaque) = (0.0, 0.0);
            for pixel in picture.pixels() {
                sum += f64::from(pixel.0[3]) * f64::from(luma(color(pixel.0)));
                opaque += f64::from(pixel.0[3]);
            }
            let is_white = match inversion {
                Inversion::Automatic => sum <= 127.5 * opaque,
                Inversion::Always => true,
                Inversion::Never => false,
            };
            [if is_white { 255.0 } else { 0.0 }; 3]
        };
        let pixels = picture.pixels().map(|pixel| {
            let opaque = f32::from(pixel.0[3]) / 255.0;
            let color = color(pixel.0);
            std::array::from_fn(|i| opaque * color[i] + (1.0 - opaque) * canvas[i])
        });
        Self { width: width as usize, height: height as usize, pixels: pixels.collect() }
    }

    fn at(&self, x: usize, y: usize) -> [f32; 3] {
        self.pixels[y * self.width + x]
    }

    /// Every pixel with its position.
    pub(super) fn enumerate(&self) -> impl Iterator<Item = ([usize; 2], [f32; 3])> {
        let pixels = self.pixels.iter().enumerate();
        pixels.map(|(i, color)| ([i % self.width, i / self.width], *color))
    }

    /// The median lightness of the pixels along the border.
    pub(super) fn border_luma(&self) -> f32 {
        let is_border = |[x, y]: [usize; 2]| x == 0 || y == 0 || x + 1 == self.width || y + 1 == self.height;
        let border = self.enumerate().filter(|(place, _)| is_border(*place));
        quantile(&mut border.map(|(_, color)| luma(color)).collect::<Vec<_>>(), 0.5)
    }

    /// The pixels along the border, a quarter of each side from each corner: a thing may touch the middle of all four sides.
    pub(super) fn corners(&self) -> impl Iterator<Item = [usize; 2]> {
        let (width, height) = (self.width, self.height);
        let depth = 1.max(width.min(height) / 50);
        let near = |at: usize, size: usize, reach: usize| at < reach || size - 1 - at < reach;
        let arms = move |x: usize, y: usize| {
            let across = near(y, height, depth) && near(x, width, width.div_ceil(4));
            let down = near(x, width, depth) && near(y, height, height.div_ceil(4));
            across || down
        };
        let all = (0..height).flat_map(move |y| (0..width).map(move |x| [x, y]));
        all.filter(move |[x, y]| arms(*x, *y))
    }

    /// The thickness of a frame around the picture: a band of nearly one colour, up to a twentieth of the shorter side (or
    /// two pixels) thick, with another colour along all four sides right inside it.
    fn frame(&self) -> usize {
        let shorter = self.width.min(self.height);
        let most = 2.max(shorter / 20).min(shorter / 8);
        let is_other = |a, b| distance(a, b) > 16.0;
        let outer = self.sides(0);
        if outer.iter().any(|side| is_other(*side, outer[0])) {
            return 0;
        }
        let differs = |depth: &usize| self.sides(*depth).iter().all(|side| is_other(*side, outer[0]));
        // The ring where the frame ends may be a mixture of both.
        (1..=most).find(differs).map_or(0, |depth| depth + 1)
    }

    /// The median colour along each side at this depth.
    fn sides(&self, depth: usize) -> [[f32; 3]; 4] {
        let (right, bottom) = (self.width - 1 - depth, self.height - 1 - depth);
        [
            median((depth..=right).map(|x| self.at(x, depth))),
            median((depth..=right).map(|x| self.at(x, bottom))),
            median((depth..=bottom).map(|y| self.at(depth, y))),
            median((depth..=bottom).map(|y| self.at(right, y))),
        ]
    }

    pub(super) fn without_frame(self) -> Self {
        let frame = self.frame();
        let (width, height) = (self.width - 2 * frame, self.height - 2 * frame);
        let rows = (frame..frame + height).flat_map(|y| &self.pixels[y * self.width + frame..][..width]);
        Self { width, height, pixels: rows.copied().collect() }
    }

    /// Means over squares of about a twenty-fifth of the shorter side, taken twice, which removes noise and texture: once is
    /// not enough for stripes half as wide as a square.
    pub(super) fn smoothed(&self) -> Self {
        let radius = self.width.min(self.height) / 48;
        self.averaged(radius).averaged(radius)
    }

    fn averaged(&self, radius: usize) -> Self {
        let rows: Vec<_> = self.pixels.chunks_exact(self.width).flat_map(|row| running_means(row, radius)).collect();
        let mut pixels = vec![[0.0; 3]; rows.len()];
        for x in 0..self.width {
            let column: Vec<_> = rows.iter().skip(x).step_by(self.width).copied().collect();
            for (y, mean) in running_means(&column, radius).into_iter().enumerate() {
                pixels[y * self.width + x] = mean;
            }
        }
        Self { pixels, ..*self }
    }
}

/// The mean of each value with up to `radius` values before and after it; near the ends, that of the nearest whole window.
fn running_means(values: &[[f32; 3]], radius: usize) -> Vec<[f32; 3]> {
    // Sums of so few numbers up to 255 are exact enough in f32.
    let mut sums = vec![[0.0; 3]];
    for value in values {
        let last: [f32; 3] = sums[sums.len() - 1];
        sums.push(std::array::from_fn(|i| last[i] + value[i]));
    }
    let window = (2 * radius + 1).min(values.len());
    let mean = |at: usize| {
        let from = at.saturating_sub(radius).min(values.len() - window);
        std::array::from_fn(|i| (sums[from + window][i] - sums[from][i]) / window as f32)
    };
    (0..values.len()).map(mean).collect()
}

/// The median of each channel.
fn median(colors: impl Iterator<Item = [f32; 3]>) -> [f32; 3] {
    let colors: Vec<_> = colors.collect();
    std::array::from_fn(|i| quantile(&mut colors.iter().map(|color| color[i]).collect::<Vec<_>>(), 0.5))
}

/// A colour that changes evenly across a picture: `a + b*x + c*y` in each channel.
pub(super) struct Plane([[f32; 3]; 3]);

impl Plane {
    /// The plane on which most of the corners' pixels lie: fitted by least squares, repeatedly, without the outliers.
    pub(super) fn through_corners(colors: &Colors) -> Self {
        let corners: Vec<_> = colors.corners().map(|[x, y]| ([x, y], colors.at(x, y))).collect();
        let flat = median(corners.iter().map(|(_, color)| *color));
        let mut plane = Self([flat, [0.0; 3], [0.0; 3]]);
        for _ in 0..4 {
            let off = |([x, y], color): &([usize; 2], [f32; 3])| distance(*color, plane.at(*x, *y));
            let typical = quantile(&mut corners.iter().map(off).collect::<Vec<_>>(), 0.5);
            let inliers: Vec<_> = corners.iter().filter(|corner| off(corner) <= 2.5 * typical + 4.0).collect();
            match Self::fit(&inliers) {
                Some(fitted) => plane = fitted,
                None => break,
            }
        }
        plane
    }

    fn fit(points: &[&([usize; 2], [f32; 3])]) -> Option<Self> {
        // The normal equations.
        let mut matrix = nalgebra::Matrix3::<f64>::zeros();
        let mut right = nalgebra::Matrix3::<f64>::zeros();
        for ([x, y], color) in points {
            let terms = nalgebra::Vector3::new(1.0, *x as f64, *y as f64);
            matrix += terms * terms.transpose();
            right += terms * nalgebra::RowVector3::from(color.map(f64::from));
        }
        let solved = matrix.cholesky()?.solve(&right);
        Some(Self(std::array::from_fn(|term| std::array::from_fn(|i| solved[(term, i)] as f32))))
    }

    pub(super) fn at(&self, x: usize, y: usize) -> [f32; 3] {
        let [a, b, c] = &self.0;
        std::array::from_fn(|i| a[i] + b[i] * x as f32 + c[i] * y as f32)
    }
}
