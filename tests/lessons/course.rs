//! The course and the READMEs of the lessons: code is that of the files it is from, links and pictures exist, and every ladder and
//! exercise has its chapter.

use std::fs;
use std::path::{Path, PathBuf};

use selvedge::files::shown;
use selvedge::lessons::{Exercise, Ladder};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn markdown(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect()
}

/// The chapters and the glossary, the index, and the READMEs of the lessons.
fn pages() -> Vec<PathBuf> {
    let mut pages = markdown(&root().join("docs/course"));
    assert!(pages.len() > 12, "{} pages", pages.len());
    pages.push(root().join("shaders/README.md"));
    pages.extend(markdown(&root().join("lessons")));
    for ladder in Ladder::ALL {
        pages.push(root().join("lessons").join(ladder.problem.name).join("README.md"));
    }
    pages
}

/// Where the links and pictures of a page lead, without those to the web.
fn links(page: &str) -> Vec<&str> {
    let links = page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
    links.filter(|link| !link.starts_with("http")).collect()
}

#[test]
fn every_link_leads_to_a_file() {
    let mut count = 0;
    for path in pages() {
        let page = fs::read_to_string(&path).unwrap();
        for link in links(&page) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            assert!(target.exists(), "{} links to {link}", shown(&path));
            if !heading.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                let anchor = |line: &str| line.trim_start_matches(['#', ' ']).to_lowercase().replace(' ', "-");
                let found = text.lines().filter(|line| line.starts_with('#')).any(|line| anchor(line) == heading);
                assert!(found, "{} links to {link}", shown(&path));
            }
            count += 1;
        }
    }
    assert!(count > 100, "only {count} links were found");
}

/// A line without the indentation that all lines of its excerpt share, and the marks of an exercise.
fn unindented<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let is_code = |line: &&str| !line.trim_start().starts_with("// GAP: ") && line.trim() != "// END";
    lines.filter(is_code).map(str::trim).collect()
}

#[test]
fn code_is_that_of_the_file_above_it() {
    let mut count = 0;
    for path in pages() {
        let page = fs::read_to_string(&path).unwrap();
        let mut lines = page.lines();
        let mut source = None;
        while let Some(line) = lines.next() {
            if matches!(line, "```wgsl" | "```rust") {
                let code = unindented(lines.by_ref().take_while(|line| *line != "```"));
                let file = source.unwrap_or_else(|| panic!("{}: no file is named above {code:?}", shown(&path)));
                let text = fs::read_to_string(path.parent().unwrap().join(file)).unwrap();
                let found = unindented(text.lines()).windows(code.len()).any(|window| window == code);
                assert!(found, "{}: {file} has no such lines:\n{}", shown(&path), code.join("\n"));
                count += 1;
            } else if !line.is_empty() {
                source = line.strip_suffix("):").and_then(|line| line.rsplit_once("](")).map(|(_, link)| link);
            }
        }
    }
    assert!(count > 15, "only {count} pieces of code were found");
}

#[test]
fn every_ladder_exercise_and_picture_has_its_chapter() {
    let index = fs::read_to_string(root().join("shaders/README.md")).unwrap();
    let mut course = String::new();
    for path in markdown(&root().join("docs/course")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(index.contains(&format!("docs/course/{name})")), "shaders/README.md does not name {name}");
        course += &fs::read_to_string(path).unwrap();
    }
    for ladder in Ladder::ALL {
        let command = format!("selvedge lesson {}", ladder.problem.name);
        assert!(course.contains(&command), "no chapter says '{command}'");
    }
    for exercise in Exercise::all() {
        let command = format!("selvedge exercise {} ", exercise.number);
        assert!(course.contains(&command), "no chapter says '{command}'");
    }
    for entry in fs::read_dir(root().join("docs/course/pictures")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(!name.ends_with(".svg") || course.contains(&name), "no chapter shows {name}");
    }
}
