//! Reading Fashion-MNIST in the forms in which people have it, and splitting it. Knows nothing of GPUs.

mod archive;
mod columns;
mod content;
mod csv;
mod error;
mod idx;
mod image_set;
mod limited;
mod load;
mod normalisation;
mod photo;
mod rows;
mod split;
mod text;

pub use error::DataError;
pub use image_set::{CLASS_NAMES, CLASSES, HEIGHT, ImageSet, PIXELS, WIDTH};
pub use load::{Dataset, load, load_set};
pub use normalisation::{Normalisation, PixelScale};
pub use photo::{Inversion, Photo};
pub use rows::{Examples, Rows};
pub use split::{Split, shuffle, stratified_folds, stratified_split, stratified_split_of};
