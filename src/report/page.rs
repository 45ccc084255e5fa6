//! One page that shows everything, in a single file: no network, no script.

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::gallery::GallerySize;
use super::{Evaluation, ReportError, Rivals, html as part, write_text};
use crate::eval::Metrics;
use crate::numbers::{signed, thousands};
use crate::plot::{DrawingError, PlotError};

/// What a page shows.
#[derive(Debug)]
pub struct Page<'a> {
    /// Its heading.
    pub title: &'a str,
    /// A description of the images.
    pub data: &'a str,
    /// Models on the same images. A single one is shown in full; several also get a table.
    pub evaluations: &'a [Evaluation<'a>],
    /// How many of them, from the first, are shown in full: side by side where there is room. If it is one, the table
    /// compares that model with the others; otherwise it compares all of them pairwise.
    pub in_full: usize,
    /// More about how the models were combined: names and values.
    pub notes: &'a [(String, String)],
    /// The command that makes this page.
    pub command: &'a str,
    /// Size of the galleries.
    pub gallery: GallerySize,
}

const STYLE: &str = include_str!("style.css");

impl Page<'_> {
    /// Writes the page.
    ///
    /// # Errors
    /// [`ReportError`]; [`EvalError::Different`](crate::eval::EvalError::Different) when the evaluations are of different images.
    pub fn write(&self, path: &Path) -> Result<(), ReportError> {
        let rivals = Rivals::of(self.evaluations, self.in_full > 1)?;
        let text = self.markup(&rivals).map_err(PlotError::drawing(path))?;
        write_text(path, &text.into_string())
    }

    fn markup(&self, rivals: &[Rivals]) -> Result<Markup, DrawingError> {
        let full = self.evaluations.iter().take(self.in_full);
        let named = self.evaluations.len() > 1;
        let models = full.map(|evaluation| part::model(evaluation, named, self.gallery));
        let models = models.collect::<Result<Vec<_>, _>>()?;
        Ok(html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    h1 { (self.title) }
                    p.note { (self.data) }
                    @if self.evaluations.len() > 1 { (self.standings()) (disagreements(rivals)) }
                    @if !self.notes.is_empty() { h3 { "How they are combined" } (part::settings(self.notes)) }
                    div.models { @for model in models { (model) } }
                    footer {
                        p { "Made by selvedge " (env!("CARGO_PKG_VERSION")) " with" }
                        pre { (self.command) }
                    }
                }
            }
        })
    }

    fn standings(&self) -> Markup {
        html! {
            div.wide { table.plain {
                thead { tr { th { "model" } @for name in ["accuracy", "log loss", "among the top 2", "calibration error"] {
                    th.number { (name) }
                } } }
                tbody { @for evaluation in self.evaluations { tr {
                    th scope="row" { (evaluation.name) }
                    @let metrics = Metrics::from_predictions(&evaluation.predictions);
                    @for value in [
                        metrics.report.accuracy, metrics.report.log_loss, metrics.top_2_accuracy, metrics.calibration_error,
                    ] { td.number { (format!("{value:.4}")) } }
                } } }
            } }
        }
    }
}

fn disagreements(rivals: &[Rivals]) -> Markup {
    html! {
        h3 { "Where they disagree" }
        div.wide { table.plain.many {
            thead { tr {
                th { "first" } th { "second" } th.number { "only the first is right" } th.number { "only the second" }
                th.number { "gain in accuracy" } th.number { "95 % interval" } th.number { "p" }
            } }
            tbody { @for rivals in rivals { tr {
                td { (rivals.names[0]) } td { (rivals.names[1]) }
                td.number { (thousands(rivals.comparison.only_first)) } td.number { (thousands(rivals.comparison.only_second)) }
                td.number { (signed(rivals.gain.mean)) }
                td.number { (signed(rivals.gain.interval[0])) " to " (signed(rivals.gain.interval[1])) }
                // The heading names the value, so that only a sign other than = is shown.
                td.number { (rivals.p_text().trim_start_matches("= ")) }
            } } }
        } }
        p.note {
            "p: how likely so uneven a disagreement is if both are equally good (McNemar, exact). "
            "The interval is that of 10,000 paired bootstrap samples."
        }
    }
}
