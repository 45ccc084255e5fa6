//! Writes logits and all gradients of every architecture, on hashed weights and images, for tests/interop/architectures.py.
//!
//!     cargo run --release --example gradients -- FOLDER

#[path = "../tests/common/hashed.rs"]
mod hashed;

use std::path::PathBuf;

use hashed::{CASES, IMAGES, SETS, write_safetensors};
use selvedge::files::shown;
use selvedge::gpu::{Gpu, GpuOptions};

fn main() {
    let folder: PathBuf = std::env::args_os().nth(1).expect("the folder to write to").into();
    std::fs::create_dir_all(&folder).unwrap();
    let gpu = Gpu::open(&GpuOptions::from_env().unwrap()).unwrap();
    for (case, set) in CASES.iter().flat_map(|case| SETS.map(|set| (case, set))) {
        let measured = case.measure(&gpu, set);
        let mut tensors = measured.gradients;
        tensors.push(("inference".to_owned(), vec![IMAGES, 10], measured.inference));
        tensors.push(("training".to_owned(), vec![IMAGES, 10], measured.training));
        let bytes = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let tensors: Vec<_> = tensors.into_iter().map(|(name, shape, values)| (name, shape, bytes(&values))).collect();
        let path = folder.join(format!("{}-{set}.safetensors", case.name.replace(' ', "-")));
        write_safetensors(&path, &tensors);
        println!("{}", shown(&path));
    }
}
