//! Folders that commands write into.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use selvedge::files::create_numbered;
use selvedge::report::Evaluation;

/// The folder that everything of a command is written into. When a command ends without having written anything, folders that
/// were made for it go again.
pub struct OutputFolder {
    path: PathBuf,
    /// Those that were not there before, the innermost first.
    made: Vec<PathBuf>,
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        // A folder with something in it cannot be removed, and stays.
        for path in &self.made {
            let _ = fs::remove_dir(path);
        }
    }
}

/// The folders of a path that are not there yet, the innermost first.
fn missing(path: &Path) -> Vec<PathBuf> {
    let parts = path.ancestors().filter(|part| !part.as_os_str().is_empty());
    parts.take_while(|part| !part.exists()).map(Path::to_owned).collect()
}

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
        Self::create(path)
    }

    fn create(path: PathBuf) -> anyhow::Result<Self> {
        let made = missing(&path);
        fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Self { path, made })
    }

    /// As asked for, or the first of `runs/NAME-1`, `runs/NAME-2`, ... that is free.
    pub fn new(asked: Option<&Path>, name: &str) -> anyhow::Result<Self> {
        match asked {
            Some(path) => Self::fresh(path),
            None => {
                let mut made = missing(Path::new("runs"));
                let path = create_numbered(Path::new("runs"), name).context("runs")?;
                made.insert(0, path.clone());
                Ok(Self { path, made })
            }
        }
    }

    fn fresh(path: &Path) -> anyhow::Result<Self> {
        let folder = Self::create(path.to_owned())?;
        if fs::read_dir(path)
            .with_context(|| path.display().to_string())?
            .next()
            .is_some()
        {
            bail!(
                "the folder {} exists already and is not empty; choose another with --out",
                path.display()
            );
        }
        Ok(folder)
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
        let name = Path::new(&evaluation.name)
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let path = self.path.join(format!("{}-{name}", number + 1));
        fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(path)
    }
}
