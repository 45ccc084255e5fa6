//! Settings of augmentation: how `shaders/data/augment.wgsl` changes images at random.

use serde::{Deserialize, Serialize};

use crate::gpu::Kernel;
use crate::tensor::{Result, TensorError};

/// Whether left and right are swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "training", derive(clap::ValueEnum))]
pub enum Flip {
    /// Never
    #[cfg_attr(feature = "training", value(alias = "none"))]
    Never,
    /// Each image with probability 1/2, drawn anew each epoch
    Random,
    /// Each image with probability 1/2 in the first epoch, then alternating from epoch to epoch
    Alternating,
}

/// How far an image is shifted along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shift {
    /// By up to this fraction of its size, not only by whole pixels.
    Fraction(f32),
    /// By up to this many whole pixels.
    Pixels(u32),
}

/// What fills the area outside an image that has been moved.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// Its nearest pixel.
    Nearest,
    /// This value, in 0 to 1.
    Constant(f32),
    /// Its mirror image, `d c b a | a b c d | d c b a`.
    Reflect,
}

/// What an erased rectangle is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Erased {
    /// Every pixel uniform in 0 to 1.
    Noise,
    /// This value, in 0 to 1.
    Constant(f32),
}

/// Random erasing (Zhong et al. 2017, algorithm 1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erasing {
    /// The probability that a rectangle of an image is erased.
    pub probability: f32,
    /// Lowest and highest area, as a fraction of the image's.
    pub area: [f32; 2],
    /// Lowest and highest height / width.
    pub aspect: [f32; 2],
    /// What the rectangle is filled with.
    pub fill: Erased,
}

/// How images are changed at random. The changes are applied in the order of the fields, which is also that of Keras'
/// `ImageDataGenerator` where it has them: first everything that moves pixels, then what changes their values; rescaling and
/// normalisation come last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augment {
    /// Lowest and highest fraction of the image that is visible, drawn separately for rows and columns: below 1 magnifies.
    pub zoom: [f32; 2],
    /// Shift along rows (height) and columns (width).
    pub shift: [Shift; 2],
    /// In degrees, drawn from minus to plus this.
    pub rotation: f32,
    /// What fills the area that the image has been moved out of.
    pub fill: Fill,
    /// Whether left and right are swapped.
    pub flip: Flip,
    /// A black border of this many pixels is added, and an image of the original size is cut out at a random place.
    pub crop: u32,
    /// Lowest and highest factor for the pixels, which are in 0 to 1 and are capped at 1.
    pub brightness: [f32; 2],
    /// Random erasing of a rectangle, if any.
    pub erasing: Option<Erasing>,
    /// Side of a square around a random pixel, set to 0 after normalisation (the data's mean, if one is subtracted); 0 for no
    /// square.
    pub cutout: u32,
}

impl Augment {
    /// Changes nothing.
    pub const NONE: Self = Self {
        zoom: [1.0, 1.0],
        shift: [Shift::Pixels(0), Shift::Pixels(0)],
        rotation: 0.0,
        fill: Fill::Nearest,
        flip: Flip::Never,
        crop: 0,
        brightness: [1.0, 1.0],
        erasing: None,
        cutout: 0,
    };

    /// Checks every number.
    ///
    /// # Errors
    /// [`TensorError::Parameter`] names the first one out of range and what is allowed.
    pub fn validate(&self, op: &'static str) -> Result<()> {
        let check = |ok: bool, problem: String| {
            if ok { Ok(()) } else { Err(TensorError::Parameter { op, problem }) }
        };
        let share = |x: f32| (0.0..=1.0).contains(&x);
        let rising = |[low, high]: [f32; 2]| low.is_finite() && high.is_finite() && low <= high;
        let [low, high] = self.zoom;
        check(
            rising(self.zoom) && low > 0.0 && high <= 10.0,
            format!("zoom is {low},{high}, but must be two rising numbers above 0 and at most 10"),
        )?;
        for (axis, shift) in ["height", "width"].iter().zip(self.shift) {
            let (ok, value) = match shift {
                Shift::Fraction(share) => ((0.0..1.0).contains(&share), share.to_string()),
                Shift::Pixels(pixels) => (pixels < 1000, pixels.to_string()),
            };
            check(
                ok,
                format!("the {axis} shift is {value}, but must be a fraction below 1.0 or whole pixels below 1000"),
            )?;
        }
        check(
            (0.0..=180.0).contains(&self.rotation),
            format!("the rotation is {}, but must be 0 to 180 degrees", self.rotation),
        )?;
        let [low, high] = self.brightness;
        check(
            rising(self.brightness) && low >= 0.0,
            format!("brightness is {low},{high}, but must be two rising numbers from 0 up"),
        )?;
        check(
            self.crop < 1000 && self.cutout < 1000,
            format!("crop is {} and cutout {}, but they must be below 1000 pixels", self.crop, self.cutout),
        )?;
        if let Fill::Constant(value) = self.fill {
            check(share(value), format!("the fill is {value}, but must be 0 to 1"))?;
        }
        let Some(erasing) = &self.erasing else { return Ok(()) };
        let ([area, most], [low, high]) = (erasing.area, erasing.aspect);
        check(
            share(erasing.probability),
            format!("the probability of erasing is {}, but must be 0 to 1", erasing.probability),
        )?;
        check(
            rising(erasing.area) && area >= 0.0 && most <= 1.0,
            format!("the erased area is {area},{most}, but must be two rising shares of the image, 0 to 1"),
        )?;
        check(
            rising(erasing.aspect) && low > 0.0,
            format!("the erased aspect is {low},{high}, but must be two rising numbers above 0"),
        )?;
        if let Erased::Constant(value) = erasing.fill {
            check(share(value), format!("the erased value is {value}, but must be 0 to 1"))?;
        }
        Ok(())
    }

    /// Whether the settings include any zoom, shift or rotation.
    fn moves_pixels(&self) -> bool {
        let still = Self { zoom: self.zoom, shift: self.shift, rotation: self.rotation, ..Self::NONE };
        still != Self::NONE
    }

    /// The constants of `shaders/data/augment.wgsl` for images of this size.
    pub(super) fn constants(&self, kernel: Kernel, size: [usize; 2]) -> Kernel {
        let pixels = |axis: usize| match self.shift[axis] {
            Shift::Fraction(share) => share * size[axis] as f32,
            Shift::Pixels(pixels) => pixels as f32,
        };
        let (fill, fill_value) = match self.fill {
            Fill::Nearest => (0, 0.0),
            Fill::Constant(value) => (1, value),
            Fill::Reflect => (2, 0.0),
        };
        let nothing = Erasing { probability: 0.0, area: [0.0, 0.0], aspect: [1.0, 1.0], fill: Erased::Noise };
        let erasing = self.erasing.unwrap_or(nothing);
        let (noise, erased) = match erasing.fill {
            Erased::Noise => (true, 0.0),
            Erased::Constant(value) => (false, value),
        };
        kernel
            .constant(
                "FLIP",
                match self.flip {
                    Flip::Never => 0,
                    Flip::Random => 1,
                    Flip::Alternating => 2,
                },
            )
            .constant("MOVES_PIXELS", self.moves_pixels())
            .constant("SHIFT_ROWS", pixels(0))
            .constant("SHIFT_COLS", pixels(1))
            .constant("WHOLE_ROWS", matches!(self.shift[0], Shift::Pixels(_)))
            .constant("WHOLE_COLS", matches!(self.shift[1], Shift::Pixels(_)))
            .constant("ZOOM_LOW", self.zoom[0])
            .constant("ZOOM_HIGH", self.zoom[1])
            .constant("TURN", self.rotation.to_radians())
            .constant("BRIGHTNESS_LOW", self.brightness[0])
            .constant("BRIGHTNESS_HIGH", self.brightness[1])
            .constant("FILL", fill)
            .constant("FILL_VALUE", fill_value)
            .constant("CROP", self.crop)
            .constant("ERASE", erasing.probability)
            .constant("ERASE_AREA_LOW", erasing.area[0])
            .constant("ERASE_AREA_HIGH", erasing.area[1])
            .constant("ERASE_ASPECT_LOW", erasing.aspect[0])
            .constant("ERASE_ASPECT_HIGH", erasing.aspect[1])
            .constant("ERASE_NOISE", noise)
            .constant("ERASE_VALUE", erased)
            .constant("CUTOUT", self.cutout)
    }
}
