//! A confusion matrix.

use plotters::coord::Shift;
use plotters::prelude::{ColorMap, DerivedColorMap, DrawingArea, DrawingBackend, PathElement, Rectangle};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{BLACK, Color, RGBColor, WHITE};

use super::{Picture, write_text};

/// Counts by colour, shares of each true class in numbers.
#[derive(Debug)]
pub struct ConfusionPicture<'a> {
    /// Names of the classes.
    pub names: &'a [String],
    /// How often each class (row) was taken for each class (column).
    pub matrix: &'a [Vec<usize>],
}

const CELL: i32 = 64;
/// For names of up to some 14 letters.
const NAMES: i32 = 110;
const TOP: i32 = 44;
const BAR: i32 = 110;

/// From white to dark blue (ColorBrewer's Blues).
pub(crate) fn blues(share: f64) -> RGBColor {
    let colors = DerivedColorMap::new(&[
        RGBColor(255, 255, 255),
        RGBColor(198, 219, 239),
        RGBColor(107, 174, 214),
        RGBColor(33, 113, 181),
        RGBColor(8, 48, 107),
    ]);
    colors.get_color(share.clamp(0.0, 1.0) as f32)
}

/// White on dark colours, black on light ones.
pub(crate) fn ink_on(RGBColor(r, g, b): RGBColor) -> RGBColor {
    let brightness = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    if brightness < 140.0 { WHITE } else { BLACK }
}

/// A share with two digits, nothing where there is nothing.
pub(crate) fn share_text(count: usize, of: usize) -> String {
    match count {
        0 => String::new(),
        count => format!("{:.2}", count as f64 / of.max(1) as f64)
            .trim_start_matches('0')
            .to_owned(),
    }
}

impl ConfusionPicture<'_> {
    /// Classes that are rarely confused differ by little; the square root shows them.
    fn color(&self, count: f64) -> RGBColor {
        blues((count / self.largest()).sqrt())
    }

    fn largest(&self) -> f64 {
        let largest = self.matrix.iter().flatten().copied().max();
        largest.unwrap_or(0).max(1) as f64
    }

    /// Names that are wider than a cell are written upwards.
    fn is_upright(&self) -> bool {
        self.names.iter().all(|name| name.chars().count() <= 11)
    }

    fn bottom(&self) -> i32 {
        if self.is_upright() { 56 } else { NAMES + 30 }
    }
}

impl Picture for ConfusionPicture<'_> {
    fn size(&self) -> (u32, u32) {
        let side = CELL * self.names.len() as i32;
        ((NAMES + 26 + side + BAR) as u32, (TOP + side + self.bottom()) as u32)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), String> {
        let side = CELL * self.names.len() as i32;
        let left = NAMES + 26;
        let center = (HPos::Center, VPos::Center);
        write_text(
            area,
            "share of each true class",
            (left + side / 2, 22),
            16,
            BLACK,
            center,
        )?;
        for (row, (name, counts)) in self.names.iter().zip(self.matrix).enumerate() {
            let top = TOP + CELL * row as i32;
            let middle = top + CELL / 2;
            write_text(area, name, (left - 8, middle), 13, BLACK, (HPos::Right, VPos::Center))?;
            let all = counts.iter().sum();
            for (column, count) in counts.iter().enumerate() {
                let x = left + CELL * column as i32;
                let color = self.color(*count as f64);
                let cell = Rectangle::new([(x, top), (x + CELL, top + CELL)], color.filled());
                area.draw(&cell).map_err(|e| e.to_string())?;
                let text = share_text(*count, all);
                write_text(area, &text, (x + CELL / 2, middle), 15, ink_on(color), center)?;
            }
        }
        let frame = [
            (left, TOP),
            (left + side, TOP),
            (left + side, TOP + side),
            (left, TOP + side),
            (left, TOP),
        ];
        let frame = PathElement::new(frame, BLACK.mix(0.4).stroke_width(1));
        area.draw(&frame).map_err(|e| e.to_string())?;
        for (column, name) in self.names.iter().enumerate() {
            let (x, y) = (left + CELL * column as i32 + CELL / 2, TOP + side + 8);
            if self.is_upright() {
                write_text(area, name, (x, y), 11, BLACK, (HPos::Center, VPos::Top))?;
            } else {
                super::write_upwards(area, name, (x, y), 12)?;
            }
        }
        let below = TOP + side + self.bottom() - 18;
        write_text(area, "predicted", (left + side / 2, below), 14, BLACK, center)?;
        super::write_upwards(area, "true", (14, TOP + side / 2 + 16), 14)?;
        self.draw_bar(area, left + side + 24, side)
    }
}

impl ConfusionPicture<'_> {
    /// What the colours mean.
    fn draw_bar<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, left: i32, side: i32) -> Result<(), String> {
        let (width, largest) = (18, self.largest());
        for y in 0..side {
            let share = 1.0 - f64::from(y) / f64::from(side);
            let line = Rectangle::new([(left, TOP + y), (left + width, TOP + y + 1)], blues(share).filled());
            area.draw(&line).map_err(|e| e.to_string())?;
        }
        for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let y = TOP + side - (share * f64::from(side)) as i32;
            let count = (share * share * largest).round();
            let at = (left + width + 6, y);
            write_text(area, &format!("{count}"), at, 12, BLACK, (HPos::Left, VPos::Center))?;
        }
        let at = (left + width / 2, TOP - 14);
        write_text(area, "images", at, 12, BLACK, (HPos::Center, VPos::Center))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_two_digits() {
        let texts = [(0, 9), (1, 1000), (128, 1000), (9, 9)].map(|(count, of)| share_text(count, of));
        assert_eq!(texts, ["", ".00", ".13", "1.00"]);
    }

    #[test]
    fn ink_can_be_read_on_every_blue() {
        for share in 0..=20 {
            let RGBColor(paper, _, _) = blues(f64::from(share) / 20.0);
            let RGBColor(ink, _, _) = ink_on(blues(f64::from(share) / 20.0));
            assert!(paper.abs_diff(ink) > 90, "{share}: {paper} {ink}");
        }
    }
}
