//! Which pixel each column of a table holds, according to the columns' names.

use std::collections::HashMap;

use super::error::Problem;
use super::{ImageShape, Reading, Size};

/// What the columns of a table hold.
#[derive(Debug)]
pub(super) struct Columns {
    /// The pixel that each column is of, or `None` for the label.
    pub places: Vec<Option<usize>>,
    /// The images.
    pub shape: ImageShape,
    /// Whether the first row names the columns.
    pub header: bool,
}

/// The names of columns that hold labels, the surest first.
pub(super) const LABELS: [&str; 4] = ["label", "class", "target", "y"];

impl Columns {
    /// Reads the first row: the names of the columns, or already an image, with the label in the first column unless `reading`
    /// says otherwise. Columns whose names contain numbers (`pixel1`, `px_0`, `1x1` for row and column, `x0_y0` the other
    /// way round) are ordered by these, others from left to right.
    ///
    /// The size of an image is what `reading` says or the names count, or else that of a square. Three numbers for each
    /// pixel of it are its colours.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn of(names: &[String], reading: &Reading) -> Result<Self, Problem> {
        let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let header = !is_row(&names, reading);
        let label = if header { label_of(&names, reading)? } else { numbered(reading, names.len())? };
        let pixels: Vec<&str> =
            names.iter().enumerate().filter(|(i, _)| *i != label).map(|(_, name)| name.as_str()).collect();
        let count = pixels.len();
        let Order { pixels: order, size } = if header { order(&pixels)? } else { Order::as_they_stand(count) };
        let shape = shape(count, reading.size.or(size))?;
        let mut order = order.into_iter();
        let places = (0..names.len()).map(|i| if i == label { None } else { order.next() });
        Ok(Self { places: places.collect(), shape, header })
    }
}

/// Whether a row holds an image rather than names: bytes alone beside the label. Names may be numbers too, but then they count
/// more pixels than a byte can, or one of them names the label.
fn is_row(names: &[String], reading: &Reading) -> bool {
    let Ok(label) = numbered(reading, names.len()) else {
        return false;
    };
    let is_byte = |name: &String| name.parse::<f64>().is_ok_and(|number| (0.0..=255.0).contains(&number));
    let mut pixels = names.iter().enumerate().filter(|(i, _)| *i != label).map(|(_, name)| name);
    names.len() > 1 && !LABELS.contains(&names[label].as_str()) && pixels.all(is_byte)
}

/// The column of the label, by its name.
fn label_of(names: &[String], reading: &Reading) -> Result<usize, Problem> {
    let wanted = reading.label.as_ref().map(|label| label.to_lowercase());
    let known: Vec<&str> = match &wanted {
        Some(name) => vec![name],
        None => LABELS.to_vec(),
    };
    for name in &known {
        let found: Vec<usize> = (0..names.len()).filter(|i| names[*i] == *name).collect();
        match found[..] {
            [] => {}
            [only] => return Ok(only),
            _ => return Err(format!("the header has {} columns '{name}', not one", found.len()).into()),
        }
    }
    if wanted.is_some()
        && let Ok(column) = numbered(reading, names.len())
    {
        return Ok(column);
    }
    let name = known[0].escape_debug();
    let hint = if let [name] = names {
        let start: String = name.chars().take(20).collect();
        format!("it is a single column, '{}'; columns are separated by ',', ';' or TAB", start.escape_debug())
    } else {
        "name the column of the labels so, or say with `label` which one it is".to_owned()
    };
    Err(format!("the header has no column '{name}': {hint}").into())
}

/// The column of the label by its number, from 1, in a table without names.
fn numbered(reading: &Reading, columns: usize) -> Result<usize, Problem> {
    let number = match &reading.label {
        None => Some(1),
        Some(text) => text.parse().ok(),
    };
    number.filter(|number| (1..=columns).contains(number)).map(|number| number - 1).ok_or_else(|| {
        let label = reading.label.as_deref().unwrap_or_default().escape_debug();
        Problem(format!(
            "`label` is '{label}', but the table has no such column; it is a name, or a number from 1 to {columns}"
        ))
    })
}

/// The shape of images with this many numbers.
fn shape(numbers: usize, size: Option<Size>) -> Result<ImageShape, Problem> {
    let side = |pixels: usize| Some(pixels.isqrt()).filter(|side| side * side == pixels && pixels > 0);
    let shape = match size {
        Some(Size { height, width }) => match numbers {
            n if n == height * width => ImageShape::grey(height, width),
            n if n == 3 * height * width => ImageShape::colour(height, width),
            _ => {
                return Err(format!(
                    "there are {numbers} columns of pixels, but images of {height}x{width} have {} or, in colour, {}",
                    height * width,
                    3 * height * width
                )
                .into());
            }
        },
        None => match (side(numbers), side(numbers / 3).filter(|_| numbers.is_multiple_of(3))) {
            (Some(side), _) => ImageShape::grey(side, side),
            (None, Some(side)) => ImageShape::colour(side, side),
            (None, None) => {
                return Err(format!(
                    "there are {numbers} columns beside the label, which are not the pixels of a square; say with `size` how \
                     high and wide an image is"
                )
                .into());
            }
        },
    };
    shape.check()?;
    Ok(shape)
}

/// The pixel of each column, and the size of an image if the names tell it.
struct Order {
    pixels: Vec<usize>,
    size: Option<Size>,
}

impl Order {
    fn as_they_stand(count: usize) -> Self {
        Self { pixels: (0..count).collect(), size: None }
    }
}

/// Orders columns by the numbers in their names.
fn order(names: &[&str]) -> Result<Order, Problem> {
    let numbered: Vec<Numbered> = names.iter().map(|name| Numbered::of(name)).collect();
    let mut counts: HashMap<&[&str], usize> = HashMap::new();
    for one in numbered.iter().filter(|one| !one.numbers.is_empty()) {
        *counts.entry(&one.words).or_default() += 1;
    }
    let Some((words, _)) = counts.into_iter().find(|(_, count)| 2 * count > names.len()) else {
        return Ok(Order::as_they_stand(names.len()));
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
    let pixels = names.len();
    let order = match varying[..] {
        [] if pixels == 1 => Some(Order::as_they_stand(1)),
        [at] => from_zero(axis(at), pixels).map(|pixels| Order { pixels, size: None }),
        [a, b] => {
            let columns_first = names_columns_first(words, [a, b]).ok_or_else(|| {
                format!(
                    "the numbers in the columns' names ('{}' and so on) both count rows, or both columns, by the words beside \
                     them; name the columns like 'r1_c1' or 'x1_y1'",
                    names[0].escape_debug()
                )
            })?;
            let (row, column) = if columns_first { (b, a) } else { (a, b) };
            let rows = from_zero(axis(row), pixels);
            let columns = from_zero(axis(column), pixels);
            rows.zip(columns).map(|(rows, columns)| {
                let width = columns.iter().max().map_or(0, |last| last + 1);
                let height = rows.iter().max().map_or(0, |last| last + 1);
                let places = rows.iter().zip(columns).map(|(row, column)| row * width + column);
                Order { pixels: places.collect(), size: Some(Size { height, width }) }
            })
        }
        _ => None,
    };
    let mut seen = vec![false; pixels];
    let is_new = |pixel: &usize| seen.get_mut(*pixel).is_some_and(|seen| !std::mem::replace(seen, true));
    order.filter(|order| order.pixels.iter().all(is_new)).ok_or_else(|| {
        Problem(format!(
            "the numbers in the columns' names ('{}' and so on) leave gaps or repeat; they must count the {pixels} pixels, or \
             their rows and columns, from 0 or 1",
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
