//! A small network, forwards and backwards.

use super::super::chart::Area;
use super::parts::tint;
use super::*;

pub const SKETCH: Sketch = Sketch {
    name: "chain",
    title: "Backward, each step needs what forward left, and gives a gradient",
    size: (756, 334),
    draw,
};

/// A step, the value that it gives, and about its backward step: what it needs, and what it gives.
struct Step {
    name: &'static str,
    value: &'static str,
    needs: &'static str,
    gives: &'static [&'static str],
}

const STEPS: [Step; 3] = [
    Step {
        name: "z = x W + b",
        value: "z",
        needs: "x, W",
        gives: &["grad W = xᵀ grad z", "grad b = sum of rows", "grad x = grad z Wᵀ"],
    },
    Step {
        name: "a = relu(z)",
        value: "a",
        needs: "the sign of a",
        gives: &["grad z = grad a", "where a > 0, else 0"],
    },
    Step { name: "L = loss(a)", value: "L", needs: "a", gives: &["grad a = dL/da"] },
];
const LEFT: f32 = 82.0;
const APART: f32 = 228.0;
const TOP: f32 = 132.0;
const BOX: [f32; 2] = [130.0, 76.0];
/// How far the two arrows are from the middle of a box.
const ASIDE: f32 = 20.0;

fn draw(drawing: &mut Drawing) {
    let boxes = [0.0, 1.0, 2.0].map(|i| Area::new([LEFT + APART * i, TOP], BOX));
    let mut names = vec!["x"];
    for (step, area) in STEPS.iter().zip(boxes) {
        drawing.cell(area, tint(Color::GREEN), step.name);
        let left = area.left - 2.0;
        let mut y = TOP + BOX[1] + 38.0;
        for (heading, lines) in [("needs", &[step.needs][..]), ("gives", step.gives)] {
            drawing.note(heading, [left, y], Anchor::Start);
            drawing.notes(lines, [left + 52.0, y], Anchor::Start);
            y += 24.0;
        }
        names.push(step.value);
    }
    for (i, name) in names.into_iter().enumerate() {
        let from = if i == 0 { 14.0 } else { boxes[i - 1].after()[0] };
        let to = boxes.get(i).map_or(SKETCH.size.0 as f32 - 14.0, |area| area.left);
        let [x, y] = [(from + to) / 2.0, TOP + BOX[1] / 2.0];
        drawing.arrow([from, y - ASIDE], [to, y - ASIDE], Color::BLUE);
        drawing.arrow([to, y + ASIDE], [from, y + ASIDE], Color::ORANGE);
        drawing.note(name, [x, y - ASIDE - 14.0], Anchor::Middle);
        let gradient = if name == "L" { "1".to_owned() } else { format!("grad {name}") };
        drawing.note(&gradient, [x, y + ASIDE + 15.0], Anchor::Middle);
    }
    let weights = Area::new([LEFT + 30.0, 62.0], [70.0, 30.0]);
    drawing.cell(weights, Color::PAPER, "W, b");
    drawing.arrow(weights.below(), boxes[0].above(), Color::BLUE);
    drawing.note("upper arrows: forward, lower arrows: backward", [APART + LEFT, 76.0], Anchor::Start);
}
