use thiserror::Error;

/// What can go wrong between ranks.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum RanksError {
    #[error("rank {rank} has ended, so no other can go on; its own message says why")]
    Gone { rank: usize },

    #[error("{bytes} bytes are too many for MPI, which takes 2 GB at once; train a smaller network")]
    TooLarge { bytes: usize },

    #[error(
        "rank {rank} has other values than rank 0 for {what}: {there}, not {here}. Start all ranks with the same command, program and data"
    )]
    Differs { rank: usize, what: String, there: String, here: String },
}
