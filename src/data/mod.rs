//! Reading labelled images in the forms in which people have them, and splitting them. Knows nothing of GPUs.
//!
//! [`load`] lists the files of a folder or an archive (`entries`, `archive`) and asks each format whether they are its own:
//! tables (`csv`, `columns`), `idx`, `cifar`, `npz`, and pictures in a folder per class (`class_folders`, `photo`) or in
//! the rows of `parquet`. What these
//! return has labels as text (`labelled`, `labels`), of which classes are made at the end.

mod archive;
mod cifar;
mod class_folders;
mod columns;
mod content;
mod csv;
mod entries;
mod error;
mod fashion_mnist;
mod form;
mod idx;
mod image_set;
mod labelled;
mod labels;
mod limited;
mod load;
mod normalisation;
mod npz;
mod pairs;
mod parquet;
mod parquet_footer;
mod parts;
mod photo;
mod prepared;
mod reading;
mod rows;
mod split;
mod text;
mod thumbnail;

pub use error::DataError;
pub use form::{Form, ImageShape};
pub use image_set::ImageSet;
pub use load::{Dataset, load, load_as, load_set};
pub use normalisation::{Normalisation, PixelScale};
pub use parquet::PARQUET_READER;
pub use photo::{Inversion, PICTURE_ENDINGS, Photo, Preparation, is_picture};
pub use reading::{Colour, Fit, Reading, Size};
pub use rows::{Examples, Rows};
pub use split::{Split, shuffle, stratified_folds, stratified_split};
pub use thumbnail::{thumbnail, thumbnails};
