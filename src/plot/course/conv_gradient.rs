//! The gradient of a convolution's input, gathered by each input pixel.

use super::parts::{Grid, is_within, places, tint};
use super::*;

pub const SKETCH: Sketch = Sketch {
    name: "conv-gradient",
    title: "An input pixel gathers its gradient from the windows that cover it",
    size: (756, 342),
    draw,
};

const SIDE: usize = 5;
const KERNEL: usize = 3;
/// The input pixel to look at: row and column.
const PIXEL: [usize; 2] = [2, 1];
const GRAD_Y: [[i32; SIDE]; SIDE] =
    [[1, 0, 2, 1, 0], [0, 1, 0, 0, 1], [2, 0, 1, 0, 0], [0, 1, 0, 2, 1], [1, 0, 0, 1, 0]];

const CELL: [f32; 2] = [34.0; 2];
const TOP: f32 = 92.0;
const WEIGHTS: Grid = Grid { at: [24.0, TOP + CELL[1]], cell: CELL };
const FLIPPED: Grid = Grid { at: [184.0, TOP + CELL[1]], cell: CELL };
const OUTPUT: Grid = Grid { at: [338.0, TOP], cell: CELL };
const INPUT: Grid = Grid { at: [562.0, TOP], cell: CELL };

/// The weights are 1 to 9, so that a weight is also the number of its tap.
fn weight(row: usize, column: usize) -> i32 {
    (row * KERNEL + column + 1) as i32
}

fn draw(drawing: &mut Drawing) {
    let [row, column] = PIXEL;
    let first = [row - 1, column - 1];
    for place in places(SIDE, SIDE) {
        let [row, column] = place;
        let color = if is_within(place, first, KERNEL) { tint(Color::BLUE) } else { Color::PAPER };
        drawing.cell(OUTPUT.cell(row, column), color, &GRAD_Y[row][column].to_string());
        drawing.cell(INPUT.cell(row, column), Color::PAPER, "");
    }
    let mut sum = 0;
    for [i, j] in places(KERNEL, KERNEL) {
        let flipped = weight(KERNEL - 1 - i, KERNEL - 1 - j);
        drawing.cell(WEIGHTS.cell(i, j), tint(Color::GREEN), &weight(i, j).to_string());
        drawing.cell(FLIPPED.cell(i, j), tint(Color::GREEN), &flipped.to_string());
        sum += flipped * GRAD_Y[first[0] + i][first[1] + j];
    }
    drawing.outline(OUTPUT.block(first, [KERNEL, KERNEL]), 3.0, Color::BLUE);
    let pixel = INPUT.cell(row, column);
    drawing.cell(pixel, tint(Color::ORANGE), &sum.to_string());
    drawing.outline(pixel, 3.0, Color::ORANGE);

    let [kernel, sides] = [[KERNEL, KERNEL], [SIDE, SIDE]];
    for (text, area) in [
        ("weights w", WEIGHTS.block([0, 0], kernel)),
        ("w, turned by 180°", FLIPPED.block([0, 0], kernel)),
        ("gradient of the output", OUTPUT.block([0, 0], sides)),
        ("gradient of the input", INPUT.block([0, 0], sides)),
    ] {
        drawing.note(text, [area.above()[0], TOP - 24.0], Anchor::Middle);
    }
    drawing.arrow(WEIGHTS.cell(1, KERNEL - 1).after(), FLIPPED.cell(1, 0).before(), Color::INK);
    for (sign, from, to) in [("×", FLIPPED.cell(0, KERNEL), OUTPUT), ("=", OUTPUT.cell(0, SIDE), INPUT)] {
        drawing.note(sign, [(from.left + to.at[0]) / 2.0, OUTPUT.cell(2, 0).middle()[1]], Anchor::Middle);
    }
    let lines = [
        "grad x[p] = sum over the taps of grad y[p − tap] × w[tap], where p is the outlined input pixel",
        "The output pixel up and left of p has p at the lower right of its window: there the weight is 9.",
    ];
    drawing.notes(&lines, [24.0, OUTPUT.cell(SIDE, 0).top + 36.0], Anchor::Start);
}
