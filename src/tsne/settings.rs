use std::fmt;

use super::TsneError;

/// How distances are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Metric {
    /// The straight line.
    #[default]
    Euclidean,
    /// The straight line between the points scaled to length 1, whose square is 2 (1 - cos).
    Cosine,
}

/// How the push of all points on all others is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// The fastest by measurement: exact for few points; for more, fft in 1 and 2 dimensions, Barnes-Hut in 3.
    #[default]
    Auto,
    /// All pairs, and the probabilities of all pairs.
    Exact,
    /// A tree, see [`Tsne::theta`].
    BarnesHut,
    /// A grid; for maps of 1 and 2 dimensions.
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

/// Where the points of the map start.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Initial {
    /// At their first principal components, scaled to a standard deviation of 0.0001. Keeps the large-scale shape of the data
    /// (Kobak and Berens 2019).
    #[default]
    Pca,
    /// At random around the origin, with a standard deviation of 0.0001.
    Random,
    /// Here: row-major `[points, components]`, taken as they are.
    Given(Vec<f32>),
}

/// t-SNE with its settings, see [`Tsne::fit`]. The defaults are those of openTSNE.
#[derive(Debug, Clone)]
pub struct Tsne {
    pub(super) components: usize,
    pub(super) perplexity: f64,
    pub(super) exaggeration: f64,
    pub(super) exaggeration_iterations: usize,
    pub(super) iterations: usize,
    pub(super) learning_rate: Option<f64>,
    pub(super) initial: Initial,
    pub(super) theta: f64,
    pub(super) method: Method,
    pub(super) metric: Metric,
    pub(super) pca: Option<usize>,
    pub(super) seed: u64,
    pub(super) threads: Option<usize>,
}

impl Default for Tsne {
    fn default() -> Self {
        Self {
            components: 2,
            perplexity: 30.0,
            exaggeration: 12.0,
            exaggeration_iterations: 250,
            iterations: 500,
            learning_rate: None,
            initial: Initial::Pca,
            theta: 0.5,
            method: Method::Auto,
            metric: Metric::Euclidean,
            pca: None,
            seed: 0,
            threads: None,
        }
    }
}

/// Points that may be mapped in the exact way: 2 GB of pairs, on the way to the probabilities.
pub(super) const MOST_FOR_EXACT: usize = 10_000;
/// Pairs of neighbours that are kept at most: 6 GB of them, on the way to the probabilities.
pub(super) const MOST_PAIRS: usize = 1 << 28;
const MOST_THREADS: usize = 1024;
/// Up to so many points all pairs are the fastest.
const FEW_POINTS: usize = 1000;

impl Tsne {
    /// Dimensions of the map, 1 to 3.
    pub fn components(mut self, components: usize) -> Self {
        self.components = components;
        self
    }

    /// How many neighbours count, about; 1 or more. Lowered to a third of the other points when there are few.
    pub fn perplexity(mut self, perplexity: f64) -> Self {
        self.perplexity = perplexity;
        self
    }

    /// By what the pull is enlarged at first, so that clusters can find together; 1 or more.
    pub fn exaggeration(mut self, exaggeration: f64) -> Self {
        self.exaggeration = exaggeration;
        self
    }

    /// Iterations with the enlarged pull.
    pub fn exaggeration_iterations(mut self, iterations: usize) -> Self {
        self.exaggeration_iterations = iterations;
        self
    }

    /// Iterations after those with the enlarged pull.
    pub fn iterations(mut self, iterations: usize) -> Self {
        self.iterations = iterations;
        self
    }

    /// The learning rate, instead of the number of points divided by the exaggeration (Belkina et al. 2019).
    pub fn learning_rate(mut self, rate: f64) -> Self {
        self.learning_rate = Some(rate);
        self
    }

    /// Where the map starts.
    pub fn initial(mut self, initial: Initial) -> Self {
        self.initial = initial;
        self
    }

    /// How wide a cell of the Barnes-Hut tree may be, as a share of its distance; 0 is exact.
    pub fn theta(mut self, theta: f64) -> Self {
        self.theta = theta;
        self
    }

    /// How the push is found.
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// How distances are measured.
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }

    /// Reduces the points to so many principal components first.
    pub fn pca(mut self, dims: usize) -> Self {
        self.pca = Some(dims);
        self
    }

    /// What everything random starts from.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Threads to work with, 1 to 1024, instead of one a core. Changes no result.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Checks every setting by itself, as a fit does before it begins.
    ///
    /// # Errors
    /// [`TsneError::Option`].
    pub fn check(&self) -> Result<(), TsneError> {
        let refuse =
            |option, value: &dyn ToString, allowed: &str| Err(TsneError::option(option, value.to_string(), allowed));
        let real = |option, value: f64, least: f64| match value.is_finite() && value >= least {
            true => Ok(()),
            false => refuse(option, &value, &format!("a number of at least {least}")),
        };
        if !(1..=3).contains(&self.components) {
            return refuse("the number of components", &self.components, "1, 2 or 3");
        }
        real("perplexity", self.perplexity, 1.0)?;
        real("early exaggeration", self.exaggeration, 1.0)?;
        real("theta", self.theta, 0.0)?;
        if let Some(rate) = self.learning_rate
            && !(rate.is_finite() && rate > 0.0)
        {
            return refuse("learning rate", &rate, "a number above 0");
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
            return refuse(
                "the method",
                &self.method,
                "barnes-hut, exact or auto for a map of 3 dimensions",
            );
        }
        Ok(())
    }

    /// The method for so many points.
    pub(super) fn method_for(&self, points: usize) -> Result<Method, TsneError> {
        match self.method {
            Method::Auto if points <= FEW_POINTS => Ok(Method::Exact),
            Method::Auto if self.components == 3 => Ok(Method::BarnesHut),
            Method::Auto => Ok(Method::Fft),
            Method::Exact if points > MOST_FOR_EXACT => Err(TsneError::TooManyForExact {
                points,
                most: MOST_FOR_EXACT,
            }),
            method => Ok(method),
        }
    }

    /// Does `work` on the threads that were asked for.
    pub(super) fn on_threads<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, TsneError> {
        let Some(threads) = self.threads else { return Ok(work()) };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|e| TsneError::Threads {
            threads,
            problem: e.to_string(),
        })?;
        Ok(pool.install(work))
    }
}
