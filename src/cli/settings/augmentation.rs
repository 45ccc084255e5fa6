//! Augmentation on the command line.

use std::str::FromStr;

use clap::{Args, ValueEnum};
use selvedge::settings::{PAPER_ERASING, Policy, STUDY_ERASING};
use selvedge::tensor::ops::{Augment, Erased, Fill, Flip, Shift};

use super::set;

#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Augmentation")]
pub struct Augmentation {
    /// Augmentation to start from; by default cnn for the cnn, standard for the ResNets
    #[arg(long, value_enum, value_name = "POLICY")]
    augment: Option<Policy>,
    /// Exchange left and right; never for digits and letters (classes named by one character), unless given here
    #[arg(long, value_enum, value_name = "WHEN")]
    flip: Option<Flip>,
    /// Shift up and down: up to a fraction (0.1) or whole pixels (2)
    #[arg(long, value_name = "X", value_parser = shift)]
    height_shift: Option<Shift>,
    /// Shift left and right, as --height-shift
    #[arg(long, value_name = "X", value_parser = shift)]
    width_shift: Option<Shift>,
    /// Share of the image that is visible, such as 0.9,1.1
    #[arg(long, value_name = "LOW,HIGH")]
    zoom: Option<Range>,
    /// Turn by up to this many degrees
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
    rotation: Option<f32>,
    /// Multiply pixels, such as 0.5,1.5
    #[arg(long, value_name = "LOW,HIGH")]
    brightness: Option<Range>,
    /// What fills the area outside a moved image: nearest, reflect or a value in 0..1
    #[arg(long, value_name = "HOW", value_parser = fill)]
    fill: Option<Fill>,
    /// Add a black border of N pixels and crop the original size at a random position
    #[arg(long, value_name = "N")]
    crop: Option<u32>,
    /// Random erasing: fill a rectangle, with the study's ranges or with those of the paper
    #[arg(long, value_enum, value_name = "RANGES")]
    erase: Option<EraseName>,
    /// Probability that an image is erased; default 0.5
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    erase_probability: Option<f32>,
    /// Share of the image that is erased, such as 0.02,0.1
    #[arg(long, value_name = "LOW,HIGH")]
    erase_area: Option<Range>,
    /// Height / width of the erased rectangle, such as 0.1,10
    #[arg(long, value_name = "LOW,HIGH")]
    erase_aspect: Option<Range>,
    /// What fills the erased rectangle: noise, or a value in 0..1; default noise
    #[arg(long, value_name = "HOW", value_parser = erased)]
    erase_fill: Option<Erased>,
    /// Set a square of N pixels to 0 as the network sees it: the mean, or black with --pixels unit
    #[arg(long, value_name = "N")]
    cutout: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum EraseName {
    None,
    /// Area 0.02 to 0.1, aspect 0.1 to 10
    Study,
    /// Area 0.02 to 0.4, aspect 0.3 to 3.3
    Paper,
}

/// `LOW,HIGH`
#[derive(Debug, Clone, Copy, PartialEq)]
struct Range([f32; 2]);

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Vec<f32> = text.split(',').map_while(|part| part.trim().parse().ok()).collect();
        match numbers[..] {
            [low, high] if text.split(',').count() == 2 => Ok(Self([low, high])),
            _ => Err("two numbers with a comma between them are needed, such as 0.5,1.5".to_owned()),
        }
    }
}

fn shift(text: &str) -> Result<Shift, String> {
    let wrong = || "a fraction such as 0.1 or whole pixels such as 2 are needed".to_owned();
    if text.contains('.') {
        text.parse().map(Shift::Fraction).map_err(|_| wrong())
    } else {
        text.parse().map(Shift::Pixels).map_err(|_| wrong())
    }
}

fn fill(text: &str) -> Result<Fill, String> {
    match text {
        "nearest" => Ok(Fill::Nearest),
        "reflect" => Ok(Fill::Reflect),
        value => {
            value.parse().map(Fill::Constant).map_err(|_| "nearest, reflect or a value in 0..1 are needed".to_owned())
        }
    }
}

fn erased(text: &str) -> Result<Erased, String> {
    match text {
        "noise" => Ok(Erased::Noise),
        value => value.parse().map(Erased::Constant).map_err(|_| "noise or a value in 0..1 are needed".to_owned()),
    }
}

impl Augmentation {
    /// Whether it says when to exchange left and right.
    pub fn gives_flip(&self) -> bool {
        self.flip.is_some()
    }

    pub fn apply(&self, augment: &mut Augment) {
        if let Some(policy) = self.augment {
            *augment = policy.augment();
        }
        set(&mut augment.flip, self.flip);
        set(&mut augment.shift[0], self.height_shift);
        set(&mut augment.shift[1], self.width_shift);
        set(&mut augment.zoom, self.zoom.map(|range| range.0));
        set(&mut augment.rotation, self.rotation);
        set(&mut augment.brightness, self.brightness.map(|range| range.0));
        set(&mut augment.fill, self.fill);
        set(&mut augment.crop, self.crop);
        set(&mut augment.cutout, self.cutout);
        match self.erase {
            // Overrides all other options of erasing.
            Some(EraseName::None) => {
                augment.erasing = None;
                return;
            }
            Some(EraseName::Study) => augment.erasing = Some(STUDY_ERASING),
            Some(EraseName::Paper) => augment.erasing = Some(PAPER_ERASING),
            None => {}
        }
        let changes = self.erase_probability.is_some()
            || self.erase_area.is_some()
            || self.erase_aspect.is_some()
            || self.erase_fill.is_some();
        if changes {
            let erasing = augment.erasing.get_or_insert(STUDY_ERASING);
            set(&mut erasing.probability, self.erase_probability);
            set(&mut erasing.area, self.erase_area.map(|range| range.0));
            set(&mut erasing.aspect, self.erase_aspect.map(|range| range.0));
            set(&mut erasing.fill, self.erase_fill);
        }
    }
}
