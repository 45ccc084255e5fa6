//! Why a thread computes several results.

use super::parts::{Grid, tint};
use super::*;

pub const SKETCH: Sketch =
    Sketch {
        name: "register-block", title: "A thread with 4 × 4 results reads less for each", size: (720, 342), draw
    };

fn draw(drawing: &mut Drawing) {
    block(drawing, [96.0, 116.0], 1, ["2 values read", "1 multiply-add", "2 reads for each"]);
    block(drawing, [410.0, 116.0], 4, ["8 values read", "16 multiply-adds", "half a read for each"]);
}

/// The results of a thread with `side` values of A at the left and of B above, in one step along the inner dimension.
fn block(drawing: &mut Drawing, at: [f32; 2], side: usize, lines: [&str; 3]) {
    const CELL: [f32; 2] = [56.0, 32.0];
    const APART: f32 = 12.0;
    let results = Grid { at, cell: CELL };
    let left = Grid { at: [at[0] - CELL[0] - APART, at[1]], cell: CELL };
    let above = Grid { at: [at[0], at[1] - CELL[1] - APART], cell: CELL };
    for i in 0..side {
        drawing.cell(left.cell(i, 0), tint(Color::BLUE), &format!("a{i}"));
        drawing.cell(above.cell(0, i), tint(Color::GREEN), &format!("b{i}"));
        for j in 0..side {
            drawing.cell(results.cell(i, j), Color::PAPER, &format!("a{i} b{j}"));
        }
    }
    let all = results.block([0, 0], [side, side]);
    drawing.outline(all, 3.0, Color::ORANGE);
    drawing.note("row of B", [above.block([0, 0], [1, side]).middle()[0], above.at[1] - 14.0], Anchor::Middle);
    drawing.notes(&["column", "of A"], [left.cell(0, 0).middle()[0], above.at[1] + 4.0], Anchor::Middle);
    drawing.notes(&lines, [left.at[0], all.below()[1] + 24.0], Anchor::Start);
}
