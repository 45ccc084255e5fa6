//! Which thread of a launch has which element of a vector.

use super::parts::{Grid, tint};
use super::*;

pub const SKETCH: Sketch = Sketch {
    name: "grid",
    title: "10 elements, 3 workgroups of 4 threads: 2 threads too many",
    size: (720, 312),
    draw,
};

const ELEMENTS: usize = 10;
const THREADS: usize = 4;
const CELL: [f32; 2] = [46.0, 32.0];
const LEFT: f32 = 120.0;
/// Between two workgroups.
const GAP: f32 = 16.0;
const IDS: f32 = 76.0;
const VALUES: f32 = 196.0;

fn draw(drawing: &mut Drawing) {
    for (text, y) in [("local id", IDS), ("global id", IDS + CELL[1]), ("element", VALUES)] {
        drawing.note(text, [LEFT - 14.0, y + CELL[1] / 2.0], Anchor::End);
    }
    for group in 0..ELEMENTS.div_ceil(THREADS) {
        let left = LEFT + group as f32 * (THREADS as f32 * CELL[0] + GAP);
        let [ids, values] = [IDS, VALUES].map(|top| Grid { at: [left, top], cell: CELL });
        let all = ids.block([0, 0], [2, THREADS]);
        drawing.note(&format!("workgroup {group}"), [all.above()[0], all.top - 16.0], Anchor::Middle);
        for local in 0..THREADS {
            let global = group * THREADS + local;
            drawing.cell(ids.cell(0, local), Color::PAPER, &local.to_string());
            drawing.cell(ids.cell(1, local), tint(Color::BLUE), &global.to_string());
            let value = values.cell(0, local);
            drawing.arrow(ids.cell(1, local).below(), value.above(), Color::INK);
            match global < ELEMENTS {
                true => drawing.cell(value, tint(Color::GREEN), &format!("x[{global}]")),
                false => drawing.cross(value),
            }
        }
        drawing.outline(all, 2.5, Color::BLUE);
    }
    let right = SKETCH.size.0 as f32 - 4.0;
    drawing.note("beyond the end: do nothing", [right, VALUES + 50.0], Anchor::End);
    let example = "global id = workgroup × 4 + local id, for example 1 × 4 + 2 = 6";
    drawing.note(example, [LEFT, VALUES + 92.0], Anchor::Start);
}
