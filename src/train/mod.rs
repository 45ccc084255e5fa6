//! Training a network on a data set, and keeping what comes of it in a run folder.

mod checkpoint;
mod config;
mod error;
mod features;
mod feed;
mod fit;
mod history;
mod lr_find;
mod mixing;
mod monitor;
mod network;
mod phase;
mod recipe;
mod resident;
mod run;
mod run_folder;
mod step;
mod summary;
mod tensorboard;
mod totals;
mod trainer;

pub use config::{Normalisation, OptimiserKind, PixelScale, RunConfig, TrainConfig};
pub use error::TrainError;
pub use fit::fit;
pub use history::{EpochRecord, Progress};
pub use lr_find::{RateFinding, RateSweep, find_rate};
pub use monitor::{Monitor, epochs_without_gain};
pub use network::Network;
pub use phase::{FineTune, Learned};
pub use recipe::{PAPER_ERASING, Policy, Recipe, STUDY_ERASING};
pub use resident::{Resident, augmented};
pub use run::{Ending, Observer, Outcome, RunResult, resume, train};
pub use run_folder::RunFolder;
pub use step::{automatic_batch_size, inference_step, training_step};
pub use summary::{LayerSummary, NetworkSummary, summary};
pub use tensorboard::EventFile;
