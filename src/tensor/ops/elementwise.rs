//! Kernels that go over elements: `shaders/elementwise/map.wgsl` and `zip.wgsl` with a function joined.

use bytemuck::{Pod, Zeroable};

use super::kernel;
use crate::gpu::{Kernel, Source, shader};
use crate::tensor::{Inputs, Shape, TensorError};

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct MapParams {
    len: u32,
    c: f32,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct ZipParams {
    len: u32,
    period: u32,
    c: f32,
}

/// `y[i] = f(x[i], c)` over `len` elements.
pub(super) fn map_kernel(label: &'static str, f: Source, len: usize, c: f32) -> Kernel {
    let width = width_of(len);
    let source = shader!("elementwise/map.wgsl").join(f);
    kernel(label, source.with("value", value_of(width)), len / width)
        .params(MapParams {
            len: (len / width) as u32,
            c,
        })
        .flops(len as u64)
}

/// `y[i] = f(a[i], b[i mod period], c)`, where `period` is the length of b.
pub(super) fn zip_kernel(label: &'static str, f: Source, a: &Shape, b: &Shape, c: f32) -> Kernel {
    let len = a.len();
    let width = width_of(len).min(width_of(b.len()));
    let source = shader!("elementwise/zip.wgsl").join(f);
    kernel(label, source.with("value", value_of(width)), len / width)
        .params(ZipParams {
            len: (len / width) as u32,
            period: (b.len() / width) as u32,
            c,
        })
        .constant("BROADCAST", b.len() < len)
        .flops(len as u64)
}

/// Elements that a thread takes at once.
fn width_of(len: usize) -> usize {
    if len.is_multiple_of(4) { 4 } else { 1 }
}

fn value_of(width: usize) -> &'static str {
    if width == 4 {
        "alias Value = vec4<f32>;\n"
    } else {
        "alias Value = f32;\n"
    }
}

/// `y = x` over `len` elements.
pub(in crate::tensor) fn copy_kernel(len: usize) -> Kernel {
    map_kernel("copy", shader!("elementwise/copy.wgsl"), len, 0.0).flops(0)
}

/// The shape rule of `zip`: b has a's shape, or one that a's ends with, or one element.
///
/// # Errors
/// A shape error that names the second input.
pub(super) fn check_broadcast(inputs: &Inputs) -> Result<Shape, TensorError> {
    let (a, b) = (inputs.shape(0)?, inputs.shape(1)?);
    if a.axes().ends_with(b.axes()) || b.len() == 1 {
        Ok(a.clone())
    } else {
        Err(inputs
            .mismatch("the second input must have the shape of the first, or that of its last axes, or one element"))
    }
}
