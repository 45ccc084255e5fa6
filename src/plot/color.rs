//! Colours, and the ramps between them.

/// A colour with an opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Color {
    /// Red, green and blue.
    pub rgb: [u8; 3],
    /// From 0 (invisible) to 1 (hides what is below).
    pub opacity: f32,
}

impl Color {
    /// Text, and lines that are not data.
    pub const INK: Self = Self::rgb(0, 0, 0);
    /// The background.
    pub const PAPER: Self = Self::rgb(255, 255, 255);
    /// Blue, orange and green that people with any colour vision tell apart (Okabe and Ito 2008).
    pub const BLUE: Self = Self::rgb(0, 114, 178);
    /// See [`Color::BLUE`].
    pub const ORANGE: Self = Self::rgb(213, 94, 0);
    /// See [`Color::BLUE`].
    pub const GREEN: Self = Self::rgb(0, 158, 115);

    /// An opaque colour.
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Self { rgb: [red, green, blue], opacity: 1.0 }
    }

    /// The same with another opacity.
    pub const fn faint(self, opacity: f32) -> Self {
        Self { opacity, ..self }
    }

    /// A quarter of the way to white: the same colour for a dark page.
    pub const fn on_dark(self) -> Self {
        const fn lighter(channel: u8) -> u8 {
            channel + (255 - channel) / 4
        }
        let [red, green, blue] = self.rgb;
        Self { rgb: [lighter(red), lighter(green), lighter(blue)], ..self }
    }

    /// The same for a drawing on dark paper: paper and ink change their places.
    pub(super) fn on_dark_paper(self) -> Self {
        let dark = match self.rgb {
            rgb if rgb == Self::PAPER.rgb => Self::rgb(0x16, 0x17, 0x1a),
            rgb if rgb == Self::INK.rgb => Self::rgb(0xe6, 0xe6, 0xe8),
            _ => self.on_dark(),
        };
        dark.faint(self.opacity)
    }

    /// As written in CSS and SVG, without its opacity.
    pub fn hex(self) -> String {
        let [red, green, blue] = self.rgb;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// Its linear light, from 0 to 1 per channel: bytes follow perception (sRGB).
    pub(super) fn linear(self) -> [f64; 3] {
        self.rgb.map(|channel| match f64::from(channel) / 255.0 {
            share if share <= 0.04045 => share / 12.92,
            share => ((share + 0.055) / 1.055).powf(2.4),
        })
    }

    /// The contrast with another colour, from 1 to 21 (WCAG 2.2).
    pub(super) fn contrast(self, other: Self) -> f64 {
        let [own, other] = [self, other].map(|color| {
            let [red, green, blue] = color.linear();
            0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
        });
        own.max(other) / own.min(other)
    }

    /// White on dark colours, black on light ones.
    pub(crate) fn readable_on(self) -> Self {
        match self.contrast(Self::PAPER) > self.contrast(Self::INK) {
            true => Self::PAPER,
            false => Self::INK,
        }
    }
}

/// Colours at even steps of a share from 0 to 1, interpolated between them.
#[derive(Debug)]
pub(crate) struct Ramp(&'static [[u8; 3]]);

impl Ramp {
    /// From white to dark blue (ColorBrewer's Blues).
    pub const BLUES: Self = Self(&[[255, 255, 255], [198, 219, 239], [107, 174, 214], [33, 113, 181], [8, 48, 107]]);
    /// The same, from a dark page to light blue.
    pub const BLUES_ON_DARK: Self = Self(&[[22, 23, 26], [20, 50, 92], [33, 96, 160], [90, 160, 210], [190, 220, 245]]);
    /// From dark violet to yellow: even steps look even, with any colour vision and in grey (matplotlib's viridis).
    pub const VIRIDIS: Self = Self(&[
        [68, 1, 84],
        [71, 44, 122],
        [59, 81, 139],
        [44, 113, 142],
        [33, 144, 141],
        [39, 173, 129],
        [92, 200, 99],
        [170, 220, 50],
        [253, 231, 37],
    ]);
    /// From black through red to light yellow (matplotlib's inferno).
    pub const INFERNO: Self =
        Self(&[[0, 0, 4], [66, 10, 104], [147, 38, 103], [221, 81, 58], [252, 165, 10], [252, 255, 164]]);

    /// The colour of a share; below 0 the first, above 1 the last, and for NaN the first.
    pub fn at(&self, share: f64) -> Color {
        let last = self.0.len() - 1;
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        let place = share * last as f64;
        let low = (place as usize).min(last - 1);
        let mixed = |channel: usize| {
            let [from, to] = [low, low + 1].map(|i| f64::from(self.0[i][channel]));
            (from + (place - low as f64) * (to - from)).round() as u8
        };
        Color::rgb(mixed(0), mixed(1), mixed(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_has_a_colour_for_every_number() {
        for (share, rgb) in [
            (0.0, [255, 255, 255]),
            (0.125, [227, 237, 247]),
            (0.25, [198, 219, 239]),
            (1.0, [8, 48, 107]),
            (-7.0, [255, 255, 255]),
            (f64::MAX, [8, 48, 107]),
            (f64::INFINITY, [8, 48, 107]),
            (f64::NAN, [255, 255, 255]),
        ] {
            assert_eq!(Ramp::BLUES.at(share).rgb, rgb, "{share}");
        }
    }

    #[test]
    fn ink_can_be_read_on_every_blue() {
        for share in (0..=20).map(|i| f64::from(i) / 20.0) {
            for paper in [Ramp::BLUES.at(share), Ramp::BLUES_ON_DARK.at(share)] {
                let contrast = paper.contrast(paper.readable_on());
                assert!(contrast > 4.5, "{share}: {contrast}");
            }
        }
    }
}
