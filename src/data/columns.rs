//! Which pixel each column of a table holds, according to the columns' names.

use std::collections::HashMap;

use super::error::Problem;
use super::{CLASSES, HEIGHT, PIXELS, WIDTH};

/// What each column is: a pixel, or `None` for the label.
#[derive(Debug)]
pub(super) struct Columns(pub Vec<Option<usize>>);

impl Columns {
    /// Reads the header. Columns whose names contain numbers (`pixel1`, `px_0`, `1x1` for row and column, `x0_y0` the other
    /// way round) are ordered by these, others from left to right.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn of(names: &[String]) -> Result<Self, Problem> {
        let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        match names.iter().filter(|name| *name == "label").count() {
            1 => {}
            0 => return Err(no_label(&names).into()),
            n => return Err(format!("the header has {n} columns 'label', not one").into()),
        }
        if names.len() != PIXELS + 1 {
            return Err(format!(
                "the header has {} columns, but a label and {PIXELS} pixels make {}",
                names.len(),
                PIXELS + 1
            )
            .into());
        }
        let pixels: Vec<&str> = names.iter().map(String::as_str).filter(|name| *name != "label").collect();
        let mut order = order(&pixels)?.into_iter();
        let columns = names.iter().map(|name| if name == "label" { None } else { order.next() });
        Ok(Self(columns.collect()))
    }
}

fn no_label(names: &[String]) -> String {
    let is_number = |name: &String| name.parse::<f32>().is_ok();
    let hint = if let [name] = names {
        let start: String = name.chars().take(20).collect();
        format!("it is a single column, '{}'; columns are separated by ',', ';' or TAB", start.escape_debug())
    } else if names.iter().all(is_number) {
        format!("it is numbers; add a line of names, with 'label' for the column of classes (0 to {})", CLASSES - 1)
    } else {
        "the first line must name the columns".to_owned()
    };
    format!("the header has no column 'label': {hint}")
}

/// The pixel of each column.
fn order(names: &[&str]) -> Result<Vec<usize>, Problem> {
    let numbered: Vec<Numbered> = names.iter().map(|name| Numbered::of(name)).collect();
    let mut counts: HashMap<&[&str], usize> = HashMap::new();
    for one in numbered.iter().filter(|one| !one.numbers.is_empty()) {
        *counts.entry(&one.words).or_default() += 1;
    }
    let Some((words, _)) = counts.into_iter().find(|(_, count)| 2 * count > names.len()) else {
        return Ok((0..names.len()).collect());
    };
    if let Some(odd) = numbered.iter().position(|one| one.words != words) {
        return Err(format!(
            "most columns are named like '{}', but one is '{}'; name them all in one way",
            words.join("#").escape_debug(),
            names[odd].escape_debug()
        )
        .into());
    }
    // Numbers that are the same in all names carry no information.
    let first = &numbered[0].numbers;
    let varies = |at: &usize| numbered.iter().any(|one| one.numbers[*at] != first[*at]);
    let varying: Vec<usize> = (0..first.len()).filter(varies).collect();
    let axis = |at: usize| numbered.iter().map(move |one| one.numbers[at]);
    let order = match varying[..] {
        [at] => from_zero(axis(at), PIXELS),
        [a, b] => {
            let columns_first = names_columns_first(words, [a, b]).ok_or_else(|| {
                format!(
                    "the numbers in the columns' names ('{}' and so on) both count rows, or both columns, by the words beside \
                     them; name the columns like 'r1_c1' or 'x1_y1'",
                    names[0].escape_debug()
                )
            })?;
            let (row, column) = if columns_first { (b, a) } else { (a, b) };
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
            Problem(format!(
                "the numbers in the columns' names ('{}' and so on) leave gaps or repeat; they must count the {PIXELS} pixels, \
                 or their {HEIGHT} rows and {WIDTH} columns, from 0 or 1",
                names[0].escape_debug()
            ))
        })
}

/// What a number in a name counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Row,
    Column,
}

impl Axis {
    fn of(word: &str) -> Option<Self> {
        let ends = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
        match word {
            "r" | "y" => Some(Self::Row),
            "c" | "x" => Some(Self::Column),
            // Shorter endings belong to other words: `px`, `number`.
            _ if ends(&["row"]) => Some(Self::Row),
            _ if ends(&["col", "column"]) => Some(Self::Column),
            _ => None,
        }
    }
}

/// Whether names such as `x3_y5` or `col3row5` give the column before the row. The words for the two numbers at `[a, b]`
/// come right before them, as there, or right after them, as in `3x_5y`. `None` when both numbers are said to count the
/// same.
fn names_columns_first(words: &[&str], [a, b]: [usize; 2]) -> Option<bool> {
    let last = |at: usize| runs(words[at]).next_back().unwrap_or_default();
    let first = |at: usize| runs(words[at]).next().unwrap_or_default();
    let before = [last(a), last(b)];
    let after = [first(a + 1), first(b + 1)];
    // The `x` of `1x1` comes before its second number as well as after its first, and means neither.
    let stand_after = Axis::of(before[0]).is_none() && Axis::of(after[1]).is_some();
    let pair = if stand_after { after } else { before };
    match pair.map(Axis::of) {
        [Some(one), Some(other)] => (one != other).then_some(one == Axis::Column),
        // The other number can only count the other axis. So the `x` of `1x1` gives the usual order: rows before columns.
        [Some(one), None] => Some(one == Axis::Column),
        [None, Some(other)] => Some(other == Axis::Row),
        // Together, the ends of two words may decide: `px3_py5`.
        [None, None] => {
            Some(matches!(pair.map(|word| word.chars().next_back()), [Some('x'), Some('y')] | [Some('c'), Some('r')]))
        }
    }
}

/// The runs of letters in a text, without what is between them.
fn runs(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(|c: char| !c.is_alphabetic()).filter(|run| !run.is_empty())
}

/// Numbers that count `0..many` or `1..=many` in any order, as `0..many`.
fn from_zero(numbers: impl Iterator<Item = u64> + Clone, many: usize) -> Option<Vec<usize>> {
    let first = numbers.clone().min().filter(|first| *first <= 1)?;
    let counted = numbers.map(|number| usize::try_from(number - first).ok().filter(|n| *n < many));
    counted.collect()
}

/// A name split into words and numbers.
#[derive(Debug)]
struct Numbered<'a> {
    /// The text around the numbers: before the first, between each two, and after the last.
    words: Vec<&'a str>,
    numbers: Vec<u64>,
}

impl<'a> Numbered<'a> {
    fn of(name: &'a str) -> Self {
        let (mut words, mut numbers) = (Vec::new(), Vec::new());
        let mut rest = name;
        while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from) = rest.split_at(at);
            let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
            let (digits, after) = from.split_at(end);
            words.push(before);
            // A number with too many digits counts nothing.
            numbers.push(digits.parse().unwrap_or(u64::MAX));
            rest = after;
        }
        words.push(rest);
        Self { words, numbers }
    }
}
