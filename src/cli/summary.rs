//! `selvedge summary`

use clap::Args;
use selvedge::train::{LayerSummary, summary};

use super::table::{table, thousands};
use super::{AdapterOption, ModelOrRun, Settings};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    model: ModelOrRun,
    #[command(flatten)]
    adapter: AdapterOption,
    #[command(flatten)]
    settings: Settings,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let gpu = options.adapter.open_quietly()?;
    let (model, settings) = options.model.settings(&options.settings)?;
    let form = settings.form()?;
    let (config, _) = settings.config_on(&model, &gpu, &form, None)?;
    let found = summary(&gpu, &config, &form)?;
    let phases = found.phases.len();
    let headings = ["layer", "op", "output", "parameters", "trained", "MFLOP an image"];
    let mut rows = vec![headings.map(str::to_owned)];
    rows.extend(found.layers.iter().map(|layer| {
        [
            layer.name.clone(),
            layer.op.clone(),
            layer.output.to_string(),
            thousands(layer.parameters),
            trained(layer, phases),
            format!("{:.2}", layer.flops as f64 / 1e6),
        ]
    }));
    out!("{}", table(&rows, &[3, 5]))?;

    let [base, head] = found.parameters;
    outln!(
        "\n{}: {} parameters ({} in the base, {} in the head), {} running statistics; {:.1} MB, {:.1} MFLOP an image forward",
        config.network.architecture(),
        thousands(base + head),
        thousands(base),
        thousands(head),
        thousands(found.statistics),
        found.weight_bytes as f64 / 1e6,
        found.flops as f64 / 1e6,
    )?;
    for (number, [batch, planned, fixed]) in (1..).zip(&found.phases) {
        let phase = if phases > 1 { format!("phase {number}: ") } else { String::new() };
        outln!(
            "{phase}a training step on {batch} images plans {:.1} MB beside {:.1} MB of parameters and optimiser",
            *planned as f64 / 1e6,
            *fixed as f64 / 1e6,
        )?;
    }
    Ok(())
}

/// Whether a layer's parameters are learned, or in which phases.
fn trained(layer: &LayerSummary, phases: usize) -> String {
    if layer.parameters == 0 {
        return String::new();
    }
    match layer.learned_in.len() {
        0 => "never".to_owned(),
        all if all == phases => "yes".to_owned(),
        _ => {
            let numbers: Vec<String> = layer.learned_in.iter().map(usize::to_string).collect();
            format!("phase {}", numbers.join(", "))
        }
    }
}
