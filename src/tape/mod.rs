//! Tapes: recorded runs of programs, to be replayed where there is no trainer, such as in a browser.
//!
//! A program is a flat list of dispatches: each a WGSL text, what it binds, and a grid. A [`Tape`] holds the programs, the buffers with
//! their first contents, and for each run what the host wrote before it: a few
//! numbers, and now and then the order of the images. That is all that a training step is, so a reader of tapes needs no graph, no
//! ops and no optimiser. Anything that runs on a device can be recorded: a training, an inference, one op with its gradient.

mod check;
#[cfg(feature = "training")]
mod file;
mod record;
mod replay;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use record::{Moment, Named, Recorder};
pub use replay::Replay;

use crate::files::FileError;
use crate::gpu::GpuError;
use crate::program::Pass;

/// The entry points that kernels of a tape may have.
const ENTRIES: [&str; 2] = ["main", "second"];

/// A recorded list of runs. All offsets and sizes are in bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tape {
    /// [`Tape::VERSION`] of the program that wrote it.
    pub version: u32,
    /// What was recorded, for people.
    pub title: String,
    /// The adapter that it was recorded on.
    pub adapter: String,
    /// The buffers that the programs use.
    pub buffers: Vec<TapeBuffer>,
    /// The distinct kernels of all programs.
    pub kernels: Vec<TapeKernel>,
    /// The distinct programs.
    pub programs: Vec<TapeProgram>,
    /// What was run, in order.
    pub runs: Vec<TapeRun>,
    /// Parts of the buffers that have a name.
    pub places: Vec<TapePlace>,
    /// Numbers of the places that are read after each run, such as the sum of losses.
    pub watched: Vec<usize>,
    /// Contents of buffers and what the host wrote, one after the other. In the tape's file it stands behind the rest.
    #[serde(skip)]
    pub data: Vec<u8>,
}

impl Tape {
    /// The version of the format. A tape of another one is refused.
    pub const VERSION: u32 = 2;

    /// The bytes of a piece.
    fn piece(&self, piece: Piece) -> &[u8] {
        &self.data[piece.place..piece.place + piece.bytes]
    }

    /// Adds bytes to the data.
    fn add(&mut self, bytes: &[u8]) -> Piece {
        let piece = Piece { place: self.data.len(), bytes: bytes.len() };
        self.data.extend_from_slice(bytes);
        piece
    }
}

/// A buffer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapeBuffer {
    /// Its length.
    pub bytes: u64,
    /// Whether it holds nothing from one run to the next: values that share its memory come and go within a run.
    pub scratch: bool,
    /// What it holds before the first run; empty for zeros.
    pub contents: Piece,
}

/// A kernel: text that is compiled as it is, with every constant filled in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapeKernel {
    /// The WGSL; lines `// ---- NAME` name the files that its parts are from.
    pub text: String,
    /// The entry point.
    pub entry: String,
}

/// A list of dispatches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapeProgram {
    /// What it does, for people.
    pub name: String,
    /// In the order in which they run; each sees what those before it wrote.
    pub dispatches: Vec<TapeDispatch>,
}

/// One dispatch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapeDispatch {
    /// The kernel's name, for people.
    pub label: String,
    /// The op with its shapes and settings, for people.
    pub shapes: String,
    /// The layer of the network, by the name that its parameters share; empty where it has none.
    pub layer: String,
    /// The part of a training step.
    pub pass: Pass,
    /// The number of the first dispatch of the op whose gradient it is part of.
    pub gradient_of: Option<usize>,
    /// The kernel's number.
    pub kernel: usize,
    /// The uniform struct at binding 0; empty if there is none.
    pub params: Vec<u32>,
    /// The storage buffers at bindings 1, 2, ...
    pub bindings: Vec<TapeBinding>,
    /// Workgroups along x, y and z.
    pub workgroups: [u32; 3],
    /// Floating-point operations wanted.
    pub flops: u64,
    /// Those carried out, with the padding of tiles.
    pub executed: u64,
}

/// A part of a buffer, bound to a kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapeBinding {
    /// The buffer's number.
    pub buffer: usize,
    /// Where the part begins.
    pub offset: u64,
    /// Its length.
    pub bytes: u64,
    /// Whether the kernel writes it.
    pub writes: bool,
    /// The sizes of the axes of what it holds; none where that has no shape.
    pub shape: Vec<usize>,
    /// Whether it holds unsigned integers, not floats.
    pub integers: bool,
}

/// One run of a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapeRun {
    /// The program's number.
    pub program: usize,
    /// Where in a training it is.
    pub moment: Moment,
    /// What the host wrote before it.
    pub writes: Vec<TapeWrite>,
    /// What each watched place held after it, as this recording's adapter got it; empty where nothing was read.
    pub expected: Vec<Vec<u32>>,
}

/// Numbers that the host wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapeWrite {
    /// The buffer's number.
    pub buffer: usize,
    /// Where in it.
    pub offset: u64,
    /// What was written.
    pub contents: Piece,
}

/// A part of a buffer with a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapePlace {
    /// Its name, such as `conv1.weight`.
    pub name: String,
    /// What it is for.
    pub role: PlaceRole,
    /// The buffer's number.
    pub buffer: usize,
    /// Where it begins.
    pub offset: u64,
    /// Its length.
    pub bytes: u64,
    /// The sizes of its axes.
    pub shape: Vec<usize>,
    /// Whether it holds unsigned integers, not floats.
    pub integers: bool,
}

/// What a place is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlaceRole {
    /// A parameter of a network.
    Parameter,
    /// Kept alongside the parameters without a gradient, such as a running mean.
    Statistic,
    /// What an optimiser keeps for each parameter.
    State,
    /// Begins with the learning rate of the step.
    Rate,
    /// The sum of losses and the number of hits in the epoch so far.
    Sums,
    /// The images that a prediction is asked for, scaled as in training, `[N, H, W, C]`.
    Input,
    /// The probabilities of the classes of these images, `[N, classes]`.
    Output,
    /// Something else.
    Other,
}

/// A piece of [`Tape::data`]: where it begins, and its length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// Where it begins.
    pub place: usize,
    /// Its length.
    pub bytes: usize,
}

/// Why a tape cannot be recorded, read or replayed.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum TapeError {
    #[error(transparent)]
    Gpu(#[from] GpuError),

    #[error(transparent)]
    File(#[from] FileError),

    #[error("{path} is not a whole tape: {problem}")]
    Format { path: String, problem: String },

    #[error("the tape needs {bytes} bytes of memory, more than the adapter has left")]
    Memory { bytes: u64 },

    #[error("the tape is damaged: {0}")]
    Damaged(String),

    #[error("what is recorded {0}")]
    Recording(String),
}
