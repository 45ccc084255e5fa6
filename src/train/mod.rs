//! Training a network on a data set, and keeping what comes of it in a run folder.

mod config;
mod error;
mod network;
mod resident;
mod run_folder;
mod step;
mod trainer;

pub use config::{Normalisation, OptimiserKind, RunConfig, TrainConfig};
pub use error::TrainError;
pub use network::Network;
pub use resident::Resident;
pub use run_folder::RunFolder;
pub use step::{inference_step, training_step};
pub use trainer::{EpochRecord, Observer, Outcome, Progress, train};
