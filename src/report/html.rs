//! The parts of a page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{Markup, PreEscaped, html};

use super::gallery::{GallerySize, Pick, Shown, tiles};
use super::{Evaluation, MOST_CLASSES, precision_recall};
use crate::data::ImageShape;
use crate::eval::{Calibration, ClassScore, ConfusionTable, Metrics, Report};
use crate::numbers::thousands;
use crate::plot::{
    Channels, Color, Curves, DrawingError, Ground, Picture, PrecisionRecallPicture, Ramp, ReliabilityPicture, png,
    shade, share, share_text, svg,
};

/// How many pairs of confused classes are listed.
const PAIRS: usize = 10;

/// Everything about one model, with its name if there are others.
pub(super) fn model(evaluation: &Evaluation, named: bool, gallery: GallerySize) -> Result<Markup, DrawingError> {
    let predictions = &evaluation.predictions;
    let metrics = Metrics::from_predictions(predictions);
    let table = predictions.confusion_table(MOST_CLASSES);
    let curves = precision_recall(predictions, &table.classes);
    let calibration = Calibration::from_predictions(predictions);
    Ok(html! {
        section.model {
            @if named { h2 { (evaluation.name) } }
            (headline(&metrics, predictions.labels().len()))
            div.parts {
                section { h3 { "Confusion matrix" } (confusion(&table)) }
                section { h3 { "Classification report" } (scores(&metrics.report)) }
                section { h3 { "Most confused" } (pairs(&metrics)) }
                @for pick in Pick::ALL {
                    section { h3 { (pick.title()) } (images(&tiles(evaluation, pick, gallery), gallery)?) }
                }
                section { h3 { "Reliability" } (picture(&ReliabilityPicture(&calibration))?) }
                section { h3 { "Settings" } (settings(&evaluation.settings)) }
                @if let Some(curves) = &evaluation.curves {
                    section.across { h3 { "Training" } (training(curves)?) }
                }
                section.across {
                    h3 { "Precision and recall" }
                    p.note {
                        "Precision against recall of each class against all others, before all classes in grey; "
                        "AP is the average precision."
                    }
                    div.wide { (picture(&PrecisionRecallPicture { names: &table.rows, curves: &curves })?) }
                }
            }
        }
    })
}

fn headline(metrics: &Metrics, images: usize) -> Markup {
    let numbers = [
        ("accuracy", format!("{:.4}", metrics.report.accuracy)),
        ("log loss", format!("{:.4}", metrics.report.log_loss)),
        ("among the top 2", format!("{:.4}", metrics.top_2_accuracy)),
        ("calibration error", format!("{:.4}", metrics.calibration_error)),
        ("images", thousands(images)),
    ];
    html! {
        dl.metrics { @for (name, value) in numbers { div { dt { (name) } dd { (value) } } } }
    }
}

/// The confusion matrix as a table: it can be read aloud and copied, and fits any screen.
fn confusion(table: &ConfusionTable) -> Markup {
    let is_part = table.columns.len() > table.rows.len();
    html! {
        p.note {
            "Rows: the true class. Columns: the prediction. Colours and numbers: the share of the row."
            @if is_part { " Only the " (table.rows.len()) " classes that are confused most." }
        }
        div.wide { table.confusion {
            thead { tr { td {} @for name in &table.columns { th scope="col" { span { (name) } } } } }
            tbody { @for (truth, counts) in table.rows.iter().zip(&table.counts) { tr {
                th scope="row" { (truth) }
                @let all = counts.iter().sum::<usize>();
                @for (predicted, count) in table.columns.iter().zip(counts) {
                    td style=(cell_style(share(*count, all)))
                        title=(format!("{truth} taken for {predicted}: {} of {}", thousands(*count), thousands(all))) {
                        (share_text(*count, all))
                    }
                }
            } } }
        } }
    }
}

/// The colours of a cell, on a light page and on a dark one.
fn cell_style(share: f64) -> String {
    let [light, dark] = [Ramp::BLUES, Ramp::BLUES_ON_DARK].map(|ramp| ramp.at(shade(share)));
    let [on_light, on_dark] = [light, dark].map(Color::readable_on);
    format!(
        "background:light-dark({},{});color:light-dark({},{})",
        light.hex(),
        dark.hex(),
        on_light.hex(),
        on_dark.hex()
    )
}

/// Precision, recall and F1 of the classes, and below them accuracy and averages.
fn scores(report: &Report) -> Markup {
    let row = |score: &ClassScore| {
        html! { tr {
            th scope="row" { (score.name) }
            @for value in [score.precision, score.recall, score.f1] { td.number { (format!("{value:.4}")) } }
            td.number { (thousands(score.support)) }
        } }
    };
    html! {
        div.wide { table.plain {
            thead { tr { th {} @for name in ["precision", "recall", "f1-score", "support"] { th.number { (name) } } } }
            tbody { @for score in &report.classes { (row(score)) } }
            tbody {
                tr {
                    th scope="row" { "accuracy" } td {} td {}
                    td.number { (format!("{:.4}", report.accuracy)) }
                    td.number { (thousands(report.macro_avg.support)) }
                }
                (row(&report.macro_avg))
                (row(&report.weighted_avg))
            }
        } }
    }
}

fn pairs(metrics: &Metrics) -> Markup {
    if metrics.confused_pairs.is_empty() {
        return html! { p { "No image is taken for another class." } };
    }
    html! {
        div.wide { table.plain {
            thead { tr { th { "true" } th { "taken for" } th.number { "images" } th.number { "of the class" } } }
            tbody { @for pair in metrics.confused_pairs.iter().take(PAIRS) { tr {
                td { (pair.truth) } td { (pair.predicted) }
                td.number { (thousands(pair.count)) }
                td.number { (format!("{:.1} %", 100.0 * pair.count as f64 / pair.support.max(1) as f64)) }
            } } }
        } }
    }
}

fn images(shown: &[Shown], size: GallerySize) -> Result<Markup, DrawingError> {
    if shown.is_empty() {
        return Ok(html! { p { "None." } });
    }
    Ok(html! {
        div.gallery style=(format!("--columns:{}", size.columns)) { @for shown in shown {
            figure {
                img src=(data_uri(shown)?) width=(shown.shape.width) height=(shown.shape.height) alt=(format!("an image of the class {}", shown.truth));
                figcaption {
                    b { (shown.predicted) } " " (format!("{:.2}", shown.confidence))
                    @if shown.predicted != shown.truth { br; "true: " (shown.truth) }
                }
            }
        } }
    })
}

fn data_uri(shown: &Shown) -> Result<String, DrawingError> {
    let ImageShape { height, width, .. } = shown.shape;
    let png = png(shown.pixels, (width as u32, height as u32), Channels::of(shown.shape))?;
    Ok(format!("data:image/png;base64,{}", BASE64.encode(png)))
}

/// Each panel is a picture of its own, so that they are stacked on a phone.
fn training(curves: &Curves) -> Result<Markup, DrawingError> {
    let panels = curves.panels.iter().map(|panel| picture(&Curves { panels: vec![panel.clone()] }));
    let panels = panels.collect::<Result<Vec<_>, _>>()?;
    Ok(html! { div.panels { @for panel in panels { (panel) } } })
}

/// A picture in the page's own colours.
fn picture(picture: &impl Picture) -> Result<Markup, DrawingError> {
    Ok(PreEscaped(svg(picture, Ground::Page)?))
}

pub(super) fn settings(settings: &[(String, String)]) -> Markup {
    html! {
        div.wide { table.plain { tbody { @for (name, value) in settings { tr { th scope="row" { (name) } td { (value) } } } } } }
    }
}
