/// The state in the middle of an epoch.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Images of this epoch that have been submitted.
    pub images: usize,
    /// Mean loss of the epoch so far, as far as it has been read back.
    pub loss: f64,
    /// Share of correct predictions of the epoch so far, in training mode.
    pub accuracy: f64,
}
