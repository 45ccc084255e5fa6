//! The page around the script and what it reads.

use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::LabError;
use crate::files::write_atomically;

/// What the page looks like: rules for all of it first, those for small screens and paper last.
const STYLES: [&str; 7] = [
    include_str!("../../web/page/page.css"),
    include_str!("../../web/page/editor.css"),
    include_str!("../../web/views/train.css"),
    include_str!("../../web/views/network.css"),
    include_str!("../../web/views/dispatch.css"),
    include_str!("../../web/lessons/lessons.css"),
    include_str!("../../web/page/screens.css"),
];

/// Only what is in the page itself.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:";

/// What the script finds in the page.
pub(super) enum Part {
    Bytes(Vec<u8>),
    Json(String),
}

/// Writes a page. `navigation` has addresses within it, and names.
pub(super) fn write(
    path: &Path,
    title: &str,
    navigation: &[(&str, &str)],
    parts: &[(&str, Part)],
    script: &str,
) -> Result<(), LabError> {
    let page = markup(title, navigation, parts, script).into_string();
    Ok(write_atomically(path, |file| file.write_all(page.as_bytes()))?)
}

fn markup(title: &str, navigation: &[(&str, &str)], parts: &[(&str, Part)], script: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // The page can ask nothing of a network, whatever its script does.
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="color-scheme" content="light dark";
                title { (title) }
                // Without one a browser asks a server for it.
                link rel="icon" href="data:,";
                @for style in STYLES { style { (PreEscaped(style)) } }
            }
            body {
                header #top {
                    h1 { (title) }
                    @if !navigation.is_empty() {
                        nav aria-label="parts" { @for (address, name) in navigation { a href=(format!("#{address}")) { (name) } } }
                    }
                    div #controls {}
                }
                main #main {}
                noscript { p.problem { "This page is drawn by the script in this file; please allow it." } }
                @for (id, part) in parts { (embedded(id, part)) }
                script type="module" { (PreEscaped(script)) }
            }
        }
    }
}

fn embedded(id: &str, part: &Part) -> Markup {
    match part {
        Part::Bytes(bytes) => html! { script id=(id) type="text/plain" { (PreEscaped(BASE64.encode(bytes))) } },
        // The end of a script must not be in it.
        Part::Json(text) => {
            html! { script id=(id) type="application/json" { (PreEscaped(text.replace('<', "\\u003c"))) } }
        }
    }
}
