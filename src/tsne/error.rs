use thiserror::Error;

/// What can be wrong with the points to be mapped, or with the settings.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum TsneError {
    #[error("{values} values are no points of {dims} numbers each")]
    Shape { values: usize, dims: usize },

    #[error("number {column} of point {row} is {value}; t-SNE needs finite numbers")]
    NotFinite { row: usize, column: usize, value: f32 },

    #[error(
        "point {row} lies more than 10^12 times as far out as others, too far for distances to be measured; leave it out, or scale its numbers"
    )]
    TooFar { row: usize },

    #[error("point {row} is all zeros, which has no direction for the cosine metric; leave it out, or use euclidean")]
    NoDirection { row: usize },

    #[error("a map needs at least 2 points, not {points}")]
    TooFew { points: usize },

    #[error("{option} is {value}, but must be {allowed}")]
    Option { option: &'static str, value: String, allowed: String },

    #[error(
        "the exact method keeps all pairs of points, too many of {points}: give at most {most}, or use the method fft or barnes-hut"
    )]
    TooManyForExact { points: usize, most: usize },

    #[error(
        "{points} points with {neighbours} neighbours each are too many pairs for memory; give a perplexity of at most {most}, or fewer points"
    )]
    TooManyPairs { points: usize, neighbours: usize, most: usize },

    #[error("the initial map has {values} numbers; {points} points in {components} dimensions need {wanted}", wanted = points * components)]
    Initial { values: usize, points: usize, components: usize },

    #[error("number {index} of the initial map is {value}; give numbers from -{most} to {most}")]
    InitialRange { index: usize, value: f32, most: f32 },

    #[error("the map was made of points of {expected} numbers, these have {found}")]
    OtherDims { expected: usize, found: usize },

    #[error("{expected} points are needed to go with the others, not {found}")]
    OtherCount { expected: usize, found: usize },

    #[error("the map has left the range of numbers; give a smaller learning rate, or none")]
    Diverged,

    #[error("stopped before there was a map")]
    Stopped,

    #[error("{threads} threads could not be started: {problem}")]
    Threads { threads: usize, problem: String },
}

impl TsneError {
    pub(super) fn option(option: &'static str, value: impl ToString, allowed: impl Into<String>) -> Self {
        Self::Option { option, value: value.to_string(), allowed: allowed.into() }
    }
}
