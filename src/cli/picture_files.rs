//! Finds the files meant by the names, folders and patterns given to `predict`.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};
use glob::{MatchOptions, Pattern};
use indicatif::{ProgressBar, ProgressDrawTarget};
use selvedge::data::{PICTURE_ENDINGS, is_picture};
use selvedge::files::{list_folder, shown};

/// How many names a pattern may look at: more than anyone has pictures, far fewer than a disk has files.
const MOST_NAMES: u64 = 200_000;

/// The named files; those of a folder or a pattern are sorted by name.
pub fn find(named: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for path in named {
        let pattern = path.to_string_lossy();
        if path.is_dir() {
            paths.extend(in_folder(path)?);
        } else if !path.exists() && has_wildcard(&pattern) {
            paths.extend(Walk::new(&pattern, MOST_NAMES).matches()?);
        } else {
            paths.push(path.clone());
        }
    }
    Ok(paths)
}

/// The pictures in a folder and in all folders below it, but not in hidden ones.
fn in_folder(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let (mut pictures, mut others, mut seen) = (Vec::new(), 0, 0);
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        let found = list_folder(&inner)?;
        seen += found.len() as u64;
        if seen > MOST_NAMES {
            bail!("{} holds more than {MOST_NAMES} files; name a folder in it", shown(folder));
        }
        for path in found {
            // Links to folders are not followed: they may form a cycle.
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with('.') || name == "__MACOSX" || (path.is_dir() && path.is_symlink()) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if is_picture(&path) && path.is_file() {
                pictures.push(path);
            } else {
                others += 1;
            }
        }
    }
    pictures.sort();
    let endings = PICTURE_ENDINGS.map(|ending| format!(".{ending}")).join(", ");
    if pictures.is_empty() {
        bail!("{} has no pictures ({endings})", shown(folder));
    }
    if others > 0 {
        warn!("{others} of the files in {} are skipped: they are no pictures ({endings})", shown(folder));
    }
    Ok(pictures)
}

fn has_wildcard(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// The search for the files that a pattern matches. It only opens folders that can hold a match.
struct Walk<'a> {
    pattern: &'a str,
    most: u64,
    seen: u64,
    bar: ProgressBar,
    found: Vec<PathBuf>,
}

impl<'a> Walk<'a> {
    fn new(pattern: &'a str, most: u64) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        Self { pattern, most, seen: 0, bar, found: Vec::new() }
    }

    fn matches(mut self) -> anyhow::Result<Vec<PathBuf>> {
        // Two `**` in a row mean the same as one.
        let mut parts: Vec<Component> = Path::new(self.pattern).components().collect();
        parts.dedup_by(|a, b| a == b && is_any_depth(*a));
        let walked = self.walk(Path::new(""), &parts);
        self.bar.finish_and_clear();
        walked?;
        self.found.sort();
        self.found.dedup();
        if self.found.is_empty() {
            bail!("{} matches no file", shown(Path::new(self.pattern)));
        }
        Ok(self.found)
    }

    /// Searches below `base` for files that match the remaining parts of the pattern.
    fn walk(&mut self, base: &Path, parts: &[Component]) -> anyhow::Result<()> {
        let Some((part, rest)) = parts.split_first() else {
            if base.is_file() {
                self.found.push(base.to_owned());
            }
            return Ok(());
        };
        let name = part.as_os_str().to_string_lossy();
        if is_any_depth(*part) {
            self.walk(base, rest)?;
            for entry in self.entries(base)? {
                // Links to folders are not followed: they may form a cycle.
                if entry.is_dir() && !entry.is_symlink() {
                    self.walk(&entry, parts)?;
                } else if rest.is_empty() {
                    self.walk(&entry, rest)?;
                }
            }
        } else if has_wildcard(&name) {
            let pattern =
                Pattern::new(&name).with_context(|| format!("{} is no pattern", shown(Path::new(self.pattern))))?;
            let fits = |entry: &PathBuf| {
                let name = entry.file_name().unwrap_or_default().to_string_lossy();
                pattern.matches_with(&name, MatchOptions::new())
            };
            for entry in self.entries(base)?.into_iter().filter(fits) {
                self.walk(&entry, rest)?;
            }
        } else {
            self.walk(&base.join(part), rest)?;
        }
        Ok(())
    }

    /// The contents of a folder; empty when it is not a folder or cannot be read.
    fn entries(&mut self, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let entries = list_folder(here).unwrap_or_default();
        self.seen += entries.len() as u64;
        if self.seen > self.most {
            bail!(
                "{} leads to more than {} names; let it begin in the folder that the pictures are in, or use fewer **",
                shown(Path::new(self.pattern)),
                self.most
            );
        }
        self.bar.set_message("looking for pictures");
        self.bar.set_position(self.seen);
        // Paths as the pattern has them, without the leading dot.
        let names = entries.iter().filter_map(|entry| entry.file_name());
        Ok(names.map(|name| folder.join(name)).collect())
    }
}

fn is_any_depth(part: Component) -> bool {
    part.as_os_str() == "**"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_pattern_matches_as_in_a_shell_and_no_more_than_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.png", "b.jpg", "one/c.png", "one/two/d.png", "one/two/e.txt", "other/c.png"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path(), folder.path().join("one/circle")).unwrap();
        let matched = |pattern: &str, most: u64| {
            let pattern = folder.path().join(pattern).to_string_lossy().into_owned();
            let found = Walk::new(&pattern, most).matches().map_err(|e| e.to_string())?;
            let inside = found.iter().map(|path| path.strip_prefix(folder.path()).unwrap());
            Ok::<_, String>(inside.map(|path| path.to_string_lossy().replace('\\', "/")).collect::<Vec<_>>())
        };
        assert_eq!(matched("*.png", 100).unwrap(), ["a.png"]);
        assert_eq!(matched("?.[jp]*g", 100).unwrap(), ["a.png", "b.jpg"]);
        assert_eq!(matched("*/c.png", 100).unwrap(), ["one/c.png", "other/c.png"]);
        assert_eq!(matched("one/**/*.png", 100).unwrap(), ["one/c.png", "one/two/d.png"]);
        let all = ["a.png", "one/c.png", "one/two/d.png", "other/c.png"];
        assert_eq!(matched("**/*.png", 100).unwrap(), all);
        assert_eq!(matched("**/**/*.png", 100).unwrap(), all);
        assert!(matched("**/*.gif", 100).unwrap_err().contains("matches no file"));
        assert!(matched("***", 100).unwrap_err().contains("is no pattern"));
        assert!(matched("**/*.png", 5).unwrap_err().contains("more than 5 names"));
        // Folders that the pattern does not lead into are not opened.
        assert_eq!(matched("other/*.png", 1).unwrap(), ["other/c.png"]);
    }
}
