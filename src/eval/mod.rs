//! How good predictions are: accuracy, log loss and the classification report. Knows nothing of GPUs.

mod predictions;
mod report;

pub use predictions::{EvalError, Predictions};
pub use report::{ClassScore, Report};
