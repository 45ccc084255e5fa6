//! Draws the pictures of the course on kernels as SVG files, light or dark as the reader's browser prefers.
//!
//! cargo run --release --example course_pictures            # into docs/course/pictures
//! cargo run --release --example course_pictures -- FOLDER
use std::path::PathBuf;

use selvedge::plot::{Ground, course, svg};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).map_or_else(|| "docs/course/pictures".into(), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    for sketch in &course::ALL {
        let path = folder.join(sketch.name).with_extension("svg");
        std::fs::write(path, svg(sketch, Ground::Either)?)?;
    }
    Ok(())
}
