//! Reading data of every form, and refusing what is broken.
#![cfg(feature = "cli")]

#[path = "../common/mod.rs"]
mod common;
mod csv;
mod formats;
mod own_data;
mod pictures;
mod special_files;
mod split;
