//! Weight files: safetensors with PyTorch's names and layouts.
//!
//! `load_state_dict(strict=True)` of an equivalent PyTorch module accepts what [`save`] writes, and [`load`] accepts
//! what such a module saves.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, View};
use thiserror::Error;

use super::parameters::Declaration;
use super::{HEAD, Layout, Parameters};
use crate::files::{self, FileError, shown, write_atomically};
use crate::gpu::GpuError;
use crate::tensor::TensorError;

/// What can go wrong with a weight file.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum WeightsError {
    #[error("{path} is no whole safetensors file ({problem}); it may be truncated: copy it anew", path = shown(path))]
    Format { path: PathBuf, problem: String },

    #[error("{path} is no safetensors file but {what}", path = shown(path))]
    OtherFormat { path: PathBuf, what: &'static str },

    #[error("{path} does not fit this network: {problem}", path = shown(path))]
    Mismatch { path: PathBuf, problem: String },

    #[error(transparent)]
    File(#[from] FileError),

    #[error(transparent)]
    Tensor(#[from] TensorError),
}

impl From<GpuError> for WeightsError {
    fn from(error: GpuError) -> Self {
        Self::Tensor(error.into())
    }
}

/// Files larger than this are refused unread; the largest network here has a few hundred megabytes.
pub(crate) const LARGEST_FILE: u64 = 4 << 30;

/// Writes all parameters to `path`: first to a temporary file beside it, then renamed, so that a crash or a full disk
/// leaves what was there before. `steps` is the number of training steps, PyTorch's `num_batches_tracked`; `about` describes
/// the weights, for [`about`] to read back, and is ignored by other programs.
///
/// # Errors
/// When the device or the file system fails.
pub fn save(parameters: &Parameters, steps: u64, about: &str, path: &Path) -> Result<(), WeightsError> {
    let mut tensors = Vec::new();
    for DiskTensor { name, shape, values } in in_pytorch_layout(parameters)? {
        let counter = name.strip_suffix(".running_var");
        let counter = counter.map(|layer| (format!("{layer}.num_batches_tracked"), Stored::counter(steps)));
        tensors.push((name, Stored::floats(shape, &values)));
        tensors.extend(counter);
    }
    let metadata = HashMap::from([(ABOUT.to_owned(), about.to_owned())]);
    let bytes = safetensors::serialize(tensors, Some(metadata))
        .map_err(|e| WeightsError::Format { path: path.to_owned(), problem: e.to_string() })?;
    Ok(write_atomically(path, |file| file.write_all(&bytes))?)
}

/// A parameter as other programs store it.
#[derive(Debug, Clone, PartialEq)]
pub struct DiskTensor {
    /// Its name.
    pub name: String,
    /// OIHW for a convolution, `[out, in]` for a dense layer.
    pub shape: Vec<usize>,
    /// Its numbers, in row-major order.
    pub values: Vec<f32>,
}

/// All parameters and running statistics with PyTorch's names and layouts.
///
/// # Errors
/// Those of the device.
pub fn in_pytorch_layout(parameters: &Parameters) -> Result<Vec<DiskTensor>, WeightsError> {
    let all = parameters.all().zip(parameters.values()?);
    Ok(all
        .map(|((declaration, _), values)| DiskTensor {
            name: declaration.name.clone(),
            shape: disk_shape(declaration),
            values: to_disk(declaration, &values),
        })
        .collect())
}

/// The key under which [`save`] stores its `about` in the file's metadata.
const ABOUT: &str = "selvedge";

/// The `about` that [`save`] stored in a file; `None` when another program wrote it.
///
/// # Errors
/// [`WeightsError::File`], or [`WeightsError::Format`] when it is not a complete safetensors file.
pub fn about(path: &Path) -> Result<Option<String>, WeightsError> {
    let bytes = files::read(path, LARGEST_FILE)?;
    parse(&bytes, path)?;
    let header = SafeTensors::read_metadata(&bytes).ok();
    Ok(header.and_then(|(_, header)| header.metadata().as_ref()?.get(ABOUT).cloned()))
}

/// Fills all parameters from `path`. Every tensor must be present with the right shape, and nothing may be left over. 16-bit
/// floats are widened.
///
/// Nothing is changed unless everything fits.
///
/// # Errors
/// [`WeightsError::Mismatch`] lists what is missing, unexpected or misshaped.
pub fn load(parameters: &Parameters, path: &Path) -> Result<(), WeightsError> {
    fill(parameters, path, Part::Whole).map(|_| ())
}

/// Fills all parameters except those of the head, as [`load`] does. The file may hold a whole network: its head and auxiliary
/// classifier are ignored, and their names are returned.
///
/// # Errors
/// As [`load`].
pub fn load_base(parameters: &Parameters, path: &Path) -> Result<Vec<String>, WeightsError> {
    fill(parameters, path, Part::Base)
}

/// Which parameters to fill from a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    Base,
}

impl Part {
    fn takes(self, name: &str) -> bool {
        self == Self::Whole || !(name.starts_with(HEAD) || name.starts_with(AUXILIARY))
    }
}

/// What the names of an auxiliary classifier start with, as in torchvision.
const AUXILIARY: &str = "AuxLogits";

/// How many problems a message lists; the rest are counted.
const LISTED: usize = 20;

/// Fills the part and returns the names in the file that do not belong to it.
fn fill(parameters: &Parameters, path: &Path, part: Part) -> Result<Vec<String>, WeightsError> {
    let bytes = files::read(path, LARGEST_FILE)?;
    let file = parse(&bytes, path)?;
    let mut problems = Vec::new();
    let mut loaded = Vec::new();
    for (declaration, tensor) in parameters.all().filter(|(d, _)| part.takes(&d.name)) {
        let wanted = disk_shape(declaration);
        match file.tensor(&declaration.name) {
            Err(_) => problems.push(format!("{} is missing", declaration.name)),
            Ok(view) if view.shape() != wanted => {
                problems.push(format!("{} has shape {:?} instead of {wanted:?}", declaration.name, view.shape()))
            }
            Ok(view) => match widened(&view) {
                Some(values) if values.iter().any(|value| !value.is_finite()) => {
                    problems.push(format!("{} holds numbers that are not finite", declaration.name));
                }
                Some(values) => loaded.push((tensor, from_disk(declaration, &values))),
                None => {
                    problems.push(format!("{} is {:?} instead of F32, F16 or BF16", declaration.name, view.dtype()))
                }
            },
        }
    }
    let mut names = file.names();
    names.sort_unstable();
    let known = |name: &str| name.ends_with(".num_batches_tracked") || parameters.all().any(|(d, _)| d.name == name);
    let (of_part, aside): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| part.takes(name));
    let unexpected = of_part.into_iter().filter(|name| !known(name));
    problems.extend(unexpected.map(|name| format!("{name} is unexpected")));
    if !problems.is_empty() {
        let more = problems.len().saturating_sub(LISTED);
        problems.truncate(LISTED);
        if more > 0 {
            problems.push(format!("and {more} more"));
        }
        return Err(WeightsError::Mismatch { path: path.to_owned(), problem: problems.join(", ") });
    }
    for (tensor, values) in loaded {
        tensor.write(&values)?;
    }
    Ok(aside.into_iter().map(str::to_owned).collect())
}

/// A tensor of a weight file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The type of its numbers, such as `F32`.
    pub dtype: String,
    /// Its shape on disk.
    pub shape: Vec<usize>,
    /// Bytes it takes.
    pub bytes: usize,
}

/// The tensors of a weight file, sorted by name.
///
/// # Errors
/// [`WeightsError::File`], or [`WeightsError::Format`] when it is not a complete safetensors file.
pub fn list(path: &Path) -> Result<Vec<Entry>, WeightsError> {
    let bytes = files::read(path, LARGEST_FILE)?;
    let file = parse(&bytes, path)?;
    let mut entries: Vec<Entry> = file
        .iter()
        .map(|(name, view)| Entry {
            name: name.to_owned(),
            dtype: format!("{:?}", view.dtype()),
            shape: view.shape().to_vec(),
            bytes: view.data().len(),
        })
        .collect();
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// safetensors refuses headers that are larger than the file, and tensors that overlap or reach beyond it.
fn parse<'a>(bytes: &'a [u8], path: &Path) -> Result<SafeTensors<'a>, WeightsError> {
    SafeTensors::deserialize(bytes).map_err(|e| {
        let path = path.to_owned();
        match other_format(bytes) {
            Some(what) => WeightsError::OtherFormat { path, what },
            None => WeightsError::Format { path, problem: e.to_string() },
        }
    })
}

const PICTURE: &str = "a picture; the model comes first on the command line, pictures after it";

/// What a file is according to its first bytes, if it is something that people give instead of a weight file.
fn other_format(bytes: &[u8]) -> Option<&'static str> {
    let formats: [(&[u8], &str); 11] = [
        // What torch.save writes is a zip file, or a pickle in old versions.
        (b"PK", "PyTorch's own format (or a zip file); scripts/pth-to-safetensors.py converts it"),
        (b"BM", PICTURE),
        (b"II*\0", PICTURE),
        (b"MM\0*", PICTURE),
        (b"\x80\x02", "PyTorch's old format; scripts/pth-to-safetensors.py converts it"),
        (b"\x89PNG", PICTURE),
        (b"\xff\xd8", PICTURE),
        (b"RIFF", PICTURE),
        (b"GIF8", PICTURE),
        (b"{", "JSON; name the run's folder instead"),
        (b"\x1f\x8b", "a gzipped file; unpack it first"),
    ];
    // The first bytes are the header's length; if the file is longer than that, it may be safetensors after all.
    let header = bytes.first_chunk().map_or(u64::MAX, |length| u64::from_le_bytes(*length));
    if header < bytes.len() as u64 {
        return None;
    }
    let found = formats.iter().find(|(start, _)| bytes.starts_with(start));
    found.map(|(_, what)| *what)
}

/// The numbers of a tensor as 32-bit floats, if it holds F32, F16 or BF16.
fn widened(view: &TensorView) -> Option<Vec<f32>> {
    let pairs = || view.data().chunks_exact(2).map(|b| [b[0], b[1]]);
    match view.dtype() {
        Dtype::F32 => Some(view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()),
        Dtype::F16 => Some(pairs().map(|b| f16::from_le_bytes(b).to_f32()).collect()),
        Dtype::BF16 => Some(pairs().map(|b| bf16::from_le_bytes(b).to_f32()).collect()),
        _ => None,
    }
}

/// A tensor in the form that safetensors needs.
struct Stored {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Stored {
    fn floats(shape: Vec<usize>, values: &[f32]) -> Self {
        Self { dtype: Dtype::F32, shape, bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect() }
    }

    fn counter(value: u64) -> Self {
        Self { dtype: Dtype::I64, shape: Vec::new(), bytes: value.to_le_bytes().to_vec() }
    }
}

impl View for Stored {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

fn disk_shape(declaration: &Declaration) -> Vec<usize> {
    match (declaration.layout, declaration.shape.axes()) {
        (Layout::Conv, &[kernel_h, kernel_w, in_c, out_c]) => vec![out_c, in_c, kernel_h, kernel_w],
        (Layout::Linear, &[fan_in, fan_out]) => vec![fan_out, fan_in],
        (_, axes) => axes.to_vec(),
    }
}

/// For each element in memory order, its place on disk.
///
/// A dense layer is a convolution of one tap: `[taps, in, out]` here, `[out, in, taps]` on disk.
fn disk_places(declaration: &Declaration) -> impl Iterator<Item = usize> {
    let len = declaration.shape.len();
    let (in_c, out_c) = match (declaration.layout, declaration.shape.axes()) {
        (Layout::Conv, &[_, _, in_c, out_c]) => (in_c, out_c),
        (Layout::Linear, &[fan_in, fan_out]) => (fan_in, fan_out),
        // A single run of "taps" stays as it is.
        _ => (1, 1),
    };
    let taps = len / (in_c * out_c).max(1);
    (0..len).map(move |i| {
        let (co, ci, tap) = (i % out_c, i / out_c % in_c, i / out_c / in_c);
        (co * in_c + ci) * taps + tap
    })
}

/// Reorders numbers from memory order to disk order.
fn to_disk(declaration: &Declaration, values: &[f32]) -> Vec<f32> {
    let mut ordered = vec![0.0_f32; values.len()];
    for (place, value) in disk_places(declaration).zip(values) {
        ordered[place] = *value;
    }
    ordered
}

fn from_disk(declaration: &Declaration, values: &[f32]) -> Vec<f32> {
    disk_places(declaration).map(|place| values[place]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Init, Role};
    use super::*;

    fn declaration(layout: Layout, shape: &[usize]) -> Declaration {
        Declaration::new("w".to_owned(), shape.into(), layout, Role::ConvWeight, Init::Constant(0.0))
    }

    /// Shape and numbers on disk for 0, 1, 2, ... in memory.
    fn on_disk(layout: Layout, shape: &[usize]) -> (Vec<usize>, Vec<f32>) {
        let declaration = declaration(layout, shape);
        let values: Vec<f32> = (0..declaration.shape.len()).map(|i| i as f32).collect();
        let disk = to_disk(&declaration, &values);
        assert_eq!(from_disk(&declaration, &disk), values, "there and back");
        (disk_shape(&declaration), disk)
    }

    #[test]
    fn convolution_weights_go_from_hwio_to_oihw() {
        // One row of two taps, two inputs, three outputs: element (tap, ci, co) is 6 tap + 3 ci + co.
        let (shape, disk) = on_disk(Layout::Conv, &[1, 2, 2, 3]);
        assert_eq!(shape, [3, 2, 1, 2]);
        assert_eq!(disk, [0.0, 6.0, 3.0, 9.0, 1.0, 7.0, 4.0, 10.0, 2.0, 8.0, 5.0, 11.0]);
    }

    #[test]
    fn dense_weights_are_transposed_and_the_rest_stays() {
        assert_eq!(on_disk(Layout::Linear, &[2, 3]), (vec![3, 2], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
        assert_eq!(on_disk(Layout::Same, &[3]), (vec![3], vec![0.0, 1.0, 2.0]));
    }
}
