//! `selvedge kernel show`

use anyhow::{anyhow, bail};
use clap::{ArgGroup, Args};
use rspirv::binary::Disassemble;
use selvedge::gpu::{GemmCore, Gpu, Kernel};
use selvedge::tensor::{Graph, Tensor};
use selvedge::translation::Translation;

use super::cases::Case;
use super::{Sizes, core, without};
use crate::cli::{AdapterOption, StepOptions};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("language").args(["unrolled", "spirv", "msl", "hlsl"])))]
pub struct Options {
    /// The op; `selvedge kernel list` has them
    #[arg(value_name = "OP", required_unless_present = "of", conflicts_with = "of")]
    op: Option<String>,
    /// A dispatch of a network's training step instead, by its number in `selvedge plan MODEL`: such as cnn:4
    #[arg(long, value_name = "MODEL:N")]
    of: Option<String>,
    /// The sizes of the op's inputs [default: those of `selvedge kernel list`]
    #[arg(long, value_name = "SIZES", conflicts_with = "of")]
    shape: Option<Sizes>,
    /// The core of the matrix product [default: the adapter's]
    #[arg(long, value_name = "CORE", value_parser = core)]
    core: Option<GemmCore>,
    /// The kernels of the op's gradient, instead of those of the op
    #[arg(long, conflicts_with = "of")]
    gradient: bool,
    /// With loops below `#unroll` written out, as DX12 gets it
    #[arg(long)]
    unrolled: bool,
    /// What Vulkan gets, as text
    #[arg(long)]
    spirv: bool,
    /// What Metal gets
    #[arg(long)]
    msl: bool,
    /// What DX12 gets
    #[arg(long)]
    hlsl: bool,
    #[command(flatten)]
    adapter: AdapterOption,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let mut device = options.adapter.options()?;
    device.gemm = options.core.or(device.gemm);
    let gpu = options.adapter.open_with(&device)?;
    let kernels = match (&options.op, &options.of) {
        (Some(op), _) => of_op(options, &gpu, op)?,
        (None, Some(of)) => vec![of_step(&gpu, of)?],
        (None, None) => bail!("name an op, or a dispatch with --of"),
    };
    let count = kernels.len();
    for (number, kernel) in (1..).zip(&kernels) {
        let [x, y, z] = kernel.workgroups;
        let which = if count > 1 { format!(" ({number} of {count})") } else { String::new() };
        let comment = if options.spirv { ";" } else { "//" };
        outln!("{comment} ==== {}{which}: {x} x {y} x {z} workgroups", kernel.label)?;
        outln!("{}", options.text(&gpu, kernel)?)?;
    }
    Ok(())
}

impl Options {
    /// The kernel in the language that was asked for.
    fn text(&self, gpu: &Gpu, kernel: &Kernel) -> anyhow::Result<String> {
        let whole = gpu.text_of(kernel)?;
        let read = |text: &str| Translation::of(text, &[]).map_err(|e| anyhow!("{}: {e}", kernel.label));
        Ok(match () {
            () if self.unrolled => gpu.unrolled_text_of(kernel)?,
            () if self.hlsl => read(&gpu.unrolled_text_of(kernel)?)?.hlsl()?,
            () if self.msl => read(&whole)?.metal()?,
            () if self.spirv => {
                let words = read(&whole)?.spirv()?;
                let module = rspirv::dr::load_words(words).map_err(|e| anyhow!("{}: {e:?}", kernel.label))?;
                module.disassemble()
            }
            () => whole,
        })
    }
}

fn of_op(options: &Options, gpu: &std::sync::Arc<Gpu>, op: &str) -> anyhow::Result<Vec<Kernel>> {
    let case = Case::find(op).map_err(|problem| anyhow!("'{op}' cannot be shown by itself: {problem}"))?;
    if options.core.is_some() && !case.is_product {
        bail!("--core has no meaning for {op}: no core of the matrix product computes it");
    }
    let sizes = case.sizes_of(options.shape.as_ref(), gpu)?;
    let graph = Graph::new(gpu);
    let (output, gradients) = case.record(&graph, &sizes)?;
    let forward = graph.kernels(&[&output])?;
    if !options.gradient {
        return Ok(forward);
    }
    let both: Vec<&Tensor> = std::iter::once(&output).chain(&gradients).collect();
    let what = |kernel: &Kernel| (gpu.text_of(kernel).ok(), kernel.params.clone(), kernel.workgroups);
    Ok(without(graph.kernels(&both)?, &forward, what))
}

/// The dispatch of a training step with this number.
fn of_step(gpu: &std::sync::Arc<Gpu>, of: &str) -> anyhow::Result<Kernel> {
    let parts = of.rsplit_once(':').and_then(|(model, number)| Some((model, number.parse::<usize>().ok()?)));
    let Some((model, number)) = parts else {
        bail!("--of is '{of}', but must be a network and the number of a dispatch, such as cnn:4");
    };
    let mut step = StepOptions::named(model).compile(gpu)?;
    let kernels: Vec<&Kernel> = step.compiled.program().kernels().collect();
    match kernels.get(number) {
        Some(kernel) => Ok((*kernel).clone()),
        None => bail!("{} has dispatches 0 to {}, not {number}", step.title, kernels.len().saturating_sub(1)),
    }
}
