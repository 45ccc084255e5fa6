//! The memories of a machine with a GPU, from the smallest and fastest to the largest and slowest.

use super::super::chart::Area;
use super::parts::tint;
use super::*;

pub const SKETCH: Sketch =
    Sketch { name: "memories", title: "Memories: the larger, the farther away and the slower", size: (760, 372), draw };

/// Name, who sees it, size, bytes a second.
const MEMORIES: [[&str; 4]; 5] = [
    ["registers", "one thread", "1 KB a thread", "100 TB/s"],
    ["workgroup memory", "one workgroup", "100 KB", "30 TB/s"],
    ["caches", "all threads", "50 MB", "5 TB/s"],
    ["device memory", "all threads", "80 GB", "3 TB/s"],
    ["host memory", "the CPU", "100s of GB", "60 GB/s"],
];
const HEADINGS: [&str; 3] = ["who sees it", "size, roughly", "speed, roughly"];
/// Where the columns begin.
const COLUMNS: [f32; 3] = [366.0, 502.0, 634.0];
const TOP: f32 = 74.0;
const STEP: f32 = 48.0;
/// The widths of the first and the last step.
const NARROW: f32 = 148.0;
const WIDE: f32 = 336.0;

fn draw(drawing: &mut Drawing) {
    for (heading, x) in HEADINGS.iter().zip(COLUMNS) {
        drawing.note(heading, [x, TOP - 20.0], Anchor::Start);
    }
    for (row, [name, facts @ ..]) in MEMORIES.iter().enumerate() {
        let width = NARROW + (WIDE - NARROW) * row as f32 / (MEMORIES.len() - 1) as f32;
        let area = Area::new([12.0 + (WIDE - width) / 2.0, TOP + STEP * row as f32], [width, STEP - 6.0]);
        // The host is another machine, beyond a slow connection.
        let color = if row == MEMORIES.len() - 1 { Color::ORANGE } else { Color::BLUE };
        drawing.cell(area, tint(color), name);
        for (fact, x) in facts.iter().zip(COLUMNS) {
            drawing.note(fact, [x, area.middle()[1]], Anchor::Start);
        }
    }
    let lines = [
        "Orders of magnitude for a large GPU, all its threads together.",
        "What the host has comes over PCIe: its speed is that of the connection.",
    ];
    drawing.notes(&lines, [12.0, TOP + STEP * MEMORIES.len() as f32 + 16.0], Anchor::Start);
}
