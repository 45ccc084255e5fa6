//! The uniform structs of `shaders/` in Rust, `<folder>::<file>::<Struct>`, as the build script translates them.
//!
//! A field's comment is the one beside it in the WGSL.
#![allow(dead_code)] // a struct is translated whether or not a kernel of this crate is launched with it

include!(concat!(env!("OUT_DIR"), "/params.rs"));
