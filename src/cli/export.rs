//! `selvedge export`

use std::path::{Path, PathBuf};

use clap::Args;
use selvedge::data::ImageShape;
use selvedge::files::shown;
use selvedge::gpu::GpuOptions;
use selvedge::inference::Classifier;
use selvedge::lab::ModelPage;
use selvedge::onnx;

use super::AdapterOption;
use super::command_line::command_line;
use super::output_file::ForceOption;

#[derive(Debug, Args)]
pub struct Options {
    /// A run folder, or a weight file that selvedge wrote
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    #[command(flatten)]
    formats: Formats,
    #[command(flatten)]
    force: ForceOption,
    #[command(flatten)]
    adapter: AdapterOption,
}

/// What to write.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Formats {
    /// An ONNX file, for other programs
    #[arg(long, value_name = "FILE.onnx")]
    onnx: Option<PathBuf>,
    /// A page for browsers with WebGPU, which classifies pictures and shows why: one file that needs no network
    #[arg(long, value_name = "FILE.html")]
    web: Option<PathBuf>,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let Formats { onnx, web } = &options.formats;
    if let Some(path) = onnx {
        options.force.check("--onnx", path, &["onnx"], &[&options.model])?;
    }
    if let Some(path) = web {
        options.force.check("--web", path, &["html"], &[&options.model])?;
    }
    // A page's kernels are to run anywhere.
    let portable = GpuOptions { portable: web.is_some(), ..options.adapter.options()? };
    let gpu = options.adapter.open_with(&portable)?;
    let classifier = Classifier::open(&gpu, &options.model)?;
    if let Some(path) = onnx {
        export_onnx(&classifier, path)?;
    }
    if let Some(path) = web {
        ModelPage { classifier: &classifier, command: &command_line() }.write(path)?;
        outln!("{}: {} as a page", shown(path), classifier.run().train.network.architecture())?;
    }
    Ok(())
}

fn export_onnx(classifier: &Classifier, path: &Path) -> anyhow::Result<()> {
    onnx::export(classifier, path)?;
    let form = classifier.network().form();
    let ImageShape { height, width, channels } = form.shape;
    outln!(
        "{}: {} as ONNX; input `images` [N, {channels}, {height}, {width}] with pixels as byte / 255, output `logits` [N, {}]",
        shown(path),
        classifier.run().train.network.architecture(),
        form.classes()
    )?;
    Ok(())
}
