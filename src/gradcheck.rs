//! Checking an op's forward pass and its gradient against a reference in double precision.
//!
//! Finite differences of a function in `f32` are mostly rounding noise. So the op is written a second time, as
//! naively as possible, in `f64` on the host: its forward pass is compared with the device's directly, and its central
//! differences with the device's gradient. The method is that of PyTorch's `gradcheck`.
//!
//! The op under test is placed in the middle of a graph: its inputs are leaves times 0.8, and the loss is 1.7 times
//! the sum of its output weighted by random numbers. This catches a gradient that ignores its upstream gradient, or that is
//! correct only when that is all ones.

mod ops;
pub mod reference;
mod rows;

use std::fmt;
use std::sync::Arc;

pub use ops::OpCheck;
pub use rows::{binary, unary};

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::gpu::Gpu;
use crate::tensor::{Graph, Result, Shape, Tensor, TensorError};

/// What the leaves are multiplied by before the op sees them.
const BEFORE: f32 = 0.8;
/// What the weighted sum of the op's output is multiplied by.
const AFTER: f32 = 1.7;

/// An array in double precision, for references.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Sizes of the axes.
    pub shape: Shape,
    /// Elements in row-major order.
    pub data: Vec<f64>,
}

impl Array {
    /// An array of `shape`, filled from `data` in row-major order.
    pub fn new(shape: impl Into<Shape>, data: Vec<f64>) -> Self {
        Self { shape: shape.into(), data }
    }

    /// Random numbers between `low` and `high`, representable in `f32`; the same for the same seed.
    pub fn random(shape: impl Into<Shape>, low: f32, high: f32, seed: u64) -> Self {
        let shape = shape.into();
        let mut rng = Pcg64::seed_from_u64(seed);
        let data = (0..shape.len()).map(|_| f64::from(rng.random_range(low..high))).collect();
        Self { shape, data }
    }

    /// Random numbers of both signs whose size is between 0.1 and 1: away from the kink that ReLU has at zero.
    pub fn away_from_zero(shape: impl Into<Shape>, seed: u64) -> Self {
        let mut array = Self::random(shape, 0.1, 1.0, seed);
        let signs = Self::random(array.shape.clone(), -1.0, 1.0, seed + 1000);
        for (value, sign) in array.data.iter_mut().zip(signs.data) {
            *value = value.copysign(sign);
        }
        array
    }

    /// The same numbers in single precision.
    pub fn to_f32(&self) -> Vec<f32> {
        self.data.iter().map(|v| *v as f32).collect()
    }
}

/// How close is close enough, and how much is checked.
///
/// A value `v` agrees with its reference `r` when `|v - r| <= relative * |r| + absolute * max(1, largest |r|)`.
#[derive(Debug, Clone, Copy)]
pub struct Tolerance {
    /// Allowed error as a share of the reference.
    pub relative: f64,
    /// Allowed error as a share of the largest reference, or of 1 if that is larger.
    pub absolute: f64,
    /// Elements of each input whose derivative is checked: all of them, or this many chosen at random.
    pub samples: usize,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { relative: 1e-3, absolute: 1e-5, samples: 48 }
    }
}

/// A value that does not agree with its reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Disagreement {
    /// The first op that uses the input; for the forward pass, the op that produces the output.
    pub op: String,
    /// The input whose derivative it is, or `None` for the forward pass.
    pub input: Option<usize>,
    /// Index of the element of the input, or of the output.
    pub index: usize,
    /// The device's value.
    pub device: f64,
    /// The reference's value.
    pub reference: f64,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { op, index, device, reference, .. } = self;
        match self.input {
            None => write!(f, "{op}: output element {index} is {device}, the reference says {reference}"),
            Some(input) => write!(
                f,
                "{op}: gradient of input {input}, element {index}, is {device}, finite differences say {reference}"
            ),
        }
    }
}

/// The outcome of a check.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Values compared.
    pub compared: usize,
    /// Those that do not agree.
    pub disagreements: Vec<Disagreement>,
}

impl Report {
    /// Whether everything agrees, and something was compared.
    pub fn passed(&self) -> bool {
        self.compared > 0 && self.disagreements.is_empty()
    }

    /// Counts what another check compared as a part of this one.
    pub fn add(&mut self, other: Self) {
        self.compared += other.compared;
        self.disagreements.extend(other.disagreements);
    }

    fn compare(&mut self, tolerance: &Tolerance, largest: f64, found: Disagreement) {
        self.compared += 1;
        let allowed = tolerance.relative * found.reference.abs() + tolerance.absolute * largest.max(1.0);
        let off = (found.device - found.reference).abs();
        if off > allowed || off.is_nan() {
            self.disagreements.push(found);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} values disagree", self.disagreements.len(), self.compared)?;
        for disagreement in self.disagreements.iter().take(10) {
            write!(f, "\n  {disagreement}")?;
        }
        Ok(())
    }
}

/// Checks what `build` records against `reference`, forward and backward, at `inputs`.
///
/// `build` gets one tensor per input and returns the output, of any shape; constants it needs can be made with
/// [`Tensor::graph`]. `reference` gets the same values in double precision and returns the output in row-major order.
/// Keep the inputs away from kinks (such as 0 for ReLU): there, finite differences mean nothing.
///
/// # Errors
/// Those of `build`, of the device, and [`TensorError::Data`] when the reference returns a different number of values.
/// Disagreement is not an error: it is in the [`Report`].
pub fn gradcheck(
    gpu: &Arc<Gpu>,
    inputs: &[Array],
    tolerance: Tolerance,
    build: impl Fn(&[Tensor]) -> Result<Tensor>,
    reference: impl Fn(&[Array]) -> Vec<f64>,
) -> Result<Report> {
    let graph = Graph::new(gpu);
    let leaves = inputs.iter().map(|x| graph.tensor(x.shape.clone(), &x.to_f32())).collect::<Result<Vec<_>>>()?;
    let scaled = leaves.iter().map(|x| x.scale(BEFORE)).collect::<Result<Vec<_>>>()?;
    let output = build(&scaled)?;

    // The loss: weights away from zero, of both signs.
    let mut rng = Pcg64::seed_from_u64(7);
    let weights: Vec<f32> =
        (0..output.shape().len()).map(|i| rng.random_range(0.5..1.5) * if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
    let weighted = output.mul(&graph.tensor(output.shape(), &weights)?)?;
    let loss = weighted.sum()?.scale(AFTER)?;
    let gradients = loss.backward(&leaves.iter().collect::<Vec<_>>())?;

    let wanted: Vec<&Tensor> = std::iter::once(&output).chain(&gradients).collect();
    let mut compiled = graph.compile(&wanted)?;
    compiled.run()?;

    let mut report = Report::default();
    let at = |x: &[Array]| reference(&times(x, f64::from(BEFORE)));
    let expected = at(inputs);
    if expected.len() != weights.len() {
        return Err(TensorError::Data { shape: output.shape(), given: expected.len() });
    }
    let largest = largest(&expected);
    for (index, (device, reference)) in compiled.read(&output)?.iter().zip(&expected).enumerate() {
        let found = Disagreement {
            op: output.produced_by(),
            input: None,
            index,
            device: f64::from(*device),
            reference: *reference,
        };
        report.compare(&tolerance, largest, found);
    }

    let loss_at = |x: &[Array]| -> f64 {
        let terms = at(x).into_iter().zip(&weights).map(|(y, w)| y * f64::from(*w));
        f64::from(AFTER) * terms.sum::<f64>()
    };
    for (input, gradient) in gradients.iter().enumerate() {
        let device = compiled.read(gradient)?;
        let chosen = sample(device.len(), tolerance.samples, &mut rng);
        let differences = chosen.iter().map(|at| central_difference(inputs, input, *at, &loss_at));
        let differences: Vec<f64> = differences.collect();
        let largest = self::largest(&differences);
        for (index, reference) in chosen.into_iter().zip(differences) {
            let found = Disagreement {
                op: scaled[input].used_by(),
                input: Some(input),
                index,
                device: f64::from(device[index]),
                reference,
            };
            report.compare(&tolerance, largest, found);
        }
    }
    Ok(report)
}

/// Compares the output of what `build` records with `reference` at `inputs`, by the `relative` and `absolute` error of the
/// tolerance, here both as shares of the reference. No other op takes part.
///
/// # Errors
/// As [`gradcheck`].
pub fn check_output(
    gpu: &Arc<Gpu>,
    inputs: &[Array],
    tolerance: Tolerance,
    build: impl Fn(&[Tensor]) -> Result<Tensor>,
    reference: impl Fn(&[Array]) -> Vec<f64>,
) -> Result<Report> {
    let graph = Graph::new(gpu);
    let leaves = inputs.iter().map(|x| graph.tensor(x.shape.clone(), &x.to_f32())).collect::<Result<Vec<_>>>()?;
    let output = build(&leaves)?;
    let device = output.to_vec()?;
    let expected = reference(inputs);
    if expected.len() != device.len() {
        return Err(TensorError::Data { shape: output.shape(), given: expected.len() });
    }
    let floor = tolerance.absolute * largest(&expected);
    let mut report = Report { compared: device.len(), ..Report::default() };
    for (index, (device, reference)) in device.iter().zip(expected).enumerate() {
        let off = (f64::from(*device) - reference).abs();
        if off > tolerance.relative * reference.abs() + floor || off.is_nan() {
            let (op, device) = (output.produced_by(), f64::from(*device));
            report.disagreements.push(Disagreement { op, input: None, index, device, reference });
        }
    }
    Ok(report)
}

/// All arrays times a number.
fn times(arrays: &[Array], factor: f64) -> Vec<Array> {
    let times = |x: &Array| Array { shape: x.shape.clone(), data: x.data.iter().map(|v| v * factor).collect() };
    arrays.iter().map(times).collect()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |a, v| a.max(v.abs()))
}

/// All indices below `len`, or `count` of them: the first, the last, and others at random.
fn sample(len: usize, count: usize, rng: &mut Pcg64) -> Vec<usize> {
    if len <= count {
        return (0..len).collect();
    }
    let between = (2..count).map(|_| rng.random_range(0..len));
    [0, len - 1].into_iter().chain(between).collect()
}

/// `(f(x + h) - f(x - h)) / 2h` for one element of one input.
fn central_difference(inputs: &[Array], input: usize, index: usize, f: &impl Fn(&[Array]) -> f64) -> f64 {
    let mut moved = inputs.to_vec();
    let x = moved[input].data[index];
    let h = 1e-6 * x.abs().max(1.0);
    moved[input].data[index] = x + h;
    let above = f(&moved);
    moved[input].data[index] = x - h;
    let below = f(&moved);
    (above - below) / (2.0 * h)
}
