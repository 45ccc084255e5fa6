//! Writes files of Rust out of `shaders/`, `lessons/` and `web/`, so that nothing about a kernel is said twice: `shaders.rs`,
//! `lessons.rs` and `web.rs` with the name and text of every file, and `params.rs` with every uniform struct as a Rust struct of the
//! same bytes.
//!
//! The WGSL is the definition because people read it: each field has its comment there, beside the code that uses it. What
//! this does not understand is an error with file and line, never a guess.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs, io};

type Result<T> = std::result::Result<T, String>;

/// Texts by name, such as `pool/max.wgsl`.
type Files = BTreeMap<String, String>;

/// The fields of a struct in Rust, and the size and alignment that it has by WGSL's rules.
#[derive(Default)]
struct Struct {
    fields: String,
    size: usize,
    align: usize,
}

/// Structs by their Rust path, such as `pool::windows::Params`.
type Structs = BTreeMap<String, Struct>;

fn error<T>(file: &str, line: usize, problem: &str) -> Result<T> {
    Err(format!("shaders/{file}:{}: {problem}", line + 1))
}

fn read(folder: &Path, prefix: &str, ending: &str, files: &mut Files) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            read(&path, &format!("{name}/"), ending, files)?;
        } else if name.ends_with(ending) {
            files.insert(name, fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// Translates the struct `name` that stands in line `line` of `asking`, and those that stand in it. Gives its Rust path. The
/// asking file declares it, or only one: structs within structs have names of their own.
fn translate(files: &Files, asking: &str, line: usize, name: &str, made: &mut Structs) -> Result<String> {
    let start = format!("struct {name} {{");
    let declares = |file: &&String| files[*file].lines().any(|line| line == start);
    let all: Vec<&String> = files.keys().filter(declares).collect();
    let file = match (all.iter().find(|file| **file == asking), all.as_slice()) {
        (Some(file), _) | (None, [file]) => *file,
        _ => {
            return error(asking, line, &format!("{} files have a line '{start}', not one", all.len()));
        }
    };
    let mut new = Struct::default();
    let lines = files[file].lines().enumerate().skip_while(|(_, line)| *line != start);
    for (i, line) in lines.skip(1).take_while(|(_, line)| *line != "}") {
        let (code, comment) = line.split_once("//").unwrap_or((line, ""));
        let aligned = code.trim().strip_prefix("@align(16) ");
        let code = aligned.unwrap_or(code.trim()).strip_suffix(',');
        let Some((field, ty)) = code.and_then(|code| code.split_once(": ")) else {
            return error(file, i, "a field must look like 'name: type,  // what it is', after @align(16) if at all");
        };
        let (ty, bytes, own) = match ty {
            "u32" | "i32" | "f32" => (ty.to_owned(), 4, 4),
            "array<vec4<u32>, 6>" => ("[[u32; 4]; 6]".to_owned(), 96, 16),
            _ => {
                let path = translate(files, file, i, ty, made)?;
                (format!("crate::gpu::params::{path}"), made[&path].size, made[&path].align)
            }
        };
        new.pad(if aligned.is_some() { 16 } else { own });
        new.fields += &comment.lines().map(|text| format!("///{text}\n")).collect::<String>();
        new.fields += &format!("pub {field}: {ty},\n");
        new.size += bytes;
    }
    new.pad(new.align.max(4));
    let path = format!("{}::{name}", file.trim_end_matches(".wgsl").replace('/', "::"));
    made.insert(path.clone(), new);
    Ok(path)
}

impl Struct {
    /// Moves the end to a multiple of `align`. `Pod` allows no gaps, so the bytes between are a field too.
    fn pad(&mut self, align: usize) {
        self.align = self.align.max(align);
        let words = (self.size.next_multiple_of(align) - self.size) / 4;
        if words > 0 {
            self.fields += &format!("/// Zero.\npub padding_at_{}: [u32; {words}],\n", self.size);
        }
        self.size += 4 * words;
    }
}

fn params(files: &Files) -> Result<String> {
    let mut made = Structs::new();
    for (file, text) in files {
        for (i, line) in text.lines().enumerate().filter(|(_, line)| line.contains("var<uniform>")) {
            match line.strip_suffix(';').and_then(|line| line.rsplit_once(": ")) {
                Some((_, ty)) => translate(files, file, i, ty, &mut made)?,
                None => return error(file, i, "a uniform must look like 'var<uniform> name: Type;'"),
            };
        }
    }
    let mut modules: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
    for (path, Struct { fields, .. }) in &made {
        let (module, name) = path.rsplit_once("::").unwrap_or_default();
        let (folder, file) = module.split_once("::").unwrap_or_default();
        *modules.entry(folder).or_default().entry(file).or_default() += &format!(
            "/// `struct {name}` of `shaders/{folder}/{file}.wgsl`.\n#[repr(C)]\n#[derive(Debug, Clone, Copy, Default, \
             PartialEq, bytemuck::Pod, bytemuck::Zeroable)]\npub struct {name} {{\n{fields}}}\n"
        );
    }
    let module = |name: &str, contents: String| format!("pub mod {name} {{\n{contents}}}\n");
    let folder =
        |files: BTreeMap<&str, String>| files.into_iter().map(|(file, structs)| module(file, structs)).collect();
    Ok(modules.into_iter().map(|(name, files)| module(name, folder(files))).collect())
}

/// All files of a folder beside this one whose names end so.
fn files_of(folder: &str, ending: &str) -> Result<Files> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = Files::new();
    read(&root, "", ending, &mut files).map_err(|e| format!("{}: {e}", root.to_string_lossy()))?;
    Ok(files)
}

/// A table of files as the Rust struct of this name.
fn table(files: &Files, name_of_struct: &str) -> String {
    let file = |(name, text): (&String, &String)| format!("{name_of_struct} {{ name: {name:?}, text: {text:?} }},\n");
    format!("&[\n{}]\n", files.iter().map(file).collect::<String>())
}

fn write() -> Result<()> {
    let files = files_of("shaders", ".wgsl")?;
    let out = env::var("OUT_DIR").map_err(|e| e.to_string())?;
    let write = |name: &str, rust: String| fs::write(Path::new(&out).join(name), rust).map_err(|e| e.to_string());
    write("shaders.rs", table(&files, "ShaderFile"))?;
    write("lessons.rs", table(&files_of("lessons", ".wgsl")?, "LessonFile"))?;
    write("web.rs", table(&files_of("web", ".js")?, "WebFile"))?;
    write("params.rs", params(&files)?)
}

fn main() {
    println!("cargo::rerun-if-changed=shaders");
    println!("cargo::rerun-if-changed=lessons");
    println!("cargo::rerun-if-changed=web");
    if let Err(problem) = write() {
        println!("cargo::error={problem}");
    }
}
