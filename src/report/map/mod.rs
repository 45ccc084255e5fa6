//! Maps of labelled images as files: a table, two pictures, and an interactive page.

mod page;
mod table;

use std::path::Path;

pub use table::read_positions;

use super::{ReportError, write_text};
use crate::data::ImageSet;
use crate::plot::{MapPicture, save_png, save_svg};

/// The position of each image of a set in a map of 1, 2 or 3 dimensions.
#[derive(Debug)]
pub struct Map<'a> {
    /// Its heading.
    pub title: &'a str,
    /// More about it, as text.
    pub note: &'a str,
    /// The command that makes it.
    pub command: &'a str,
    /// The names of the classes.
    pub names: &'a [String],
    /// The images.
    pub images: &'a ImageSet,
    /// Their positions, row-major `[images, components]`.
    pub positions: &'a [f32],
    /// Dimensions of the map.
    pub components: usize,
}

/// The files that [`Map::write`] makes.
pub const MAP_FILES: [&str; 4] = ["embedding.csv", "tsne.png", "tsne.svg", "tsne.html"];

impl Map<'_> {
    /// Writes [`MAP_FILES`] into a folder. The pictures show a three-dimensional map viewed along its third axis.
    ///
    /// # Errors
    /// [`ReportError::Positions`] when there are not 1 to 3 numbers for each image; [`ReportError`].
    pub fn write(&self, folder: &Path) -> Result<(), ReportError> {
        let images = self.images.len();
        if !(1..=3).contains(&self.components) || self.positions.len() != images * self.components {
            return Err(ReportError::Positions { images, components: self.components, numbers: self.positions.len() });
        }
        let [table, png, svg, html] = MAP_FILES.map(|name| folder.join(name));
        table::write(&table, self)?;
        let places = self.places();
        let flat: Vec<[f32; 2]> = places.iter().map(|[x, y, _]| [*x, *y]).collect();
        let picture = MapPicture { title: self.title, places: &flat, labels: self.images.labels(), names: self.names };
        save_png(&picture, &png)?;
        save_svg(&picture, &svg)?;
        write_text(&html, &page::page(self, &places, &html)?)
    }

    /// The positions in space. A one-dimensional map gets a strip for each class, stacked vertically.
    fn places(&self) -> Vec<[f32; 3]> {
        let rows = self.positions.chunks_exact(self.components);
        if self.components == 1 {
            let low = self.positions.iter().copied().fold(f32::INFINITY, f32::min);
            let high = self.positions.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let strip = STRIPS * (high - low).max(f32::MIN_POSITIVE) / self.names.len() as f32;
            let labelled = rows.zip(self.images.labels()).zip(0u32..);
            let place = |((row, label), i): ((&[f32], &u16), u32)| {
                [row[0], -strip * (f32::from(*label) + 0.8 * scattered(i)), 0.0]
            };
            return labelled.map(place).collect();
        }
        let place = |row: &[f32]| std::array::from_fn(|axis| row.get(axis).copied().unwrap_or(0.0));
        rows.map(place).collect()
    }
}

/// The total height of the strips of a one-dimensional map, as a share of its length.
const STRIPS: f32 = 0.7;

/// Numbers in 0..1 that fill it evenly: the fractions of multiples of the golden ratio.
fn scattered(i: u32) -> f32 {
    // The ratio times 2^32, so that wrapping keeps only the fraction.
    i.wrapping_mul(0x9e37_79b9) as f32 / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::LazyLock;

    use crate::data::{Form, ImageShape};

    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| Form::default().class_names);

    fn map<'a>(images: &'a ImageSet, positions: &'a [f32], components: usize) -> Map<'a> {
        Map { title: "a map", note: "", command: "selvedge tsne", names: &NAMES, images, positions, components }
    }

    fn two_images() -> ImageSet {
        ImageSet::new("two", ImageShape::grey(2, 3), vec![0; 12], vec![1, 9]).unwrap()
    }

    #[test]
    fn a_map_on_a_line_has_a_strip_for_each_class() {
        let places = map(&two_images(), &[-5.0, 5.0], 1).places();
        let strip = STRIPS * 10.0 / NAMES.len() as f32;
        for ([x, y, z], (at, class)) in places.into_iter().zip([(-5.0, 1.0), (5.0, 9.0)]) {
            assert_eq!((x, z), (at, 0.0));
            assert!(y <= -strip * class && y > -strip * (class + 1.0), "{y}");
        }
    }

    #[test]
    fn a_map_without_a_place_for_each_image_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let images = two_images();
        for (numbers, components) in [(0, 0), (3, 2), (6, 2), (8, 4)] {
            let result = map(&images, &vec![0.0; numbers], components).write(folder.path());
            assert!(matches!(result, Err(ReportError::Positions { .. })), "{numbers} {components}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_written_as_a_table_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let images = two_images();
        for components in 1..=3 {
            let positions = &[0.1, -2.0e-5, 3.0, 4.0, 5.0, 6.5][..2 * components];
            map(&images, positions, components).write(folder.path()).unwrap();
            let read = read_positions(&folder.path().join("embedding.csv")).unwrap();
            assert_eq!(read, (positions.to_vec(), components));
        }
        for name in MAP_FILES {
            assert!(folder.path().join(name).is_file(), "{name}");
        }
    }
}
