//! Strided walks over tensors: broadcast, permuted or sliced. `shaders/elementwise/strides.wgsl` is the device's side.

use crate::tensor::{Result, Shape, TensorError};

/// The maximum number of axes that a kernel can walk over: those of the shader's `Params`.
const MOST_AXES: usize = 6;

/// Elements between neighbours along each axis of a tensor in row-major order.
pub(super) fn row_major(shape: &Shape) -> Vec<usize> {
    let axes = shape.axes();
    (0..axes.len()).map(|axis| axes[axis + 1..].iter().product()).collect()
}

/// The strides of `shape` broadcast to the shape `output`, which it must fit: 0 along each broadcast axis.
pub(super) fn repeated(shape: &Shape, output: &Shape) -> Vec<usize> {
    let mut strides = vec![0; output.rank() - shape.rank()];
    let own = row_major(shape);
    strides.extend(own.iter().zip(shape.axes()).map(|(stride, size)| if *size == 1 { 0 } else { *stride }));
    strides
}

/// One axis of an output: its size, and its stride in each of two tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Axis {
    size: usize,
    strides: [usize; 2],
}

/// The axes of an output, innermost first; neighbouring axes that both tensors walk as one are merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Walk(Vec<Axis>);

impl Walk {
    /// The walk of the op named `op` over an output of shape `output` and two tensors with these strides.
    ///
    /// # Errors
    /// [`TensorError::Parameter`] when more than [`MOST_AXES`] are left after merging.
    pub fn new(op: &'static str, output: &Shape, strides: [&[usize]; 2]) -> Result<Self> {
        let mut merged: Vec<Axis> = Vec::new();
        for (i, size) in output.axes().iter().enumerate().rev().filter(|(_, size)| **size != 1) {
            let axis = Axis { size: *size, strides: strides.map(|of| of[i]) };
            match merged.last_mut() {
                // One step along the outer axis spans the whole inner axis, in both tensors.
                Some(inner) if inner.strides.map(|stride| stride * inner.size) == axis.strides => {
                    inner.size *= axis.size
                }
                _ => merged.push(axis),
            }
        }
        if merged.len() > MOST_AXES {
            return Err(TensorError::Parameter {
                op,
                problem: format!(
                    "an output of shape {output} has {} axes that cannot be merged, but kernels walk over {MOST_AXES} at most",
                    merged.len()
                ),
            });
        }
        Ok(Self(merged))
    }

    /// A walk over one tensor.
    ///
    /// # Errors
    /// As [`Walk::new`].
    pub fn of_one(op: &'static str, output: &Shape, strides: &[usize]) -> Result<Self> {
        Self::new(op, output, [strides, strides])
    }

    /// The shader's `RANK`. A single element counts as an axis of size 1.
    pub fn rank(&self) -> u32 {
        self.0.len().max(1) as u32
    }

    /// Threads for an output of `len` elements, each for up to four neighbours along the innermost axis.
    pub fn threads(&self, len: usize) -> usize {
        let inner = self.0.first().map_or(1, |axis| axis.size);
        len / inner.max(1) * inner.div_ceil(4)
    }

    /// `axes` of the shader's `Params`.
    pub fn params(&self) -> [[u32; 4]; MOST_AXES] {
        let mut axes = [[1, 0, 0, 0]; MOST_AXES];
        for (to, axis) in axes.iter_mut().zip(&self.0) {
            let [first, second] = axis.strides;
            *to = [axis.size as u32, first as u32, second as u32, 0];
        }
        axes
    }
}
