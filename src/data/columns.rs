//! Which pixel each column of a table holds, told by the columns' names.

use std::collections::HashMap;

use super::{CLASSES, HEIGHT, PIXELS, WIDTH};

/// What each column is: a pixel, or the label for `None`.
#[derive(Debug)]
pub(super) struct Columns(pub Vec<Option<usize>>);

impl Columns {
    /// Reads the header. Columns whose names carry numbers (`pixel1`, `px_0`, `1x1` for row and column) are ordered by these,
    /// others from left to right.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn of(names: &[String]) -> Result<Self, String> {
        let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        match names.iter().filter(|name| *name == "label").count() {
            1 => {}
            0 => return Err(no_label(&names)),
            n => return Err(format!("the header has {n} columns 'label', not one")),
        }
        if names.len() != PIXELS + 1 {
            return Err(format!(
                "the header has {} columns, but a label and {PIXELS} pixels make {}",
                names.len(),
                PIXELS + 1
            ));
        }
        let pixels: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|name| *name != "label")
            .collect();
        let mut order = order(&pixels)?.into_iter();
        let columns = names
            .iter()
            .map(|name| if name == "label" { None } else { order.next() });
        Ok(Self(columns.collect()))
    }
}

fn no_label(names: &[String]) -> String {
    let is_number = |name: &String| name.parse::<f32>().is_ok();
    let hint = if let [name] = names {
        let start: String = name.chars().take(20).collect();
        format!(
            "it is a single column, '{}'; columns are separated by ',', ';' or TAB",
            start.escape_debug()
        )
    } else if names.iter().all(is_number) {
        format!(
            "it is numbers; add a line of names, with 'label' for the column of classes (0 to {})",
            CLASSES - 1
        )
    } else {
        "the first line must name the columns".to_owned()
    };
    format!("the header has no column 'label': {hint}")
}

/// The pixel of each column.
fn order(names: &[&str]) -> Result<Vec<usize>, String> {
    let numbered: Vec<Numbered> = names.iter().map(|name| Numbered::of(name)).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for one in numbered.iter().filter(|one| !one.numbers.is_empty()) {
        *counts.entry(&one.shape).or_default() += 1;
    }
    let Some((shape, _)) = counts.into_iter().find(|(_, count)| 2 * count > names.len()) else {
        return Ok((0..names.len()).collect());
    };
    if let Some(odd) = numbered.iter().position(|one| one.shape != shape) {
        return Err(format!(
            "most columns are named like '{}', but one is '{}'; name them all in one way",
            shape.escape_debug(),
            names[odd].escape_debug()
        ));
    }
    // Numbers that are the same in all names tell nothing.
    let first = &numbered[0].numbers;
    let varies = |at: &usize| numbered.iter().any(|one| one.numbers[*at] != first[*at]);
    let varying: Vec<usize> = (0..first.len()).filter(varies).collect();
    let axis = |at: usize| numbered.iter().map(move |one| one.numbers[at]);
    let order = match varying[..] {
        [at] => from_zero(axis(at), PIXELS),
        [a, b] => {
            let (row, column) = if names_columns_first(shape) { (b, a) } else { (a, b) };
            let rows = from_zero(axis(row), HEIGHT);
            let columns = from_zero(axis(column), WIDTH);
            rows.zip(columns).map(|(rows, columns)| {
                let places = rows.iter().zip(columns);
                places.map(|(row, column)| row * WIDTH + column).collect()
            })
        }
        _ => None,
    };
    let mut seen = [false; PIXELS];
    order
        .filter(|order| order.iter().all(|pixel| !std::mem::replace(&mut seen[*pixel], true)))
        .ok_or_else(|| {
            format!(
                "the numbers in the columns' names ('{}' and so on) leave gaps or repeat; they must count the {PIXELS} pixels, \
                 or their {HEIGHT} rows and {WIDTH} columns, from 0 or 1",
                names[0].escape_debug()
            )
        })
}

/// Whether names such as `x3_y5` or `col3row5` tell the column before the row.
fn names_columns_first(shape: &str) -> bool {
    let words: Vec<&str> = shape
        .split('#')
        .map(|word| word.trim_matches(|c: char| !c.is_alphabetic()))
        .collect();
    let ends = |word: &str, endings: [&str; 3]| endings.iter().any(|ending| word.ends_with(ending));
    words.len() > 2 && ends(words[0], ["x", "col", "column"]) && ends(words[1], ["y", "row", "r"])
}

/// Numbers that count `0..many` or `1..=many` in any order, as the former.
fn from_zero(numbers: impl Iterator<Item = u64> + Clone, many: usize) -> Option<Vec<usize>> {
    let first = numbers.clone().min().filter(|first| *first <= 1)?;
    let counted = numbers.map(|number| usize::try_from(number - first).ok().filter(|n| *n < many));
    counted.collect()
}

/// A name taken apart.
#[derive(Debug)]
struct Numbered {
    /// The name with `#` in place of each number.
    shape: String,
    numbers: Vec<u64>,
}

impl Numbered {
    fn of(name: &str) -> Self {
        let (mut shape, mut numbers) = (String::new(), Vec::new());
        let mut rest = name;
        while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from) = rest.split_at(at);
            let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
            let (digits, after) = from.split_at(end);
            shape.push_str(before);
            shape.push('#');
            // Too many digits count nothing.
            numbers.push(digits.parse().unwrap_or(u64::MAX));
            rest = after;
        }
        shape.push_str(rest);
        Self { shape, numbers }
    }
}
