//! Pointwise ops of one input: a row of their table, and the op that it defines.

use super::elementwise::{Elementwise, names};
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Layer, Op, Result, Tensor, TensorError};

/// A pointwise op `y = f(x)` of one input, as a table row that defines its kernel, gradient, gradient check and documentation.
///
/// The built-in ones are [`Unary::ALL`]. A custom one is written the same way, applied with [`Unary::apply`] and checked
/// with [`gradcheck::unary`](crate::gradcheck::unary); see `examples/custom_op.rs`.
///
/// `f` and `gradient` are WGSL expressions of type `Value`, which is `f32` or `vec4<f32>`; they must be valid for both. So
/// write constants as `Value(0.0)` where a `select` or a comparison needs the type of x. The functions of
/// `shaders/elementwise/functions.wgsl` may be called.
#[derive(Debug, Clone, Copy)]
pub struct Unary {
    /// The name in errors and lists.
    pub name: &'static str,
    /// One sentence on what it computes.
    pub about: &'static str,
    /// The names of the op's constants in the expressions, two at most. Their values are given when the op is applied.
    pub constants: &'static [&'static str],
    /// `y`, in terms of `x` and the constants.
    pub f: &'static str,
    /// The gradient of the loss with respect to x, in terms of `dy` (the gradient with respect to y), the constants, and at
    /// most one of `x` and `y`. Only what it names is kept in memory for the backward pass.
    pub gradient: &'static str,
    /// `f` in double precision, given x and the constants.
    pub reference: fn(f64, &[f64]) -> f64,
    /// The range from which checks draw x.
    pub domain: [f32; 2],
    /// Values of x where `f` has no derivative; checks stay away from them.
    pub kinks: &'static [f64],
    /// Constants with which it is checked, one list per check; `&[&[]]` for an op without any.
    pub tried: &'static [&'static [f32]],
}

impl Unary {
    /// `f(x)`, element by element, with the constants in the row's order. The shape is that of x.
    ///
    /// # Errors
    /// When there are not as many constants as the row names, or when its gradient names both x and y, or does not name dy.
    pub fn apply(&self, x: &Tensor, constants: &[f32]) -> Result<Tensor> {
        let op = UnaryOp::new(self, constants, false)?;
        Tensor::apply_one(op, &[x])
    }

    /// As [`Unary::apply`], for a built-in row.
    pub(super) fn apply_built_in(&self, x: &Tensor, constants: &[f32]) -> Result<Tensor> {
        Tensor::apply_one(UnaryOp::new(self, constants, true)?, &[x])
    }

    fn check(&self, constants: &[f32]) -> Result<()> {
        let problem = if constants.len() != self.constants.len() || constants.len() > 2 {
            format!(
                "{} constants were given, but the row names {}, of two at most",
                constants.len(),
                self.constants.len()
            )
        } else if !names(self.gradient, "dy") || names(self.gradient, "x") && names(self.gradient, "y") {
            "the gradient must name dy, and x or y at most".to_owned()
        } else {
            return Ok(());
        };
        let op = self.name;
        Err(TensorError::Parameter { op, problem })
    }
}

/// A row with its constants.
#[derive(Debug)]
struct UnaryOp {
    row: Unary,
    constants: [f32; 2],
    built_in: bool,
}

impl UnaryOp {
    fn new(row: &Unary, given: &[f32], built_in: bool) -> Result<Self> {
        row.check(given)?;
        let mut constants = [0.0; 2];
        constants[..given.len()].copy_from_slice(given);
        Ok(Self { row: *row, constants, built_in })
    }

    fn expression(&self, expression: &'static str, inputs: Vec<&'static str>, settings: &'static str) -> Elementwise {
        Elementwise {
            name: self.row.name,
            settings,
            expression,
            inputs,
            names: self.row.constants,
            constants: self.constants,
            built_in: self.built_in,
        }
    }

    fn forward(&self) -> Elementwise {
        self.expression(self.row.f, vec!["x"], "")
    }
}

impl Op for UnaryOp {
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
        let text = self.row.gradient;
        let dy = node.gradient(0)?;
        if text == "dy" {
            return Ok(vec![Some(dy.clone())]);
        }
        let kept = [("x", node.input(0)), ("y", node.output(0))].into_iter().find(|(name, _)| names(text, name));
        let (inputs, tensors): (Vec<_>, Vec<_>) = [("dy", dy)].into_iter().chain(kept).unzip();
        let dx = Tensor::apply_one(self.expression(text, inputs, "gradient"), &tensors)?;
        Ok(vec![Some(dx)])
    }

    fn layer(&self) -> Option<Layer> {
        let slope = self.constants[0];
        (self.built_in && self.row.name == Unary::LEAKY_RELU.name).then_some(Layer::LeakyRelu { slope })
    }
}
