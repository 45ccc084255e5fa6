//! The files under `shaders/`: what each says of itself, and how they are joined.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use selvedge::gpu::{Gpu, GpuOptions, SHADER_FILES, ShaderFile, Source, find_shader};
use selvedge::tensor::Graph;

/// Every file under `shaders/` with its text.
fn shader_files() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let entries = |folder: &Path| std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect::<Vec<_>>();
    let folders = entries(&root).into_iter().filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| entries(&folder));
    files
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// What follows `#name ` in each line of a file that begins with it.
fn directives<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let said = |line: &'a str| line.strip_prefix('#')?.strip_prefix(name)?.strip_prefix(' ');
    text.lines().filter_map(said).map(str::trim).collect()
}

/// The names that a file declares, and those that the files of its choices declare.
fn declared(files: &BTreeMap<String, String>, name: &str) -> BTreeSet<String> {
    let text = &files[name];
    let mut names = BTreeSet::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let keywords = ["fn", "struct", "const", "override", "alias", "storage", "uniform", "workgroup", "private"];
        let is_declaration = !line.starts_with([' ', '/', '}']);
        let names_of_line = words.windows(2).filter(|pair| keywords.contains(&pair[0]));
        names.extend(names_of_line.filter(|_| is_declaration).map(|pair| pair[1].to_owned()));
        // In `var<storage, read> x`, the name does not directly follow a keyword.
        let after = line.split_once("> ").map(|(_, rest)| rest.split(':').next().unwrap().to_owned());
        names.extend(after.filter(|_| line.contains("var<")));
    }
    for choice in directives(text, "choose") {
        let (_, allowed) = choice.split_once(':').unwrap();
        let allowed = allowed.split('|').map(str::trim);
        // Text written by the host is not a file.
        let allowed = allowed.filter(|file| files.contains_key(*file));
        names.extend(allowed.flat_map(|file| declared(files, file)));
    }
    names
}

/// A file with one file for each choice, or with a text where the host writes one.
fn example_of(file: &'static ShaderFile) -> Source {
    let example = Source::example(file);
    match file.name {
        "elementwise/zip3.wgsl" => {
            example.with("f", "fn f(a: Value, b: Value, e: Value, c: f32, d: f32) -> Value { return a * b + e; }")
        }
        _ => example,
    }
}

#[test]
fn every_file_imports_what_it_uses_and_uses_what_it_imports() {
    let files = shader_files();
    assert_eq!(SHADER_FILES.iter().map(|file| file.name).collect::<Vec<_>>(), files.keys().collect::<Vec<_>>());
    for file in SHADER_FILES {
        // The file is complete by itself: with one file for each choice, everything it uses is declared.
        let text = example_of(file).text().unwrap();
        if let Err(error) = naga::front::wgsl::parse_str(&text) {
            panic!("{}: {}", file.name, error.emit_to_string(&text));
        }
        let code: String =
            file.text.lines().filter(|line| !line.starts_with(['#', '/'])).collect::<Vec<_>>().join("\n");
        let words: BTreeSet<&str> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        for import in directives(file.text, "import") {
            let names = declared(&files, import);
            let fills_a_choice =
                files.values().any(|text| directives(text, "choose").iter().any(|c| c.contains(import)));
            assert!(
                fills_a_choice || names.iter().any(|name| words.contains(name.as_str())),
                "{} imports {import}, but uses none of {names:?}",
                file.name
            );
        }
    }
}

/// Checks that joining a text fails, with an error that contains all `parts`.
#[track_caller]
fn refused(source: Source, parts: &[&str]) {
    let error = source.text().unwrap_err().to_string();
    assert!(parts.iter().all(|part| error.contains(part)), "{error}");
}

#[test]
fn what_cannot_be_joined_is_refused_with_the_file_at_fault() {
    let text = |text| Source::new("mine", text);
    refused(text("#import common/rid.wgsl"), &["mine", "common/rid.wgsl"]);
    refused(text("#include common/grid.wgsl"), &["mine", "#include"]);
    let open = || text("#import common/relu.wgsl");
    refused(open(), &["common/relu.wgsl", "value", "common/value_vec4.wgsl"]);
    refused(open().choose("value", "common/grid.wgsl"), &["common/relu.wgsl", "common/grid.wgsl"]);
    refused(open().choose("value", "common/value_f32.wgsl").choose("values", ""), &["mine", "values"]);
    refused(text("#const SIDE = 4"), &["mine", "SIDE"]);
    refused(text("").set("SIDE", 4), &["mine", "SIDE"]);
}

#[test]
fn a_joined_text_holds_each_file_once_below_its_name() {
    let source =
        Source::new("mine", "#import common/grid.wgsl\n#import common/relu.wgsl\n#const SIDE = 4  // of a tile\n")
            .with("other", "#import common/grid.wgsl")
            .choose("value", "common/value_f32.wgsl")
            .set("SIDE", 8);
    let names = source.names().unwrap();
    assert_eq!(names, ["common/grid.wgsl", "common/value_f32.wgsl", "common/relu.wgsl", "mine", "other"]);
    let text = source.text().unwrap();
    assert_eq!(text.matches("fn linear_workgroup").count(), 1);
    assert!(text.contains("// ---- mine\nconst SIDE: u32 = 8u;  // of a tile\n"), "{text}");
    naga::front::wgsl::parse_str(&text).unwrap();
}

#[test]
fn every_field_of_a_uniform_has_a_comment() {
    let files = shader_files();
    let fields_of = |text: &str, name: &str| -> Vec<String> {
        let from = text.split_once(&format!("struct {name} {{\n")).map_or("", |(_, rest)| rest);
        from.lines().take_while(|line| *line != "}").map(str::to_owned).collect()
    };
    // The structs of uniforms, and the structs within them.
    let mut names = BTreeSet::from(["Params".to_owned()]);
    for text in files.values() {
        let types = fields_of(text, "Params").into_iter().filter_map(|line| Some(line.split_once(": ")?.1.to_owned()));
        names.extend(
            types.filter(|ty| ty.starts_with(char::is_uppercase)).map(|ty| ty.split(',').next().unwrap().to_owned()),
        );
    }
    assert!(names.len() > 4, "{names:?}");
    for (file, text) in &files {
        for field in names.iter().flat_map(|name| fields_of(text, name)) {
            assert!(field.contains("// "), "{file}: {field}");
        }
    }
}

#[test]
fn every_file_explains_itself() {
    for (name, text) in shader_files() {
        let header: Vec<&str> = text.lines().take_while(|line| line.starts_with("//")).collect();
        assert!(header.len() >= 5, "{name}: {} lines of header", header.len());
        if text.contains("@compute") {
            for part in ["Threads:", "Bytes:", "Why:"] {
                assert!(header.iter().any(|line| line.contains(part)), "{name}: the header has no '{part}'");
            }
        }
    }
}

#[test]
fn every_file_is_in_the_reading_order() {
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders/README.md")).unwrap();
    for name in shader_files().keys() {
        let file = name.rsplit('/').next().unwrap();
        assert!(guide.contains(file), "shaders/README.md does not mention {name}");
    }
}

/// The relu of -1 and 3 on a device with the shaders of a folder.
fn relu_with(folder: &Path) -> Result<Vec<f32>, String> {
    let options = GpuOptions { shaders: Some(folder.to_owned()), ..GpuOptions::from_env().unwrap() };
    let gpu = Gpu::open(&options).map_err(|e| e.to_string())?;
    let graph = Graph::new(&gpu);
    let x = graph.tensor([2], &[-1.0, 3.0]).unwrap();
    x.relu().and_then(|y| y.to_vec()).map_err(|e| e.to_string())
}

#[test]
fn a_folder_of_shaders_takes_the_place_of_those_built_in() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let text = |name: &str| find_shader(name).unwrap().text;
    assert!(relu_with(folder.path()).unwrap_err().contains("no file in it has the name"));
    assert!(relu_with(&folder.path().join("missing")).unwrap_err().contains("missing"));

    // Files that are the same, and those that others import.
    write("elementwise/map.wgsl", text("elementwise/map.wgsl"));
    assert_eq!(relu_with(folder.path()).unwrap(), [0.0, 3.0]);
    let changed = text("elementwise/map.wgsl").replace("f(", "2.0 * f(");
    assert_ne!(changed, text("elementwise/map.wgsl"));
    write("elementwise/map.wgsl", &changed);
    assert_eq!(relu_with(folder.path()).unwrap(), [0.0, 6.0]);

    // What the compiler says, with the name of the file.
    write("elementwise/map.wgsl", &changed.replace("2.0 *", "2.0 +* "));
    let error = relu_with(folder.path()).unwrap_err();
    assert!(error.contains("elementwise/map.wgsl") && error.contains("2.0 +*"), "{error}");
    // The host fills the struct as it was.
    write("elementwise/map.wgsl", &changed.replace("len: u32,", "len: u32,\n    more: u32,"));
    let error = relu_with(folder.path()).unwrap_err();
    assert!(error.contains("elementwise/map.wgsl has another struct Params"), "{error}");
    // A comment in it may change.
    write("elementwise/map.wgsl", &changed.replace("len: u32,", "len: u32, // elements, and"));
    assert_eq!(relu_with(folder.path()).unwrap(), [0.0, 6.0]);
}
