//! The mask of dropout, drawn twice.

use super::parts::{Grid, tint};
use super::*;
use crate::gradcheck::reference::pcg4d;

pub const SKETCH: Sketch =
    Sketch { name: "counter", title: "Dropout draws its mask again instead of storing it", size: (740, 306), draw };

const ROWS: usize = 8;
const COLUMNS: usize = 16;
const RATE: f32 = 0.25;
const STREAM: u32 = 0;
const STEP: u32 = 1;
const SEED: u32 = 7;
const CELL: [f32; 2] = [20.0; 2];

/// Whether an element is kept: one hash is for four neighbours.
fn is_kept(index: usize) -> bool {
    let random = pcg4d([index as u32 / 4, STREAM, STEP, SEED])[index % 4];
    // The upper 24 bits, which a float holds exactly.
    (random >> 8) as f32 / 16_777_216.0 >= RATE
}

fn draw(drawing: &mut Drawing) {
    for (left, title) in [(16.0, "forward: x × mask"), (404.0, "backward: grad y × mask")] {
        let grid = Grid { at: [left, 76.0], cell: CELL };
        let all = grid.block([0, 0], [ROWS, COLUMNS]);
        drawing.note(title, [all.middle()[0], all.top - 18.0], Anchor::Middle);
        for index in 0..ROWS * COLUMNS {
            let area = grid.cell(index / COLUMNS, index % COLUMNS);
            match is_kept(index) {
                true => {
                    drawing.cell(area, tint(Color::BLUE), "");
                    drawing.disc(area.middle(), 4.0, Color::BLUE);
                }
                false => drawing.cell(area, Color::PAPER, ""),
            }
        }
    }
    drawing.note("=", [370.0, 156.0], Anchor::Middle);
    let kept = (0..ROWS * COLUMNS).filter(|index| is_kept(*index)).count();
    let lines = [
        format!(
            "Dot: kept ({kept} of {}); empty: dropped, where the hash of place, step and seed, as a number",
            ROWS * COLUMNS
        ),
        format!("from 0 to 1, is below {RATE}. The same call gives the same mask: nothing is stored."),
    ];
    drawing.notes(&lines, [16.0, 262.0], Anchor::Start);
}
