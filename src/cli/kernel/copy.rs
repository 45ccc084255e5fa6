//! `selvedge kernel copy`

use std::io::Write;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use selvedge::files::{create_folder, escaped, exists, shown, write_atomically};
use selvedge::gpu::{SHADER_FILES, ShaderFile};

/// What to copy.
#[derive(Debug, Args)]
pub struct Options {
    /// Shader files such as loss/softmax.wgsl, or folders of them such as loss; `kernel show` and `kernel list` name them
    #[arg(value_name = "FILE", required = true)]
    names: Vec<String>,
    /// The folder to put them into; give it to --shaders
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let mut files: Vec<&ShaderFile> = Vec::new();
    for name in &options.names {
        let folder = format!("{}/", name.trim_end_matches('/'));
        let own = SHADER_FILES.iter().filter(|file| file.name == *name || file.name.starts_with(&folder));
        let before = files.len();
        files.extend(own);
        if files.len() == before {
            bail!("there is no shader file or folder '{}'; `selvedge kernel list` has all", escaped(name));
        }
    }
    files.sort_by_key(|file| file.name);
    files.dedup();
    // A file that is there may have been changed: nothing is written unless all can be.
    for path in files.iter().map(|file| options.to.join(file.name)) {
        if exists(&path)? {
            bail!("{} exists already; nothing was written. Remove it, or name another folder", shown(&path));
        }
    }
    for file in files {
        let path = options.to.join(file.name);
        if let Some(folder) = path.parent() {
            create_folder(folder)?;
        }
        write_atomically(&path, |out| out.write_all(file.text.as_bytes()))?;
        outln!("{}", shown(&path))?;
    }
    Ok(())
}
