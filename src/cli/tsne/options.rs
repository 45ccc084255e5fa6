//! What can be asked for.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use selvedge::files::shown;
use selvedge::report::read_positions;
use selvedge::tsne::{Initial, Method, Metric, NeighbourSearch, Tsne};

use crate::cli::AdapterOption;

#[derive(Debug, Args)]
pub struct Options {
    /// What the points are: the images' pixels, or what a trained network gives its last layer (a run folder or a weight file)
    #[arg(long, value_name = "pixels|RUN", default_value = "pixels", help_heading = "Points")]
    pub of: Of,
    /// The first images of the split, at most this many
    #[arg(long, value_name = "N", default_value_t = 5000, help_heading = "Points")]
    pub limit: usize,
    /// Which images
    #[arg(long, value_enum, default_value_t = SplitName::Train, help_heading = "Points")]
    pub split: SplitName,
    /// The data set, instead of the usual places or the one the network was trained on
    #[arg(long, value_name = "PATH", help_heading = "Points")]
    pub data: Option<PathBuf>,
    /// Dimensions of the map: 1, 2 or 3
    #[arg(long, value_name = "N", default_value_t = 2, help_heading = "Map")]
    components: usize,
    /// How many neighbours count, about
    #[arg(long, value_name = "X", default_value_t = 30.0, help_heading = "Map")]
    pub perplexity: f64,
    /// By what the pull between neighbours is enlarged at first
    #[arg(long, value_name = "X", default_value_t = 12.0, help_heading = "Descent")]
    early_exaggeration: f64,
    /// Iterations with that
    #[arg(long, value_name = "N", default_value_t = 150, help_heading = "Descent")]
    early_exaggeration_iterations: usize,
    /// Iterations after that
    #[arg(long, value_name = "N", default_value_t = 600, help_heading = "Descent")]
    iterations: usize,
    /// How far a step goes [auto: points / exaggeration]
    #[arg(long, value_name = "auto|X", default_value = "auto", help_heading = "Descent")]
    learning_rate: LearningRate,
    /// Where the map starts: at the principal components, at random, or where an earlier embedding.csv has the images
    #[arg(long, value_name = "pca|random|FILE", default_value = "pca", help_heading = "Map")]
    init: Init,
    /// Barnes-Hut: how wide a cell may be, as a share of its distance; 0 is exact
    #[arg(long, value_name = "X", default_value_t = 0.5, help_heading = "Descent")]
    theta: f64,
    /// How the push of all points on all others is found
    #[arg(long, value_enum, default_value_t = MethodName::Auto, help_heading = "Descent")]
    method: MethodName,
    /// How distances are measured
    #[arg(long, value_enum, default_value_t = MetricName::Euclidean, help_heading = "Points")]
    metric: MetricName,
    /// How nearest neighbours are found
    #[arg(long, value_enum, default_value_t = NeighbourName::Auto, help_heading = "Points")]
    neighbours: NeighbourName,
    /// Reduce the points to this many principal components first
    #[arg(long, value_name = "DIMS", help_heading = "Points")]
    pca: Option<usize>,
    /// What everything random starts from
    #[arg(long, default_value_t = 0, help_heading = "Map")]
    seed: u64,
    /// Threads to work with [default: one a core]; changes no result
    #[arg(long, value_name = "N", help_heading = "Descent")]
    threads: Option<usize>,
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
        let mut tsne = Tsne::default()
            .components(self.components)
            .perplexity(self.perplexity)
            .exaggeration(self.early_exaggeration)
            .exaggeration_iterations(self.early_exaggeration_iterations)
            .iterations(self.iterations)
            .theta(self.theta)
            .method(self.method.into())
            .metric(self.metric.into())
            .neighbours(self.neighbours.into())
            .seed(self.seed);
        tsne = match &self.init {
            Init::Pca => tsne.initial(Initial::Pca),
            Init::Random => tsne.initial(Initial::Random),
            Init::File(path) => {
                let (positions, components) = read_positions(path)?;
                if components != self.components {
                    anyhow::bail!(
                        "{} is a map of {components} dimensions; give --components {components}, or another --init",
                        shown(path)
                    );
                }
                tsne.initial(Initial::Given(positions))
            }
        };
        if let LearningRate(Some(rate)) = self.learning_rate {
            tsne = tsne.learning_rate(rate);
        }
        if let Some(dims) = self.pca {
            tsne = tsne.pca(dims);
        }
        if let Some(threads) = self.threads {
            tsne = tsne.threads(threads);
        }
        tsne.check()?;
        Ok(tsne)
    }

    /// Iterations of both phases.
    pub fn all_iterations(&self) -> usize {
        self.early_exaggeration_iterations.saturating_add(self.iterations)
    }

    /// Whether somebody watches: a progress bar makes sense.
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
    /// Those to train and validate with
    Train,
    /// Those that no network has seen
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

/// A rate, or nothing for auto.
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

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MethodName {
    /// The fastest for the number of points, as measured
    Auto,
    /// All pairs of points; for few
    Exact,
    /// Far points together, by a tree
    BarnesHut,
    /// A grid, by FFT; for maps of 1 and 2 dimensions
    Fft,
}

impl From<MethodName> for Method {
    fn from(name: MethodName) -> Self {
        match name {
            MethodName::Auto => Self::Auto,
            MethodName::Exact => Self::Exact,
            MethodName::BarnesHut => Self::BarnesHut,
            MethodName::Fft => Self::Fft,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MetricName {
    /// The straight line
    Euclidean,
    /// The angle
    Cosine,
}

impl From<MetricName> for Metric {
    fn from(name: MetricName) -> Self {
        match name {
            MetricName::Euclidean => Self::Euclidean,
            MetricName::Cosine => Self::Cosine,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum NeighbourName {
    /// Approximate for many points of many dimensions, else exact
    Auto,
    /// All true ones
    Exact,
    /// Most of the true ones, sooner
    Approximate,
}

impl From<NeighbourName> for NeighbourSearch {
    fn from(name: NeighbourName) -> Self {
        match name {
            NeighbourName::Auto => Self::Auto,
            NeighbourName::Exact => Self::Exact,
            NeighbourName::Approximate => Self::Approximate,
        }
    }
}
