//! A map as CSV: a line an image with its number, its class and its position.

use std::path::Path;

use super::Map;
use crate::data::CLASS_NAMES;
use crate::report::{ReportError, io_error, tables};

/// Names of the columns with positions.
const AXES: [&str; 3] = ["x", "y", "z"];

pub(super) fn write(path: &Path, map: &Map) -> Result<(), ReportError> {
    let headings = ["image", "label", "class"].iter().chain(&AXES[..map.components]);
    let headings = headings.map(|name| (*name).to_owned()).collect();
    let rows = map.positions.chunks_exact(map.components);
    let images = map.images.labels().iter().zip(rows).enumerate();
    let lines = images.map(|(number, (label, row))| {
        let name = CLASS_NAMES[usize::from(*label)].to_owned();
        let about = [number.to_string(), label.to_string(), name];
        about
            .into_iter()
            .chain(row.iter().map(f32::to_string))
            .collect::<Vec<_>>()
    });
    tables::write(path, std::iter::once(headings).chain(lines))
}

/// Reads the columns x, y and z of a table, as many as there are: the positions, row-major, and the number of columns.
///
/// # Errors
/// [`ReportError::Io`]; [`ReportError::Table`] says what is wrong with it and where.
pub fn read_positions(path: &Path) -> Result<(Vec<f32>, usize), ReportError> {
    let problem = |problem: String| ReportError::Table {
        path: path.to_owned(),
        problem,
    };
    let file = std::fs::File::open(path).map_err(io_error(path))?;
    // A device could be read for ever.
    if !path.is_file() {
        return Err(problem("it is no file".to_owned()));
    }
    let mut reader = csv::Reader::from_reader(std::io::BufReader::new(file));
    let headings = reader.headers().map_err(|e| problem(e.to_string()))?.clone();
    let place = |axis: &&str| headings.iter().position(|heading| heading == *axis);
    let columns: Vec<usize> = AXES.iter().map_while(place).collect();
    if columns.is_empty() {
        return Err(problem("it has no column named x".to_owned()));
    }
    let mut positions = Vec::new();
    for (line, record) in (2..).zip(reader.records()) {
        let record = record.map_err(|e| problem(e.to_string()))?;
        for (column, axis) in columns.iter().zip(AXES) {
            // The reader has made sure that all lines have as many cells as the first.
            let cell = record.get(*column).unwrap_or_default();
            let value = cell.trim().parse().ok().filter(|value: &f32| value.is_finite());
            let value =
                value.ok_or_else(|| problem(format!("{axis} is '{cell}' in line {line}, and should be a number")))?;
            positions.push(value);
        }
    }
    Ok((positions, columns.len()))
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
            ("x,y\n1,nan\n", "y is 'nan' in line 2"),
            ("x,y\n1\n", "line: 2"),
            ("x\n\u{fffd}\n", "in line 2"),
        ] {
            std::fs::write(&path, text).unwrap();
            let message = read_positions(&path).unwrap_err().to_string();
            assert!(
                message.contains(part) && message.contains("map.csv"),
                "{text:?}: {message}"
            );
        }
        let message = read_positions(&folder.path().join("none.csv")).unwrap_err().to_string();
        assert!(message.contains("none.csv"), "{message}");
    }

    #[test]
    fn columns_are_found_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map.csv");
        std::fs::write(&path, "y,name,x\n1,a,2\n3,b,4\n").unwrap();
        assert_eq!(read_positions(&path).unwrap(), (vec![2.0, 1.0, 4.0, 3.0], 2));
    }
}
