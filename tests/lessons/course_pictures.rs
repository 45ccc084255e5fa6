//! The pictures of the course are those that the code draws.

use std::collections::BTreeSet;
use std::path::Path;

use selvedge::plot::{Ground, course, svg};

const COMMAND: &str = "cargo run --release --example course_pictures";

#[test]
fn the_pictures_of_the_course_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/course/pictures");
    let mut drawn = BTreeSet::new();
    for sketch in &course::ALL {
        let name = format!("{}.svg", sketch.name);
        let kept = std::fs::read_to_string(folder.join(&name)).unwrap_or_default();
        let text = svg(sketch, Ground::Either).unwrap();
        // Line by line: a checkout may have other ends of lines.
        assert!(kept.lines().eq(text.lines()), "{name} is not what the code draws: run {COMMAND}");
        drawn.insert(name);
    }
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = files.filter(|name| name.ends_with(".svg")).collect();
    assert_eq!(files, drawn, "a file that no code draws");
}
