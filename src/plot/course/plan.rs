//! The memory of a small program, before and after its values share it.

use super::super::chart::Area;
use super::parts::{EDGE, SMALL, tint};
use super::*;

pub const SKETCH: Sketch = Sketch {
    name: "plan",
    title: "A two-layer network's values: each in its own memory, and in shared slots",
    size: (756, 528),
    draw,
};

const DISPATCHES: [&str; 8] = ["dense 1", "relu", "dense 2", "loss", "grad W2", "grad a", "grad z", "grad W1"];
/// A value: its size in KiB, and the first and last dispatch that touch it.
struct Value {
    name: &'static str,
    size: u32,
    first: usize,
    last: usize,
}

const VALUES: [Value; 6] = [
    Value { name: "z", size: 64, first: 0, last: 1 },
    Value { name: "a", size: 64, first: 1, last: 6 },
    Value { name: "y", size: 32, first: 2, last: 3 },
    Value { name: "grad y", size: 32, first: 3, last: 5 },
    Value { name: "grad a", size: 64, first: 5, last: 6 },
    Value { name: "grad z", size: 64, first: 6, last: 7 },
];
const LEFT: f32 = 76.0;
const STEP: f32 = 84.0;
const TOP: f32 = 96.0;
/// Pixels for each KiB.
const SCALE: f32 = 0.7;

type Slot = (u32, Vec<&'static Value>);

/// Greedy by size, as in `program/memory.rs`: the largest value first, each in the first slot that is free all its life.
fn shared() -> Vec<Slot> {
    let mut order: Vec<&Value> = VALUES.iter().collect();
    order.sort_by_key(|value| std::cmp::Reverse(value.size));
    let mut slots: Vec<Slot> = Vec::new();
    for value in order {
        let meets = |other: &&Value| value.first <= other.last && other.first <= value.last;
        match slots.iter_mut().find(|(_, tenants)| !tenants.iter().any(meets)) {
            Some((_, tenants)) => tenants.push(value),
            None => slots.push((value.size, vec![value])),
        }
    }
    slots
}

fn draw(drawing: &mut Drawing) {
    for (i, name) in DISPATCHES.iter().enumerate() {
        drawing.text(*name, [LEFT + STEP * (i as f32 + 0.5), TOP - 18.0], SMALL, Anchor::Middle);
    }
    drawing.note("dispatches, one after another", [LEFT + STEP * 4.0, TOP - 42.0], Anchor::Middle);
    let own: Vec<Slot> = VALUES.iter().map(|value| (value.size, vec![value])).collect();
    let below = rows(drawing, TOP, &own, "own memory", Color::ORANGE);
    rows(drawing, below + 44.0, &shared(), "shared slots", Color::BLUE);
}

/// Draws slots below each other, as high as they are large; returns where they end.
fn rows(drawing: &mut Drawing, top: f32, slots: &[Slot], title: &str, color: Color) -> f32 {
    let mut y = top;
    for (size, values) in slots {
        let height = SCALE * *size as f32;
        let row = Area::new([LEFT, y], [STEP * DISPATCHES.len() as f32, height]);
        drawing.outline(row, 1.0, EDGE.faint(0.3));
        drawing.text(format!("{size} KiB"), [LEFT - 8.0, row.middle()[1]], SMALL, Anchor::End);
        for value in values {
            let left = LEFT + STEP * value.first as f32;
            let width = STEP * (value.last + 1 - value.first) as f32;
            let bar = Area::new([left, y], [width, SCALE * value.size as f32]).grown(-1.5);
            drawing.cell(bar, tint(color), value.name);
        }
        y += height;
    }
    let total: u32 = slots.iter().map(|(size, _)| size).sum();
    drawing.note(&format!("{title}: {total} KiB"), [LEFT, y + 18.0], Anchor::Start);
    y
}
