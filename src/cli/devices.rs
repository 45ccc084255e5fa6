//! `selvedge devices`

use clap::Args;
use selvedge::gpu::{AdapterSummary, GemmCore, Gpu, Variant, list_adapters};
use selvedge::program::Ceiling;

use super::AdapterOption;

#[derive(Debug, Args)]
pub struct Options {
    /// Also measure what the chosen one reaches: arithmetic, memory, the cost of a dispatch (takes a few seconds)
    #[arg(long)]
    measure: bool,
    #[command(flatten)]
    adapter: AdapterOption,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let wanted = options.adapter.options()?;
    // Opening it says which one is chosen, and fails with all there is to say when there is none.
    let chosen = Gpu::open(&wanted)?;
    let mut marked = false;
    for adapter in list_adapters() {
        let is_chosen = !marked && adapter.name == chosen.adapter().name && adapter.backend == chosen.adapter().backend;
        marked |= is_chosen;
        print_adapter(&adapter, wanted.gemm, is_chosen);
        if is_chosen && options.measure {
            let ceiling = Ceiling::measure(&chosen)?;
            println!("  reached            {:.1} GFLOP/s in registers", ceiling.flops / 1e9);
            println!(
                "                     {:.1} GB/s copying (read and write)",
                ceiling.bytes / 1e9
            );
            println!("                     {:.1} us a dispatch", 1e6 * ceiling.dispatch);
            println!(
                "                     {:.1} us more for one that waits for another",
                1e6 * ceiling.barrier
            );
        }
    }
    Ok(())
}

fn print_adapter(adapter: &AdapterSummary, gemm: Option<GemmCore>, is_chosen: bool) {
    let yes_no = |yes| if yes { "yes" } else { "no" };
    println!("{}{}", adapter.name, if is_chosen { "  [chosen]" } else { "" });
    println!("  backend            {} ({:?})", adapter.backend, adapter.device_type);
    println!("  driver             {}", adapter.driver);
    println!("  largest binding    {} MiB", adapter.max_binding >> 20);
    println!("  storage buffers    {} a kernel", adapter.storage_buffers);
    println!(
        "  workgroup          {} threads, {} KiB of memory",
        adapter.max_workgroup_size,
        adapter.workgroup_memory >> 10
    );
    match adapter.subgroup_lanes {
        Some(lanes) => println!("  subgroups          {lanes} lanes"),
        None => println!("  subgroups          none of one fixed size"),
    }
    println!("  timestamps         {}", yes_no(adapter.timestamps));
    println!("  half floats        {}", yes_no(adapter.half_floats));
    match Variant::for_adapter(adapter, gemm) {
        Ok(variant) => {
            let wide = variant.gemm == GemmCore::Subgroup && variant.wide_loads;
            let loads = if wide { ", 64-bit loads" } else { "" };
            println!("  matrix product     {}{loads}", variant.gemm.name());
        }
        Err(error) => println!("  matrix product     {error}"),
    }
}
