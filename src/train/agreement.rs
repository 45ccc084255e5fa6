//! What ranks must have in common to train together.

use std::collections::BTreeMap;

use serde_json::Value;

use super::checkpoint::Checkpoint;
use crate::data::Examples;
use crate::ranks::{Ranks, RanksError};
use crate::run::RunConfig;

/// Refuses if ranks that train together are not given the same. Their devices may differ, and the paths of their data.
pub(super) fn agree(ranks: &Ranks, run: &RunConfig, train: &Examples, test: &Examples) -> Result<(), RanksError> {
    if ranks.is_alone() {
        return Ok(());
    }
    let mut settings = RunConfig { adapter: String::new(), driver: String::new(), ..run.clone() };
    settings.train.data = None;
    ranks.agree(&[
        ("the version of selvedge", run.version.clone()),
        ("the checksum of the training images", train.checksum().to_string()),
        ("the checksum of the test images", test.checksum().to_string()),
    ])?;
    ranks.agree(&[("the settings", settings.to_json())]).map_err(|error| match error {
        RanksError::Differs { rank, what, there, here } => {
            let (there, here) = differences(&there, &here);
            RanksError::Differs { rank, what, there, here }
        }
        other => other,
    })
}

/// Refuses if ranks have read different checkpoints, or only some of them one.
pub(super) fn agree_on_checkpoint(ranks: &Ranks, checkpoint: Option<&Checkpoint>) -> Result<(), RanksError> {
    let position = checkpoint.map(|stored| format!("{:?}, {} epochs", stored.position, stored.history.len()));
    ranks.agree(&[(
        "the checkpoint, in a folder that all ranks must share",
        position.unwrap_or_else(|| "none".to_owned()),
    )])
}

/// Only what differs between two objects of JSON.
fn differences(there: &str, here: &str) -> (String, String) {
    let [fields_there, fields_here] = [there, here].map(|text| {
        let mut fields = BTreeMap::new();
        flatten("", &serde_json::from_str(text).unwrap_or_default(), &mut fields);
        fields
    });
    let those = |fields: &BTreeMap<String, String>, others: &BTreeMap<String, String>| {
        let differing: Vec<String> = fields
            .iter()
            .filter(|(name, value)| others.get(*name) != Some(value))
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        if differing.is_empty() { "none".to_owned() } else { differing.join(", ") }
    };
    (those(&fields_there, &fields_here), those(&fields_here, &fields_there))
}

/// The values in an object by their names, such as `train.seed`.
fn flatten(name: &str, value: &Value, fields: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                flatten(&name, value, fields);
            }
        }
        other => {
            fields.insert(name.to_owned(), other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_named() {
        let (there, here) = (r#"{"a":{"b":1,"c":[2,3]},"d":"x"}"#, r#"{"a":{"b":1,"c":[2]},"e":null}"#);
        assert_eq!(differences(there, here), (r#"a.c [2,3], d "x""#.to_owned(), "a.c [2], e null".to_owned()));
        assert_eq!(differences(r#"{"a":1,"b":2}"#, r#"{"a":1}"#), ("b 2".to_owned(), "none".to_owned()));
    }
}
