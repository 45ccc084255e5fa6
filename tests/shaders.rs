//! Every variant of every shader passes naga's validation and translates for Vulkan, Metal and DX12.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use common::{cores, gpu_with};
use naga::ShaderStage;
use naga::back::{hlsl, msl, spv};
use naga::valid::{Capabilities, ValidationFlags, Validator};
use selvedge::gpu::{Kernel, SHADER_FILES, ShaderFile, Source, find_shader};
use selvedge::optim::{Group, Optimiser, Rule};
use selvedge::tensor::ops::{
    Augment, Batch, Binary, DataSet, Flip, MIXING, NormSettings, Padding, Pixels, RunningUpdate, Unary, Window,
};
use selvedge::tensor::{Graph, Result, Shape, Tensor};

/// The kernels of a graph that uses every op, forward and backward, with sizes that reach every variant of the matrix product.
fn kernels_of_every_op(graph: &Graph) -> Result<Vec<Kernel>> {
    let zeros = |shape: &[usize]| graph.zeros(shape);
    let seed_and_step = graph.tensor_u32([2], &[0, 0])?;
    let labels = graph.tensor_u32([2], &[0, 1])?;
    let mut outputs: Vec<Tensor> = Vec::new();

    outputs.extend(products(graph)?);
    outputs.extend(rows_of_the_table(graph)?);
    outputs.extend(ops_on_axes(graph)?);

    let x = zeros(&[2, 6, 6, 4])?;
    let ones = zeros(&[4])?;
    let plain = NormSettings::plain(1e-5);
    let beside = NormSettings { relu_before: true, relu_after: true, pool: [2, 2], ..plain };
    let norm = x.batch_norm(&ones, &ones, plain)?;
    let statistics = graph.arena("running", &[([4].into(), vec![0.0; 4]), ([4].into(), vec![1.0; 4])])?;
    let [mean, variance] = [&statistics.parts[0], &statistics.parts[1]];
    let frozen = x.batch_norm_inference(&ones, &ones, mean, variance, plain)?;
    let moments = norm.moments.clone();
    outputs.push(statistics.update_running(&[RunningUpdate { moments, mean_part: 0 }], 0.1)?);
    for channels in [4, 3] {
        let (x, ones) = (zeros(&[2, 6, 6, channels])?, zeros(&[channels])?);
        let pooled = x.batch_norm(&ones, &ones, beside)?.y;
        let given = zeros(&[channels])?;
        let frozen = x.batch_norm_inference(&ones, &ones, &given, &given, beside)?;
        outputs.extend(pooled.add(&frozen)?.sum()?.backward(&[&x, &ones])?);
    }
    let window = Window::new([3, 3], [2, 2], Padding::Same);
    let pooled = [norm.y.max_pool(window)?, frozen.avg_pool(window, true)?, frozen.avg_pool(window, false)?];
    let joined = Tensor::concat(&[&pooled[0], &pooled[1], &pooled[2]])?;
    let features = joined.resize_bilinear([5, 5])?.leaky_relu(0.3)?.global_avg_pool()?;
    let (w, bias) = (zeros(&[12, 12])?, zeros(&[12])?);
    let features = features.linear_dropout(&w, &bias, 0.5, &seed_and_step, 2)?;
    let dropped = features.dropout(0.5, &seed_and_step, 1)?.mul(&features)?.mul(&zeros(&[12])?)?;
    let logits = dropped.add(&zeros(&[12])?)?.scale(2.0)?;
    let softmaxes = logits.softmax()?.add(&logits.log_softmax()?)?;
    let entropy = logits.cross_entropy(&labels, 0.1)?;
    let loss = entropy.losses.sum()?.add(&softmaxes.sum()?)?;
    outputs.extend(loss.backward(&[&x])?);
    outputs.push(loss.clone());
    outputs.push(zeros(&[2])?.add_to_totals(&entropy.scores)?);
    let pairs = graph.tensor_u32([2, 2], &[0; 4])?;
    let mixed = logits.cross_entropy_mixed(&pairs, &zeros(&[MIXING])?, 0.1)?;
    outputs.extend(mixed.losses.sum()?.backward(&[&x])?);

    let parameters: Vec<(Shape, Vec<f32>)> = vec![([4].into(), vec![0.0; 4]), ([4].into(), vec![0.0; 4])];
    let arena = graph.arena("parameters", &parameters)?;
    for rule in [Rule::SGD, Rule::ADAM] {
        let groups = [Some(Group::PLAIN), None];
        // Both parts have the same gradient, so that it has to be copied.
        let gradient = &loss.backward(&[&ones])?[0];
        let optimiser = Optimiser::with_groups(graph, &arena, rule, &groups)?;
        let updated = optimiser.record_clipped(&arena, &[gradient.clone(), gradient.clone()], Some(1.0))?;
        let average = graph.zeros(arena.flat.shape())?;
        outputs.push(average.average(&updated, &zeros(&[1])?)?);
        outputs.push(updated);
    }

    outputs.extend(ops_on_data(graph)?);
    let outputs: Vec<&Tensor> = outputs.iter().collect();
    let mut compiled = graph.compile(&outputs)?;
    Ok(compiled.program().kernels().cloned().collect())
}

/// Dense layers and convolutions.
fn products(graph: &Graph) -> Result<Vec<Tensor>> {
    let zeros = |shape: &[usize]| graph.zeros(shape);
    let mut outputs = Vec::new();
    // Numbers of channels that are multiples of 4 or not, narrow and wide, with and without bias.
    for [in_c, out_c] in [[3, 5], [4, 68], [8, 64], [3, 64], [8, 10]] {
        let (x, w, bias) = (zeros(&[2, 6, 6, in_c])?, zeros(&[3, 3, in_c, out_c])?, zeros(&[out_c])?);
        let plain = x.conv2d(&w, None, [2, 1], Padding::Same, false)?;
        let fused = x.conv2d(&w, Some(&bias), [2, 1], Padding::Same, true)?;
        let loss = plain.add(&fused)?.sum()?;
        outputs.extend(loss.backward(&[&x, &w, &bias])?);

        let (x, w) = (zeros(&[6, in_c])?, zeros(&[in_c, out_c])?);
        let loss = x.linear(&w, &bias, true)?.add(&x.matmul(&w)?)?.sum()?;
        outputs.extend(loss.backward(&[&x, &w])?);
    }

    // A small weight and a large image: the sum is split.
    let (x, w, bias) = (zeros(&[4, 12, 12, 3])?, zeros(&[3, 3, 3, 5])?, zeros(&[5])?);
    let y = x.conv2d(&w, Some(&bias), [1, 1], Padding::Same, false)?;
    outputs.extend(y.sum()?.backward(&[&w, &bias])?);
    Ok(outputs)
}

/// Batches from a data set.
fn ops_on_data(graph: &Graph) -> Result<Vec<Tensor>> {
    let mut outputs = Vec::new();
    let words = graph.tensor_u32([4], &[0; 4])?;
    let place = graph.tensor_u32([2], &[0, 0])?;
    let mixing = graph.zeros([MIXING])?;
    let pixels = Pixels { height: 2, width: 2, mean: 0.0, deviation: 1.0 };
    let data = DataSet { images: words.clone(), labels: words.clone() };
    let augment = Augment { flip: Flip::Random, ..Augment::NONE };
    for (augment, mixing) in [(None, None), (Some((&augment, 1)), None), (Some((&augment, 1)), Some(&mixing))] {
        let batch = Batch { order: &words, place: &place, size: 2, augment, mixing };
        outputs.push(data.gather(batch, pixels)?.0);
    }
    outputs.push(graph.zeros([4, 3])?.gather_rows(&words, &place, 2)?);
    Ok(outputs)
}

/// Every pointwise op, forward and backward: four numbers and one at a time, and with both inputs repeated.
fn rows_of_the_table(graph: &Graph) -> Result<Vec<Tensor>> {
    let mut outputs = Vec::new();
    for len in [8, 7] {
        for row in Unary::ALL {
            let x = graph.zeros([len])?;
            let y = row.apply(&x, row.tried[0])?;
            outputs.extend(y.sum()?.backward(&[&x])?);
            outputs.push(y);
        }
        for row in Binary::ALL {
            for [a, b] in [[&[len][..], &[len]], [&[2, len], &[len]], [&[len], &[2, len]], [&[3, 1], &[len]]] {
                let (a, b) = (graph.zeros(a)?, graph.zeros(b)?);
                let y = row.apply(&a, &b)?;
                outputs.extend(y.sum()?.backward(&[&a, &b])?);
                outputs.push(y);
            }
        }
    }
    Ok(outputs)
}

/// The expression of every kernel of the table. A gradient that is dy itself has no kernel.
fn expressions_of_the_table() -> impl Iterator<Item = String> {
    let unary = Unary::ALL.iter().flat_map(|row| [row.f, row.gradient]);
    let binary = Binary::ALL.iter().flat_map(|row| [row.f, row.gradients[0], row.gradients[1]]);
    unary.chain(binary).filter(|text| *text != "dy").map(|text| format!("return {text};"))
}

/// Every op that reduces or moves along axes, forward and backward.
fn ops_on_axes(graph: &Graph) -> Result<Vec<Tensor>> {
    let mut outputs = Vec::new();
    let x = graph.zeros([2, 3, 4, 5])?;
    for y in [
        x.sum_axes(&[0, 2], false)?,
        x.max_axes(&[1, 3], true)?,
        x.min_axes(&[0], true)?,
        x.permute(&[3, 1, 0, 2])?,
        x.transpose()?,
        x.slice_step(2, 1, 4, 2)?,
        Tensor::stack(&[&x, &x], 2)?,
        x.split(1, &[1, 2])?.remove(0),
        x.broadcast_to([2, 2, 3, 4, 5])?,
    ] {
        outputs.extend(y.sum()?.backward(&[&x])?);
        outputs.push(y);
    }
    Ok(outputs)
}

fn check(name: &str, text: &str, constants: &[(&'static str, f64)]) {
    let module = naga::front::wgsl::parse_str(text).unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(text)));
    let capabilities = Capabilities::SUBGROUP | Capabilities::SUBGROUP_BARRIER | Capabilities::SHADER_INT64;
    let mut validator = Validator::new(ValidationFlags::all(), capabilities);
    validator.subgroup_stages(naga::valid::ShaderStages::COMPUTE);
    validator.subgroup_operations(naga::valid::SubgroupOperationSet::all());
    let info = validator.validate(&module).unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(text)));
    let constants = constants.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    let entry = Some((ShaderStage::Compute, "main"));
    let (module, info) = naga::back::pipeline_constants::process_overrides(&module, &info, entry, &constants)
        .unwrap_or_else(|e| panic!("{name}: {e}"));

    let options = spv::Options { lang_version: (1, 3), ..Default::default() };
    let words = spv::write_vec(&module, &info, &options, None).unwrap_or_else(|e| panic!("{name} to SPIR-V: {e}"));
    assert_eq!(words[0], 0x0723_0203, "{name}: SPIR-V's magic number");

    let options = msl::Options { lang_version: (2, 4), ..Default::default() };
    let (metal, _) = msl::write_string(&module, &info, &options, &msl::PipelineOptions::default())
        .unwrap_or_else(|e| panic!("{name} to MSL: {e}"));
    assert!(metal.contains("kernel void"), "{name}");

    let options = hlsl::Options { shader_model: hlsl::ShaderModel::V6_0, ..Default::default() };
    let pipeline_options = hlsl::PipelineOptions::default();
    let mut high_level = String::new();
    hlsl::Writer::new(&mut high_level, &options, &pipeline_options)
        .write(&module, &info, None)
        .unwrap_or_else(|e| panic!("{name} to HLSL: {e}"));
    assert!(high_level.contains("numthreads"), "{name}");
}

#[test]
fn every_shader_in_every_variant_is_valid_everywhere() {
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut checked: BTreeSet<(String, String)> = BTreeSet::new();
    for core in cores() {
        let graph = Graph::new(&gpu_with(core));
        for kernel in kernels_of_every_op(&graph).unwrap() {
            used.extend(kernel.source.names().unwrap().into_iter().map(str::to_owned));
            let text = kernel.source.text().unwrap();
            let name = format!("{} ({core:?})", kernel.label);
            // Each text is checked once per set of constants.
            if !checked.insert((text.clone(), format!("{:?}", kernel.constants))) {
                continue;
            }
            check(&name, &text, &kernel.constants);
            // Subgroup sizes other than this adapter's.
            for (lanes, shared) in [(4, 24), (16, 16), (32, 32)] {
                let own = format!("const LANES: u32 = {}u;", graph.gpu().variant().lanes);
                if text.contains(&own) {
                    let mut other = text.replace(&own, &format!("const LANES: u32 = {lanes}u;"));
                    for width in [16, 24, 32] {
                        let own = format!("const SHARED: u32 = {width}u;");
                        other = other.replace(&own, &format!("const SHARED: u32 = {shared}u;"));
                    }
                    check(&format!("{name}, {lanes} lanes"), &other, &kernel.constants);
                }
            }
        }
    }
    assert!(checked.len() > 60, "only {} shaders", checked.len());
    let texts: Vec<&String> = checked.iter().map(|(text, _)| text).collect();
    for expression in expressions_of_the_table() {
        for value in ["alias Value = f32;", "alias Value = vec4<f32>;"] {
            let is_checked = texts.iter().any(|text| text.contains(&expression) && text.contains(value));
            assert!(is_checked, "no kernel with '{expression}' and '{value}' was checked");
        }
    }

    // No op uses the shader that measures the adapter.
    let measure = find_shader("measure/multiply_add.wgsl").unwrap();
    check(measure.name, &Source::example(measure).text().unwrap(), &[]);
    used.insert(measure.name.to_owned());
    let files = shader_files();
    let unused: Vec<&String> = files.keys().filter(|f| !used.contains(*f)).collect();
    assert!(unused.is_empty(), "no kernel uses {unused:?}");
}

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
