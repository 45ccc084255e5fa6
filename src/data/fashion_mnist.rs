//! What is particular to Fashion-MNIST (Xiao et al. 2017), the data set that is used when no other is named.

use super::labelled::Labelled;
use super::{Form, ImageShape};

/// The names of the classes, in the order of their labels.
pub(super) const CLASS_NAMES: [&str; 10] =
    ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boots"];

/// Grey images of 28x28 pixels, ten classes.
pub(super) fn form() -> Form {
    Form {
        shape: ImageShape::grey(28, 28),
        class_names: CLASS_NAMES.map(str::to_owned).to_vec(),
        labels: None,
        of_pictures: false,
    }
}

/// Where the Debian package `dataset-fashion-mnist` puts its files.
pub(super) const PACKAGE_FOLDER: &str = "/usr/share/datasets/fashion-mnist";

/// A checksum (CRC-32C) of the pixels of its 60,000 training images.
const TRAINING_PIXELS: u32 = 0x29f8_d94a;

/// Whether these are its training images, whatever files they are from.
pub(super) fn is_its_training_set(set: &Labelled) -> bool {
    set.labels.len() == 60_000 && set.shape == form().shape && crc32c::crc32c(&set.pixels) == TRAINING_PIXELS
}
