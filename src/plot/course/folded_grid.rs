//! A launch with more workgroups than a dimension may have.

use super::parts::{Grid, tint};
use super::*;

pub const SKETCH: Sketch =
    Sketch { name: "folded-grid", title: "11 workgroups in a grid of 4 × 3", size: (720, 236), draw };

const WORKGROUPS: usize = 11;
const COLUMNS: usize = 4;
const GRID: Grid = Grid { at: [86.0, 70.0], cell: [60.0, 48.0] };

fn draw(drawing: &mut Drawing) {
    let rows = WORKGROUPS.div_ceil(COLUMNS);
    for x in 0..COLUMNS {
        let [middle, top] = GRID.cell(0, x).above();
        drawing.note(&format!("x = {x}"), [middle, top - 14.0], Anchor::Middle);
    }
    for y in 0..rows {
        let [left, middle] = GRID.cell(y, 0).before();
        drawing.note(&format!("y = {y}"), [left - 12.0, middle], Anchor::End);
        for x in 0..COLUMNS {
            let (area, number) = (GRID.cell(y, x), y * COLUMNS + x);
            match number < WORKGROUPS {
                true => drawing.cell(area, tint(Color::BLUE), &number.to_string()),
                false => {
                    drawing.cell(area, Color::PAPER, "");
                    drawing.cross(area);
                }
            }
        }
    }
    drawing.outline(GRID.cell(1, 2), 3.0, Color::GREEN);
    let lines = [
        "A dimension of a grid may have",
        "at most 65,535 workgroups; here 4.",
        "",
        "number = y × 4 + x",
        "outlined: 1 × 4 + 2 = 6",
    ];
    let [right, top] = [GRID.cell(0, COLUMNS).left + 36.0, GRID.at[1] + 10.0];
    drawing.notes(&lines, [right, top], Anchor::Start);
    let [edge, middle] = GRID.cell(rows - 1, COLUMNS - 1).after();
    drawing.arrow([right - 4.0, middle], [edge, middle], Color::INK);
    drawing.note("one too many: it does nothing", [right, middle], Anchor::Start);
}
