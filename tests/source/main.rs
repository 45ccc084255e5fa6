//! Rules that are checked by reading the source.

mod registry;
mod shaders;
