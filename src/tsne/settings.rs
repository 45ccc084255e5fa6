use std::fmt;

use super::TsneError;

/// How distances are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Metric {
    /// The straight-line distance
    #[default]
    Euclidean,
    /// The angle: the distance between the points scaled to length 1, whose square is 2 (1 - cos)
    Cosine,
}

/// How the push of all points on all others is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Method {
    /// The fastest by measurement: exact for few points; for more, fft in 1 and 2 dimensions, Barnes-Hut in 3 and wherever a
    /// tenth of the points coincide with many others
    #[default]
    Auto,
    /// All pairs of points, and the probabilities of all pairs; for few points
    Exact,
    /// Far points combined, by a tree
    BarnesHut,
    /// A grid, by FFT; for maps of 1 and 2 dimensions. Spreads many points in one place over the distance of its nodes
    Fft,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Exact => "exact",
            Self::BarnesHut => "barnes-hut",
            Self::Fft => "fft",
        })
    }
}

/// How nearest neighbours are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum NeighbourSearch {
    /// Approximate for many points of many dimensions, else exact
    #[default]
    Auto,
    /// All the true ones
    Exact,
    /// Most of the true ones, and others for the rest: for many points faster, and with better structure of the map beyond
    /// the closest neighbours (see docs/rejected-optimizations.md)
    Approximate,
}

/// Where the points of the map start.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Initial {
    /// At their first principal components, scaled to a standard deviation of 0.0001. This keeps the large-scale shape of
    /// the data (Kobak and Berens 2019).
    #[default]
    Pca,
    /// At random around the origin, with a standard deviation of 0.0001.
    Random,
    /// At these places: row-major `[points, components]`, used as they are.
    Given(Vec<f32>),
}

/// t-SNE with its settings, see [`Tsne::fit`]. The defaults are those of openTSNE, except for a learning rate four times as
/// high, with which 150 of the 750 iterations are enough for the early exaggeration (docs/benchmarks.md).
///
/// The documentation of a field is also the help text of its option on the command line.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
pub struct Tsne {
    /// Reduce the points to this many principal components first
    #[cfg_attr(feature = "cli", arg(long, value_name = "DIMS", help_heading = "Points"))]
    pub pca: Option<usize>,
    /// How distances are measured
    #[cfg_attr(feature = "cli", arg(long, value_enum, default_value_t, help_heading = "Points"))]
    pub metric: Metric,
    /// How nearest neighbours are found
    #[cfg_attr(feature = "cli", arg(long, value_enum, default_value_t, help_heading = "Points"))]
    pub neighbours: NeighbourSearch,
    /// Dimensions of the map: 1, 2 or 3
    #[cfg_attr(feature = "cli", arg(long, value_name = "N", default_value_t = 2, help_heading = "Map"))]
    pub components: usize,
    /// About how many neighbours count; 1 or more. Lowered to a third of the other points when there are few
    #[cfg_attr(feature = "cli", arg(long, value_name = "X", default_value_t = 30.0, help_heading = "Map"))]
    pub perplexity: f64,
    /// Where the map starts.
    #[cfg_attr(feature = "cli", arg(skip))]
    pub initial: Initial,
    /// The seed of everything random
    #[cfg_attr(feature = "cli", arg(long, default_value_t = 0, help_heading = "Map"))]
    pub seed: u64,
    /// Factor that strengthens the pull between neighbours at first, so that clusters can form; 1 to a million
    #[cfg_attr(feature = "cli", arg(long, value_name = "X", default_value_t = 12.0, help_heading = "Descent"))]
    pub early_exaggeration: f64,
    /// Iterations with this exaggeration
    #[cfg_attr(feature = "cli", arg(long, value_name = "N", default_value_t = 150, help_heading = "Descent"))]
    pub early_exaggeration_iterations: usize,
    /// Iterations after these
    #[cfg_attr(feature = "cli", arg(long, value_name = "N", default_value_t = 600, help_heading = "Descent"))]
    pub iterations: usize,
    /// The learning rate, up to 10⁹; by default the number of points divided by the exaggeration. That is four times the
    /// rate of Belkina et al. 2019 and openTSNE, whose gradient leaves out the factor of 4; it gets farther in as many
    /// iterations.
    #[cfg_attr(feature = "cli", arg(skip))]
    pub learning_rate: Option<f64>,
    /// How the push of all points on all others is found
    #[cfg_attr(feature = "cli", arg(long, value_enum, default_value_t, help_heading = "Descent"))]
    pub method: Method,
    /// Barnes-Hut: how wide a cell may be, as a share of its distance; 0 is exact
    #[cfg_attr(feature = "cli", arg(long, value_name = "X", default_value_t = 0.5, help_heading = "Descent"))]
    pub theta: f64,
    /// Threads to use, at most 1024; by default one per core. Does not change the result
    #[cfg_attr(feature = "cli", arg(long, value_name = "N", help_heading = "Descent"))]
    pub threads: Option<usize>,
}

impl Default for Tsne {
    fn default() -> Self {
        Self {
            pca: None,
            metric: Metric::Euclidean,
            neighbours: NeighbourSearch::Auto,
            components: 2,
            perplexity: 30.0,
            initial: Initial::Pca,
            seed: 0,
            early_exaggeration: 12.0,
            early_exaggeration_iterations: 150,
            iterations: 600,
            learning_rate: None,
            method: Method::Auto,
            theta: 0.5,
            threads: None,
        }
    }
}

/// The most points for the exact method.
const MOST_FOR_EXACT: usize = 10_000;
/// The most pairs of neighbours. By measurement, computing the probabilities takes 40 bytes per pair: 5 GB.
const MOST_PAIRS: usize = 1 << 27;
/// Neighbours per unit of perplexity. A Gaussian of that perplexity is almost 0 beyond them.
const NEIGHBOURS: f64 = 3.0;
/// Beyond these the numbers of a fit might leave the range of f32.
const MOST_EXAGGERATION: f64 = 1e6;
const MOST_RATE: f64 = 1e9;
const MOST_INITIAL: f32 = 1e6;
const MOST_THREADS: usize = 1024;
/// Up to this many points all pairs are fastest, by measurement (docs/benchmarks.md).
const FEW_POINTS: usize = 250;

impl Tsne {
    /// Iterations of both phases.
    pub fn all_iterations(&self) -> usize {
        self.early_exaggeration_iterations.saturating_add(self.iterations)
    }

    /// Checks the settings by themselves, as a fit does before it begins.
    ///
    /// # Errors
    /// [`TsneError::Option`].
    pub fn check(&self) -> Result<(), TsneError> {
        let refuse =
            |option, value: &dyn ToString, allowed: &str| Err(TsneError::option(option, value.to_string(), allowed));
        let real = |option, value: f64, least: f64, most: f64| match (least..=most).contains(&value) {
            true => Ok(()),
            false if most == f64::MAX => refuse(option, &value, &format!("a number of at least {least}")),
            false => refuse(option, &value, &format!("a number from {least} to {most}")),
        };
        if !(1..=3).contains(&self.components) {
            return refuse("the number of components", &self.components, "1, 2 or 3");
        }
        real("perplexity", self.perplexity, 1.0, f64::MAX)?;
        real("early exaggeration", self.early_exaggeration, 1.0, MOST_EXAGGERATION)?;
        real("theta", self.theta, 0.0, f64::MAX)?;
        if let Some(rate) = self.learning_rate
            && !(rate > 0.0 && rate <= MOST_RATE)
        {
            return refuse("learning rate", &rate, &format!("a number above 0, up to {MOST_RATE}"));
        }
        if let Some(threads) = self.threads
            && !(1..=MOST_THREADS).contains(&threads)
        {
            return refuse("the number of threads", &threads, &format!("1 to {MOST_THREADS}"));
        }
        if self.pca == Some(0) {
            return refuse("the number of PCA dimensions", &0, "at least 1");
        }
        if self.method == Method::Fft && self.components == 3 {
            return refuse("the method", &self.method, "barnes-hut, exact or auto for a map of 3 dimensions");
        }
        Ok(())
    }

    /// Checks the settings for this many points.
    ///
    /// # Errors
    /// Those of [`check`](Self::check); [`TsneError::TooFew`], [`TsneError::TooManyForExact`], [`TsneError::TooManyPairs`];
    /// [`TsneError::Initial`], [`TsneError::InitialRange`].
    pub fn check_for(&self, points: usize) -> Result<(), TsneError> {
        self.check()?;
        if points < 2 {
            return Err(TsneError::TooFew { points });
        }
        if self.method == Method::Exact && points > MOST_FOR_EXACT {
            let most = MOST_FOR_EXACT;
            return Err(TsneError::TooManyForExact { points, most });
        }
        let neighbours = self.neighbours_for(points);
        if neighbours > MOST_PAIRS / points {
            let most = ((MOST_PAIRS / points) as f64 / NEIGHBOURS) as usize;
            return Err(TsneError::TooManyPairs { points, neighbours, most });
        }
        if let Initial::Given(values) = &self.initial {
            if values.len() != points * self.components {
                return Err(TsneError::Initial { values: values.len(), points, components: self.components });
            }
            let range = -MOST_INITIAL..=MOST_INITIAL;
            if let Some(index) = values.iter().position(|value| !range.contains(value)) {
                return Err(TsneError::InitialRange { index, value: values[index], most: MOST_INITIAL });
            }
        }
        Ok(())
    }

    /// The method for this many points.
    pub(super) fn method_for(&self, points: usize) -> Method {
        match self.method {
            Method::Auto if points <= FEW_POINTS => Method::Exact,
            Method::Auto if self.components == 3 => Method::BarnesHut,
            Method::Auto => Method::Fft,
            method => method,
        }
    }

    /// The perplexity for this many points, 2 or more.
    pub(super) fn perplexity_for(&self, points: usize) -> f64 {
        self.perplexity.min(((points - 1) as f64 / NEIGHBOURS).max(1.0))
    }

    /// Neighbours of each of this many points, 2 or more.
    pub(super) fn neighbours_for(&self, points: usize) -> usize {
        match self.method_for(points) {
            Method::Exact => points - 1,
            _ => ((NEIGHBOURS * self.perplexity_for(points)) as usize).clamp(1, points - 1),
        }
    }

    /// Runs `work` on the threads asked for.
    pub(super) fn on_threads<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, TsneError> {
        let Some(threads) = self.threads else { return Ok(work()) };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|e| TsneError::Threads { threads, problem: e.to_string() })?;
        Ok(pool.install(work))
    }
}
