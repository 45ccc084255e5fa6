//! Modules of `web/` as one script.
//!
//! A page that is opened from disk cannot import modules from other files, so these are joined: the lines that import are left out, and
//! the word `export`. The page's script is the text of the files. No two of them may use the same name at their top level.

/// A module.
#[derive(Debug, Clone, Copy)]
struct WebFile {
    /// Its path in `web/`.
    name: &'static str,
    text: &'static str,
}

const FILES: &[WebFile] = include!(concat!(env!("OUT_DIR"), "/web.rs"));

/// A module with all that it imports, each after those that it uses, and what starts it.
pub(super) fn joined(main: &str, start: &str) -> String {
    let mut files = Vec::new();
    collect(main, &mut files);
    let parts = files.iter().map(|file| format!("// ---- web/{}\n{}", file.name, without_modules(file.text)));
    parts.chain([format!("{start}\n")]).collect::<Vec<_>>().join("\n")
}

/// Adds a module behind those that it imports. One that does not exist is left out; a test finds it.
fn collect(name: &str, files: &mut Vec<WebFile>) {
    let Some(file) = FILES.iter().find(|file| file.name == name) else { return };
    for used in imports(file) {
        if !files.iter().any(|known| known.name == used) {
            collect(&used, files);
        }
    }
    files.push(*file);
}

/// The paths in `web/` of the modules that a module imports.
fn imports(file: &WebFile) -> Vec<String> {
    let lines = file.text.lines().filter_map(|line| line.strip_suffix("';")?.split_once(" from '"));
    let folder: Vec<&str> = file.name.split('/').collect();
    let resolved = |path: &str| {
        let mut place = folder[..folder.len() - 1].to_vec();
        for step in path.split('/') {
            match step {
                "." => {}
                ".." => drop(place.pop()),
                step => place.push(step),
            }
        }
        place.join("/")
    };
    lines.map(|(_, path)| resolved(path)).collect()
}

/// A module's text without its imports and exports. An import may take several lines; all end with `from '...';`.
fn without_modules(text: &str) -> String {
    let mut kept = String::new();
    let mut in_import = false;
    for line in text.lines() {
        in_import |= line.starts_with("import ");
        if !in_import {
            kept.push_str(line.strip_prefix("export ").unwrap_or(line));
            kept.push('\n');
        }
        in_import &= !line.ends_with("';");
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_and_exports_are_left_out() {
        let text = "// a\nimport { b } from './b.js';\nimport {\n  c,\n  d,\n} from '../c.js';\nexport const e = 'import this';\n";
        assert_eq!(without_modules(text), "// a\nconst e = 'import this';\n");
        assert_eq!(imports(&WebFile { name: "f/a.js", text }), ["f/b.js", "c.js"]);
    }

    /// In one script, names that two files declare would clash.
    #[test]
    fn no_two_files_declare_the_same_name() {
        let mut declared = std::collections::BTreeMap::new();
        for file in FILES {
            for line in without_modules(file.text).lines() {
                let line = line.strip_prefix("async ").unwrap_or(line);
                let Some((kind, rest)) = line.split_once(' ') else { continue };
                if matches!(kind, "const" | "let" | "class" | "function") {
                    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    let before = declared.insert(name.clone(), file.name);
                    assert_eq!(before, None, "{name} of {}", file.name);
                }
            }
        }
        assert!(declared.len() > 100);
    }

    #[test]
    fn all_modules_that_are_imported_exist_and_every_module_is_in_a_page() {
        for file in FILES {
            for used in imports(file) {
                assert!(FILES.iter().any(|known| known.name == used), "{} imports {used}", file.name);
            }
        }
        let mut used = Vec::new();
        for main in ["lab.js", "model.js"] {
            collect(main, &mut used);
        }
        for file in FILES {
            assert!(used.iter().any(|one| one.name == file.name), "{} is in no page", file.name);
        }
        // Each after those that it uses, and once.
        let lab = joined("lab.js", "openLab();");
        let place = |name: &str| lab.find(&format!("// ---- web/{name}\n")).unwrap();
        assert!(place("tape/tape.js") < place("tape/runner.js") && place("tape/runner.js") < place("lab.js"));
        assert_eq!(lab.matches("// ---- web/page/element.js").count(), 1);
        assert!(!lab.contains("\nimport ") && !lab.contains("\nexport ") && lab.ends_with("openLab();\n"));
    }
}
