//! Pages: one file with all that it needs, in which nothing of the data is taken for HTML.

use std::path::Path;

use crate::common::process::{selvedge, text, train_tiny, write_data};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use selvedge::tape::{PlaceRole, Tape};
use serde_json::Value;

/// The text of the page's element `<script id=...>`.
fn part<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, behind) = page.split_once(&format!("<script id=\"{id}\"")).unwrap_or_else(|| panic!("no part {id}"));
    let (_, contents) = behind.split_once('>').unwrap();
    contents.split_once("</script>").unwrap().0
}

fn tape(folder: &Path, page: &str) -> Tape {
    let path = folder.join("of-page.tape");
    std::fs::write(&path, BASE64.decode(part(page, "tape")).unwrap()).unwrap();
    Tape::load(&path).unwrap()
}

/// A page asks nothing of a network: every address in it is data or within the page, or is shown to people.
fn asks_no_network(page: &str) {
    for attribute in ["src=\"", "href=\""] {
        for address in page.split(attribute).skip(1) {
            assert!(address.starts_with('#') || address.starts_with("data:,"), "{}", &address[..40]);
        }
    }
    assert!(!page.contains("@import url") && !page.contains("url("));
}

#[test]
fn a_lab_is_one_page_with_its_tape() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::create_dir(here.join("data")).unwrap();
    write_data(&here.join("data"), 120, 20);
    let arguments =
        ["lab", "--data", "data", "--images", "80", "--batch-size", "16", "--steps", "12", "--compared", "2"];
    let said = selvedge(here, &arguments);
    assert!(said.status.success(), "{said:?}");
    assert!(text(&said.stdout).contains("lab.html: 12 steps of a training of cnn, batch 16"), "{said:?}");
    let page = std::fs::read_to_string(here.join("lab.html")).unwrap();
    asks_no_network(&page);
    let tape = tape(here, &page);
    // Two of the steps were trained here; of the others the page has what the host writes.
    let results: Vec<bool> = tape.runs.iter().map(|run| !run.expected.is_empty()).collect();
    assert_eq!(results, [&[true; 2][..], &[false; 10]].concat());
    let input = tape.places.iter().find(|place| place.role == PlaceRole::Input).unwrap();
    assert_eq!(input.shape, [20, 28, 28, 1]);
    let held: Value = serde_json::from_str(part(&page, "held")).unwrap();
    assert_eq!(held["numbers"].as_array().unwrap().len(), 20);
    assert_eq!(held["labels"].as_array().unwrap().len(), 20);
    let lessons: Value = serde_json::from_str(part(&page, "lessons")).unwrap();
    assert_eq!(lessons["exercises"].as_array().unwrap().len(), 19);
    assert!(page.contains("default-src 'none'"));
    // An existing page stays unless it is forced.
    let said = selvedge(here, &arguments);
    assert!(!said.status.success() && text(&said.stderr).contains("--force"), "{said:?}");
    let said = selvedge(here, &["lab", "--data", "data", "--limit", "60", "--images", "50", "--out", "other.html"]);
    assert!(!said.status.success() && text(&said.stderr).contains("--images"), "{said:?}");
    // The whole of what is read, as elsewhere: a fifth of it is held out.
    let limited = ["--limit", "60", "--batch-size", "16", "--steps", "2", "--compared", "0", "--out", "other.html"];
    let said = selvedge(here, &[&["lab", "--data", "data"], &limited[..]].concat());
    assert!(said.status.success(), "{said:?}");
    let page = std::fs::read_to_string(here.join("other.html")).unwrap();
    let held: Value = serde_json::from_str(part(&page, "held")).unwrap();
    assert_eq!(held["numbers"].as_array().unwrap().len(), 12);
}

#[test]
fn a_trained_network_becomes_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    train_tiny(here, 1);
    // The names of classes may be anything.
    let settings = here.join("r/config.json");
    let text_of_settings = std::fs::read_to_string(&settings).unwrap();
    let name = "</script><img src=x onerror=alert(1)>";
    assert!(text_of_settings.contains("\"trouser\""), "{text_of_settings}");
    std::fs::write(&settings, text_of_settings.replace("\"trouser\"", &format!("{name:?}"))).unwrap();
    let said = selvedge(here, &["export", "r", "--web", "model.html", "--onnx", "model.onnx"]);
    assert!(said.status.success() && here.join("model.onnx").exists(), "{said:?}");
    let page = std::fs::read_to_string(here.join("model.html")).unwrap();
    asks_no_network(&page);
    assert!(!page.contains("<img"), "a class' name is taken for HTML");
    let about: Value = serde_json::from_str(part(&page, "about")).unwrap();
    assert_eq!(about["classes"][1], name);
    let tape = tape(here, &page);
    assert!(tape.runs.is_empty());
    let names: Vec<&str> = tape.places.iter().map(|place| place.name.as_str()).collect();
    for wanted in ["pictures", "probabilities", "classes to explain", "last large layer", "layer conv1", "layer pool4"]
    {
        assert!(names.contains(&wanted), "{wanted}: {names:?}");
    }
    let said = selvedge(here, &["export", "r"]);
    assert!(!said.status.success() && text(&said.stderr).contains("--web"), "{said:?}");
    let said = selvedge(here, &["export", "r", "--web", "model.txt"]);
    assert!(!said.status.success() && text(&said.stderr).contains("html"), "{said:?}");
}
