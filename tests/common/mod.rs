//! What the tests share: devices, and a check that fails with the whole report.
#![allow(dead_code)] // each test file uses only a part

#[cfg(feature = "cli")]
pub mod hashed;
#[cfg(feature = "cli")]
pub mod pictures;
#[cfg(feature = "cli")]
pub mod process;
#[cfg(feature = "cli")]
pub mod training;
#[cfg(feature = "cli")]
pub mod tsne;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use selvedge::gpu::{GemmCore, Gpu, GpuOptions, Variant};
use selvedge::gradcheck::{Array, Tolerance, gradcheck};
use selvedge::tensor::ops::gemm_core;
use selvedge::tensor::{Result, Tensor};

/// The device with bounds checks on and the adapter's default core; opened once per test binary.
pub fn gpu() -> Arc<Gpu> {
    open(None)
}

/// Like [`gpu`], with this core of the matrix product.
pub fn gpu_with(core: GemmCore) -> Arc<Gpu> {
    open(Some(core))
}

/// The device with the kernels that a large GPU gets, and without bounds checks, as there.
pub fn gpu_as_large_gpu() -> Arc<Gpu> {
    static OPENED: OnceLock<Arc<Gpu>> = OnceLock::new();
    let options = GpuOptions { as_gpu: true, checked: Some(false), gemm: None, ..GpuOptions::from_env().unwrap() };
    Arc::clone(OPENED.get_or_init(|| Gpu::open(&options).expect(NO_ADAPTER)))
}

const NO_ADAPTER: &str = "tests need a Vulkan, Metal or DX12 adapter: run ./setup.sh";

fn open(core: Option<GemmCore>) -> Arc<Gpu> {
    type Opened = Mutex<HashMap<Option<GemmCore>, Arc<Gpu>>>;
    static OPENED: OnceLock<Opened> = OnceLock::new();
    let mut opened = OPENED.get_or_init(Mutex::default).lock().unwrap_or_else(|e| e.into_inner());
    Arc::clone(opened.entry(core).or_insert_with(|| {
        let mut options = GpuOptions::from_env().unwrap();
        options.checked = Some(true);
        options.gemm = core.or(options.gemm);
        Gpu::open(&options).expect(NO_ADAPTER)
    }))
}

/// The cores that this adapter can run: all but `subgroup` on adapters without subgroups of one size.
pub fn cores() -> Vec<GemmCore> {
    let asking_for = |core| Variant { asked_gemm: Some(core), ..gpu().variant() };
    let can_run = |core: &GemmCore| gemm_core(asking_for(*core)).is_ok();
    GemmCore::ALL.into_iter().filter(can_run).collect()
}

/// Whether this device computes convolutions by Winograd's algorithm where that is faster.
pub fn has_winograd(gpu: &Gpu) -> bool {
    let variant = gpu.variant();
    variant.is_cpu && variant.asked_gemm.is_none() && cores().contains(&GemmCore::Subgroup)
}

/// Runs [`gradcheck`] and panics with its report unless everything agrees.
pub fn check(inputs: &[Array], build: impl Fn(&[Tensor]) -> Result<Tensor>, reference: impl Fn(&[Array]) -> Vec<f64>) {
    check_on(&gpu(), "", inputs, build, reference);
}

/// Like [`check`], on a given device; `case` names the case in the message.
pub fn check_on(
    gpu: &Arc<Gpu>,
    case: &str,
    inputs: &[Array],
    build: impl Fn(&[Tensor]) -> Result<Tensor>,
    reference: impl Fn(&[Array]) -> Vec<f64>,
) {
    let report =
        gradcheck(gpu, inputs, Tolerance::default(), build, reference).unwrap_or_else(|e| panic!("{case}: {e}"));
    assert!(report.passed(), "{case}: {report}");
}

/// Random numbers in -1 to 1.
pub fn random(shape: &[usize], seed: u64) -> Array {
    Array::random(shape, -1.0, 1.0, seed)
}

/// [`Array::away_from_zero`]
pub fn away_from_zero(shape: &[usize], seed: u64) -> Array {
    Array::away_from_zero(shape, seed)
}

/// Equal, with NaN equal to NaN.
#[track_caller]
pub fn assert_same(case: &str, tensor: &Tensor, expected: &[f32]) {
    let got = tensor.to_vec().unwrap();
    let same = got.len() == expected.len() && got.iter().zip(expected).all(|(a, b)| a == b || a.is_nan() && b.is_nan());
    assert!(same, "{case}: {got:?} instead of {expected:?}");
}
