//! The text of a kernel, joined from files that declare what they need.

use std::borrow::Cow;

use super::joining::{Joining, Piece};
use super::shader_folder::NO_FOLDER;
use super::unrolling::Loops;
use super::{GpuError, ShaderFile, ShaderFolder, find_shader};

/// WGSL text: files of `shaders/` with everything they import, and custom text.
///
/// A file declares what it is joined with, each directive on its own line:
///
/// ```text
/// #import common/grid.wgsl                                         always, with what that file imports in turn
/// #choose value: common/value_f32.wgsl | common/value_vec4.wgsl    with one of these, as [`Source::choose`] says
/// #const TILE = 64  // what it is                                  with `const TILE: u32`; 64 is only an example
/// #unroll                                                          the loop below is written out for DX12: `for (var i = 0u; ..`
/// ```
///
/// Custom text may use the same directives, and so everything in `shaders/`.
#[derive(Debug, Clone, Default)]
pub struct Source {
    pub(super) texts: Vec<(&'static str, Cow<'static, str>)>,
    pub(super) choices: Vec<(&'static str, &'static str)>,
    pub(super) constants: Vec<(&'static str, u32)>,
    pub(super) is_example: bool,
    trusted: bool,
}

impl Source {
    /// A source of one text. `name` appears in error messages and dispatch lists.
    ///
    /// It always runs with bounds checks, so that a mistake in it gives wrong numbers and nothing worse;
    /// [`Source::trusted`] does not.
    pub fn new(name: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self::default().with(name, text)
    }

    /// As [`Source::new`], but without bounds checks on a device that is opened without them: shorter, faster code.
    ///
    /// # Safety
    /// Whatever numbers the buffers hold, the text must keep every index inside its buffer or array, divide no integer by
    /// zero, end every loop, and write workgroup memory before it reads it. Where it does not, behaviour is undefined: a
    /// driver may read or overwrite memory that belongs to something else.
    #[allow(unsafe_code)]
    pub unsafe fn trusted(name: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self { trusted: true, ..Self::new(name, text) }
    }

    /// One of this crate's files, which may run unchecked.
    pub(crate) fn built_in(file: &'static ShaderFile) -> Self {
        Self { trusted: true, ..Self::new(file.name, file.text) }
    }

    /// One of this crate's files as an example: with the first file of every choice and the example value of every constant.
    /// Complete and valid, but not necessarily a kernel that an op launches.
    pub fn example(file: &'static ShaderFile) -> Self {
        Self { is_example: true, ..Self::built_in(file) }
    }

    /// Appends a text, which also fills the choice of its name. WGSL allows declarations in any order, so the order matters
    /// only to the reader.
    pub fn with(mut self, name: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        self.texts.push((name, text.into()));
        self
    }

    /// Appends all of `other`. The result is trusted only if both are.
    pub fn join(mut self, other: Source) -> Self {
        self.texts.extend(other.texts);
        self.choices.extend(other.choices);
        self.constants.extend(other.constants);
        self.trusted &= other.trusted;
        self
    }

    /// Fills the choice of this name with one of the files that it allows.
    pub fn choose(mut self, choice: &'static str, file: &'static str) -> Self {
        self.choices.push((choice, file));
        self
    }

    /// Sets the value of a `#const`.
    pub fn set(mut self, constant: &'static str, number: u32) -> Self {
        self.constants.push((constant, number));
        self
    }

    /// Names of all files and texts, in the order of [`Source::text`].
    ///
    /// # Errors
    /// As [`Source::text`].
    pub fn names(&self) -> Result<Vec<&str>, GpuError> {
        let pieces = self.pieces(&NO_FOLDER, Loops::Kept)?;
        Ok(pieces.into_iter().map(|piece| piece.name).collect())
    }

    /// The whole text that is compiled, but for DX12: every file once, below a line with its name and below the files it imports.
    ///
    /// # Errors
    /// [`GpuError::Source`] names the file, when it is unknown or imports itself, or when a choice or a constant is missing,
    /// is not one that the files ask for, or is filled with a file that is not allowed.
    pub fn text(&self) -> Result<String, GpuError> {
        Ok(join(&self.pieces(&NO_FOLDER, Loops::Kept)?))
    }

    /// The same with the loops below a line `#unroll` written out, as DX12 gets it.
    ///
    /// # Errors
    /// As [`Source::text`].
    pub fn unrolled_text(&self) -> Result<String, GpuError> {
        Ok(join(&self.pieces(&NO_FOLDER, Loops::WrittenOut)?))
    }

    /// Its files and texts, each after those that it imports.
    pub(super) fn pieces<'a>(&'a self, folder: &'a ShaderFolder, loops: Loops) -> Result<Vec<Piece<'a>>, GpuError> {
        Joining::of(self, folder, loops)
    }

    /// Whether these pieces of it may run without bounds checks: none of this crate's files has been changed.
    pub(super) fn trusts(&self, pieces: &[Piece]) -> bool {
        let is_own = |piece: &Piece| self.texts.iter().any(|(name, _)| *name == piece.name);
        self.trusted
            && pieces.iter().all(|piece| piece.is_built_in() || is_own(piece) && find_shader(piece.name).is_none())
    }
}

/// The text of pieces, each below a line with its name. A text that is somebody's own and needs no other stays as it is, so that
/// compilers count its lines as its author does.
pub(super) fn join(pieces: &[Piece]) -> String {
    if let [Piece { name, text, .. }] = pieces
        && find_shader(name).is_none()
    {
        return text.clone();
    }
    let with_name = |Piece { name, text, .. }: &Piece| format!("// ---- {name}\n{text}");
    pieces.iter().map(with_name).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_takes_the_trust_from_all_that_it_is_part_of() {
        let folder = tempfile::tempdir().unwrap();
        let file = find_shader("common/relu.wgsl").unwrap();
        std::fs::create_dir(folder.path().join("common")).unwrap();
        std::fs::write(folder.path().join(file.name), format!("{}// changed\n", file.text)).unwrap();
        let changed = ShaderFolder::read(folder.path()).unwrap();
        for (name, part) in [("elementwise/relu_grad.wgsl", true), ("common/relu.wgsl", true), ("pool/max.wgsl", false)]
        {
            let source = Source::example(find_shader(name).unwrap());
            let trusts = |folder| source.trusts(&source.pieces(folder, Loops::Kept).unwrap());
            assert!(trusts(&NO_FOLDER), "{name}");
            assert_eq!(trusts(&changed), !part, "{name}");
        }
    }
}
