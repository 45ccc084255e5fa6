//! The search space: options with their possible values.

use std::str::FromStr;

use rand::RngExt;
use rand_pcg::Pcg64;
use thiserror::Error;

/// A dimension of a grid that cannot be read or used.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum GridError {
    #[error("`grid` {text}: OPTION=VALUE,VALUE,... is needed, or OPTION=LOW..HIGH for `random`")]
    Syntax { text: String },

    #[error("`grid` {option}: a range has no end of values; add `random` N to draw from it")]
    RangeWithoutRandom { option: String },

    #[error("`grid` names {option} twice")]
    Twice { option: String },

    #[error("the grid has {count} settings, more than {most}; use `random` N")]
    TooMany { count: usize, most: usize },
}

/// An option of `selvedge train`, without its dashes, and its possible values.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    /// Such as `lr`.
    pub option: String,
    /// Such as `0.001,0.01`.
    pub values: Values,
}

/// The values of a [`Dimension`].
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// These.
    List(Vec<String>),
    /// Any between two numbers: evenly, or evenly in their logarithm when one is at least ten times the other.
    Range(f64, f64),
    /// Any whole number between two, in the same way.
    WholeRange(u64, u64),
}

impl FromStr for Dimension {
    type Err = GridError;

    fn from_str(text: &str) -> Result<Self, GridError> {
        let wrong = || GridError::Syntax { text: text.to_owned() };
        let (option, values) = text.split_once('=').ok_or_else(wrong)?;
        let option = option.trim_start_matches("--");
        if let Some((low_text, high_text)) = values.split_once("..") {
            let number = |text: &str| text.parse::<f64>().ok().filter(|x| x.is_finite()).ok_or_else(wrong);
            let (low, high) = (number(low_text)?, number(high_text)?);
            if low >= high {
                return Err(wrong());
            }
            // Numbers without a decimal point are whole.
            let values = match (low_text.parse(), high_text.parse()) {
                (Ok(low), Ok(high)) => Values::WholeRange(low, high),
                _ => Values::Range(low, high),
            };
            return Ok(Self { option: option.to_owned(), values });
        }
        // Values that contain commas, such as ranges of augmentation, are separated by semicolons.
        let separator = if values.contains(';') { ';' } else { ',' };
        let values = values.strip_suffix(';').unwrap_or(values).split(separator);
        let values: Vec<String> = values.map(|value| value.trim().to_owned()).collect();
        if option.is_empty() || values.iter().any(String::is_empty) {
            return Err(wrong());
        }
        Ok(Self { option: option.to_owned(), values: Values::List(values) })
    }
}

/// The most settings a grid may have.
const MOST: usize = 100_000;

/// Every combination of the values, the last option changing fastest: for each, options and values in the grid's order.
///
/// # Errors
/// [`GridError`] when an option is named twice, has a range, or there are too many combinations.
pub fn combinations(grid: &[Dimension]) -> Result<Vec<Vec<(String, String)>>, GridError> {
    check_names(grid)?;
    let mut settings = vec![Vec::new()];
    for dimension in grid {
        let Values::List(values) = &dimension.values else {
            return Err(GridError::RangeWithoutRandom { option: dimension.option.clone() });
        };
        let count = settings.len() * values.len();
        if count > MOST {
            return Err(GridError::TooMany { count, most: MOST });
        }
        settings = settings
            .iter()
            .flat_map(|setting: &Vec<(String, String)>| {
                values.iter().map(move |value| {
                    let mut setting = setting.clone();
                    setting.push((dimension.option.clone(), value.clone()));
                    setting
                })
            })
            .collect();
    }
    Ok(settings)
}

/// `count` different settings drawn at random, or all of them if there are fewer.
///
/// # Errors
/// [`GridError`] when an option is named twice or `count` is too large.
pub fn random_settings(grid: &[Dimension], count: usize, seed: u64) -> Result<Vec<Vec<(String, String)>>, GridError> {
    check_names(grid)?;
    if count > MOST {
        return Err(GridError::TooMany { count, most: MOST });
    }
    let mut rng = Pcg64::new(u128::from(seed), 0);
    let mut settings: Vec<Vec<(String, String)>> = Vec::new();
    // A small grid runs out of new settings; after this many draws in vain there are hardly any new ones left.
    let mut in_vain = 0;
    while settings.len() < count && in_vain < 1000 {
        let setting: Vec<(String, String)> =
            grid.iter().map(|dimension| (dimension.option.clone(), dimension.values.draw(&mut rng))).collect();
        if settings.contains(&setting) {
            in_vain += 1;
        } else {
            settings.push(setting);
            in_vain = 0;
        }
    }
    Ok(settings)
}

impl Values {
    fn draw(&self, rng: &mut Pcg64) -> String {
        match self {
            Self::List(values) => values[rng.random_range(0..values.len())].clone(),
            Self::Range(low, high) => {
                let value = between(*low, *high, rng.random());
                // Three significant digits are enough for a search, and readable.
                let digits = (2.0 - value.abs().max(1e-12).log10().floor()).clamp(0.0, 12.0) as usize;
                let text = format!("{value:.digits$}");
                let is_inside = text.parse().is_ok_and(|rounded: f64| (*low..=*high).contains(&rounded));
                if is_inside { text } else { value.to_string() }
            }
            Self::WholeRange(low, high) => {
                let value = between(*low as f64, *high as f64 + 1.0, rng.random());
                (value as u64).clamp(*low, *high).to_string()
            }
        }
    }
}

/// Interpolates linearly, or between the logarithms, by the share `u`.
fn between(low: f64, high: f64, u: f64) -> f64 {
    if low > 0.0 && high / low >= 10.0 { low * (high / low).powf(u) } else { low + (high - low) * u }
}

fn check_names(grid: &[Dimension]) -> Result<(), GridError> {
    for (i, dimension) in grid.iter().enumerate() {
        if grid[..i].iter().any(|other| other.option == dimension.option) {
            return Err(GridError::Twice { option: dimension.option.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(texts: &[&str]) -> Vec<Dimension> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn every_combination_comes_once() {
        let settings = combinations(&grid(&["lr=0.1,0.2", "--optimizer=adam,sgd"])).unwrap();
        let texts: Vec<String> = settings.iter().map(|s| format!("{} {}", s[0].1, s[1].1)).collect();
        assert_eq!(texts, ["0.1 adam", "0.1 sgd", "0.2 adam", "0.2 sgd"]);
        assert_eq!(settings[0][1].0, "optimizer");
        assert_eq!(combinations(&[]).unwrap(), [Vec::new()]);
    }

    #[test]
    fn random_settings_are_different_in_range_and_repeatable() {
        let grid = grid(&["lr=0.0001..0.1", "dropout=0.2..0.6", "dense=256,512"]);
        let settings = random_settings(&grid, 200, 7).unwrap();
        assert_eq!(settings.len(), 200);
        assert_eq!(settings, random_settings(&grid, 200, 7).unwrap());
        assert_ne!(settings, random_settings(&grid, 200, 8).unwrap());
        let number = |setting: &Vec<(String, String)>, i: usize| setting[i].1.parse::<f64>().unwrap();
        assert!(settings.iter().all(|s| (1e-4..=0.1).contains(&number(s, 0)) && (0.2..=0.6).contains(&number(s, 1))));
        // Uniform in the logarithm: a third of them in each of three decades.
        let low = settings.iter().filter(|s| number(s, 0) < 1e-3).count();
        assert!((40..95).contains(&low), "{low}");
    }

    #[test]
    fn whole_ranges_give_whole_numbers_and_rounding_stays_inside() {
        let settings = random_settings(&grid(&["dense=16..64", "dropout=0.5..0.9999"]), 300, 3).unwrap();
        for setting in &settings {
            assert!((16..=64).contains(&setting[0].1.parse::<u32>().unwrap()));
            assert!((0.5..=0.9999).contains(&setting[1].1.parse::<f64>().unwrap()));
        }
    }

    #[test]
    fn semicolons_separate_values_with_commas() {
        let settings = combinations(&grid(&["zoom=0.9,1.1;0.8,1.2", "milestones=8,12;"])).unwrap();
        let values: Vec<&str> = settings.iter().flat_map(|s| s.iter().map(|(_, v)| v.as_str())).collect();
        assert_eq!(values, ["0.9,1.1", "8,12", "0.8,1.2", "8,12"]);
    }

    #[test]
    fn a_small_grid_is_drawn_whole() {
        assert_eq!(random_settings(&grid(&["a=1,2", "b=1,2"]), 50, 1).unwrap().len(), 4);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for text in ["lr", "lr=", "=1", "lr=1,,2", "lr=2..1", "lr=a..b"] {
            let error = text.parse::<Dimension>().unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
        let range = combinations(&grid(&["lr=0.1..0.2"])).unwrap_err();
        assert!(range.to_string().contains("`random`"));
        let twice = combinations(&grid(&["lr=1", "lr=2"])).unwrap_err();
        assert!(twice.to_string().contains("lr twice"));
    }
}
