//! Pointwise ops of two inputs: a row of their table, and the op that it defines.

use super::elementwise::{Elementwise, names};
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Layer, Op, Result, Tensor, TensorError};

/// A pointwise op `y = f(a, b)` of two inputs, as a row of a table. Either input is broadcast as in NumPy: shapes are aligned
/// at the last axis, and an axis that is 1 or missing is repeated.
///
/// The built-in ones are [`Binary::ALL`]. What [`Unary`](super::Unary) says about expressions holds here too.
#[derive(Debug, Clone, Copy)]
pub struct Binary {
    /// The name in errors and lists.
    pub name: &'static str,
    /// One sentence on what it computes.
    pub about: &'static str,
    /// `y`, in terms of `a` and `b`.
    pub f: &'static str,
    /// The gradients of the loss with respect to a and to b, in terms of `dy`, `a` and `b`, before they are summed over the
    /// broadcast axes. An input that neither names is not kept in memory for the backward pass.
    pub gradients: [&'static str; 2],
    /// `f` in double precision.
    pub reference: fn(f64, f64) -> f64,
    /// The ranges from which checks draw a and b.
    pub domains: [[f32; 2]; 2],
    /// Whether `f` has no derivative where a = b; checks then stay away from there.
    pub kink_at_ties: bool,
}

impl Binary {
    /// `f(a, b)`, element by element, with the shape that NumPy's broadcasting gives.
    ///
    /// # Errors
    /// A shape error when the shapes cannot be broadcast together; an error when a gradient does not name dy.
    pub fn apply(&self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        if self.gradients.iter().any(|gradient| !names(gradient, "dy")) {
            return Err(TensorError::Parameter { op: self.name, problem: "both gradients must name dy".to_owned() });
        }
        self.apply_checked(a, b, false)
    }

    /// As [`Binary::apply`], for a built-in row.
    pub(crate) fn apply_built_in(&self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        self.apply_checked(a, b, true)
    }

    fn apply_checked(&self, a: &Tensor, b: &Tensor, built_in: bool) -> Result<Tensor> {
        Tensor::apply_one(BinaryOp { row: *self, built_in }, &[a, b])
    }
}

#[derive(Debug)]
struct BinaryOp {
    row: Binary,
    built_in: bool,
}

impl BinaryOp {
    fn expression(&self, expression: &'static str, inputs: Vec<&'static str>, settings: &'static str) -> Elementwise {
        Elementwise {
            name: self.row.name,
            settings,
            expression,
            inputs,
            names: &[],
            constants: [0.0; 2],
            built_in: self.built_in,
        }
    }

    fn forward(&self) -> Elementwise {
        self.expression(self.row.f, vec!["a", "b"], "")
    }

    /// The gradient given by the expression `text`, in the output's shape.
    fn gradient_by(&self, text: &'static str, node: &Backward) -> Result<Tensor> {
        let dy = node.gradient(0)?;
        if text == "dy" {
            return Ok(dy.clone());
        }
        let mut named: Vec<(&str, Tensor)> = vec![("dy", dy.clone())];
        for (name, input) in [("a", node.input(0)), ("b", node.input(1))] {
            if names(text, name) {
                named.push((name, input.clone()));
            }
        }
        let (inputs, mut tensors): (Vec<_>, Vec<_>) = named.into_iter().unzip();
        if tensors.len() == 3 {
            // zip3.wgsl does not broadcast.
            for tensor in &mut tensors {
                *tensor = tensor.broadcast_to(dy.shape())?;
            }
        }
        let tensors: Vec<&Tensor> = tensors.iter().collect();
        Tensor::apply_one(self.expression(text, inputs, "gradient"), &tensors)
    }
}

impl Op for BinaryOp {
    fn name(&self) -> &'static str {
        self.row.name
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        self.forward().infer(inputs)
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        self.forward().launch(io, launches)
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        (0..2)
            .map(|i| {
                node.when_wanted(i, || self.gradient_by(self.row.gradients[i], node)?.sum_to(&node.input(i).shape()))
            })
            .collect()
    }

    fn layer(&self) -> Option<Layer> {
        (self.built_in && self.row.name == Binary::ADD.name).then_some(Layer::Add)
    }
}
