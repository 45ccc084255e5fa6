use std::fmt;

use crate::gpu::Gpu;

/// The sizes of a tensor's axes, outermost first. Images are `[N, H, W, C]`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// The sizes, outermost first.
    pub fn axes(&self) -> &[usize] {
        &self.0
    }

    /// Number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// Number of elements; 1 for a shape without axes, `None` when it does not fit a `usize`.
    pub fn checked_len(&self) -> Option<usize> {
        self.0.iter().try_fold(1usize, |n, axis| n.checked_mul(*axis))
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.0.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Size of the last axis (channels, classes); 1 for a shape without axes.
    pub fn last(&self) -> usize {
        self.0.last().copied().unwrap_or(1)
    }

    /// Elements divided by the last axis: the rows of the shape seen as a matrix.
    pub fn rows(&self) -> usize {
        self.0[..self.0.len().saturating_sub(1)].iter().product()
    }

    /// The same shape with another last axis.
    pub fn with_last(&self, last: usize) -> Self {
        let mut axes = self.0.clone();
        match axes.last_mut() {
            Some(axis) => *axis = last,
            None => axes.push(last),
        }
        Self(axes)
    }
}

impl From<&[usize]> for Shape {
    fn from(axes: &[usize]) -> Self {
        Self(axes.to_vec())
    }
}

impl From<Vec<usize>> for Shape {
    fn from(axes: Vec<usize>) -> Self {
        Self(axes)
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(axes: [usize; N]) -> Self {
        Self(axes.to_vec())
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The type of one element. Every element takes four bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DType {
    /// 32-bit floats.
    F32,
    /// Unsigned 32-bit integers.
    U32,
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "floats (f32)",
            Self::U32 => "unsigned integers (u32)",
        })
    }
}

/// Shape and element type of a value, known before it is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Sizes of the axes.
    pub shape: Shape,
    /// The type of one element.
    pub dtype: DType,
}

impl Info {
    /// A value of 32-bit floats.
    pub fn f32(shape: impl Into<Shape>) -> Self {
        Self { shape: shape.into(), dtype: DType::F32 }
    }

    /// A value of unsigned 32-bit integers: labels, indices, counters.
    pub fn u32(shape: impl Into<Shape>) -> Self {
        Self { shape: shape.into(), dtype: DType::U32 }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.shape.is_empty()
    }

    /// Size of the elements in bytes.
    pub fn bytes(&self) -> u64 {
        4 * self.len() as u64
    }

    /// Size in memory in bytes: even a tensor without elements gets some, so that it can be bound.
    pub(crate) fn binding_bytes(&self) -> u64 {
        Gpu::binding_bytes(self.len())
    }
}
