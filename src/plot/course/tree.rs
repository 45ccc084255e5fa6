//! A sum as a tree.

use super::parts::{EDGE, Grid, tint};
use super::*;

pub const SKETCH: Sketch = Sketch { name: "tree", title: "The sum of 8 numbers in 3 rounds", size: (720, 404), draw };

const NUMBERS: [u32; 8] = [3, 1, 7, 0, 4, 1, 6, 2];
const GRID: Grid = Grid { at: [112.0, 48.0], cell: [52.0, 34.0] };
/// From one round to the next.
const STEP: f32 = 92.0;

fn draw(drawing: &mut Drawing) {
    let mut numbers = NUMBERS;
    let row = |round: usize| Grid { at: [GRID.at[0], GRID.at[1] + STEP * round as f32], ..GRID };
    write(drawing, row(0), &numbers, NUMBERS.len());
    for (round, half) in [4, 2, 1].into_iter().enumerate() {
        let (before, after) = (row(round), row(round + 1));
        let y = before.at[1] + GRID.cell[1] + 14.0;
        let end = GRID.cell(0, NUMBERS.len()).left;
        drawing.line(vec![[GRID.at[0], y], [end, y]], 2.5, Color::ORANGE);
        drawing.note("barrier", [end + 10.0, y], Anchor::Start);
        drawing.note(&format!("half = {half}"), [GRID.at[0] - 14.0, after.cell(0, 0).middle()[1]], Anchor::End);
        for i in 0..half {
            drawing.arrow(before.cell(0, i).below(), after.cell(0, i).above(), Color::INK);
            drawing.arrow(before.cell(0, i + half).below(), after.cell(0, i).above(), EDGE);
            numbers[i] += numbers[i + half];
        }
        write(drawing, after, &numbers, half);
    }
    let rule = "x[i] += x[i + half] where i < half; before each round all threads wait at the barrier";
    drawing.note(rule, [SKETCH.size.0 as f32 / 2.0, row(4).at[1] - 30.0], Anchor::Middle);
}

/// The first of the numbers are sums of this round; nobody reads the others any more.
fn write(drawing: &mut Drawing, grid: Grid, numbers: &[u32], sums: usize) {
    for (i, number) in numbers.iter().enumerate() {
        match i < sums {
            true => drawing.cell(grid.cell(0, i), tint(Color::BLUE), &number.to_string()),
            false => drawing.outline(grid.cell(0, i), 1.0, EDGE.faint(0.2)),
        }
    }
}
