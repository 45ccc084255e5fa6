//! Logits, their softmax, and the gradient of the loss.

use super::super::chart::Area;
use super::parts::{EDGE, tint};
use super::*;

pub const SKETCH: Sketch = Sketch {
    name: "softmax",
    title: "From logits to shares to the gradient of the loss; class 2 is the right one",
    size: (740, 310),
    draw,
};

const LOGITS: [f64; 4] = [2.0, 1.0, -0.5, 0.5];
/// The right class.
const LABEL: usize = 1;
const WIDTH: f32 = 216.0;
const TOP: f32 = 72.0;
const HEIGHT: f32 = 184.0;

fn draw(drawing: &mut Drawing) {
    let powers = LOGITS.map(f64::exp);
    let sum: f64 = powers.iter().sum();
    let shares = powers.map(|power| power / sum);
    let mut gradient = shares;
    gradient[LABEL] -= 1.0;
    let areas = [0.0, 1.0, 2.0].map(|i| Area::new([20.0 + i * (WIDTH + 26.0), TOP], [WIDTH, HEIGHT]));
    bars(drawing, areas[0], "logits", &LOGITS, [-1.0, 2.2], Color::GREEN);
    bars(drawing, areas[1], "softmax p", &shares, [-0.1, 0.7], Color::BLUE);
    bars(drawing, areas[2], "gradient p − target", &gradient, [-1.0, 0.8], Color::ORANGE);
}

/// A bar for each class, from 0 up or down, with its number at its end.
fn bars(drawing: &mut Drawing, area: Area, title: &str, values: &[f64], [low, high]: [f64; 2], color: Color) {
    drawing.note(title, [area.middle()[0], area.top - 18.0], Anchor::Middle);
    let y = |value: f64| area.top + area.height * ((high - value) / (high - low)) as f32;
    let step = area.width / values.len() as f32;
    for (class, value) in values.iter().enumerate() {
        let middle = area.left + step * (class as f32 + 0.5);
        let [top, bottom] = [y(value.max(0.0)), y(value.min(0.0))];
        let bar = Area::new([middle - 17.0, top], [34.0, bottom - top]);
        drawing.cell(bar, tint(color), "");
        let text = format!("{value:.2}").replace('-', "−");
        let beside = if *value < 0.0 { bottom + 11.0 } else { top - 11.0 };
        drawing.note(&text, [middle, beside], Anchor::Middle);
        drawing.note(&(class + 1).to_string(), [middle, area.below()[1] + 24.0], Anchor::Middle);
    }
    drawing.line(vec![[area.left, y(0.0)], [area.after()[0], y(0.0)]], 1.5, EDGE);
    drawing.note("class", [area.middle()[0], area.below()[1] + 42.0], Anchor::Middle);
}
