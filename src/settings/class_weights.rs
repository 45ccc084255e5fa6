//! How much the images of each class count in the loss.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SettingsError;
use crate::files::read_text;

/// How much the images of each class count in the loss, for data in which some classes have few.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeights {
    /// Each class counts the same: its images by one over their number.
    Balanced,
    /// By the names of the classes; others count 1.
    Given(BTreeMap<String, f32>),
}

impl ClassWeights {
    /// From the command line: `balanced`, or a file with lines such as `rose 2.5`.
    ///
    /// # Errors
    /// What is wrong with the file, in words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text == "balanced" {
            return Ok(Self::Balanced);
        }
        let file = read_text(Path::new(text)).map_err(|e| format!("balanced or a file is needed: {e}"))?;
        let mut weights = BTreeMap::new();
        for (number, line) in (1..).zip(file.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let parts = line.trim().rsplit_once([' ', '\t', ',', ';']);
            let weight = parts.and_then(|(name, weight)| Some((name.trim(), weight.trim().parse::<f32>().ok()?)));
            let weight = weight.filter(|(name, weight)| !name.is_empty() && weight.is_finite() && *weight >= 0.0);
            let (name, weight) = weight.ok_or_else(|| {
                format!(
                    "line {number} of {text} is '{}', but must be a name and a number from 0 up",
                    line.escape_debug()
                )
            })?;
            weights.insert(name.trim_end_matches([',', ';']).trim().to_owned(), weight);
        }
        Ok(Self::Given(weights))
    }

    /// The weight of each class, for a training on images with these labels; their mean over the images is 1, so that the
    /// learning rate means the same.
    ///
    /// # Errors
    /// [`SettingsError::Setting`] when a name is no class, or no image counts.
    pub fn of(&self, names: &[String], labels: impl Iterator<Item = u16>) -> Result<Vec<f32>, SettingsError> {
        let mut counts = vec![0_u32; names.len()];
        for label in labels {
            counts[usize::from(label)] += 1;
        }
        let weights: Vec<f64> = match self {
            Self::Balanced => counts.iter().map(|count| 1.0 / f64::from((*count).max(1))).collect(),
            Self::Given(given) => {
                if let Some(unknown) = given.keys().find(|name| !names.contains(name)) {
                    let allowed = format!("for one of the classes: {}", names.join(", "));
                    return Err(SettingsError::new("class-weights", format!("for '{unknown}'"), allowed));
                }
                names.iter().map(|name| given.get(name).map_or(1.0, |weight| f64::from(*weight))).collect()
            }
        };
        let images: f64 = counts.iter().map(|count| f64::from(*count)).sum();
        let sum: f64 = weights.iter().zip(&counts).map(|(weight, count)| weight * f64::from(*count)).sum();
        if sum <= 0.0 {
            return Err(SettingsError::new("class-weights", "0 for all images", "above 0 for some class with images"));
        }
        Ok(weights.iter().map(|weight| (weight * images / sum) as f32).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["rose", "sun flower", "tulip"].map(str::to_owned).to_vec()
    }

    #[test]
    fn balanced_classes_count_the_same() {
        let labels = [0, 0, 0, 1, 0, 0];
        let weights = ClassWeights::Balanced.of(&names(), labels.into_iter()).unwrap();
        assert!((5.0 * weights[0] - weights[1]).abs() < 1e-6, "{weights:?}");
        assert!((5.0 * weights[0] + weights[1] - 6.0).abs() < 1e-5, "their mean over the images is 1: {weights:?}");
    }

    #[test]
    fn a_file_gives_weights_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.txt");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            ClassWeights::parse(path.to_str().unwrap())
        };
        let given = read("sun flower, 3\n\nrose\t0\n").unwrap();
        // The mean over three roses, a sunflower and two tulips of 0, 3 and 1 is 5/6.
        let weights = given.of(&names(), [0, 0, 0, 1, 2, 2].into_iter()).unwrap();
        assert_eq!(weights, [0.0, 3.6, 1.2]);
        assert!(read("rose").unwrap_err().contains("line 1"));
        assert!(read("rose -1").unwrap_err().contains("from 0 up"));
        assert!(read("rose nan").unwrap_err().contains("from 0 up"));
        let unknown = read("elm 2").unwrap().of(&names(), [0].into_iter()).unwrap_err().to_string();
        assert!(unknown.contains("elm") && unknown.contains("sun flower"), "{unknown}");
        assert!(read("rose 0").unwrap().of(&names(), [0].into_iter()).is_err(), "no image counts");
        assert_eq!(ClassWeights::parse("balanced").unwrap(), ClassWeights::Balanced);
        let text = serde_json::to_string(&given).unwrap();
        assert_eq!(serde_json::from_str::<ClassWeights>(&text).unwrap(), given);
    }
}
