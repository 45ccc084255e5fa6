//! The tiles of a matrix product.

use super::parts::{Grid, places, tint};
use super::*;

pub const SKETCH: Sketch = Sketch {
    name: "tiles",
    title: "C = A B: the tile of C that one workgroup computes, in 4 rounds",
    size: (740, 440),
    draw,
};

/// Tiles along each side of a matrix.
const COUNT: usize = 4;
const SIDE: f32 = 44.0;
const GAP: f32 = 22.0;
const FIRST: [f32; 2] = [44.0, 46.0];
const SECOND: [f32; 2] = [FIRST[0] + COUNT as f32 * SIDE + GAP, FIRST[1] + COUNT as f32 * SIDE + GAP];
const A: Grid = Grid { at: [FIRST[0], SECOND[1]], cell: [SIDE; 2] };
const B: Grid = Grid { at: [SECOND[0], FIRST[1]], cell: [SIDE; 2] };
const C: Grid = Grid { at: SECOND, cell: [SIDE; 2] };
/// The tile of C, and the round.
const ROW: usize = 1;
const COLUMN: usize = 2;
const ROUND: usize = 1;

fn draw(drawing: &mut Drawing) {
    for [row, column] in places(COUNT, COUNT) {
        let shade = |is_in_band: bool, is_chosen: bool, color: Color| match is_in_band {
            _ if is_chosen => tint(color),
            true => color.faint(0.15),
            false => Color::PAPER,
        };
        let round = |is_in_band: bool, round: usize| if is_in_band { (round + 1).to_string() } else { String::new() };
        let [in_row, in_column] = [row == ROW, column == COLUMN];
        let [of_a, of_b, of_c] = [in_row && column == ROUND, in_column && row == ROUND, in_row && in_column];
        drawing.cell(A.cell(row, column), shade(in_row, of_a, Color::BLUE), &round(in_row, column));
        drawing.cell(B.cell(row, column), shade(in_column, of_b, Color::GREEN), &round(in_column, row));
        drawing.cell(C.cell(row, column), shade(false, of_c, Color::ORANGE), "");
    }
    drawing.outline(A.cell(ROW, ROUND), 3.5, Color::BLUE);
    drawing.outline(B.cell(ROUND, COLUMN), 3.5, Color::GREEN);
    drawing.outline(C.cell(ROW, COLUMN), 3.5, Color::ORANGE);
    for (name, grid) in [("A", A), ("B", B)] {
        drawing.note(name, [grid.at[0] - 14.0, grid.at[1] + 10.0], Anchor::End);
    }
    drawing.note("C", [C.cell(0, COUNT).left + 14.0, C.at[1] + 10.0], Anchor::Start);
    let right = B.cell(0, COUNT).left + 34.0;
    let lines = [
        "Numbers: the round in which a",
        "tile is in workgroup memory.",
        "",
        "Outlined in A and B: round 2.",
        "Each thread adds its products",
        "of these two tiles to its sum.",
    ];
    drawing.notes(&lines, [right, B.at[1] + 20.0], Anchor::Start);
    let tile = C.cell(ROW, COLUMN);
    drawing.arrow([right - 4.0, tile.middle()[1]], tile.after(), Color::INK);
    let lines = ["the workgroup's tile of C", "stays in registers"];
    drawing.notes(&lines, [right, tile.middle()[1]], Anchor::Start);
}
