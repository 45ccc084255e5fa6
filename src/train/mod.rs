//! Training a network on a data set, with the results kept in a run folder.

mod agreement;
mod beginning;
mod checkpoint;
mod error;
mod extension;
mod features;
mod fit;
mod lr_find;
mod mixing;
mod progress;
mod record;
mod step;
mod summary;
mod task;
mod tensorboard;
mod totals;
mod trainer;
mod training;
mod unite;

pub use error::TrainError;
pub use extension::Extension;
pub use fit::fit;
pub use lr_find::{RateFinding, RateSweep, find_rate};
pub use progress::Progress;
pub use record::{Extent, record};
pub use step::{automatic_batch_size, inference_step, training_step};
pub use summary::{LayerSummary, NetworkSummary, summary};
pub use task::Task;
pub use tensorboard::EventFile;
pub use training::{Ending, Observer, Outcome, resume, train, train_final};
pub use unite::{ExchangeTimes, time_exchange};
