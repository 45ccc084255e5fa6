//! The output of a frozen base for every image, computed once and kept in the run folder.

use std::collections::HashMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::Serialize;

use super::TrainError;
use crate::data::{ImageSet, Normalisation};
use crate::files::{self, FileError, FileTask, write_atomically};
use crate::network::{Network, Resident};
use crate::run::RunConfig;
use crate::settings::NetworkSettings;

/// Everything the features depend on. A file with another key is ignored.
#[derive(Debug, Serialize)]
struct Key {
    network: NetworkSettings,
    /// A checksum of the base's weights and running statistics.
    base: u32,
    data: u32,
    images: usize,
    normalisation: Normalisation,
}

const KEY: &str = "key";
const CHECKSUM: &str = "checksum";
const TENSOR: &str = "features";
/// Larger files are not read: 60,000 images of 2,048 numbers are half a gigabyte.
const LARGEST_FILE: u64 = 16 << 30;

/// The features of all images, row-major `[images, width]`. They are read from the file at `path` as far as it holds those of
/// this base and these images; the others are computed and written there. `observe` is given the number of images done, and
/// may stop it; what is done by then is written too.
///
/// # Errors
/// Those of the device and of the file system.
pub(super) fn features(
    network: &Network,
    run: &RunConfig,
    images: &ImageSet,
    path: &Path,
    mut observe: impl FnMut(usize) -> ControlFlow<()>,
) -> Result<ControlFlow<(), Vec<f32>>, TrainError> {
    let key = key(network, run, images, path)?;
    let width = network.feature_width()?;
    let mut features = read(path, &key).unwrap_or_default();
    let known = features.len() / width;
    if known < images.len() {
        let data = Resident::new(&network.graph, images)?;
        let mut predictor = network.feature_predictor(&data, known)?;
        features.extend(predictor.run_observed(|done| observe(known + done))?);
        write(path, &key, &features, width)?;
    }
    Ok(if features.len() == images.len() * width { ControlFlow::Continue(features) } else { ControlFlow::Break(()) })
}

fn key(network: &Network, run: &RunConfig, images: &ImageSet, path: &Path) -> Result<String, TrainError> {
    let mut base = 0;
    for arena in [network.parameters.frozen(), network.parameters.statistics()] {
        base = crc32c::crc32c_append(base, bytemuck::cast_slice(&arena.flat.to_vec()?));
    }
    let key = Key {
        network: run.train.network,
        base,
        data: run.data_checksum,
        images: images.len(),
        normalisation: run.normalisation,
    };
    Ok(serde_json::to_string(&key).map_err(|e| FileError::io(path, FileTask::Write)(e.into()))?)
}

/// The features in a file, if it is intact and has this key. An unusable cache is not an error: it is computed again.
fn read(path: &Path, key: &str) -> Option<Vec<f32>> {
    let bytes = files::read(path, LARGEST_FILE).ok()?;
    let (_, header) = SafeTensors::read_metadata(&bytes).ok()?;
    let metadata = header.metadata().clone()?;
    let file = SafeTensors::deserialize(&bytes).ok()?;
    let view = file.tensor(TENSOR).ok()?;
    let is_whole = metadata.get(KEY)? == key
        && *metadata.get(CHECKSUM)? == crc32c::crc32c(view.data()).to_string()
        && view.dtype() == Dtype::F32;
    let number = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    is_whole.then(|| view.data().chunks_exact(4).map(number).collect())
}

fn write(path: &Path, key: &str, features: &[f32], width: usize) -> Result<(), TrainError> {
    let failed = |e| FileError::io(path, FileTask::Write)(std::io::Error::other::<safetensors::SafeTensorError>(e));
    let bytes: Vec<u8> = features.iter().flat_map(|x| x.to_le_bytes()).collect();
    let view = TensorView::new(Dtype::F32, vec![features.len() / width.max(1), width], &bytes).map_err(failed)?;
    let metadata =
        HashMap::from([(KEY.to_owned(), key.to_owned()), (CHECKSUM.to_owned(), crc32c::crc32c(&bytes).to_string())]);
    let file = safetensors::serialize([(TENSOR, view)], Some(metadata)).map_err(failed)?;
    Ok(write_atomically(path, |out| out.write_all(&file))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_used_with_its_own_key_and_while_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("features.safetensors");
        let features = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(read(&path, "a"), None);
        write(&path, "a", &features, 3).unwrap();
        assert_eq!(read(&path, "a"), Some(features));
        assert_eq!(read(&path, "b"), None);
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(read(&path, "a"), None);
    }
}
