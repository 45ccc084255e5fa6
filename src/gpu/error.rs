use thiserror::Error;

/// What can go wrong between this process and the graphics driver.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum GpuError {
    /// There is nothing to run on. The text says what was tried and how to get an adapter.
    #[error("{0}")]
    NoAdapter(String),

    #[error(
        "no adapter has '{asked}' in its name or as its number. Adapters here: {found}. \
         Choose one of them with `adapter` or SELVEDGE_ADAPTER, or leave both out to take the best"
    )]
    AdapterNotFound { asked: String, found: String },

    #[error("the adapter '{adapter}' could not be opened: {source}")]
    OpenDevice { adapter: String, source: wgpu::RequestDeviceError },

    #[error("the environment variable {name} is '{value}', but must be {allowed}")]
    BadVariable { name: &'static str, value: String, allowed: &'static str },

    #[error(
        "{what} takes {bytes} bytes, but this adapter binds at most {limit} bytes at once. \
         Use a smaller batch"
    )]
    TooLarge { what: String, bytes: u64, limit: u64 },

    #[error(
        "{needed} more memory is needed, and the adapter has {left} left and binds at most {limit} at once. \
         The largest values are {largest}"
    )]
    DoesNotFit { needed: String, left: String, limit: String, largest: String },

    #[error("the adapter has no memory left for {what}. Use a smaller batch, or free memory")]
    OutOfMemory { what: String },

    #[error("the shader {file} cannot be joined: {problem}")]
    Source { file: String, problem: String },

    #[error("{} cannot be used as a folder of shaders: {problem}", crate::files::shown(folder))]
    Shaders { folder: std::path::PathBuf, problem: String },

    #[error(transparent)]
    File(#[from] crate::files::FileError),

    #[error("{what}: {message}")]
    Invalid { what: String, message: String },

    #[error("the adapter '{adapter}' stopped working: {message}")]
    Failed { adapter: String, message: String },
}

impl GpuError {
    pub(super) fn bad_variable(name: &'static str, value: &str, allowed: &'static str) -> Self {
        Self::BadVariable { name, value: value.to_owned(), allowed }
    }
}
