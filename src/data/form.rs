//! What the images of a data set look like, and what they show.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::Problem;

/// The size of an image in pixels, and the number of its colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageShape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Bytes of a pixel: 1 for grey, 3 for red, green and blue.
    pub channels: usize,
}

impl ImageShape {
    /// The longest side that an image may have.
    pub const LONGEST_SIDE: usize = 2048;

    /// Grey images of this size.
    pub const fn grey(height: usize, width: usize) -> Self {
        Self { height, width, channels: 1 }
    }

    /// Colour images of this size.
    pub const fn colour(height: usize, width: usize) -> Self {
        Self { height, width, channels: 3 }
    }

    /// The bytes, and the numbers, of an image.
    pub const fn len(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Whether an image has no pixel.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether images have colours.
    pub const fn is_colour(&self) -> bool {
        self.channels == 3
    }

    /// What is wrong with it, in words, if anything is.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let longest = Self::LONGEST_SIDE;
        let is_side = |side: usize| (1..=longest).contains(&side);
        if !is_side(self.height) || !is_side(self.width) {
            let (height, width) = (self.height, self.width);
            return Err(format!("the images are {height}x{width} pixels, but a side must have 1 to {longest}").into());
        }
        match self.channels {
            1 | 3 => Ok(()),
            channels => {
                Err(format!("the images have {channels} channels, but must have 1 (grey) or 3 (colour)").into())
            }
        }
    }
}

/// Height, width and colours: `28x28 grey`.
impl fmt::Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let colours = if self.is_colour() { "colour" } else { "grey" };
        write!(f, "{}x{} {colours}", self.height, self.width)
    }
}

/// What a classifier takes and what it tells apart: the shape of the images, and the names of the classes in the order of
/// their labels. It is stored in every run and weight file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// The shape of an image.
    pub shape: ImageShape,
    /// The names of the classes.
    pub class_names: Vec<String>,
    /// The labels that the data itself has for these classes, in the same order, if a person has given them other names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// Whether the images were made from pictures in folders, by resizing them.
    #[serde(default)]
    pub of_pictures: bool,
}

impl Form {
    /// The most classes that a data set may have.
    pub const MOST_CLASSES: usize = 1000;

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.class_names.len()
    }

    /// Whether images are like those of MNIST and Fashion-MNIST: a light thing in the middle of black. A picture that someone
    /// takes is made so before it is classified.
    pub fn is_like_mnist(&self) -> bool {
        !self.of_pictures && self.shape == ImageShape::grey(28, 28)
    }

    /// Whether the classes are digits or letters, by their names: a mirrored one is another, or none.
    pub fn is_of_characters(&self) -> bool {
        self.class_names.iter().all(|name| name.chars().count() == 1)
    }

    /// What is wrong with it, in words, if anything is. It may come from a hostile file.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.shape.check()?;
        let most = Self::MOST_CLASSES;
        if !(2..=most).contains(&self.classes()) {
            return Err(format!("there are {} classes, but there must be 2 to {most}", self.classes()));
        }
        let labels = self.labels.as_deref().unwrap_or_default();
        if self.labels.is_some() && labels.len() != self.classes() {
            return Err(format!("there are {} labels for {} classes", labels.len(), self.classes()));
        }
        let is_bad = |name: &&String| name.is_empty() || name.chars().any(char::is_control);
        match self.class_names.iter().chain(labels).find(is_bad) {
            Some(name) => Err(format!("'{}' is no name of a class", name.escape_debug())),
            None => Ok(()),
        }
    }
}

impl Default for Form {
    /// Fashion-MNIST's, on which every network was trained by versions that do not say.
    fn default() -> Self {
        super::fashion_mnist::form()
    }
}
