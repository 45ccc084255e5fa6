//! What an op is: a shape rule, a launch and a gradient.

use std::fmt;

use super::{DType, Info, Layer, Result, Shape, Tensor, TensorError};
use crate::gpu::{Access, Gpu, Kernel, Variant};

/// A kind of node. The built-in ops implement this trait in `tensor/ops/`; custom ones may live anywhere.
///
/// Apply it with [`Tensor::apply`], and check it with [`crate::gradcheck`].
pub trait Op: fmt::Debug {
    /// The name in errors and lists, such as `"conv2d"`.
    fn name(&self) -> &'static str;

    /// The element type that input `i` must have; `None` if any will do. Checked before the shape rule.
    ///
    /// The default is floats for every input.
    fn element_type(&self, i: usize) -> Option<DType> {
        let _ = i;
        Some(DType::F32)
    }

    /// The shape rule: shapes and element types of the outputs, given the inputs.
    ///
    /// # Errors
    /// [`TensorError::Shape`] when the inputs do not fit; [`Inputs::mismatch`] makes one.
    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>>;

    /// The dispatches that compute the outputs from the inputs.
    ///
    /// # Errors
    /// Whatever makes the launch impossible.
    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()>;

    /// For each input, the gradient of the loss with respect to it, as calls on tensors; `None` where there is none
    /// or where [`Backward::wants`] is false.
    ///
    /// By default there are no gradients, and a loss that needs one is refused with an error that names the op.
    ///
    /// # Errors
    /// Those of the calls.
    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![None; node.inputs.len()])
    }

    /// `Y + addend`, for an op with one output Y and an `addend` of its shape, if one op can compute that; `None` if not.
    ///
    /// The backward pass asks this of an op that computes a gradient, where a value has several.
    ///
    /// # Errors
    /// Those of recording the op.
    fn plus(&self, inputs: &[&Tensor], addend: &Tensor) -> Option<Result<Tensor>> {
        let _ = (inputs, addend);
        None
    }

    /// Settings worth showing in a dispatch list, such as `3x3 stride 1`.
    fn settings(&self) -> String {
        String::new()
    }

    /// The layer of a network that the op is in inference; `None` if only training needs the op. A custom op is a
    /// [`Layer::Custom`].
    fn layer(&self) -> Option<Layer> {
        None
    }

    /// How the outputs relate to existing memory.
    fn storage(&self) -> Storage {
        Storage::New
    }
}

/// Where an op's outputs live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In memory of their own, written by the op's dispatches.
    New,
    /// Output 0 is input 0 viewed with another shape: nothing is computed.
    View,
    /// Every output `i` overwrites input `i`, which must be a tensor made from data. Such ops run after all others of the
    /// program, so that the others see the old values.
    InPlace,
    /// Output 0 is a flat arena that holds input `i` at element `offsets[i]`. Inputs are computed directly in it where
    /// possible, and copied otherwise.
    Arena {
        /// First element of each input within the output.
        offsets: Vec<usize>,
    },
}

/// The inputs' shapes and types, for a shape rule.
#[derive(Debug)]
pub struct Inputs {
    pub(super) op: &'static str,
    pub(super) infos: Vec<Info>,
}

impl Inputs {
    /// `tensors` as the inputs of `op`, to check shapes before the op is created.
    pub fn of(op: &'static str, tensors: &[&Tensor]) -> Self {
        Self { op, infos: tensors.iter().map(|t| t.info()).collect() }
    }

    /// Input `i`.
    ///
    /// # Errors
    /// [`TensorError::Parameter`] when there are fewer inputs.
    pub fn get(&self, i: usize) -> Result<&Info> {
        self.infos.get(i).ok_or_else(|| TensorError::Parameter {
            op: self.op,
            problem: format!("input {i} is missing, {} were given", self.infos.len()),
        })
    }

    /// Shape of input `i`.
    ///
    /// # Errors
    /// As [`Inputs::get`].
    pub fn shape(&self, i: usize) -> Result<&Shape> {
        self.get(i).map(|info| &info.shape)
    }

    /// The sizes of input `i`, which must have `N` axes; `what` names the parameter, such as `"the weight"`.
    ///
    /// # Errors
    /// [`TensorError::Shape`] when it has another number of axes.
    pub fn axes<const N: usize>(&self, i: usize, what: &str) -> Result<[usize; N]> {
        <[usize; N]>::try_from(self.shape(i)?.axes())
            .map_err(|_| self.mismatch(format!("{what} (input {i}) must have {N} axes")))
    }

    /// Checks the shape of input `i`; `what` names the parameter, such as `"bias"`.
    ///
    /// # Errors
    /// [`TensorError::Shape`] when it differs.
    pub fn require(&self, i: usize, what: &str, wanted: impl Into<Shape>) -> Result<()> {
        let wanted = wanted.into();
        if *self.shape(i)? == wanted {
            Ok(())
        } else {
            Err(self.mismatch(format!("{what} (input {i}) must have shape {wanted}")))
        }
    }

    /// Checks the element type of every input; `wanted(i)` is the one that input `i` must have, `None` for any.
    ///
    /// # Errors
    /// [`TensorError::Type`] for the first input that has another.
    pub fn require_types(&self, wanted: impl Fn(usize) -> Option<DType>) -> Result<()> {
        for (input, info) in self.infos.iter().enumerate() {
            if let Some(wanted) = wanted(input).filter(|wanted| *wanted != info.dtype) {
                return Err(TensorError::Type { op: self.op, input, given: info.dtype, wanted });
            }
        }
        Ok(())
    }

    /// All inputs.
    pub fn all(&self) -> &[Info] {
        &self.infos
    }

    /// An error that names the op and all shapes.
    pub fn mismatch(&self, problem: impl Into<String>) -> TensorError {
        TensorError::Shape {
            op: self.op,
            inputs: self.infos.iter().map(|info| info.shape.clone()).collect(),
            problem: problem.into(),
        }
    }
}

/// What a launch knows: the shapes of inputs and outputs, which outputs are read, and properties of the adapter.
#[derive(Debug)]
pub struct Io {
    pub(super) inputs: Vec<Info>,
    pub(super) outputs: Vec<Info>,
    pub(super) used: Vec<bool>,
    pub(super) variant: Variant,
}

impl Io {
    /// Shape of input `i`. The shape rule has passed, so it exists.
    pub fn input(&self, i: usize) -> &Shape {
        &self.inputs[i].shape
    }

    /// Number of inputs.
    pub fn input_count(&self) -> usize {
        self.inputs.len()
    }

    /// The inputs, as the shape rule saw them.
    pub fn as_inputs(&self, op: &'static str) -> Inputs {
        Inputs { op, infos: self.inputs.clone() }
    }

    /// Shape of output `i`.
    pub fn output(&self, i: usize) -> &Shape {
        &self.outputs[i].shape
    }

    /// Whether anything reads output `i`. An output that is never read need not be written.
    pub fn is_used(&self, i: usize) -> bool {
        self.used[i]
    }

    /// The properties of the adapter by which an op chooses among its kernels.
    pub fn variant(&self) -> Variant {
        self.variant
    }
}

/// What a dispatch binds, from the op's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// Input of the op, by number.
    Input(usize),
    /// Output of the op, by number.
    Output(usize),
    /// Memory that lives only during the dispatches of one op; see [`Launches::scratch`].
    Scratch(usize),
}

impl Operand {
    /// Binds it as `var<storage, read>`.
    pub fn read(self) -> (Operand, Access) {
        (self, Access::Read)
    }

    /// Binds it as `var<storage, read_write>`.
    pub fn write(self) -> (Operand, Access) {
        (self, Access::Write)
    }
}

/// Collects the dispatches of one node.
#[derive(Debug, Default)]
pub struct Launches {
    pub(super) dispatches: Vec<(Kernel, Vec<(Operand, Access)>)>,
    /// Bytes of each scratch buffer.
    pub(super) scratch: Vec<u64>,
    /// Whether ranks exchange the first output.
    pub(super) exchanges: bool,
}

impl Launches {
    /// Asks for scratch memory of `elements` words.
    pub fn scratch(&mut self, elements: usize) -> Operand {
        self.scratch.push(Gpu::binding_bytes(elements));
        Operand::Scratch(self.scratch.len() - 1)
    }

    /// Appends a dispatch. `operands` become bindings 1, 2, ... of the shader.
    ///
    /// A kernel without workgroups has nothing to do and is dropped, so ops on empty tensors cost nothing. If an output has
    /// elements although an input has none (a sum of no terms is 0), the kernel that writes them does have threads.
    pub fn dispatch(&mut self, kernel: Kernel, operands: &[(Operand, Access)]) {
        if !kernel.workgroups.contains(&0) {
            self.dispatches.push((kernel, operands.to_vec()));
        }
    }

    /// Has ranks that run the program together replace output 0, once the dispatches have run.
    pub(crate) fn exchange(&mut self) {
        self.exchanges = true;
    }
}

/// A node in the backward pass: its inputs, its outputs and the gradients that have reached them.
#[derive(Debug)]
pub struct Backward {
    pub(super) op: &'static str,
    pub(super) inputs: Vec<Tensor>,
    pub(super) outputs: Vec<Tensor>,
    pub(super) gradients: Vec<Option<Tensor>>,
    pub(super) wanted: Vec<bool>,
}

impl Backward {
    /// Input `i` of the node.
    pub fn input(&self, i: usize) -> &Tensor {
        &self.inputs[i]
    }

    /// Number of inputs of the node.
    pub fn input_count(&self) -> usize {
        self.inputs.len()
    }

    /// Output `i` of the node, so that a gradient can reuse it.
    pub fn output(&self, i: usize) -> &Tensor {
        &self.outputs[i]
    }

    /// The gradient of the loss with respect to output `i`.
    ///
    /// # Errors
    /// [`TensorError::Parameter`] when the loss does not depend on that output, though it does on another.
    pub fn gradient(&self, i: usize) -> Result<&Tensor> {
        self.gradients[i]
            .as_ref()
            .ok_or_else(|| TensorError::Parameter { op: self.op, problem: format!("no gradient reaches output {i}") })
    }

    /// Whether the loss depends on output `i`, so that there is a gradient with respect to it.
    pub fn reaches(&self, i: usize) -> bool {
        self.gradients[i].is_some()
    }

    /// Whether the gradient of input `i` leads to a parameter. Others are pruned.
    pub fn wants(&self, i: usize) -> bool {
        self.wanted[i]
    }

    /// Calls `make` if the gradient of input `i` is wanted.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn when_wanted(&self, i: usize, make: impl FnOnce() -> Result<Tensor>) -> Result<Option<Tensor>> {
        if self.wants(i) { make().map(Some) } else { Ok(None) }
    }
}
