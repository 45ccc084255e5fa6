//! Shader files of a folder in place of those built in: to change a kernel and run it without compiling anything else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{GpuError, find_shader};
use crate::files::{list_folder, read_text, shown};

/// The files of a folder that differ from those of `shaders/` built in, or are not among them.
///
/// The folder has the same form as `shaders/`, and need not hold all files: the others are the ones built in. The host still fills
/// the uniform structs as they were, so these must not change.
#[derive(Debug, Default)]
pub struct ShaderFolder {
    files: BTreeMap<String, String>,
}

/// All files as they were built in.
pub(super) static NO_FOLDER: ShaderFolder = ShaderFolder { files: BTreeMap::new() };

/// Folders within folders that are looked into. `shaders/` has one level.
const DEEPEST: usize = 4;

impl ShaderFolder {
    /// Reads the files `*.wgsl` of a folder and of the folders in it.
    ///
    /// # Errors
    /// [`GpuError::Shaders`] when there are none by the names of those built in, or when one has another uniform struct;
    /// [`GpuError::File`] when it cannot be read.
    pub fn read(path: &Path) -> Result<Self, GpuError> {
        let mut found = BTreeMap::new();
        read(path, path, DEEPEST, &mut found)?;
        let refuse = |problem: String| GpuError::Shaders { folder: path.to_owned(), problem };
        if !found.keys().any(|name| find_shader(name).is_some()) {
            let examples = "gemm/tiled.wgsl or elementwise/map.wgsl";
            return Err(refuse(format!(
                "no file in it has the name of one of this program's shaders, such as {examples}"
            )));
        }
        for (name, text) in &found {
            let built_in = find_shader(name).map_or("", |file| file.text);
            for (structure, fields) in structs(built_in) {
                if structs(text).get(structure) != Some(&fields) {
                    return Err(refuse(format!(
                        "{name} has another struct {structure}, which is filled by code that knows the old one; change the struct in \
                         the source's own shaders/ and build"
                    )));
                }
            }
        }
        for (name, text) in &found {
            let built_in = find_shader(name).map_or("", |file| file.text);
            if find_shader(name).is_some() && workgroup_sizes(text) != workgroup_sizes(built_in) {
                return Err(refuse(format!(
                    "{name} has another @workgroup_size, from which code that knows the old one computes the number of workgroups; \
                     change both in the source and build"
                )));
            }
        }
        found.retain(|name, text| find_shader(name).is_none_or(|file| file.text != text));
        Ok(Self { files: found })
    }

    /// The text of a file that is not as it was built in.
    pub(super) fn find(&self, name: &str) -> Option<(&str, &str)> {
        self.files.get_key_value(name).map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Those of the changed files that no kernel of this program has: perhaps a name is misspelt.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.changed().filter(|name| find_shader(name).is_none())
    }

    /// The names of the files that are not as they were built in.
    pub fn changed(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }
}

fn read(root: &Path, folder: &Path, depth: usize, found: &mut BTreeMap<String, String>) -> Result<(), GpuError> {
    for path in list_folder(folder)? {
        if path.is_dir() {
            if depth > 0 {
                read(root, &path, depth - 1, found)?;
            }
        } else if path.extension().is_some_and(|ending| ending == "wgsl") {
            found.insert(name(root, &path), read_text(&path)?);
        }
    }
    Ok(())
}

/// The path within the folder, with slashes on every system.
fn name(root: &Path, path: &Path) -> String {
    let inside: PathBuf = path.strip_prefix(root).unwrap_or(path).to_owned();
    inside.components().map(|part| shown(part.as_ref())).collect::<Vec<_>>().join("/")
}

/// The expression of each `@workgroup_size`.
fn workgroup_sizes(text: &str) -> Vec<&str> {
    let code = text.lines().filter(|line| !line.starts_with("//"));
    code.filter_map(|line| line.split_once("@workgroup_size(")?.1.split(')').next()).map(str::trim).collect()
}

/// The structs that a text declares: the code of each one's fields, without comments and blanks.
fn structs(text: &str) -> BTreeMap<&str, String> {
    let mut found = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("struct ").and_then(|rest| rest.split(['{', ' ']).next()) {
            let code = |line: &str| line.split("//").next().unwrap_or_default().replace([' ', '\t'], "");
            found.insert(name, lines.by_ref().take_while(|line| *line != "}").map(code).collect());
        }
    }
    found
}
