//! What a person says about data where its files leave it open.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::ImageShape;

/// How data is read where its files leave that open. It belongs to the settings of a run, which is resumed and evaluated on
/// the same data.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Args)]
#[serde(deny_unknown_fields)]
#[command(next_help_heading = "Data")]
pub struct Reading {
    /// Names of the classes: a file with one per line, in the order of the labels, or fashion-mnist; default folder names or
    /// what the data says
    #[arg(long, value_name = "FILE|NAME")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<PathBuf>,
    /// Height and width: pictures are resized to it, rows of a table are read as images of it
    #[arg(long, value_name = "HxW")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// How pictures of another shape are resized; default stretch
    #[arg(long, value_enum, value_name = "HOW")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<Fit>,
    /// Read pictures in grey or in colour, instead of by what they are
    #[arg(long, visible_alias = "color", value_enum, value_name = "COLOURS")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// Set this share of the images aside to test with, the same share of every class, if the data has no images for that
    #[arg(long, value_name = "SHARE", value_parser = share)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_share: Option<f64>,
    /// The column of a table that holds the labels; default the one named label, class, target or y, else the first
    #[arg(long, value_name = "COLUMN")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Leave pictures that cannot be read out, and list them, instead of refusing the data
    #[arg(long, num_args = 0, default_missing_value = "true")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_broken: Option<bool>,
}

impl Reading {
    /// How pictures of another shape are resized.
    pub fn fit(&self) -> Fit {
        self.fit.unwrap_or(Fit::Stretch)
    }

    /// Whether pictures that cannot be read are left out.
    pub fn skips_broken(&self) -> bool {
        self.skip_broken.unwrap_or(false)
    }

    /// Whether the same files give the same images to train and to test with, whatever their classes are called.
    pub fn is_same_images(&self, other: &Self) -> bool {
        Self { classes: None, ..self.clone() } == Self { classes: None, ..other.clone() }
    }

    /// Whether nothing was said.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A share of the images, for the command line.
fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| *share > 0.0 && *share < 1.0);
    share.ok_or_else(|| "a number above 0 and below 1 is needed, such as .2".to_owned())
}

/// Rows and columns of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let side = |text: &str| text.parse().ok().filter(|side| (1..=ImageShape::LONGEST_SIDE).contains(side));
        let (height, width) = text.split_once(['x', 'X']).unwrap_or((text, text));
        let sides = side(height).zip(side(width));
        let (height, width) = sides.ok_or_else(|| {
            format!(
                "write height and width as 32x32, or 32 for a square, with 1 to {} a side",
                ImageShape::LONGEST_SIDE
            )
        })?;
        Ok(Self { height, width })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}x{}", self.height, self.width)
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

/// How a picture is given another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// Height and width each to the wanted ones
    Stretch,
    /// The largest part of the wanted shape, from the middle
    Crop,
    /// All of it, in the middle of black
    Pad,
}

/// The colours that pictures are read in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// One number per pixel
    Grey,
    /// Red, green and blue
    Rgb,
}
