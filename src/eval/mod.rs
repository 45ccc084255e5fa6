//! How good predictions are, alone and combined, and whether a difference means anything. Knows nothing of GPUs.

mod calibration;
mod comparison;
mod confusion;
pub mod ensemble;
mod lbfgs;
mod metrics;
mod precision_recall;
mod predictions;
mod report;
mod stacking;

pub use calibration::{Bin, Calibration};
pub use comparison::{Comparison, Gain};
pub use confusion::{ConfusedPair, ConfusionTable};
pub use metrics::Metrics;
pub use precision_recall::{OperatingPoint, PrecisionRecall};
pub use predictions::{EvalError, Predictions};
pub use report::{ClassScore, Report};
pub use stacking::{CrossValidation, Stack};
