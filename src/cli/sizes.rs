//! Sizes on the command line.

use anyhow::bail;
use selvedge::gpu::Gpu;

/// Sizes such as `512x512x512`.
#[derive(Debug, Clone)]
pub struct Sizes(pub Vec<usize>);

impl std::str::FromStr for Sizes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sizes: Option<Vec<usize>> =
            text.split(['x', 'X']).map(|size| size.parse().ok().filter(|size| *size > 0)).collect();
        sizes.map(Self).ok_or_else(|| "write sizes above 0 as 512x512x512".to_owned())
    }
}

/// Refuses sizes at which an input, of one of these shapes, is more than the adapter can bind.
pub fn must_fit(sizes: &[usize], shapes: fn(&[usize]) -> Vec<Vec<usize>>, gpu: &Gpu) -> anyhow::Result<()> {
    let limit = gpu.adapter().max_binding;
    let all = sizes.iter().try_fold(4_u64, |bytes, size| bytes.checked_mul(*size as u64));
    let fits = |shape: &Vec<usize>| 4 * shape.iter().map(|size| *size as u64).product::<u64>() <= limit;
    // No product of some of the sizes can overflow if that of all does not.
    if all.is_none() || !shapes(sizes).iter().all(fits) {
        bail!("--shape {} is too large: this adapter binds at most {limit} bytes at once", shown(sizes));
    }
    Ok(())
}

/// Sizes as [`Sizes`] are written.
pub fn shown(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}
