//! Evaluations as text and as JSON.

use std::collections::BTreeMap;

use selvedge::eval::{Metrics, Report};
use selvedge::numbers::{signed, thousands};
use selvedge::report::Rivals;
use serde_json::{Value, json};

use super::super::table::table;
use super::Shown;
use super::images::Images;

/// How many pairs of confused classes are printed.
const PAIRS: usize = 5;

/// The result on a set of images; `train` prints it in the same form.
pub fn report_text(what: &str, report: &Report) -> String {
    format!("{what} accuracy {:.4}, log loss {:.4}\n\n{}", report.accuracy, report.log_loss, report.to_text(4))
}

/// For people: a single evaluation in full; for several, a table and how they compare.
pub fn print(shown: &Shown, images: &Images) -> anyhow::Result<()> {
    if let [only] = &shown.evaluations[..] {
        let metrics = Metrics::from_predictions(&only.predictions);
        outln!("{}", images.words)?;
        out!("{}", report_text(&images.short, &metrics.report))?;
        outln!("\namong the top 2 {:.4}, calibration error {:.4}", metrics.top_2_accuracy, metrics.calibration_error)?;
        for pair in metrics.confused_pairs.iter().take(PAIRS) {
            outln!(
                "{} of {} {} taken for {}",
                thousands(pair.count),
                thousands(pair.support),
                pair.truth,
                pair.predicted
            )?;
        }
        return Ok(());
    }
    outln!("{}\n", images.words)?;
    let headings = ["model", "accuracy", "log loss", "among the top 2", "calibration error"];
    let mut rows = vec![headings.map(str::to_owned)];
    rows.extend(shown.evaluations.iter().map(|evaluation| {
        let metrics = Metrics::from_predictions(&evaluation.predictions);
        let metrics_shown =
            [metrics.report.accuracy, metrics.report.log_loss, metrics.top_2_accuracy, metrics.calibration_error];
        let [accuracy, loss, top_2, calibration] = metrics_shown.map(|value| format!("{value:.4}"));
        [evaluation.name.clone(), accuracy, loss, top_2, calibration]
    }));
    outln!("{}", table(&rows, &[1, 2, 3, 4]))?;
    for rivals in Rivals::of(&shown.evaluations, shown.asked > 1)? {
        let ([first, second], [low, high]) = (rivals.names, rivals.gain.interval);
        outln!(
            "{first} over {second}: {} (95 % interval {} to {}); alone right {} to {}, McNemar p {}",
            signed(rivals.gain.mean),
            signed(low),
            signed(high),
            thousands(rivals.comparison.only_first),
            thousands(rivals.comparison.only_second),
            rivals.p_text()
        )?;
    }
    for (name, value) in &shown.notes {
        outln!("{name}: {value}")?;
    }
    Ok(())
}

/// For programs: the metrics of a single evaluation; for several, the metrics of each with its name, and how they compare.
pub fn json(shown: &Shown) -> anyhow::Result<Value> {
    if let [only] = &shown.evaluations[..] {
        return Ok(serde_json::to_value(Metrics::from_predictions(&only.predictions))?);
    }
    let models = shown.evaluations.iter().map(|evaluation| {
        let mut value = serde_json::to_value(Metrics::from_predictions(&evaluation.predictions))?;
        value["name"] = json!(evaluation.name);
        Ok(value)
    });
    let rivals = Rivals::of(&shown.evaluations, shown.asked > 1)?;
    let pairs = rivals.iter().map(|rivals| {
        let [first, second] = rivals.names;
        json!({ "first": first, "second": second, "comparison": rivals.comparison, "gain": rivals.gain })
    });
    Ok(json!({
        "models": models.collect::<anyhow::Result<Vec<Value>>>()?,
        "pairs": pairs.collect::<Vec<Value>>(),
        "notes": shown.notes.iter().cloned().collect::<BTreeMap<String, String>>(),
    }))
}
