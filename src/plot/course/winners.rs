//! Max pooling, and where its gradient goes.

use super::parts::{Grid, places, tint};
use super::*;

pub const SKETCH: Sketch = Sketch {
    name: "winners",
    title: "The largest of each 2 × 2 wins, and gets the whole gradient",
    size: (740, 272),
    draw,
};

const SIDE: usize = 4;
const IMAGE: [[u32; SIDE]; SIDE] = [[1, 3, 2, 0], [5, 2, 1, 7], [0, 4, 6, 3], [2, 1, 5, 2]];
const GRADIENTS: [[&str; 2]; 2] = [["0.1", "−0.4"], ["0.3", "0.2"]];
const CELL: [f32; 2] = [44.0; 2];
const IMAGE_GRID: Grid = Grid { at: [16.0, 76.0], cell: CELL };
const POOLED: Grid = Grid { at: [252.0, 120.0], cell: CELL };
const GRADIENT: Grid = Grid { at: [400.0, 120.0], cell: CELL };
const BACK: Grid = Grid { at: [548.0, 76.0], cell: CELL };

/// Row and column of the largest of four pixels.
fn winner(row: usize, column: usize) -> [usize; 2] {
    let pixels = [[0, 0], [0, 1], [1, 0], [1, 1]].map(|[down, right]| [2 * row + down, 2 * column + right]);
    pixels.into_iter().fold(pixels[0], |best, pixel| {
        let at = |[row, column]: [usize; 2]| IMAGE[row][column];
        if at(pixel) > at(best) { pixel } else { best }
    })
}

fn draw(drawing: &mut Drawing) {
    for [row, column] in places(SIDE, SIDE) {
        let wins = winner(row / 2, column / 2) == [row, column];
        let tinted = |color: Color| if wins { tint(color) } else { Color::PAPER };
        let gradient = if wins { GRADIENTS[row / 2][column / 2] } else { "0" };
        drawing.cell(IMAGE_GRID.cell(row, column), tinted(Color::BLUE), &IMAGE[row][column].to_string());
        drawing.cell(BACK.cell(row, column), tinted(Color::ORANGE), gradient);
    }
    for [row, column] in places(2, 2) {
        let [i, j] = winner(row, column);
        drawing.cell(POOLED.cell(row, column), tint(Color::BLUE), &IMAGE[i][j].to_string());
        drawing.cell(GRADIENT.cell(row, column), tint(Color::ORANGE), GRADIENTS[row][column]);
        for (grid, color) in [(IMAGE_GRID, Color::BLUE), (BACK, Color::ORANGE)] {
            drawing.outline(grid.block([2 * row, 2 * column], [2, 2]), 2.0, Color::INK);
            drawing.outline(grid.cell(i, j).grown(-3.0), 3.0, color);
        }
    }
    for (text, grid, columns) in [
        ("image", IMAGE_GRID, 4),
        ("pooled", POOLED, 2),
        ("its gradient", GRADIENT, 2),
        ("gradient of the image", BACK, 4),
    ] {
        let area = grid.block([0, 0], [1, columns]);
        drawing.note(text, [area.middle()[0], area.top - 18.0], Anchor::Middle);
    }
    let middle = IMAGE_GRID.cell(2, 0).top;
    for [from, to] in [[192.0, 252.0], [488.0, 548.0]] {
        drawing.arrow([from + 4.0, middle], [to - 4.0, middle], Color::INK);
    }
}
