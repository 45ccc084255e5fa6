//! t-SNE: maps of points in many dimensions, on the processor (van der Maaten and Hinton 2008).
//!
//! The probability that two points are neighbours is, in the data, a Gaussian of their distance, p_ij, and in the map a
//! Student t distribution of their distance, q_ij = K(y_i - y_j) / Z with K(d) = 1 / (1 + |d|²) and Z the sum over all
//! pairs. Gradient descent on the map minimises the Kullback-Leibler divergence KL = Σ p_ij ln(p_ij / q_ij), whose gradient
//! is a pull and a push:
//!
//! ```text
//! ∂KL/∂y_i = 4 ( Σ_j p_ij K_ij (y_i - y_j)  -  Σ_j K_ij² (y_i - y_j) / Z )
//! ```
//!
//! The files in the order of the work: `points` (checks and units), `principal` (directions), `neighbours`, `affinities`
//! (p_ij), `attraction` (the pull), `repulsion` (the push, in three ways), `descent` (the steps); `fit` puts them together
//! and reports its `progress`, and `quality` measures how good a map is.
//!
//! Everything is f32 except sums of many numbers and small differences of large ones: entropies, the divergence, Z, means
//! and the grid's kernel are f64. Work is split into pieces of fixed size and sums have a fixed order, so that maps from the
//! same seed are bit-identical whatever the number of threads.
//!
//! ```
//! use selvedge::tsne::Tsne;
//! // Two heaps of points on a line.
//! let points: Vec<f32> = (0..40).map(|i| if i < 20 { i as f32 } else { 100.0 + i as f32 }).collect();
//! let embedding = Tsne { perplexity: 5.0, iterations: 50, ..Tsne::default() }.fit(&points, 1)?;
//! assert_eq!(embedding.positions().len(), 2 * 40);
//! # Ok::<(), selvedge::tsne::TsneError>(())
//! ```

mod affinities;
mod attraction;
mod bounds;
mod descent;
mod embedding;
mod error;
mod fit;
mod morton;
mod neighbours;
mod points;
mod principal;
mod progress;
mod quality;
mod repulsion;
mod settings;
mod transform;

pub use embedding::{Embedding, Seconds};
pub use error::TsneError;
pub use progress::Progress;
pub use quality::{knn_accuracy, neighbour_recall, trustworthiness};
pub use settings::{Initial, Method, Metric, NeighbourSearch, Tsne};

/// The most numbers that one vector instruction processes.
const LANES: usize = 16;
