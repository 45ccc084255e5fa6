//! How a step is launched, as the comments of its file say.

use thiserror::Error;

/// What is wrong with the comments of a step's file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}: {problem}")]
pub struct LessonError {
    /// The file.
    pub file: String,
    /// What is wrong, in words.
    pub problem: String,
}

/// The launches of a kernel, by the lines of its file:
///
/// ```text
/// // Grid: N / 64, M / 64    workgroups along x and y: products of sizes and numbers, divisions rounded up
/// // Scratch: N / 256        elements of a buffer between two launches, bound after the output
/// // Grid 2: 1               workgroups of a second launch, of the entry point `second`
/// // Multiples: K 4, N 4     sizes that must be multiples of a number
/// // Most: N 65000           sizes that must not be larger
/// // Needs: subgroups        adapters that it runs on
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Launch {
    pub grid: Vec<Product>,
    pub second: Option<Vec<Product>>,
    pub scratch: Option<Product>,
    multiples: Vec<(char, usize)>,
    most: Vec<(char, usize)>,
    /// Whether it needs subgroups.
    pub needs_subgroups: bool,
}

/// The largest number that a size may have to be a multiple of: sizes grow to the next one.
pub(super) const LARGEST_MULTIPLE: usize = 1024;

/// A product of sizes and numbers; divisions are rounded up, from left to right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Product(Vec<Factor>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Factor {
    Size(usize),
    Number(u64),
    Divisor(u64),
}

impl Launch {
    /// Reads the comments of a file, for sizes with these letters.
    ///
    /// # Errors
    /// [`LessonError`] when the line `// Grid:` is missing, or a line cannot be understood.
    pub fn of(file: &str, text: &str, sizes: &[char]) -> Result<Self, LessonError> {
        let wrong = |problem: String| LessonError { file: file.to_owned(), problem };
        let said = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix("// ")?.strip_prefix(name)?.strip_prefix(": "))
                .map(str::trim)
        };
        let product = |text: &str| {
            let letters = sizes.iter().map(char::to_string).collect::<Vec<_>>().join(", ");
            Product::parse(text, sizes).ok_or_else(|| {
                wrong(format!("'{}' is no product of numbers and sizes ({letters})", text.trim().escape_debug()))
            })
        };
        let products = |text: &str| match text.split(',').count() {
            1..=3 => text.split(',').map(product).collect::<Result<Vec<_>, _>>(),
            _ => Err(wrong("a grid has one to three parts: along x, y and z".to_owned())),
        };
        let grid = said("Grid").ok_or_else(|| wrong("it has no line such as '// Grid: N / 64'".to_owned()))?;
        let number_of_size = |part: &str| {
            let (letter, number) = part.trim().split_once(' ')?;
            let place = sizes.iter().find(|size| size.to_string() == letter)?;
            Some((*place, number.parse().ok().filter(|number| *number > 0)?))
        };
        let numbers = |name: &str| match said(name) {
            None => Ok(Vec::new()),
            Some(text) => text
                .split(',')
                .map(number_of_size)
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| wrong(format!("its line '// {name}:' is not like 'K 4, N 4'"))),
        };
        let multiples = numbers("Multiples")?;
        if multiples.iter().any(|(_, number)| *number > LARGEST_MULTIPLE) {
            return Err(wrong(format!("a size can be asked to be a multiple of {LARGEST_MULTIPLE} at most")));
        }
        Ok(Self {
            grid: products(grid)?,
            second: said("Grid 2").map(products).transpose()?,
            scratch: said("Scratch").map(product).transpose()?,
            multiples,
            most: numbers("Most")?,
            needs_subgroups: said("Needs").is_some_and(|needs| needs.starts_with("subgroups")),
        })
    }

    /// Takes over what another launch asks of the sizes.
    pub fn take_sizes_from(&mut self, other: &Self) {
        self.multiples.clone_from(&other.multiples);
        self.most.clone_from(&other.most);
    }

    /// Sizes near these that the kernel can take: multiples of what it asks for, and no larger than it can be.
    pub fn fitting(&self, letters: &[char], sizes: &[usize]) -> Vec<usize> {
        let asked = |asked: &[(char, usize)], letter: &char| {
            asked.iter().find(|(own, _)| own == letter).map(|(_, number)| *number)
        };
        let fit = |(size, letter): (&usize, &char)| {
            let size = size.checked_next_multiple_of(asked(&self.multiples, letter).unwrap_or(1)).unwrap_or(*size);
            size.min(asked(&self.most, letter).unwrap_or(size))
        };
        sizes.iter().zip(letters).map(fit).collect()
    }
}

impl Product {
    fn parse(text: &str, sizes: &[char]) -> Option<Self> {
        let mut factors = Vec::new();
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            let number = |word: &str| word.parse::<u64>().ok().filter(|number| *number > 0);
            factors.push(match word {
                "/" => Factor::Divisor(number(words.next()?)?),
                word => match sizes.iter().position(|size| size.to_string() == word) {
                    Some(place) => Factor::Size(place),
                    None => Factor::Number(number(word)?),
                },
            });
        }
        (!factors.is_empty()).then_some(Self(factors))
    }

    /// Its value at these sizes.
    pub fn of(&self, sizes: &[usize]) -> u64 {
        self.0.iter().fold(1, |value: u64, factor| match factor {
            Factor::Size(place) => value.saturating_mul(sizes[*place] as u64),
            Factor::Number(number) => value.saturating_mul(*number),
            Factor::Divisor(divisor) => value.div_ceil(*divisor),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_say_how_a_step_is_launched() {
        let text = "// x\n// Grid: N / 64, M K 2 / 3\n// Scratch: N 2\n// Grid 2: 1\n// Multiples: K 4\n// Most: N 60\n// Needs: subgroups\n";
        let launch = Launch::of("f", text, &['M', 'K', 'N']).unwrap();
        let sizes = [5, 7, 65];
        assert_eq!(launch.grid.iter().map(|product| product.of(&sizes)).collect::<Vec<_>>(), [2, 24]);
        assert_eq!((launch.scratch.as_ref().unwrap().of(&sizes), launch.needs_subgroups), (130, true));
        assert_eq!(launch.fitting(&['M', 'K', 'N'], &sizes), [5, 8, 60]);
        for (text, part) in [
            ("", "no line"),
            ("// Grid: Q", "'Q'"),
            ("// Grid: N / 0", "N / 0"),
            ("// Grid: N\n// Multiples: N", "Multiples"),
            ("// Grid: N\n// Multiples: N 1000000000000", "at most"),
            ("// Grid: N, N, N, N", "one to three"),
        ] {
            let error = Launch::of("f", text, &['N']).unwrap_err();
            assert!(error.problem.contains(part), "{error}");
        }
    }
}
