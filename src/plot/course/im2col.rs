//! A convolution as a product of matrices.

use super::parts::{Grid, is_within, places, tint};
use super::*;

pub const SKETCH: Sketch = Sketch {
    name: "im2col",
    title: "A 3 × 3 convolution of a 4 × 4 image, as a matrix product",
    size: (756, 440),
    draw,
};

const SIDE: usize = 4;
const KERNEL: usize = 3;
const TAPS: usize = KERNEL * KERNEL;
const IMAGE: [[i32; SIDE]; SIDE] = [[1, 2, 0, 3], [4, 1, 2, 1], [0, 3, 1, 2], [2, 0, 1, 4]];
const WEIGHTS: [[i32; KERNEL]; KERNEL] = [[1, 0, -1], [2, 0, -2], [1, 0, -1]];
/// The output pixel to look at: row and column.
const PIXEL: [usize; 2] = [0, 1];

const PADDED: Grid = Grid { at: [12.0, 92.0], cell: [34.0, 34.0] };
const PATCHES: Grid = Grid { at: [270.0, 92.0], cell: [30.0, 20.0] };
const COLUMN: Grid = Grid { at: [586.0, 92.0], cell: [44.0, 20.0] };
const RESULT: Grid = Grid { at: [676.0, 92.0], cell: [56.0, 20.0] };

/// A pixel of the image with one zero around it.
fn padded(row: usize, column: usize) -> i32 {
    let inside = (1..=SIDE).contains(&row) && (1..=SIDE).contains(&column);
    if inside { IMAGE[row - 1][column - 1] } else { 0 }
}

/// The pixels of a window, row by row, and the weight of each.
fn window([row, column]: [usize; 2]) -> [(i32, i32); TAPS] {
    std::array::from_fn(|tap| {
        let [down, right] = [tap / KERNEL, tap % KERNEL];
        (padded(row + down, column + right), WEIGHTS[down][right])
    })
}

fn draw(drawing: &mut Drawing) {
    draw_image(drawing);
    for (row, pixel) in places(SIDE, SIDE).enumerate() {
        let taps = window(pixel);
        let color = if pixel == PIXEL { tint(Color::BLUE) } else { Color::PAPER };
        for (tap, (value, _)) in taps.iter().enumerate() {
            drawing.cell(PATCHES.cell(row, tap), color, &value.to_string());
        }
        let sum: i32 = taps.iter().map(|(value, weight)| value * weight).sum();
        let color = if pixel == PIXEL { tint(Color::ORANGE) } else { Color::PAPER };
        drawing.cell(RESULT.cell(row, 0), color, &signed(sum));
    }
    for (tap, (_, weight)) in window(PIXEL).iter().enumerate() {
        drawing.cell(COLUMN.cell(tap, 0), tint(Color::GREEN), &signed(*weight));
    }
    for (text, area) in [
        ("image, zeros around it", PADDED.block([0, 0], [SIDE + 2, SIDE + 2])),
        ("patches: a row for each output pixel", PATCHES.block([0, 0], [1, TAPS])),
        ("weights", COLUMN.cell(0, 0)),
        ("output", RESULT.cell(0, 0)),
    ] {
        drawing.note(text, [area.above()[0], area.top - 24.0], Anchor::Middle);
    }
    let row = PIXEL[0] * SIDE + PIXEL[1];
    let (patch, result) = (PATCHES.block([row, 0], [1, TAPS]), RESULT.cell(row, 0));
    drawing.outline(patch, 2.5, Color::BLUE);
    drawing.outline(result, 2.5, Color::ORANGE);
    let middle = COLUMN.block([0, 0], [TAPS, 1]).middle()[1];
    drawing.note("×", [(PATCHES.cell(0, TAPS).left + COLUMN.at[0]) / 2.0, middle], Anchor::Middle);
    drawing.note("=", [(COLUMN.cell(0, 1).left + RESULT.at[0]) / 2.0, middle], Anchor::Middle);
}

fn draw_image(drawing: &mut Drawing) {
    for [row, column] in places(SIDE + 2, SIDE + 2) {
        let color = if is_within([row, column], PIXEL, KERNEL) { tint(Color::BLUE) } else { Color::PAPER };
        drawing.cell(PADDED.cell(row, column), color, &padded(row, column).to_string());
    }
    drawing.outline(PADDED.block([1, 1], [SIDE, SIDE]), 2.0, Color::INK);
    drawing.outline(PADDED.block(PIXEL, [KERNEL, KERNEL]), 3.0, Color::BLUE);
    let row = PATCHES.cell(PIXEL[0] * SIDE + PIXEL[1], 0);
    drawing.arrow(PADDED.cell(1, SIDE + 1).after(), row.before(), Color::INK);
    let lines = ["The window of output pixel", "(0, 1) becomes row 1."];
    drawing.notes(&lines, [PADDED.at[0], PADDED.cell(SIDE + 2, 0).top + 24.0], Anchor::Start);
}

/// With a sign as wide as a digit.
fn signed(number: i32) -> String {
    number.to_string().replace('-', "−")
}
