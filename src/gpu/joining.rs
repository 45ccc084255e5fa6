//! Follows the directives of WGSL files; [`Source`] describes them.
//!
//! `naga_oil` has imports for WGSL too. Its composer works on naga's intermediate representation: it decorates names, works
//! with only one version of naga, and has no joined text to show. The files here are written for each other, so no name needs
//! a prefix, and the text that is compiled is the one that people read, in error messages too.

use super::unrolling::Loops;
use super::{GpuError, ShaderFolder, Source, find_shader};

/// The longest row of files that import each other.
const DEEPEST: usize = 32;

/// Finds a file by its name: its name and its text.
type Find<'a, 'f> = &'f dyn Fn(&str) -> Option<(&'a str, &'a str)>;

/// One file of a joined text.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    pub name: &'a str,
    /// As it is compiled, without directives.
    pub text: String,
    /// As it was written.
    written: &'a str,
}

impl Piece<'_> {
    /// Whether it is one of this crate's files as it was built in.
    pub fn is_built_in(&self) -> bool {
        find_shader(self.name).is_some_and(|file| file.text == self.written)
    }
}

/// A choice that a file leaves open.
#[derive(Debug)]
struct Choice<'a> {
    name: &'a str,
    file: &'a str,
    allowed: Vec<&'a str>,
}

/// A text while it is being joined.
pub(super) struct Joining<'a, 'f> {
    source: &'a Source,
    find: Find<'a, 'f>,
    loops: Loops,
    pieces: Vec<Piece<'a>>,
    /// Files whose imports are being followed: each imports the next.
    path: Vec<&'a str>,
    choices: Vec<Choice<'a>>,
    constants: Vec<(&'a str, u32)>,
}

impl<'a, 'f> Joining<'a, 'f> {
    /// All files of `source`, each after the files that it imports; files of the folder in place of those built in.
    pub fn of(source: &'a Source, folder: &'a ShaderFolder, loops: Loops) -> Result<Vec<Piece<'a>>, GpuError> {
        let find = |name: &str| folder.find(name).or_else(|| find_shader(name).map(|file| (file.name, file.text)));
        Joining::with(source, &find, loops)
    }

    fn with(source: &'a Source, find: Find<'a, 'f>, loops: Loops) -> Result<Vec<Piece<'a>>, GpuError> {
        let mut joining = Self {
            source,
            find,
            loops,
            pieces: Vec::new(),
            path: Vec::new(),
            choices: Vec::new(),
            constants: Vec::new(),
        };
        for (name, text) in &source.texts {
            let is_file = find_shader(name).is_some_and(|file| file.text == text);
            let (name, text) = find(name).filter(|_| is_file).unwrap_or((name, text));
            joining.add(name, text)?;
        }
        while let Some(open) = joining.choices.iter().find(|choice| !joining.is_filled(choice)) {
            match open.allowed.first() {
                Some(first) if source.is_example => joining.add_file(open.file, first)?,
                _ => return Err(open.error("must be")),
            }
        }
        joining.check_given()?;
        Ok(joining.pieces)
    }

    fn add(&mut self, name: &'a str, written: &'a str) -> Result<(), GpuError> {
        if self.pieces.iter().any(|piece| piece.name == name && piece.written == written) {
            return Ok(());
        }
        if self.path.contains(&name) {
            return Err(error(name, format!("it imports itself, through {}", self.path.join(", "))));
        }
        if self.path.len() >= DEEPEST {
            return Err(error(name, format!("{DEEPEST} files import each other in a row, which is too many")));
        }
        self.path.push(name);
        let mut text = String::with_capacity(written.len());
        let mut choices: Vec<Choice> = Vec::new();
        for line in written.lines() {
            match directive(line) {
                None => text.extend([line, "\n"]),
                Some(("import", file)) => self.add_file(name, file)?,
                Some(("choose", line)) => {
                    let (choice, files) = line.split_once(':').unwrap_or((line, ""));
                    let allowed = files.split('|').map(str::trim);
                    // A long choice spans several lines.
                    match choices.last_mut().filter(|last| last.name == choice) {
                        Some(last) => last.allowed.extend(allowed),
                        None => choices.push(Choice { name: choice, file: name, allowed: allowed.collect() }),
                    }
                }
                Some(("const", constant)) => text += &self.constant(name, constant)?,
                Some((other, _)) => return Err(error(name, format!("there is no directive #{other}"))),
            }
        }
        for choice in &choices {
            if let Some((_, file)) = self.source.choices.iter().find(|(name, _)| *name == choice.name) {
                if !choice.allowed.contains(file) {
                    return Err(choice.error(&format!("is {file}, but must be")));
                }
                self.add_file(name, file)?;
            }
        }
        self.choices.extend(choices);
        self.path.pop();
        let text = self.loops.apply(name, &text, &self.constants)?;
        self.pieces.push(Piece { name, text, written });
        Ok(())
    }

    fn add_file(&mut self, importing: &'a str, name: &'a str) -> Result<(), GpuError> {
        match (self.find)(name) {
            Some((name, text)) => self.add(name, text),
            None => Err(error(importing, format!("there is no file {name} in shaders/"))),
        }
    }

    /// The declaration of a constant.
    fn constant(&mut self, file: &str, line: &'a str) -> Result<String, GpuError> {
        let (name, rest) = line.split_once(" = ").unwrap_or((line, ""));
        let (example, comment) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
        let given = self.source.constants.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
        let number = match given {
            None if self.source.is_example => example.parse().ok(),
            given => given,
        };
        let number = number.ok_or_else(|| error(file, format!("the constant {name} is not set")))?;
        self.constants.push((name, number));
        Ok(format!("const {name}: u32 = {number}u;{comment}\n"))
    }

    fn is_joined(&self, name: &str) -> bool {
        self.pieces.iter().any(|piece| piece.name == name)
    }

    /// Whether one of a choice's files has been joined, or a text with its name.
    fn is_filled(&self, choice: &Choice) -> bool {
        self.is_joined(choice.name) || choice.allowed.iter().any(|file| self.is_joined(file))
    }

    /// Checks that every given choice and constant is one that a file asks for.
    fn check_given(&self) -> Result<(), GpuError> {
        let known: Vec<&str> = self.choices.iter().map(|choice| choice.name).collect();
        let choices = self.source.choices.iter().map(|(name, _)| (name, &known));
        let declared: Vec<&str> = self.constants.iter().map(|(name, _)| *name).collect();
        let constants = self.source.constants.iter().map(|(name, _)| (name, &declared));
        match choices.chain(constants).find(|(name, known)| !known.contains(name)) {
            Some((name, _)) => {
                let first = self.source.texts.first().map_or("a source without text", |(name, _)| *name);
                Err(error(first, format!("neither it nor what it imports asks for {name}")))
            }
            None => Ok(()),
        }
    }
}

impl Choice<'_> {
    fn error(&self, problem: &str) -> GpuError {
        let allowed = self.allowed.join(" or ");
        error(self.file, format!("the choice '{}' {problem} {allowed}", self.name))
    }
}

/// A directive and the rest of its line.
fn directive(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix('#')?.split_once(' ')?;
    Some((name, rest.trim()))
}

fn error(file: &str, problem: String) -> GpuError {
    GpuError::Source { file: file.to_owned(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_import_each_other_are_refused() {
        let files = [("one", "#import two"), ("two", "#import one")];
        let find = |name: &str| files.into_iter().find(|(file, _)| *file == name);
        let source = Source::new("mine", "#import one");
        let error = Joining::with(&source, &find, Loops::Kept).unwrap_err().to_string();
        assert!(error.contains("one") && error.contains("two"), "{error}");
    }
}
