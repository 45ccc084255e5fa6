//! The options of `selvedge tsne`.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use selvedge::data::Reading;
use selvedge::files::shown;
use selvedge::report::read_positions;
use selvedge::tsne::{Initial, Tsne};

use crate::cli::AdapterOption;

#[derive(Debug, Args)]
pub struct Options {
    /// What the points are: the images' pixels, or the input of a trained network's last layer (a run folder or a weight file)
    #[arg(long, value_name = "pixels|RUN", default_value = "pixels", help_heading = "Points")]
    pub of: Of,
    /// Use at most the first N images of the split
    #[arg(long, value_name = "N", default_value_t = 5000, help_heading = "Points")]
    pub limit: usize,
    /// Which images
    #[arg(long, value_enum, default_value_t = SplitName::Train, help_heading = "Points")]
    pub split: SplitName,
    /// The data set, instead of the usual places or the one the network was trained on
    #[arg(long, value_name = "PATH", help_heading = "Points")]
    pub data: Option<PathBuf>,
    #[command(flatten)]
    pub reading: Reading,
    #[command(flatten)]
    settings: Tsne,
    /// Where the map starts: at the principal components, at random, or at the positions in an earlier embedding.csv
    #[arg(long, value_name = "pca|random|FILE", default_value = "pca", help_heading = "Map")]
    init: Init,
    /// How far a step goes [auto: points / exaggeration]
    #[arg(long, value_name = "auto|X", default_value = "auto", help_heading = "Descent")]
    learning_rate: LearningRate,
    /// Print trustworthiness and k-NN accuracy too
    #[arg(long, help_heading = "Output")]
    pub metrics: bool,
    /// Print one JSON object, with these metrics
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Print nothing but errors
    #[arg(long, short, conflicts_with_all = ["json", "metrics"], help_heading = "Output")]
    pub quiet: bool,
    /// Where table, pictures and page go, new or empty [default: runs/tsne-1 and so on]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub adapter: AdapterOption,
}

impl Options {
    /// The settings of the fit, checked as far as they can be before anything else is read.
    pub fn tsne(&self) -> anyhow::Result<Tsne> {
        let initial = match &self.init {
            Init::Pca => Initial::Pca,
            Init::Random => Initial::Random,
            Init::File(path) => {
                let (positions, components) = read_positions(path)?;
                if components != self.settings.components {
                    anyhow::bail!(
                        "{} is a map of {components} dimensions; give --components {components}, or another --init",
                        shown(path)
                    );
                }
                Initial::Given(positions)
            }
        };
        let tsne = Tsne { initial, learning_rate: self.learning_rate.0, ..self.settings.clone() };
        tsne.check()?;
        Ok(tsne)
    }

    /// Whether somebody is watching, so that a progress bar makes sense.
    pub fn is_watched(&self) -> bool {
        !self.json && !self.quiet && std::io::stderr().is_terminal()
    }
}

/// What the points are.
#[derive(Debug, Clone)]
pub enum Of {
    Pixels,
    Run(PathBuf),
}

impl FromStr for Of {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "pixels" => Self::Pixels,
            path => Self::Run(path.into()),
        })
    }
}

/// Which images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SplitName {
    /// Images for training and validation
    Train,
    /// Images that no network has seen
    Test,
}

#[derive(Debug, Clone)]
enum Init {
    Pca,
    Random,
    File(PathBuf),
}

impl FromStr for Init {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "pca" => Self::Pca,
            "random" => Self::Random,
            path => Self::File(path.into()),
        })
    }
}

/// A rate, or `None` for auto.
#[derive(Debug, Clone, Copy)]
struct LearningRate(Option<f64>);

impl FromStr for LearningRate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self(None)),
            number => match number.parse() {
                Ok(rate) => Ok(Self(Some(rate))),
                Err(_) => Err("write a number, or auto".to_owned()),
            },
        }
    }
}
