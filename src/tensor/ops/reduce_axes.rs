//! Sums, means and extremes over any axes.

use super::extreme::Extreme;
use super::reduce::Extent;
use crate::tensor::{Inputs, Result, Shape, Tensor};

/// The shape that a reduction over some axes leaves, and the steps that lead to it.
pub(super) struct Reduction {
    /// One for each run of neighbouring axes, the last run first. Each works on the result of the one before.
    pub steps: Vec<Extent>,
    /// How many numbers are reduced to one.
    pub count: usize,
    /// The shape with 1 for each reduced axis.
    pub kept: Shape,
    /// The shape without the reduced axes.
    pub dropped: Shape,
}

impl Reduction {
    /// The reduction of the tensor `x` over `axes`, by the op named `op`.
    ///
    /// # Errors
    /// A shape error when an axis does not exist or is named twice.
    pub fn of(op: &'static str, x: &Tensor, axes: &[usize]) -> Result<Self> {
        let shape = x.shape();
        let mut reduced = vec![false; shape.rank()];
        for axis in axes {
            match reduced.get_mut(*axis) {
                Some(axis) if !*axis => *axis = true,
                _ => {
                    let problem = format!("the axes {axes:?} must be different ones of its {}", shape.rank());
                    return Err(Inputs::of(op, &[x]).mismatch(problem));
                }
            }
        }
        let mut sizes = shape.axes().to_vec();
        let mut steps = Vec::new();
        let mut end = sizes.len();
        while end > 0 {
            // An axis of 1 belongs to any run.
            let start = sizes[..end]
                .iter()
                .zip(&reduced)
                .rposition(|(size, reduced)| !reduced && *size != 1)
                .map_or(0, |last_kept| last_kept + 1);
            let len: usize = sizes[start..end].iter().product();
            if len != 1 {
                steps.push(Extent {
                    outer: sizes[..start].iter().product(),
                    len,
                    inner: sizes[end..].iter().product(),
                });
            }
            sizes[start..end].fill(1);
            end = start.saturating_sub(1);
        }
        let of_those = |wanted: bool| shape.axes().iter().zip(&reduced).filter(move |(_, is)| **is == wanted);
        let dropped: Vec<usize> = of_those(false).map(|(size, _)| *size).collect();
        Ok(Self {
            steps,
            count: of_those(true).map(|(size, _)| *size).product(),
            kept: sizes.into(),
            dropped: dropped.into(),
        })
    }

    /// The result's shape.
    pub fn output(&self, keep_dims: bool) -> Shape {
        if keep_dims { self.kept.clone() } else { self.dropped.clone() }
    }
}

impl Tensor {
    /// The sum over `axes`, which keep size 1 with `keep_dims` and disappear otherwise: over axes 0 and 2,
    /// `[A, B, C] -> [B]`, or `[1, B, 1]`. A sum of no terms is 0.
    ///
    /// # Errors
    /// A shape error when an axis does not exist or is named twice.
    pub fn sum_axes(&self, axes: &[usize], keep_dims: bool) -> Result<Tensor> {
        let reduction = Reduction::of("sum_axes", self, axes)?;
        self.sum_by(&reduction, 1.0, reduction.output(keep_dims))
    }

    /// The mean over `axes`, with shapes as in [`Tensor::sum_axes`]: `[A, B, C] -> [B]`, or `[1, B, 1]`.
    ///
    /// # Errors
    /// As [`Tensor::sum_axes`], and when there are no elements to take the mean of.
    pub fn mean_axes(&self, axes: &[usize], keep_dims: bool) -> Result<Tensor> {
        let reduction = Reduction::of("mean_axes", self, axes)?;
        let share = self.share("mean_axes", reduction.count)?;
        self.sum_by(&reduction, share, reduction.output(keep_dims))
    }

    /// The maximum over `axes`, with shapes as in [`Tensor::sum_axes`]: `[A, B, C] -> [B]`, or `[1, B, 1]`. NaN if any
    /// element is NaN. The gradient goes to the maximum; ties share it equally, as in PyTorch's `amax`.
    ///
    /// # Errors
    /// As [`Tensor::sum_axes`], and when there are no elements to take the maximum of.
    pub fn max_axes(&self, axes: &[usize], keep_dims: bool) -> Result<Tensor> {
        self.extreme("max_axes", true, axes, keep_dims)
    }

    /// The minimum over `axes`, otherwise as [`Tensor::max_axes`]: `[A, B, C] -> [B]`, or `[1, B, 1]`.
    ///
    /// # Errors
    /// As [`Tensor::max_axes`].
    pub fn min_axes(&self, axes: &[usize], keep_dims: bool) -> Result<Tensor> {
        self.extreme("min_axes", false, axes, keep_dims)
    }

    fn extreme(&self, name: &'static str, largest: bool, axes: &[usize], keep_dims: bool) -> Result<Tensor> {
        let reduction = Reduction::of(name, self, axes)?;
        if reduction.count == 0 {
            return Err(Inputs::of(name, &[self]).mismatch("there is no extreme of no elements"));
        }
        let output = reduction.output(keep_dims);
        if reduction.steps.is_empty() {
            return self.reshape(output);
        }
        let op = Extreme { name, largest, axes: axes.to_vec(), steps: reduction.steps, kept: reduction.kept, output };
        Self::apply_one(op, &[self])
    }

    /// `factor` times the sum by `reduction`, with the shape `output`.
    pub(super) fn sum_by(&self, reduction: &Reduction, factor: f32, output: Shape) -> Result<Tensor> {
        let Some((last, before)) = reduction.steps.split_last() else {
            return self.reshape(output);
        };
        let mut sum = self.clone();
        for step in before {
            sum = sum.sum_over(*step, 1.0, [step.outer, step.inner].into())?;
        }
        sum.sum_over(*last, factor, output)
    }
}
