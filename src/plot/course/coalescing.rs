//! How many lines of memory neighbouring threads touch.

use super::parts::{Grid, places, tint};
use super::*;

pub const SKETCH: Sketch = Sketch {
    name: "coalescing",
    title: "8 threads read a word each: of one line of memory, or of eight",
    size: (740, 446),
    draw,
};

/// Threads, lines of memory, and words of a line.
const COUNT: usize = 8;
const CELL: [f32; 2] = [36.0, 30.0];
const TOP: f32 = 140.0;

fn draw(drawing: &mut Drawing) {
    let [rows, columns] = [24.0, 432.0].map(|left| Grid { at: [left, TOP], cell: CELL });
    memory(drawing, rows, 1);
    memory(drawing, columns, COUNT);
    for thread in 0..COUNT {
        let name = format!("t{thread}");
        let above = Grid { at: [rows.at[0], TOP - 70.0], ..rows }.cell(0, thread);
        drawing.cell(above, tint(Color::GREEN), &name);
        drawing.arrow(above.below(), rows.cell(0, thread).above(), Color::INK);
        let before = Grid { at: [columns.at[0] - 76.0, TOP], ..columns }.cell(thread, 0);
        drawing.cell(before, tint(Color::GREEN), &name);
        drawing.arrow(before.after(), columns.cell(thread, 0).before(), Color::INK);
    }
    for (grid, top, title, lines) in [
        (rows, TOP - 86.0, "thread i reads word i", ["1 line comes from memory:", "all 8 words of it are used"]),
        (
            columns,
            TOP - 16.0,
            "thread i reads word 8 i",
            ["8 lines come from memory:", "1 of the 8 words of each is used"],
        ),
    ] {
        let all = grid.block([0, 0], [COUNT, COUNT]);
        drawing.note(title, [all.middle()[0], top], Anchor::Middle);
        drawing.notes(&lines, [all.left, all.below()[1] + 20.0], Anchor::Start);
    }
}

/// Words with their numbers, a line of memory in each row. The first lines are read, for 8 words in all.
fn memory(drawing: &mut Drawing, grid: Grid, lines: usize) {
    for [line, word] in places(COUNT, COUNT) {
        let (area, number) = (grid.cell(line, word), COUNT * line + word);
        // The words of the threads are `lines` apart.
        let is_used = number % lines == 0 && number / lines < COUNT;
        let color = match line < lines {
            _ if is_used => tint(Color::BLUE),
            true => Color::BLUE.faint(0.12),
            false => Color::PAPER,
        };
        drawing.cell(area, color, &number.to_string());
        if is_used {
            drawing.outline(area.grown(-1.0), 2.5, Color::BLUE);
        }
    }
}
