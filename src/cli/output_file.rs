//! Output files named on the command line.

use std::path::Path;

use anyhow::bail;
use clap::Args;
use selvedge::files::{exists, refuse_target, shown};

/// Whether an output file may replace an existing one.
#[derive(Debug, Clone, Copy, Args)]
pub struct ForceOption {
    /// Replace the output file if it exists
    #[arg(long)]
    force: bool,
}

impl ForceOption {
    /// Refuses, before any work is done, an output file that is not a plain file, is one of the `inputs` (even through a link),
    /// has none of the `endings`, or exists already and may not be replaced.
    pub fn check(self, option: &str, path: &Path, endings: &[&str], inputs: &[&Path]) -> anyhow::Result<()> {
        refuse_target(path)?;
        if inputs.iter().any(|input| same_file::is_same_file(path, input).unwrap_or(false)) {
            bail!("{option} is {}, which is read here; choose another name", shown(path));
        }
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
        if !endings.iter().any(|one| ending.as_deref().is_some_and(|e| e == *one)) {
            let endings: Vec<String> = endings.iter().map(|ending| format!(".{ending}")).collect();
            bail!("{option} is {}, but must end with {}", shown(path), endings.join(" or "));
        }
        if !self.force && exists(path)? {
            bail!(
                "{} exists already and stays as it is; choose another name with {option}, or replace it with --force",
                shown(path)
            );
        }
        match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
                bail!("{option} is {}, but there is no folder {}", shown(path), shown(folder))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_files_of_the_format_are_written_unless_forced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let check = |force, name: &str, inputs: &[&Path]| {
            let checked = ForceOption { force }.check("--show", &at(name), &["png"], inputs);
            checked.map_err(|e| e.to_string())
        };
        std::fs::write(at("old.png"), "old").unwrap();
        assert!(check(false, "new.png", &[]).is_ok() && check(false, "new.PNG", &[]).is_ok());
        assert!(check(false, "new.jpg", &[]).unwrap_err().contains("must end with .png"));
        assert!(check(false, "new", &[]).unwrap_err().contains("must end with .png"));
        assert!(check(false, "old.png", &[]).unwrap_err().contains("--force"));
        assert!(check(true, "old.png", &[]).is_ok());
        assert!(check(false, "no/new.png", &[]).unwrap_err().contains("there is no folder"));
        // Even with --force an input is safe, by whatever name.
        let read = at("old.png");
        assert!(check(true, "old.png", &[&read]).unwrap_err().contains("is read here"));
        std::fs::hard_link(&read, at("same.png")).unwrap();
        assert!(check(true, "same.png", &[&read]).unwrap_err().contains("is read here"));
        assert!(check(true, "other/../old.png", &[&read]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_plain_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("target"), "kept").unwrap();
        std::os::unix::fs::symlink(at("target"), at("link.png")).unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("broken.png")).unwrap();
        std::fs::create_dir(at("folder.png")).unwrap();
        std::fs::write(at("protected.png"), "kept").unwrap();
        let mut permissions = at("protected.png").metadata().unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(at("protected.png"), permissions).unwrap();
        for (name, what) in [
            ("link.png", "a link"),
            ("broken.png", "a link"),
            ("folder.png", "a folder"),
            ("protected.png", "write-protected"),
        ] {
            let refused = ForceOption { force: true }.check("--show", &at(name), &["png"], &[]);
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains(what), "{name}: {refused}");
        }
    }
}
