//! Two pieces of a row, each known by its count, mean and sum of squared deviations, joined into one.

use super::super::chart::Area;
use super::parts::{Grid, tint};
use super::*;

pub const SKETCH: Sketch = Sketch {
    name: "joining",
    title: "Moments of two pieces, joined without another look at the numbers",
    size: (720, 358),
    draw,
};

const NUMBERS: [f64; 8] = [1.0, 5.0, 6.0, 10.0, 12.0, 12.0, 13.0, 13.0];
/// How many of them are in the first piece.
const FIRST: usize = 3;
const CELL: [f32; 2] = [68.0, 34.0];
/// Between the pieces.
const GAP: f32 = 40.0;
const LEFT: f32 = (720.0 - 8.0 * CELL[0] - GAP) / 2.0;

#[derive(Clone, Copy)]
struct Moments {
    count: f64,
    mean: f64,
    /// The sum of squared deviations from the mean.
    m2: f64,
}

impl Moments {
    fn of(numbers: &[f64]) -> Self {
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        Self { count, mean, m2: numbers.iter().map(|x| (x - mean).powi(2)).sum() }
    }

    fn joined(self, other: Self) -> Self {
        let (count, apart) = (self.count + other.count, other.mean - self.mean);
        Self {
            count,
            mean: self.mean + apart * other.count / count,
            m2: self.m2 + other.m2 + apart * apart * self.count * other.count / count,
        }
    }

    fn text(self) -> String {
        format!("n = {}, mean = {}, m2 = {}", self.count, self.mean, self.m2)
    }
}

fn draw(drawing: &mut Drawing) {
    let pieces = [
        (&NUMBERS[..FIRST], LEFT, Color::BLUE),
        (&NUMBERS[FIRST..], LEFT + FIRST as f32 * CELL[0] + GAP, Color::GREEN),
    ];
    let all = Area::new([LEFT + 100.0, 226.0], [8.0 * CELL[0] + GAP - 200.0, 40.0]);
    let [a, b] = pieces.map(|(numbers, left, color)| {
        let grid = Grid { at: [left, 52.0], cell: CELL };
        for (i, number) in numbers.iter().enumerate() {
            drawing.cell(grid.cell(0, i), Color::PAPER, &number.to_string());
        }
        let row = grid.block([0, 0], [1, numbers.len()]);
        let below = Area::new([row.left, 128.0], [row.width, 40.0]);
        let moments = Moments::of(numbers);
        drawing.cell(below, tint(color), &moments.text());
        drawing.arrow(row.below(), below.above(), Color::INK);
        drawing.arrow(below.below(), [below.middle()[0] * 0.6 + all.middle()[0] * 0.4, all.top], Color::INK);
        moments
    });
    drawing.cell(all, tint(Color::ORANGE), &a.joined(b).text());
    let (n, d) = (a.count + b.count, b.mean - a.mean);
    let lines = [
        format!("d = mean of b − mean of a = {} − {} = {d}", b.mean, a.mean),
        format!("mean = mean of a + d × n of b / n = {} + {d} × {} / {n} = {}", a.mean, b.count, a.joined(b).mean),
        format!(
            "m2 = m2 of a + m2 of b + d² × n of a × n of b / n = {} + {} + {d}² × {} × {} / {n} = {}",
            a.m2,
            b.m2,
            a.count,
            b.count,
            a.joined(b).m2
        ),
    ];
    drawing.notes(&lines, [LEFT, 298.0], Anchor::Start);
    drawing.note("a", [LEFT - 16.0, 69.0], Anchor::End);
    drawing.note("b", [720.0 - LEFT + 16.0, 69.0], Anchor::Start);
}
