//! A confusion matrix.

use super::color::Ramp;
use super::drawing::{Anchor, Drawing, Shape, Text};
use super::{Color, Picture};
use crate::eval::ConfusionTable;

/// Shares of each true class, as colours and numbers.
#[derive(Debug)]
pub struct ConfusionPicture<'a>(pub &'a ConfusionTable);

const CELL: f32 = 64.0;
/// For names of up to about 14 letters.
const NAMES: f32 = 110.0;
/// Left of the matrix.
const LEFT: f32 = NAMES + 26.0;
const TOP: f32 = 44.0;
const BAR: f32 = 110.0;

/// The share of a class, 0 where the class is empty.
pub(crate) fn share(count: usize, of: usize) -> f64 {
    count as f64 / of.max(1) as f64
}

/// A share with two digits; empty for a count of 0.
pub(crate) fn share_text(count: usize, of: usize) -> String {
    match count {
        0 => String::new(),
        count => format!("{:.2}", share(count, of)),
    }
}

/// The position of a share on a ramp. Classes that are rarely confused differ by little; the square root makes the
/// differences visible.
pub(crate) fn shade(share: f64) -> f64 {
    share.sqrt()
}

impl ConfusionPicture<'_> {
    /// Width and height of the matrix.
    fn sides(&self) -> [f32; 2] {
        [self.0.columns.len(), self.0.rows.len()].map(|cells| CELL * cells as f32)
    }

    /// Whether names are written upright; names wider than a cell are written upwards.
    fn is_upright(&self) -> bool {
        self.0.columns.iter().all(|name| name.chars().count() <= 11)
    }

    fn bottom(&self) -> f32 {
        if self.is_upright() { 56.0 } else { NAMES + 30.0 }
    }

    fn draw_rows(&self, drawing: &mut Drawing) {
        for (row, (name, counts)) in self.0.rows.iter().zip(&self.0.counts).enumerate() {
            let top = TOP + CELL * row as f32;
            let middle = top + CELL / 2.0;
            drawing.text(name, [LEFT - 8.0, middle], 13.0, Anchor::End);
            let all = counts.iter().sum();
            for (column, count) in counts.iter().enumerate() {
                let left = LEFT + CELL * column as f32;
                let paper = Ramp::BLUES.at(shade(share(*count, all)));
                drawing.rectangle([left, top], [CELL; 2], paper);
                drawing.shapes.push(Shape::Text(Text {
                    color: paper.readable_on(),
                    ..Text::new(share_text(*count, all), [left + CELL / 2.0, middle], 14.0, Anchor::Middle)
                }));
            }
        }
    }

    fn draw_columns(&self, drawing: &mut Drawing) {
        let below = TOP + self.sides()[1];
        for (column, name) in self.0.columns.iter().enumerate() {
            let x = LEFT + CELL * (column as f32 + 0.5);
            match self.is_upright() {
                true => drawing.text(name, [x, below + 13.0], 11.0, Anchor::Middle),
                false => drawing.text_upwards(name, [x, below + 8.0], 12.0, Anchor::End),
            }
        }
    }

    /// The bar that explains the colours.
    fn draw_bar(&self, drawing: &mut Drawing) {
        const STEPS: u16 = 256;
        let [across, side] = self.sides();
        let (left, width) = (LEFT + across + 24.0, 18.0);
        for step in 0..STEPS {
            let share = f32::from(step) / f32::from(STEPS);
            let height = side / f32::from(STEPS);
            let at = [left, TOP + side - share * side - height];
            drawing.rectangle(at, [width, height + 0.5], Ramp::BLUES.at(share.into()));
        }
        for share in [0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0] {
            let y = TOP + side - shade(share) as f32 * side;
            drawing.line(vec![[left + width, y], [left + width + 3.0, y]], 1.0, Color::INK.faint(0.6));
            drawing.text(share.to_string(), [left + width + 7.0, y], 12.0, Anchor::Start);
        }
        drawing.text("share", [left + width / 2.0, TOP - 16.0], 12.0, Anchor::Middle);
    }
}

impl Picture for ConfusionPicture<'_> {
    fn size(&self) -> (u32, u32) {
        let [across, down] = self.sides();
        ((LEFT + across + BAR) as u32, (TOP + down + self.bottom()) as u32)
    }

    fn draw(&self, drawing: &mut Drawing) {
        let [across, down] = self.sides();
        let middle = LEFT + across / 2.0;
        let title = match self.0.columns.len() > self.0.rows.len() {
            true => format!("share of each true class, the {} most confused", self.0.rows.len()),
            false => "share of each true class".to_owned(),
        };
        drawing.text(title, [middle, 22.0], 16.0, Anchor::Middle);
        self.draw_rows(drawing);
        let (right, bottom) = (LEFT + across, TOP + down);
        let corners = [[LEFT, TOP], [right, TOP], [right, bottom], [LEFT, bottom], [LEFT, TOP]];
        drawing.line(corners.to_vec(), 1.0, Color::INK.faint(0.4));
        self.draw_columns(drawing);
        drawing.text("predicted", [middle, bottom + self.bottom() - 18.0], 14.0, Anchor::Middle);
        drawing.text_upwards("true", [14.0, TOP + down / 2.0], 14.0, Anchor::Middle);
        self.draw_bar(drawing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_two_digits() {
        let texts = [(0, 9), (1, 1000), (128, 1000), (9, 9)].map(|(count, of)| share_text(count, of));
        assert_eq!(texts, ["", "0.00", "0.13", "1.00"]);
    }

    #[test]
    fn equal_shares_have_one_colour_however_many_images_a_class_has() {
        let names = ["few", "many"].map(str::to_owned).to_vec();
        let counts = vec![vec![3, 1], vec![2500, 7500]];
        let table = ConfusionTable { classes: vec![0, 1], rows: names.clone(), columns: names, counts };
        let mut drawing = Drawing::default();
        ConfusionPicture(&table).draw_rows(&mut drawing);
        let colors: Vec<Color> = drawing
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Rectangle { color, .. } => Some(*color),
                _ => None,
            })
            .collect();
        assert_eq!((colors[0], colors[1]), (colors[3], colors[2]));
        assert_ne!(colors[0], colors[1]);
    }
}
