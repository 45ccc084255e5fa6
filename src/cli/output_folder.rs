//! Folders that commands write into.

use std::path::{Path, PathBuf};

use anyhow::bail;
use selvedge::files::{create_folder, create_numbered, exists, list_folder, shown};
use selvedge::report::Evaluation;

/// The folder that a command writes all its files into. When a command ends without having written anything, the folders made
/// for it are removed again.
pub struct OutputFolder {
    path: PathBuf,
    /// The folders that did not exist before, innermost first.
    made: Vec<PathBuf>,
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        // A folder that is not empty cannot be removed, and stays.
        for path in &self.made {
            let _ = std::fs::remove_dir(path);
        }
    }
}

/// The folders of a path that do not exist yet, innermost first.
fn missing(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut missing = Vec::new();
    for part in path.ancestors().filter(|part| !part.as_os_str().is_empty()) {
        if exists(part)? {
            break;
        }
        missing.push(part.to_owned());
    }
    Ok(missing)
}

impl OutputFolder {
    /// The requested folder, or else one inside the run's folder, or next to a weight file.
    pub fn of_model(asked: Option<&Path>, model: &Path, what: &str, tta: bool) -> anyhow::Result<Self> {
        if let Some(path) = asked {
            return Self::fresh(path);
        }
        let name = format!("evaluation-{what}{}", if tta { "-tta" } else { "" });
        let path = if model.is_dir() {
            model.join(name)
        } else {
            // Several files in one folder get an output folder each.
            let stem = model.file_stem().unwrap_or_default().to_string_lossy();
            model.with_file_name(format!("{stem}-{name}"))
        };
        Self::create(path)
    }

    fn create(path: PathBuf) -> anyhow::Result<Self> {
        let made = missing(&path)?;
        create_folder(&path)?;
        Ok(Self { path, made })
    }

    /// The requested folder, or else the first of `runs/NAME-1`, `runs/NAME-2`, ... that is free.
    pub fn new(asked: Option<&Path>, name: &str) -> anyhow::Result<Self> {
        match asked {
            Some(path) => Self::fresh(path),
            None => {
                let mut made = missing(Path::new("runs"))?;
                let path = create_numbered(Path::new("runs"), name)?;
                made.insert(0, path.clone());
                Ok(Self { path, made })
            }
        }
    }

    fn fresh(path: &Path) -> anyhow::Result<Self> {
        Self::refuse_used(path)?;
        Self::create(path.to_owned())
    }

    /// Refuses a folder that is not empty, before any work is done.
    pub fn refuse_used(path: &Path) -> anyhow::Result<()> {
        if exists(path)? && !list_folder(path)?.is_empty() {
            bail!("the folder {} exists already and is not empty; choose another with --out", shown(path));
        }
        Ok(())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last part of its path.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Where the files of one of `count` evaluations go.
    pub fn of(&self, number: usize, count: usize, evaluation: &Evaluation) -> anyhow::Result<PathBuf> {
        if count == 1 {
            return Ok(self.path.clone());
        }
        let name = Path::new(&evaluation.name).file_name().unwrap_or_default().to_string_lossy();
        let path = self.path.join(format!("{}-{name}", number + 1));
        create_folder(&path)?;
        Ok(path)
    }
}
