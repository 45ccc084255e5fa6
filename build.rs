//! Writes two files of Rust out of `shaders/`, so that nothing about a kernel is said twice:
//!
//! - `shaders.rs`: the name and the text of every file.
//! - `params.rs`: every uniform struct as a Rust struct of the same bytes, `<folder>::<file>::<Struct>`.
//!
//! The WGSL is the definition because people read it: each field has its comment there, beside the code that uses it. What
//! this does not understand is an error with file and line, never a guess.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

type Result<T> = std::result::Result<T, String>;

/// Texts by name, such as `pool/max.wgsl`.
type Files = BTreeMap<String, String>;

/// A struct of WGSL in Rust, and the size and alignment that it has by WGSL's rules.
struct Struct {
    rust: String,
    size: usize,
    align: usize,
}

fn error<T>(file: &str, line: usize, problem: impl std::fmt::Display) -> Result<T> {
    Err(format!("shaders/{file}:{}: {problem}", line + 1))
}

fn read(root: &Path) -> std::io::Result<Files> {
    let mut files = Files::new();
    for folder in fs::read_dir(root)?.map(|entry| entry.map(|entry| entry.path())) {
        let folder = folder?;
        for file in folder
            .is_dir()
            .then(|| fs::read_dir(&folder))
            .transpose()?
            .into_iter()
            .flatten()
        {
            let path = file?.path();
            let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.insert(format!("{}/{}", name(&folder), name(&path)), fs::read_to_string(&path)?);
        }
    }
    Ok(files)
}

/// The line of a file where a struct begins.
fn line_of(text: &str, name: &str) -> Option<usize> {
    text.lines().position(|line| line == format!("struct {name} {{"))
}

/// The file that declares a struct: the asking one, else the only one, because structs within structs have names of their own.
fn home<'a>(files: &'a Files, asking: &'a str, line: usize, name: &str) -> Result<&'a str> {
    let mut declaring = files
        .iter()
        .filter(|(_, text)| line_of(text, name).is_some())
        .map(|(file, _)| file.as_str());
    match (line_of(&files[asking], name), declaring.next(), declaring.next()) {
        (Some(_), ..) => Ok(asking),
        (None, Some(only), None) => Ok(only),
        (None, None, _) => error(asking, line, format!("no file has a line 'struct {name} {{'")),
        (None, Some(_), Some(_)) => error(asking, line, format!("several files have a struct {name}")),
    }
}

/// The Rust path of a struct, below `gpu::params`.
fn path(file: &str, name: &str) -> String {
    format!("{}::{name}", file.trim_end_matches(".wgsl").replace('/', "::"))
}

/// Translates the struct `name` of `file`, and into `made` every other struct that stands in it.
fn translate(files: &Files, file: &str, name: &str, made: &mut BTreeMap<String, Struct>) -> Result<(usize, usize)> {
    let text = &files[file];
    let mut new = Struct {
        rust: String::new(),
        size: 0,
        align: 4,
    };
    let mut docs = String::new();
    let first = line_of(text, name).map_or(0, |line| line + 1);
    for (i, line) in text
        .lines()
        .enumerate()
        .skip(first)
        .take_while(|(_, line)| *line != "}")
    {
        let (mut code, comment) = line.split_once("//").unwrap_or((line, ""));
        docs += &format!("///{comment}\n");
        code = code.trim();
        if code.is_empty() {
            continue;
        }
        let mut align = 4;
        if let Some((number, rest)) = code.strip_prefix("@align(").and_then(|rest| rest.split_once(')')) {
            align = number.parse().or_else(|_| error(file, i, "@align takes a number"))?;
            code = rest.trim();
        }
        let Some((field, ty)) = code.strip_suffix(',').and_then(|code| code.split_once(": ")) else {
            return error(file, i, "a field must look like 'name: type,  // what it is'");
        };
        let (ty, size, own_align) = match ty {
            "u32" | "i32" | "f32" => (ty.to_owned(), 4, 4),
            _ => {
                let home = home(files, file, i, ty)?;
                let (size, align) = translate(files, home, ty, made)?;
                (format!("crate::gpu::params::{}", path(home, ty)), size, align)
            }
        };
        new.pad(align.max(own_align));
        let _ = writeln!(new.rust, "{docs}pub {field}: {ty},");
        docs.clear();
        new.size += size;
    }
    new.pad(new.align);
    let shape = (new.size, new.align);
    made.insert(path(file, name), new);
    Ok(shape)
}

impl Struct {
    /// Moves the end to a multiple of `align`, with a field for the bytes between.
    fn pad(&mut self, align: usize) {
        let words = (self.size.next_multiple_of(align) - self.size) / 4;
        if words > 0 {
            let _ = writeln!(self.rust, "/// Zero.\npub padding_at_{}: [u32; {words}],", self.size);
        }
        self.size += 4 * words;
        self.align = self.align.max(align);
    }
}

fn params(files: &Files) -> Result<String> {
    let mut made = BTreeMap::new();
    for (file, text) in files {
        for (i, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| line.contains("var<uniform>"))
        {
            let Some((_, ty)) = line.trim_end_matches(';').rsplit_once(": ") else {
                return error(file, i, "a uniform must look like 'var<uniform> name: Type;'");
            };
            translate(files, home(files, file, i, ty)?, ty, &mut made)?;
        }
    }
    let mut modules: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
    for (path, Struct { rust: fields, .. }) in &made {
        let [folder, file, name] = path.split("::").collect::<Vec<_>>()[..] else {
            continue;
        };
        let derived = "Debug, Clone, Copy, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable";
        *modules.entry(folder).or_default().entry(file).or_default() += &format!(
            "/// `struct {name}` of `shaders/{folder}/{file}.wgsl`.\n\
             #[repr(C)]\n#[derive({derived})]\npub struct {name} {{\n{fields}}}\n"
        );
    }
    let mut rust = String::new();
    for (folder, files) in modules {
        let files = files
            .iter()
            .map(|(file, structs)| format!("pub mod {file} {{\n{structs}}}\n"));
        let _ = writeln!(rust, "pub mod {folder} {{\n{}}}", files.collect::<String>());
    }
    Ok(rust)
}

fn write() -> Result<()> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("shaders");
    let out = env::var("OUT_DIR").map_err(|e| e.to_string())?;
    let files = read(&root).map_err(|e| format!("{}: {e}", root.to_string_lossy()))?;
    let texts = files.keys().map(|name| {
        let path = root.join(name);
        format!(
            "    ShaderFile {{ name: {name:?}, text: include_str!({:?}) }},\n",
            path.to_string_lossy()
        )
    });
    let table = format!("&[\n{}]\n", texts.collect::<String>());
    let write = |name: &str, rust: String| fs::write(Path::new(&out).join(name), rust).map_err(|e| e.to_string());
    write("shaders.rs", table)?;
    write("params.rs", params(&files)?)
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=shaders");
    if let Err(problem) = write() {
        println!("cargo::error={problem}");
    }
}
