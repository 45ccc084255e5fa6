//! A map as an interactive page: a single file that needs no network.
//!
//! The points are drawn by WebGL (`map.js`), so that 60,000 of them move smoothly. Positions and labels are in the page as
//! base64 of little-endian bytes. The images are there as PNG sheets of [`SHEET`] images one below the other, each decoded
//! when an image of it is first pointed at.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::json;

use super::Map;
use crate::data::{CLASS_NAMES, HEIGHT, PIXELS, WIDTH};
use crate::numbers::thousands;
use crate::plot::{CLASS_COLORS, Channels, Color, DrawingError, PlotError, png};
use crate::report::ReportError;

const STYLE: &str = include_str!("map.css");
const SCRIPT: &str = include_str!("map.js");
/// Images per sheet. The sheet's height of 14,000 pixels is below the limit of what browsers decode.
const SHEET: usize = 500;

pub(super) fn page(map: &Map, places: &[[f32; 3]], path: &Path) -> Result<String, ReportError> {
    let sheets = map.images.pixels().chunks(SHEET * PIXELS).map(|sheet| {
        let height = (HEIGHT * sheet.len() / PIXELS) as u32;
        Ok(BASE64.encode(png(sheet, (WIDTH as u32, height), Channels::Grey)?))
    });
    let sheets: Result<Vec<String>, DrawingError> = sheets.collect();
    let sheets = sheets.map_err(PlotError::drawing(path))?;
    let mut counts = [0; CLASS_NAMES.len()];
    for label in map.images.labels() {
        counts[usize::from(*label)] += 1;
    }
    let about = json!({
        "names": CLASS_NAMES,
        "colors": CLASS_COLORS.map(|color| color.rgb),
        "colorsOnDark": CLASS_COLORS.map(|color| color.on_dark().rgb),
        "solid": map.components == 3,
        "side": WIDTH,
        "sheet": SHEET,
    });
    let places: Vec<u8> = places.as_flattened().iter().flat_map(|x| x.to_le_bytes()).collect();
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
                    @for (class, name) in CLASS_NAMES.iter().enumerate().filter(|(class, _)| counts[*class] > 0) {
                        @let [light, dark] = [CLASS_COLORS[class], CLASS_COLORS[class].on_dark()].map(Color::hex);
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
                script #about type="application/json" { (PreEscaped(about.to_string())) }
                script #places type="text/plain" { (bytes(&places)) }
                script #labels type="text/plain" { (bytes(map.images.labels())) }
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
