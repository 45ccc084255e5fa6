//! Tables as CSV: those of an evaluation, and the function that writes any table.

use std::path::Path;

use super::ReportError;
use crate::data::ImageSet;
use crate::eval::{ClassScore, Predictions, Report};
use crate::files::write_atomically;

/// The classification report: one line per class, then accuracy and the averages.
pub(super) fn write_report(path: &Path, report: &Report) -> Result<(), ReportError> {
    let score = |c: &ClassScore| {
        let [precision, recall, f1] = [c.precision, c.recall, c.f1].map(|value| value.to_string());
        [c.name.clone(), precision, recall, f1, c.support.to_string()]
    };
    let support = report.macro_avg.support.to_string();
    let accuracy = ["accuracy".to_owned(), String::new(), String::new(), report.accuracy.to_string(), support];
    let mut lines = vec![["class", "precision", "recall", "f1", "support"].map(str::to_owned)];
    lines.extend(report.classes.iter().map(score));
    lines.push(accuracy);
    lines.extend([&report.macro_avg, &report.weighted_avg].map(score));
    write(path, lines)
}

/// The confusion matrix: how often each class (line) was taken for each class (column).
pub(super) fn write_confusion(path: &Path, predictions: &Predictions) -> Result<(), ReportError> {
    let names = predictions.class_names();
    let mut lines = vec![std::iter::once("true".to_owned()).chain(names.iter().cloned()).collect::<Vec<_>>()];
    for (name, counts) in names.iter().zip(predictions.confusion_matrix()) {
        lines.push(std::iter::once(name.clone()).chain(counts.iter().map(usize::to_string)).collect());
    }
    write(path, lines)
}

/// One line per image: its number, or the file that it was made of, the true class, the predicted class, and all probabilities.
pub(super) fn write_predictions(path: &Path, images: &ImageSet, predictions: &Predictions) -> Result<(), ReportError> {
    let names = predictions.class_names();
    let headings = ["image", "true", "predicted"].map(str::to_owned);
    let mut lines = vec![headings.iter().chain(names).cloned().collect::<Vec<_>>()];
    let rows = predictions.rows().zip(predictions.labels()).zip(predictions.predicted());
    for (number, ((row, label), predicted)) in rows.enumerate() {
        let image = images.file(number).map_or_else(|| number.to_string(), str::to_owned);
        let mut line = vec![image, names[usize::from(*label)].clone(), names[predicted].clone()];
        line.extend(row.iter().map(f32::to_string));
        lines.push(line);
    }
    write(path, lines)
}

/// Writes a table line by line.
pub(super) fn write<Line>(path: &Path, lines: impl IntoIterator<Item = Line>) -> Result<(), ReportError>
where
    Line: IntoIterator<Item = String>,
{
    write_atomically(path, |file| {
        let mut writer = csv::Writer::from_writer(file);
        for line in lines {
            writer.write_record(line)?;
        }
        writer.flush()
    })?;
    Ok(())
}
