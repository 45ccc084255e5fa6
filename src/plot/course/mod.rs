//! The pictures of the course on kernels (`docs/course`). `examples/course_pictures.rs` writes their files.
//!
//! Each file here is one picture, which explains one thing with small numbers; what can be computed is computed. `parts` has
//! what they are made of.

mod chain;
mod coalescing;
mod conv_gradient;
mod counter;
mod descent;
mod folded_grid;
mod grid;
mod im2col;
mod joining;
mod memories;
mod parts;
mod plan;
mod register_block;
mod roofline;
mod softmax;
mod tiles;
mod tree;
mod winners;

#[cfg(test)]
mod legible;

use super::drawing::Anchor;
use super::{Color, Drawing, Picture};

/// A picture of the course.
#[derive(Debug, Clone, Copy)]
pub struct Sketch {
    /// The name of its file, without the ending.
    pub name: &'static str,
    /// What it says, in a line.
    pub title: &'static str,
    size: (u32, u32),
    draw: fn(&mut Drawing),
}

/// All pictures of the course, in the order of their names.
pub static ALL: [Sketch; 17] = [
    chain::SKETCH,
    coalescing::SKETCH,
    conv_gradient::SKETCH,
    counter::SKETCH,
    descent::SKETCH,
    folded_grid::SKETCH,
    grid::SKETCH,
    im2col::SKETCH,
    joining::SKETCH,
    memories::SKETCH,
    plan::SKETCH,
    register_block::SKETCH,
    roofline::SKETCH,
    softmax::SKETCH,
    tiles::SKETCH,
    tree::SKETCH,
    winners::SKETCH,
];

impl Picture for Sketch {
    fn size(&self) -> (u32, u32) {
        self.size
    }

    fn draw(&self, drawing: &mut Drawing) {
        drawing.text(self.title, [self.size.0 as f32 / 2.0, 20.0], 16.0, Anchor::Middle);
        (self.draw)(drawing);
    }
}
