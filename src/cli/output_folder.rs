//! Folders that commands write into.

use std::path::{Path, PathBuf};

use anyhow::bail;
use selvedge::files::{create_folder, create_numbered, exists, list_folder, shown};
use selvedge::report::Evaluation;

/// The folder that everything of a command is written into.
pub struct OutputFolder(PathBuf);

impl OutputFolder {
    /// Inside of the folder of a run, beside a file, or as asked for.
    pub fn of_model(asked: Option<&Path>, model: &Path, what: &str, tta: bool) -> anyhow::Result<Self> {
        if let Some(path) = asked {
            return Self::fresh(path);
        }
        let name = format!("evaluation-{what}{}", if tta { "-tta" } else { "" });
        let path = if model.is_dir() {
            model.join(name)
        } else {
            // Several files of a folder get a folder each.
            let stem = model.file_stem().unwrap_or_default().to_string_lossy();
            model.with_file_name(format!("{stem}-{name}"))
        };
        create_folder(&path)?;
        Ok(Self(path))
    }

    /// As asked for, or the first of `runs/NAME-1`, `runs/NAME-2`, ... that is free.
    pub fn new(asked: Option<&Path>, name: &str) -> anyhow::Result<Self> {
        match asked {
            Some(path) => Self::fresh(path),
            None => Ok(Self(create_numbered(Path::new("runs"), name)?)),
        }
    }

    fn fresh(path: &Path) -> anyhow::Result<Self> {
        Self::refuse_used(path)?;
        create_folder(path)?;
        Ok(Self(path.to_owned()))
    }

    /// Refuses a folder that holds something already, before any work is done.
    pub fn refuse_used(path: &Path) -> anyhow::Result<()> {
        if exists(path)? && !list_folder(path)?.is_empty() {
            bail!(
                "the folder {} exists already and is not empty; choose another with --out",
                shown(path)
            );
        }
        Ok(())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The last part of its path.
    pub fn name(&self) -> String {
        self.0.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Where the files of one of `count` evaluations go.
    pub fn of(&self, number: usize, count: usize, evaluation: &Evaluation) -> anyhow::Result<PathBuf> {
        if count == 1 {
            return Ok(self.0.clone());
        }
        let name = Path::new(&evaluation.name)
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let path = self.0.join(format!("{}-{name}", number + 1));
        create_folder(&path)?;
        Ok(path)
    }
}
