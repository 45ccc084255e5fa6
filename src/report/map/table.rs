//! A map as CSV: one line per image with its number, its class and its position.

use std::path::Path;

use super::Map;
use crate::files;
use crate::report::{ReportError, tables};

/// The column with the images' numbers, and those with positions.
const IMAGE: &str = "image";
const AXES: [&str; 3] = ["x", "y", "z"];

pub(super) fn write(path: &Path, map: &Map) -> Result<(), ReportError> {
    let headings = [IMAGE, "label", "class"].iter().chain(&AXES[..map.components]);
    let headings = headings.map(|name| (*name).to_owned()).collect();
    let rows = map.positions.chunks_exact(map.components);
    let images = map.images.labels().iter().zip(rows).enumerate();
    let lines = images.map(|(number, (label, row))| {
        let name = map.names.get(usize::from(*label)).cloned().unwrap_or_default();
        let about = [number.to_string(), label.to_string(), name];
        about.into_iter().chain(row.iter().map(f32::to_string)).collect::<Vec<_>>()
    });
    tables::write(path, std::iter::once(headings).chain(lines))
}

/// Reads the columns x, y and z of a table, or as many of them as it has; returns the positions, row-major, and the number of
/// columns. If there is a column `image`, the positions are in the order of its numbers, which must be 0, 1, 2 and so on.
///
/// # Errors
/// [`ReportError::File`]; [`ReportError::Table`] says what is wrong with it and where.
pub fn read_positions(path: &Path) -> Result<(Vec<f32>, usize), ReportError> {
    let problem = |problem: String| ReportError::Table { path: path.to_owned(), problem };
    let mut reader = csv::Reader::from_reader(std::io::BufReader::new(files::open(path)?));
    let headings = reader.headers().map_err(|e| problem(e.to_string()))?.clone();
    let column = |name: &str| headings.iter().position(|heading| heading == name);
    let axes: Vec<(&str, usize)> = AXES.iter().map_while(|axis| Some((*axis, column(axis)?))).collect();
    if axes.is_empty() {
        return Err(problem("it has no column named x".to_owned()));
    }
    let images = column(IMAGE);
    let mut rows: Vec<(usize, Vec<f32>)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| problem(e.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        // The reader has checked that all lines have as many cells as the first.
        let cell = |column: usize| record.get(column).unwrap_or_default().trim();
        let unreadable = |name: &str, column: usize| {
            problem(format!("{name} is '{}' in line {line}, and should be a number", cell(column)))
        };
        let image = match images {
            Some(column) => cell(column).parse().map_err(|_| unreadable(IMAGE, column))?,
            None => rows.len(),
        };
        let number = |(axis, column): &(&str, usize)| -> Result<f32, ReportError> {
            let value = cell(*column).parse().ok().filter(|value: &f32| value.is_finite());
            value.ok_or_else(|| unreadable(axis, *column))
        };
        rows.push((image, axes.iter().map(number).collect::<Result<_, _>>()?));
    }
    rows.sort_by_key(|(image, _)| *image);
    if let Some((wanted, _)) = rows.iter().enumerate().find(|(wanted, (image, _))| wanted != image) {
        return Err(problem(format!("image {wanted} should be in it once")));
    }
    let positions = rows.into_iter().flat_map(|(_, row)| row).collect();
    Ok((positions, axes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_table_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map.csv");
        for (text, part) in [
            ("", "no column named x"),
            ("a,b\n1,2\n", "no column named x"),
            ("x,y\n1,2\n3,far\n", "y is 'far' in line 3"),
            ("image,x\n0,1\nb,2\n", "image is 'b' in line 3"),
            ("image,x\n0,1\n2,2\n", "image 1 should be in it once"),
            ("image,x\n1,1\n0,2\n1,2\n", "image 2 should be"),
            ("x,y\n1,nan\n", "y is 'nan' in line 2"),
            ("x,y\n1\n", "line: 2"),
            ("x\n\u{fffd}\n", "in line 2"),
        ] {
            std::fs::write(&path, text).unwrap();
            let message = read_positions(&path).unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("map.csv"), "{text:?}: {message}");
        }
        let message = read_positions(&folder.path().join("none.csv")).unwrap_err().to_string();
        assert!(message.contains("none.csv"), "{message}");
    }

    #[test]
    fn columns_are_found_by_name_and_images_by_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map.csv");
        std::fs::write(&path, "y,name,x\n1,a,2\n3,b,4\n").unwrap();
        assert_eq!(read_positions(&path).unwrap(), (vec![2.0, 1.0, 4.0, 3.0], 2));
        std::fs::write(&path, "x,image\n1,2\n3,0\n5,1\n").unwrap();
        assert_eq!(read_positions(&path).unwrap(), (vec![3.0, 5.0, 1.0], 1));
    }
}
