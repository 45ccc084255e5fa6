//! `selvedge kernel list`

use std::collections::BTreeMap;

use clap::Args;
use selvedge::gpu::{Gpu, SHADER_FILES, ShaderFile};
use selvedge::tensor::{Graph, Tensor};
use serde::Serialize;

use super::cases::Case;
use crate::cli::AdapterOption;
use crate::cli::sizes;
use crate::cli::table::table;
use crate::cli::terminal::print_json;

#[derive(Debug, Args)]
pub struct Options {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    adapter: AdapterOption,
}

/// An op that can be shown and run.
#[derive(Serialize)]
struct Op {
    name: &'static str,
    computes: &'static str,
    sizes: &'static str,
    usual: String,
}

/// A shader file with an entry point.
#[derive(Serialize)]
struct Entry {
    file: &'static str,
    /// Ops whose forward or backward pass launches it on this adapter.
    ops: Vec<&'static str>,
    computes: String,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let gpu = options.adapter.open_quietly()?;
    let ops: Vec<Op> = Case::ALL
        .iter()
        .map(|case| Op { name: case.name, computes: case.computes, sizes: case.sizes, usual: sizes::shown(case.usual) })
        .collect();
    let users = users(&gpu)?;
    let entries: Vec<Entry> = SHADER_FILES
        .iter()
        .filter(|file| file.text.contains("@compute"))
        .map(|file| Entry {
            file: file.name,
            ops: users.get(file.name).cloned().unwrap_or_default(),
            computes: title(file),
        })
        .collect();
    if options.json {
        return print_json(&serde_json::json!({ "ops": ops, "kernels": entries }));
    }
    let mut rows = vec![["op", "sizes", "usual", "computes"].map(str::to_owned)];
    rows.extend(ops.into_iter().map(|op| [op.name.into(), op.sizes.into(), op.usual, op.computes.into()]));
    outln!("ops for `selvedge kernel show` and `run`\n\n{}", table(&rows, &[]))?;
    let mut rows = vec![["kernel", "ops on this adapter", "computes"].map(str::to_owned)];
    rows.extend(entries.into_iter().map(|entry| [entry.file.into(), entry.ops.join(", "), entry.computes]));
    outln!("kernels, in shaders/ (their reading order is in its README.md)\n\n{}", table(&rows, &[]))?;
    outln!(
        "`selvedge plan MODEL` lists the kernels of a training step, `selvedge kernel show --of MODEL:NUMBER` shows one."
    )?;
    Ok(())
}

/// The first sentence of a file's header.
fn title(file: &ShaderFile) -> String {
    let first = file.text.lines().next().unwrap_or_default();
    first.trim_start_matches("//").trim().trim_end_matches(':').split_whitespace().collect::<Vec<_>>().join(" ")
}

/// For each file with an entry point, the ops that launch it.
fn users(gpu: &std::sync::Arc<Gpu>) -> anyhow::Result<BTreeMap<String, Vec<&'static str>>> {
    let mut users: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for case in &Case::ALL {
        let graph = Graph::new(gpu);
        let (forward, backward) = case.record(&graph, case.odd)?;
        let outputs: Vec<&Tensor> = std::iter::once(&forward).chain(&backward).collect();
        for kernel in graph.kernels(&outputs)? {
            for name in kernel.source.names()? {
                let of_file = users.entry(name.to_owned()).or_default();
                if !of_file.contains(&case.name) {
                    of_file.push(case.name);
                }
            }
        }
    }
    Ok(users)
}
