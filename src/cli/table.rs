//! Tables of text.

use selvedge::files::escaped;
pub use selvedge::numbers::thousands;

/// Columns as wide as their widest cell, two spaces apart; those in `right` are right-aligned. Cells hold any text: what would
/// break the lines is escaped.
pub fn table<const N: usize>(rows: &[[String; N]], right: &[usize]) -> String {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| escaped(cell).into_owned())).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            let padding = " ".repeat(width - cell.chars().count());
            if right.contains(&column) { padding + cell } else { cell.clone() + &padding }
        });
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// Longest text shown. Text from files may have any length, and would push all other columns out of sight.
const LONGEST: usize = 120;

/// Text from a file, shortened if it is too long.
pub fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 3).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [["a", "10"], ["bcd", "9"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows, &[1]), "a    10\nbcd   9\n");
    }

    #[test]
    fn a_long_cell_is_whole() {
        let long = "picture.png  dress 0.1".repeat(4_000);
        assert!(table(&[[long.clone()]], &[]).starts_with(&long));
    }

    #[test]
    fn cells_of_any_length_and_content_stay_in_their_line() {
        let rows = [["a\nb".to_owned(), "1".to_owned()], [shortened(&"n".repeat(70_000)), "2".to_owned()]];
        let text = table(&rows, &[]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("a\\nb ") && lines[0].ends_with("  1"));
        assert_eq!(lines[1].chars().count(), LONGEST + 3);
    }
}
