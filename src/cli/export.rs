//! `selvedge export`

use std::path::PathBuf;

use clap::Args;
use selvedge::data::ImageShape;
use selvedge::files::shown;
use selvedge::inference::Classifier;
use selvedge::onnx;

use super::AdapterOption;
use super::output_file::ForceOption;

#[derive(Debug, Args)]
pub struct Options {
    /// A run folder, or a weight file that selvedge wrote
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// The ONNX file to write
    #[arg(long, value_name = "FILE.onnx")]
    onnx: PathBuf,
    #[command(flatten)]
    force: ForceOption,
    #[command(flatten)]
    adapter: AdapterOption,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    options.force.check("--onnx", &options.onnx, &["onnx"], &[&options.model])?;
    let gpu = options.adapter.open_quietly()?;
    let classifier = Classifier::open(&gpu, &options.model)?;
    onnx::export(&classifier, &options.onnx)?;
    let form = classifier.network().form();
    let ImageShape { height, width, channels } = form.shape;
    outln!(
        "{}: {} as ONNX; input `images` [N, {channels}, {height}, {width}] with pixels as byte / 255, output `logits` [N, {}]",
        shown(&options.onnx),
        classifier.run().train.network.architecture(),
        form.classes()
    )?;
    Ok(())
}
