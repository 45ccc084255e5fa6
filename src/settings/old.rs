//! Settings as version 0.1.0 wrote them: all at one level, including those of every network.

use serde_json::{Map, Value};

/// The groups, and the settings of each, which version 0.1.0 had at the top level under the same names.
const GROUPS: [(&str, &[&str]); 4] = [
    ("transfer", &["weights", "fine_tune"]),
    ("optimisation", &["optimiser", "learning_rate", "clip_norm", "ema"]),
    ("stopping", &["monitor", "patience", "min_delta"]),
    ("regularisation", &["weight_decay", "dense_l2", "conv_l2", "label_smoothing", "mixup", "cutmix"]),
];

/// The settings of each network.
const OF_CNN: [&str; 2] = ["dense", "dropout"];
const OF_RESNETS: [&str; 3] = ["slope", "shortcut", "zero_last_scale"];
const OF_INCEPTION: [&str; 5] = ["dense", "dropout", "slope", "image_size", "count_padding"];

/// Converts the fields of the training settings to the current form.
pub(super) fn regrouped(mut fields: Map<String, Value>) -> Map<String, Value> {
    let Some(model) = fields.remove("model") else {
        return fields;
    };
    for (group, names) in GROUPS {
        let members = names.iter().filter_map(|name| fields.remove_entry(*name));
        let members: Map<_, _> = members.collect();
        fields.insert(group.to_owned(), members.into());
    }
    let own: &[&str] = match model.as_str() {
        Some("cnn") => &OF_CNN,
        Some("inception") => &OF_INCEPTION,
        _ => &OF_RESNETS,
    };
    let mut network = Map::new();
    for name in OF_CNN.iter().chain(&OF_RESNETS).chain(&OF_INCEPTION) {
        if let Some((name, value)) = fields.remove_entry(*name)
            && own.contains(&name.as_str())
        {
            network.insert(name, value);
        }
    }
    network.insert("model".to_owned(), model);
    fields.insert("network".to_owned(), network.into());
    fields
}

#[cfg(test)]
mod tests {
    use crate::data::{Form, ImageShape};
    use crate::run::RunConfig;
    use crate::settings::{Architecture, SettingsError};

    /// The complete `config.json` of a run of version 0.1.0.
    const OLD: &str = include_str!("old.json");

    fn read(text: &str) -> Result<RunConfig, SettingsError> {
        RunConfig::from_json(text, "config.json".as_ref())
    }

    #[test]
    fn a_run_of_an_older_version_reads_as_it_was() {
        let run = read(OLD).unwrap();
        assert_eq!(run.train.network.architecture(), Architecture::Resnet20);
        assert_eq!(run.train.optimisation.ema, Some(0.9));
        assert_eq!(run.train.regularisation.mixup, 0.2);
        assert_eq!(run.train.limit, Some(300));
        // And once more in the current form.
        assert_eq!(read(&run.to_json()).unwrap(), run);
    }

    #[test]
    fn runs_that_do_not_say_are_of_fashion_mnist_or_of_anything_if_their_network_is_custom() {
        let other = Form { shape: ImageShape::grey(1, 2), ..Form::default() };
        let run = read(OLD).unwrap();
        assert!(run.is_of(&Form::default()) && !run.is_of(&other));
        assert!(read(&OLD.replacen('{', "{\"own_network\": \"mlp\",", 1)).unwrap().is_of(&other));
    }

    #[test]
    fn unknown_settings_are_refused_in_either_form() {
        let error = read(&OLD.replace("\"epochs\"", "\"epoch\"")).unwrap_err();
        assert!(error.to_string().contains("epoch"), "{error}");
        let now = read(OLD).unwrap().to_json();
        let error = read(&now.replace("\"ema\"", "\"emma\"")).unwrap_err();
        assert!(error.to_string().contains("emma"), "{error}");
    }
}
