//! Three optimisers in a long, narrow valley.

use super::super::axis::Axis;
use super::super::chart::{Area, Chart};
use super::*;

pub const SKETCH: Sketch =
    Sketch { name: "descent", title: "30 steps in the valley f(x, y) = x² / 20 + y²", size: (740, 416), draw };

const STEPS: usize = 30;
const START: [f64; 2] = [-9.0, 2.2];
/// Where the x axis ends.
const RIGHT: f64 = 3.0;
const TAU: f64 = std::f64::consts::TAU;

fn gradient([x, y]: [f64; 2]) -> [f64; 2] {
    [x / 10.0, 2.0 * y]
}

/// Where an optimiser goes: `step` has the number of a step, from 1 on, and the gradient, and says by how much to move.
fn path(mut step: impl FnMut(i32, [f64; 2]) -> [f64; 2]) -> Vec<(f64, f64)> {
    let mut at = START;
    let mut path = vec![START.into()];
    for number in (1..).take(STEPS) {
        let by = step(number, gradient(at));
        at = [at[0] + by[0], at[1] + by[1]];
        path.push(at.into());
    }
    path
}

fn sgd() -> Vec<(f64, f64)> {
    path(|_, gradient| gradient.map(|g| -0.9 * g))
}

fn momentum() -> Vec<(f64, f64)> {
    let mut velocity = [0.0; 2];
    path(|_, gradient| {
        velocity = [0, 1].map(|i| 0.8 * velocity[i] - 0.3 * gradient[i]);
        velocity
    })
}

fn adam() -> Vec<(f64, f64)> {
    const RATE: f64 = 0.6;
    const FIRST: f64 = 0.9;
    const SECOND: f64 = 0.999;
    let [mut mean, mut square] = [[0.0; 2]; 2];
    path(|number, gradient| {
        [0, 1].map(|i| {
            mean[i] += (1.0 - FIRST) * (gradient[i] - mean[i]);
            square[i] += (1.0 - SECOND) * (gradient[i] * gradient[i] - square[i]);
            let [mean, square] = [mean[i] / (1.0 - FIRST.powi(number)), square[i] / (1.0 - SECOND.powi(number))];
            -RATE * mean / (square.sqrt() + 1e-8)
        })
    })
}

fn draw(drawing: &mut Drawing) {
    let area = Area { top: 20.0, height: 380.0, ..Area::whole([SKETCH.size.0, SKETCH.size.1]) };
    let [x, y] = [Axis::between("x", -10.0, RIGHT), Axis::between("y", -2.5, 2.5)];
    let mut chart = Chart::large(drawing, area, x, y);
    for level in [0.1, 0.4, 0.9, 1.6, 2.5, 3.6, 4.9] {
        chart.line(contour(level), 1.0, Color::INK.faint(0.2));
    }
    // Each name is beside a step of its path, moved by these pixels.
    for (path, color, name, step, by) in [
        (sgd(), Color::ORANGE, "SGD", 2, [-14.0, -14.0]),
        (momentum(), Color::BLUE, "SGD with momentum", 7, [-6.0, -14.0]),
        (adam(), Color::GREEN, "Adam", 8, [-16.0, 18.0]),
    ] {
        chart.line(path.iter().copied(), 2.0, color);
        chart.discs(path.iter().copied(), 3.5, color);
        chart.note(name, path[step], by, Anchor::Start);
    }
    chart.discs([START.into()], 7.0, Color::INK);
    chart.note("start", START.into(), [-10.0, -16.0], Anchor::Middle);
}

/// The ellipse where the valley is so high, as far as the axes reach.
fn contour(level: f64) -> impl Iterator<Item = (f64, f64)> {
    (0..=400).map(move |i| {
        let angle = TAU * f64::from(i) / 400.0;
        let x = (20.0 * level).sqrt() * angle.cos();
        (if x > RIGHT { f64::NAN } else { x }, level.sqrt() * angle.sin())
    })
}
