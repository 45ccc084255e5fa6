//! `selvedge augment`

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use selvedge::files::shown;
use selvedge::network::augmented;
use selvedge::plot::{ImageGrid, save_png};

use super::output_file::ForceOption;
use super::{AdapterOption, ModelArgument, Settings, dataset};

#[derive(Debug, Args)]
pub struct Options {
    /// The picture to write
    #[arg(long, value_name = "FILE.png", default_value = "augment.png")]
    out: PathBuf,
    #[command(flatten)]
    force: ForceOption,
    /// Number of images, one per row
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    images: u16,
    /// Number of epochs, one per column
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=50))]
    columns: u16,
    #[command(flatten)]
    adapter: AdapterOption,
    #[command(flatten)]
    settings: Settings,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let mut config = options.settings.config(&ModelArgument::default())?;
    if config.regularisation.mixes() {
        bail!("images are drawn one by one; leave out --mixup and --cutmix");
    }
    options.force.check("--out", &options.out, &["png"], &[])?;
    let data = dataset::load(config.data.as_deref(), &config.reading, None)?;
    options.settings.suit(&mut config, &data.form());
    let gpu = options.adapter.open_quietly()?;
    let (count, columns) = (usize::from(options.images), usize::from(options.columns));
    let epochs = augmented(&gpu, &data.train, &config, count, 0..columns)?;

    let mut titles = vec!["original".to_owned()];
    titles.extend((1..=columns).map(|epoch| format!("epoch {epoch}")));
    let rows: Vec<(String, Vec<Vec<f32>>)> = (0..count.min(data.train.len()))
        .map(|i| {
            let original = data.train.image(i).iter().map(|byte| f32::from(*byte) / 255.0).collect();
            let seen = epochs.iter().map(|images| images[i].clone());
            let name = data.class_names[usize::from(data.train.labels()[i])].clone();
            (name, std::iter::once(original).chain(seen).collect())
        })
        .collect();
    let grid = ImageGrid { shape: data.train.shape(), titles: &titles, rows: &rows };
    save_png(&grid, &options.out)?;
    outln!("{count} images as training sees them in {columns} epochs: {}", shown(&options.out))?;
    Ok(())
}
