use super::points::{Frame, Points};
use super::principal::Directions;
use super::settings::{Method, Tsne};

/// A map, see [`Tsne::fit`].
#[derive(Debug)]
pub struct Embedding {
    pub(super) settings: Tsne,
    pub(super) dims: usize,
    /// The frame that the data was moved into first.
    pub(super) frame: Frame,
    /// The directions that the data was then reduced to.
    pub(super) directions: Option<Directions>,
    /// The data after these steps.
    pub(super) points: Points,
    pub(super) positions: Vec<f32>,
    pub(super) method: Method,
    pub(super) perplexity: f64,
    pub(super) iterations: usize,
    pub(super) kl: f64,
    pub(super) seconds: Seconds,
}

/// Where the time went.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seconds {
    /// Checking, centring and reducing the data.
    pub preparation: f64,
    /// Finding neighbours.
    pub neighbours: f64,
    /// Computing probabilities from their distances.
    pub affinities: f64,
    /// Making the initial map.
    pub initial: f64,
    /// The pull, over all iterations.
    pub attraction: f64,
    /// The push, over all iterations.
    pub repulsion: f64,
    /// Moving the points, and the occasional computation of the divergence.
    pub steps: f64,
}

impl Seconds {
    /// The total.
    pub fn total(&self) -> f64 {
        let before = self.preparation + self.neighbours + self.affinities + self.initial;
        before + self.attraction + self.repulsion + self.steps
    }
}

impl Embedding {
    /// The positions of the points in the map, row-major `[points, components]`.
    pub fn positions(&self) -> &[f32] {
        &self.positions
    }

    /// Dimensions of the map.
    pub fn components(&self) -> usize {
        self.settings.components
    }

    /// The Kullback-Leibler divergence of the map from the data, in nats, without exaggeration, with Z as computed by the
    /// method.
    pub fn kl(&self) -> f64 {
        self.kl
    }

    /// Number of iterations done.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// The perplexity used, which is lower than the one asked for when there are few points.
    pub fn perplexity(&self) -> f64 {
        self.perplexity
    }

    /// The method used, never [`Method::Auto`].
    pub fn method(&self) -> Method {
        self.method
    }

    /// Where the time went.
    pub fn seconds(&self) -> Seconds {
        self.seconds
    }
}
