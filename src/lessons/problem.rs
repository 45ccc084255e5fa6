//! What a lesson computes.

use crate::gradcheck::Array;
use crate::tensor::ops::Pad;

/// A computation with a reference in double precision, for kernels that are to agree with it.
#[derive(Debug, Clone, Copy)]
pub struct Problem {
    /// Its name on the command line and in errors.
    pub name: &'static str,
    /// What is computed.
    pub computes: &'static str,
    /// The letters of its sizes, in the order of the uniform struct.
    pub letters: &'static [char],
    /// Sizes to check at: one of everything, sizes that no workgroup divides, and others that go wrong easily.
    pub awkward: &'static [&'static [usize]],
    /// The shape of each input at these sizes.
    pub inputs: fn(&[usize]) -> Vec<Vec<usize>>,
    /// Turns random numbers of both signs, from 0.1 to 1 in size, into inputs that make sense.
    pub(crate) prepare: fn(&[usize], &mut [Array]),
    pub(crate) output: fn(&[usize]) -> Vec<usize>,
    pub(crate) reference: fn(&[usize], &[Array]) -> Vec<f64>,
}

impl Problem {
    /// The bytes that any kernel must move at these sizes: each input and the output once.
    pub fn bytes(&self, sizes: &[usize]) -> u64 {
        let shapes = (self.inputs)(sizes).into_iter().chain([(self.output)(sizes)]);
        shapes.map(|shape| 4 * shape.iter().map(|size| *size as u64).product::<u64>()).sum()
    }

    /// Random inputs at these sizes, the same ones each time, representable in `f32`.
    pub(crate) fn drawn(&self, sizes: &[usize]) -> Vec<Array> {
        let shapes = (1..).zip((self.inputs)(sizes));
        let mut inputs: Vec<Array> = shapes.map(|(seed, shape)| Array::away_from_zero(&shape[..], seed)).collect();
        (self.prepare)(sizes, &mut inputs);
        for value in inputs.iter_mut().flat_map(|input| &mut input.data) {
            *value = f64::from(*value as f32);
        }
        inputs
    }
}

/// The border of zeros around the images of all lessons.
pub(super) const BORDER: Pad = Pad { top: 1, bottom: 1, left: 1, right: 1 };

/// Inputs that make sense as they are.
pub(super) fn as_drawn(_: &[usize], _: &mut [Array]) {}
