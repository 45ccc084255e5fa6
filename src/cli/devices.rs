//! `selvedge devices`

use clap::Args;
use selvedge::gpu::{AdapterSummary, GemmCore, Variant, list_adapters};
use selvedge::program::Ceiling;
use selvedge::tensor::ops::gemm_core;

use super::AdapterOption;

#[derive(Debug, Args)]
pub struct Options {
    /// Also measure what the chosen adapter achieves: arithmetic, memory, the cost of a dispatch (takes a few seconds)
    #[arg(long)]
    measure: bool,
    #[command(flatten)]
    adapter: AdapterOption,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let wanted = options.adapter.options()?;
    // Opening it shows which one is chosen; when there is none, the error explains everything.
    let chosen = options.adapter.open_with(&wanted)?;
    for adapter in list_adapters() {
        let is_chosen = adapter.number == chosen.adapter().number;
        let mark = if is_chosen { "  [chosen]" } else { "" };
        outln!("{}: {}{mark}", adapter.number, adapter.name)?;
        let measured = match is_chosen && options.measure {
            true => measured(&Ceiling::measure(&chosen)?),
            false => Vec::new(),
        };
        for (name, value) in properties(&adapter, wanted.gemm).into_iter().chain(measured) {
            outln!("  {name:<18} {value}")?;
        }
    }
    Ok(())
}

type Property = (&'static str, String);

/// What an adapter can do.
pub fn properties(adapter: &AdapterSummary, gemm: Option<GemmCore>) -> Vec<Property> {
    let yes_no = |yes| if yes { "yes" } else { "no" }.to_owned();
    let lanes = adapter.subgroup_lanes.map(|lanes| format!("{lanes} lanes"));
    let core = match gemm_core(Variant::of(adapter, false, gemm)) {
        Ok(core @ GemmCore::Subgroup) if adapter.wide_integers => format!("{}, 64-bit loads", core.name()),
        Ok(core) => core.name().to_owned(),
        Err(error) => error.to_string(),
    };
    let (threads, memory) = (adapter.max_workgroup_size, adapter.workgroup_memory >> 10);
    vec![
        ("backend", format!("{} ({:?})", adapter.backend, adapter.device_type)),
        ("driver", adapter.driver.clone()),
        ("largest binding", format!("{} MiB", adapter.max_binding >> 20)),
        ("storage buffers", format!("{} a kernel", adapter.storage_buffers)),
        ("workgroup", format!("{threads} threads, {memory} KiB of memory")),
        ("subgroups", lanes.unwrap_or_else(|| "none of one fixed size".to_owned())),
        ("timestamps", yes_no(adapter.timestamps)),
        ("half floats", yes_no(adapter.half_floats)),
        ("matrix product", core),
    ]
}

fn measured(ceiling: &Ceiling) -> Vec<Property> {
    vec![
        ("reached", format!("{:.1} GFLOP/s in registers", ceiling.flops / 1e9)),
        ("", format!("{:.1} GB/s copying (read and write)", ceiling.bytes / 1e9)),
        ("", format!("{:.1} us a dispatch", 1e6 * ceiling.dispatch)),
        ("", format!("{:.1} us more for one that waits for another", 1e6 * ceiling.barrier)),
    ]
}
