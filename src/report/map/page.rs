//! A map as an interactive page: a single file that needs no network.
//!
//! The points are drawn by WebGL (`map.js`), so that 60,000 of them move smoothly. Positions and labels are in the page as
//! base64 of little-endian bytes. The images are there as PNG sheets with images one below the other, each decoded
//! when an image of it is first pointed at.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::json;

use super::Map;
use crate::data::thumbnails;
use crate::numbers::thousands;
use crate::plot::{CLASS_COLORS, Channels, Color, DrawingError, PlotError, png};
use crate::report::ReportError;

const STYLE: &str = include_str!("map.css");
const SCRIPT: &str = include_str!("map.js");
/// The most rows of pixels of a sheet, below the limit of what browsers decode.
const SHEET_ROWS: usize = 14_000;
/// Larger images are shown smaller: a page has thousands of them.
const LONGEST_SIDE: usize = 64;

pub(super) fn page(map: &Map, places: &[[f32; 3]], path: &Path) -> Result<String, ReportError> {
    let (shape, pixels) = thumbnails(map.images, LONGEST_SIDE);
    let of_sheet = (SHEET_ROWS / shape.height).max(1);
    let sheets = pixels.chunks(of_sheet * shape.len()).map(|sheet| {
        let rows = shape.height * sheet.len() / shape.len();
        Ok(BASE64.encode(png(sheet, (shape.width as u32, rows as u32), Channels::of(shape))?))
    });
    let sheets: Result<Vec<String>, DrawingError> = sheets.collect();
    let sheets = sheets.map_err(PlotError::drawing(path))?;
    let mut counts = vec![0; map.names.len()];
    for label in map.images.labels() {
        counts[usize::from(*label)] += 1;
    }
    let about = json!({
        "names": map.names,
        "colors": CLASS_COLORS.map(|color| color.rgb),
        "colorsOnDark": CLASS_COLORS.map(|color| color.on_dark().rgb),
        "solid": map.components == 3,
        "height": shape.height,
        "width": shape.width,
        "sheet": of_sheet,
    });
    let places: Vec<u8> = places.as_flattened().iter().flat_map(|x| x.to_le_bytes()).collect();
    let labels: Vec<u8> = map.images.labels().iter().flat_map(|label| label.to_le_bytes()).collect();
    let bytes = |values: &[u8]| PreEscaped(BASE64.encode(values));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (map.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                canvas #map tabindex="0" role="img" aria-label=(map.title) {}
                div #names aria-hidden="true" {}
                div #ring hidden {}
                header {
                    h1 { (map.title) }
                    p { (map.note) }
                }
                form #classes {
                    @for (class, name) in map.names.iter().enumerate().filter(|(class, _)| counts[*class] > 0) {
                        @let color = CLASS_COLORS[class % CLASS_COLORS.len()];
                        @let [light, dark] = [color, color.on_dark()].map(Color::hex);
                        label style=(format!("--color:light-dark({light},{dark})")) {
                            input type="checkbox" value=(class) checked;
                            span.name { (name) }
                            span.count { (thousands(counts[class])) }
                        }
                    }
                    div.buttons {
                        button type="button" data-do="all" { "all" }
                        button type="button" data-do="none" { "none" }
                        button type="button" data-do="names" aria-pressed="true" { "names" }
                        button type="button" data-do="reset" { "reset view" }
                    }
                }
                figure #pointed hidden {
                    canvas width="112" height="112" {}
                    figcaption { b {} span {} }
                }
                (footer(map))
                noscript { p.problem { "This map is drawn by the script in this file; please allow it." } }
                p.problem #problem hidden {}
                script #about type="application/json" { (PreEscaped(about.to_string().replace('<', "\\u003c"))) }
                script #places type="text/plain" { (bytes(&places)) }
                script #labels type="text/plain" { (bytes(&labels)) }
                @for sheet in &sheets { script.sheet type="text/plain" { (PreEscaped(sheet)) } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    Ok(page.into_string())
}

/// How to use the page, and the command that made it.
fn footer(map: &Map) -> Markup {
    html! {
        footer {
            p {
                @if map.components == 3 { "Drag to turn, Shift-drag to move, " } @else { "Drag to move, " }
                "wheel or pinch to zoom, point at a dot to see its image. Double-click a class to see it alone."
            }
            p { "Made with " code { (map.command) } }
        }
    }
}
