//! The networks.

mod cnn4;

pub use cnn4::{Cnn4, Cnn4Settings};
