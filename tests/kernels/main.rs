//! Every kernel that an op or a network launches passes naga's validation and translates to what Vulkan, Metal and DX12 take.
//!
//! With `SELVEDGE_KERNELS` set to a new folder the texts and their translations are also written there, for the compilers that
//! `scripts/compilers.sh` asks.
#![cfg(feature = "cli")]

#[path = "../common/mod.rs"]
mod common;

mod networks;
mod ops;
mod translation;

use std::collections::{BTreeMap, BTreeSet};

use common::{cores, gpu, gpu_as_large_gpu, gpu_with, has_winograd};
use networks::kernels_of_networks;
use ops::{expressions_of_the_table, kernels_of_every_op};
use rayon::prelude::*;
use selvedge::gpu::{GemmCore, Kernel, SHADER_FILES, Source, find_shader};
use selvedge::lessons::{Exercise, Ladder};
use selvedge::tensor::Graph;
use selvedge::translation::Translation;
use translation::Specialised;

/// The kernel for subgroups of other sizes than this adapter's, where it uses subgroups.
fn with_other_lanes(kernel: &Specialised, lanes: u32) -> Vec<Specialised> {
    let own = format!("const LANES: u32 = {lanes}u;");
    if !kernel.text.contains(&own) {
        return Vec::new();
    }
    let with = |(lanes, shared): (u32, u32)| {
        let changed = |text: &str| {
            let text = text.replace(&own, &format!("const LANES: u32 = {lanes}u;"));
            let widths = [16, 24, 32].map(|width| format!("const SHARED: u32 = {width}u;"));
            widths.iter().fold(text, |text, width| text.replace(width, &format!("const SHARED: u32 = {shared}u;")))
        };
        Specialised {
            name: format!("{}, {lanes} lanes", kernel.name),
            text: changed(&kernel.text),
            unrolled: changed(&kernel.unrolled),
            ..kernel.clone()
        }
    };
    [(4, 24), (16, 16), (32, 32)].map(with).to_vec()
}

#[test]
fn every_kernel_is_valid_everywhere() {
    let mut used: BTreeSet<String> = BTreeSet::new();
    // Once for each text and set of constants.
    let mut kernels: BTreeMap<(String, String), Specialised> = BTreeMap::new();
    let mut add = |name: String, kernel: &Kernel, lanes: u32| {
        used.extend(kernel.source.names().unwrap().into_iter().map(str::to_owned));
        let kernel = Specialised::of(name, kernel);
        for kernel in with_other_lanes(&kernel, lanes).into_iter().chain([kernel]) {
            kernels.entry(kernel.key()).or_insert(kernel);
        }
    };
    let large = gpu_as_large_gpu();
    for gpu in cores().into_iter().map(gpu_with).chain([gpu(), large.clone()]) {
        let graph = Graph::new(&gpu);
        for kernel in kernels_of_every_op(&graph).unwrap() {
            let whatever_is_best = if gpu.variant().is_cpu { "this adapter" } else { "large GPU" };
            let core = gpu.variant().asked_gemm.map_or(whatever_is_best, GemmCore::name);
            add(format!("{} ({core})", kernel.label), &kernel, gpu.variant().lanes);
        }
    }
    let mut shown = BTreeSet::new();
    for (name, kernel) in kernels_of_networks(&large) {
        // As `selvedge kernel show` prints it, it is complete by itself.
        let text = large.text_of(&kernel).unwrap();
        if shown.insert(text.clone()) {
            Translation::of(&text, &[]).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
        add(name, &kernel, large.variant().lanes);
    }
    let steps = Ladder::ALL.iter().flat_map(|ladder| ladder.steps().unwrap());
    let exercises = Exercise::all().into_iter();
    let solutions = exercises.map(|exercise| exercise.kernel(exercise.file(), exercise.solution()).unwrap());
    for lesson in steps.chain(solutions) {
        for mut kernel in lesson.kernels(&large).unwrap() {
            // Compilers are asked about `main`, so a second launch becomes that of a text of its own.
            if kernel.entry == "second" {
                let text = lesson.text.replace("fn main(", "fn first(").replace("fn second(", "fn main(");
                kernel.source = Source::new("lesson", text);
                kernel.entry = "main";
            }
            add(lesson.file.clone(), &kernel, 1);
        }
    }
    // No op uses what measures the adapter.
    let measure = find_shader("measure/multiply_add.wgsl").unwrap();
    add("measure".to_owned(), &Kernel::new("measure", Source::example(measure)), 1);

    assert!(kernels.len() > 300, "only {} kernels", kernels.len());
    for expression in expressions_of_the_table() {
        for value in ["alias Value = f32;", "alias Value = vec4<f32>;"] {
            let is_there = kernels.keys().any(|(text, _)| text.contains(&expression) && text.contains(value));
            assert!(is_there, "no kernel with '{expression}' and '{value}' was checked");
        }
    }
    // Only drivers on the processor use Winograd's algorithm.
    let is_wanted = |name: &&str| has_winograd(&gpu()) || !name.starts_with("conv/winograd");
    let files = SHADER_FILES.iter().map(|file| file.name).filter(is_wanted);
    let unused: Vec<&str> = files.filter(|name| !used.contains(*name)).collect();
    assert!(unused.is_empty(), "no kernel uses {unused:?}");

    let folder = std::env::var_os("SELVEDGE_KERNELS").map(std::path::PathBuf::from);
    let kernels: Vec<&Specialised> = kernels.values().collect();
    let lines = kernels.par_iter().enumerate().map(|(number, kernel)| {
        let translations = kernel.translate();
        folder.as_ref().map_or_else(String::new, |folder| kernel.write(folder, number, &translations) + "\n")
    });
    let list: String = lines.collect();
    if let Some(folder) = &folder {
        std::fs::write(folder.join("kernels.jsonl"), list).unwrap();
    }
}
