//! The graph and the handle to its values.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::{Compiled, DType, Info, Inputs, Op, Result, Shape, Storage, TensorError};
use crate::gpu::{Gpu, Slice};
use crate::program::Slots;

/// Identifies a value of a graph. Values are numbered in the order of recording, so inputs come before outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ValueId(pub usize);

/// Identifies a node of a graph. Nodes are numbered in the order of recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(pub usize);

/// Where a value comes from.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// Made from data; lives in memory that outlives every run.
    Leaf(Slice),
    /// Output of a node.
    Node(NodeId),
}

#[derive(Debug)]
pub(super) struct Value {
    pub info: Info,
    pub origin: Origin,
}

#[derive(Debug)]
pub(super) struct Node {
    pub op: Rc<dyn Op>,
    pub inputs: Vec<ValueId>,
    pub outputs: Vec<ValueId>,
    /// The node whose gradient it belongs to, if it was recorded for one.
    pub gradient_of: Option<NodeId>,
}

#[derive(Debug, Default)]
pub(super) struct Recorded {
    pub values: Vec<Value>,
    pub nodes: Vec<Node>,
}

impl Recorded {
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.0]
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// The node that computes `id`; `None` for a leaf.
    pub fn producer(&self, id: ValueId) -> Option<NodeId> {
        match self.value(id).origin {
            Origin::Leaf(_) => None,
            Origin::Node(node) => Some(node),
        }
    }

    /// The value whose memory `id` uses: follows views to the value they are views of.
    pub fn root(&self, id: ValueId) -> ValueId {
        match self.producer(id).map(|node| self.node(node)) {
            Some(node) if node.op.storage() == Storage::View => self.root(node.inputs[0]),
            _ => id,
        }
    }
}

#[derive(Debug)]
pub(super) struct Shared {
    pub gpu: Arc<Gpu>,
    pub recorded: RefCell<Recorded>,
    /// The node whose gradient is being recorded.
    pub differentiated: Cell<Option<NodeId>>,
    /// Memory that all programs of the graph share.
    pub slots: RefCell<Slots>,
}

/// A recording of ops on tensors. Cloning gives another handle to the same recording.
///
/// A graph only grows: for a new model, make a new graph.
#[derive(Debug, Clone)]
pub struct Graph(pub(super) Rc<Shared>);

/// Slices of one buffer, one per tensor, each aligned so that kernels can bind it by itself.
#[derive(Debug, Clone)]
pub struct Arena {
    /// The whole buffer as one flat tensor. The gaps between parts are zero.
    pub flat: Tensor,
    /// The tensors in it.
    pub parts: Vec<Tensor>,
    /// First element of each part within `flat`.
    pub offsets: Vec<usize>,
}

impl Arena {
    /// Every part starts at a multiple of this many elements, so that kernels can bind it by itself.
    pub const ALIGN: usize = Gpu::slice_alignment() as usize / 4;
}

impl Graph {
    /// An empty graph on `gpu`.
    pub fn new(gpu: &Arc<Gpu>) -> Self {
        Self(Rc::new(Shared {
            gpu: Arc::clone(gpu),
            recorded: RefCell::default(),
            differentiated: Cell::default(),
            slots: RefCell::default(),
        }))
    }

    /// The device that this graph's programs run on.
    pub fn gpu(&self) -> &Arc<Gpu> {
        &self.0.gpu
    }

    /// A tensor of floats made from data. It can be overwritten at any time with [`Tensor::write`].
    ///
    /// # Errors
    /// [`TensorError::Data`] when `data` does not have as many values as `shape` has elements.
    pub fn tensor(&self, shape: impl Into<Shape>, data: &[f32]) -> Result<Tensor> {
        self.leaf(Info::f32(shape), bytemuck::cast_slice(data))
    }

    /// A tensor of unsigned integers made from data: labels, indices, counters.
    ///
    /// # Errors
    /// As [`Graph::tensor`].
    pub fn tensor_u32(&self, shape: impl Into<Shape>, data: &[u32]) -> Result<Tensor> {
        self.leaf(Info::u32(shape), bytemuck::cast_slice(data))
    }

    /// A tensor of zeros that can be written or updated later.
    ///
    /// # Errors
    /// Those of the device.
    pub fn zeros(&self, shape: impl Into<Shape>) -> Result<Tensor> {
        let info = check_size(Info::f32(shape))?;
        let slice = self.gpu().storage("a tensor of zeros", info.binding_bytes())?;
        Ok(self.record_leaf(info, slice))
    }

    /// Many tensors in one buffer, so that one kernel can process all of them.
    ///
    /// # Errors
    /// As [`Graph::tensor`].
    pub fn arena(&self, what: &str, contents: &[(Shape, Vec<f32>)]) -> Result<Arena> {
        let mut flat = Vec::new();
        let mut offsets = Vec::new();
        for (shape, data) in contents {
            check_data(shape, data.len())?;
            offsets.push(flat.len());
            flat.extend_from_slice(data);
            // A part without elements gets space too, so that it can be bound.
            flat.resize(flat.len().max(offsets[offsets.len() - 1] + 1).next_multiple_of(Arena::ALIGN), 0.0);
        }
        let info = check_size(Info::f32([flat.len()]))?;
        let slice = self.gpu().storage_with(what, bytemuck::cast_slice(&flat))?;
        let parts = contents
            .iter()
            .zip(&offsets)
            .map(|((shape, _), offset)| {
                let info = Info::f32(shape.clone());
                let part = slice.part(4 * *offset as u64, info.binding_bytes());
                self.record_leaf(info, part)
            })
            .collect();
        Ok(Arena { flat: self.record_leaf(info, slice), parts, offsets })
    }

    fn leaf(&self, info: Info, data: &[u8]) -> Result<Tensor> {
        let info = check_size(info)?;
        check_data(&info.shape, data.len() / 4)?;
        let slice = self.gpu().storage("a tensor", info.binding_bytes())?;
        self.gpu().write(&slice, data)?;
        Ok(self.record_leaf(info, slice))
    }

    fn record_leaf(&self, info: Info, slice: Slice) -> Tensor {
        let mut recorded = self.0.recorded.borrow_mut();
        recorded.values.push(Value { info, origin: Origin::Leaf(slice) });
        self.handle(ValueId(recorded.values.len() - 1))
    }

    pub(super) fn handle(&self, id: ValueId) -> Tensor {
        Tensor { graph: self.clone(), id }
    }

    /// Records the op that computes `output`, its only output, again on other inputs.
    pub(super) fn record_again(&self, output: &Tensor, inputs: &[Tensor]) -> Result<Tensor> {
        let op = {
            let recorded = self.0.recorded.borrow();
            recorded.producer(output.id).map(|node| Rc::clone(&recorded.node(node).op))
        };
        // A value without a producer is data and stays as it is.
        let Some(op) = op else { return Ok(output.clone()) };
        let name = op.name();
        let outputs = self.record(op, &inputs.iter().collect::<Vec<_>>())?;
        <[Tensor; 1]>::try_from(outputs)
            .map(|[output]| output)
            .map_err(|_| TensorError::Parameter { op: name, problem: "a layer has one output".to_owned() })
    }

    /// Checks types and shapes and records a node.
    pub(super) fn record(&self, op: Rc<dyn Op>, inputs: &[&Tensor]) -> Result<Vec<Tensor>> {
        if inputs.iter().any(|t| !Rc::ptr_eq(&t.graph.0, &self.0)) {
            return Err(TensorError::OtherGraph { op: op.name() });
        }
        let mut recorded = self.0.recorded.borrow_mut();
        let given = Inputs { op: op.name(), infos: inputs.iter().map(|t| recorded.value(t.id).info.clone()).collect() };
        given.require_types(|i| op.element_type(i))?;
        let infos = op.infer(&given)?;
        let in_place = op.storage() == Storage::InPlace;
        if in_place && inputs.iter().take(infos.len()).any(|t| recorded.producer(t.id).is_some()) {
            return Err(TensorError::Parameter {
                op: op.name(),
                problem: "only tensors made from data can be updated in place".to_owned(),
            });
        }
        let node = NodeId(recorded.nodes.len());
        let mut outputs = Vec::with_capacity(infos.len());
        for info in infos {
            recorded.values.push(Value { info: check_size(info)?, origin: Origin::Node(node) });
            outputs.push(ValueId(recorded.values.len() - 1));
        }
        recorded.nodes.push(Node {
            op,
            inputs: inputs.iter().map(|t| t.id).collect(),
            outputs: outputs.clone(),
            gradient_of: self.0.differentiated.get(),
        });
        drop(recorded);
        Ok(outputs.into_iter().map(|id| self.handle(id)).collect())
    }
}

fn check_data(shape: &Shape, given: usize) -> Result<()> {
    if shape.checked_len() == Some(given) { Ok(()) } else { Err(TensorError::Data { shape: shape.clone(), given }) }
}

/// Kernels index bytes of a buffer with 32 bits.
fn check_size(info: Info) -> Result<Info> {
    match info.shape.checked_len() {
        Some(len) if len <= (u32::MAX / 4) as usize => Ok(info),
        _ => Err(TensorError::TooManyElements { shape: info.shape }),
    }
}

/// A handle to a value of a graph. Cloning copies the handle, not the value.
#[derive(Clone)]
pub struct Tensor {
    pub(super) graph: Graph,
    pub(super) id: ValueId,
}

impl Tensor {
    /// The graph this tensor belongs to.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Whether both are handles to the same value.
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.graph.0, &other.graph.0) && self.id == other.id
    }

    /// Shape and element type.
    pub fn info(&self) -> Info {
        self.graph.0.recorded.borrow().value(self.id).info.clone()
    }

    /// The sizes of the axes.
    pub fn shape(&self) -> Shape {
        self.info().shape
    }

    /// Records `op` on `inputs` and returns its outputs.
    ///
    /// # Errors
    /// Those of the op's shape rule.
    pub fn apply(op: impl Op + 'static, inputs: &[&Tensor]) -> Result<Vec<Tensor>> {
        match inputs.first() {
            Some(first) => first.graph.record(Rc::new(op), inputs),
            None => Err(TensorError::Parameter { op: op.name(), problem: "an op needs at least one input".to_owned() }),
        }
    }

    /// Records an op with one output.
    ///
    /// # Errors
    /// Those of the op's shape rule.
    pub fn apply_one(op: impl Op + 'static, inputs: &[&Tensor]) -> Result<Tensor> {
        let name = op.name();
        Self::apply(op, inputs)?
            .into_iter()
            .next()
            .ok_or_else(|| TensorError::Parameter { op: name, problem: "the shape rule gave no output".to_owned() })
    }

    /// The name of the op that computes this tensor, or `data`.
    pub(crate) fn produced_by(&self) -> String {
        let recorded = self.graph.0.recorded.borrow();
        let producer = recorded.producer(self.id);
        producer.map_or("data", |node| recorded.node(node).op.name()).to_owned()
    }

    /// The name of the first op that uses this tensor, or `nothing`.
    pub(crate) fn used_by(&self) -> String {
        let recorded = self.graph.0.recorded.borrow();
        let users = recorded.nodes.iter().filter(|node| node.inputs.contains(&self.id));
        users.map(|node| node.op.name()).next().unwrap_or("nothing").to_owned()
    }

    /// The memory of a tensor made from data; a computed one has none of its own.
    pub fn memory(&self) -> Option<Slice> {
        match &self.graph.0.recorded.borrow().value(self.id).origin {
            Origin::Leaf(slice) => Some(slice.clone()),
            Origin::Node(_) => None,
        }
    }

    /// Overwrites a tensor made from data; every run started after this call sees the new values.
    ///
    /// # Errors
    /// [`TensorError::NotWritable`] for a computed tensor, [`TensorError::Data`] for another number of values.
    pub fn write(&self, data: &[f32]) -> Result<()> {
        self.write_words(DType::F32, data.len(), bytemuck::cast_slice(data))
    }

    /// As [`Tensor::write`], for integers.
    ///
    /// # Errors
    /// As [`Tensor::write`].
    pub fn write_u32(&self, data: &[u32]) -> Result<()> {
        self.write_words(DType::U32, data.len(), bytemuck::cast_slice(data))
    }

    fn write_words(&self, dtype: DType, given: usize, bytes: &[u8]) -> Result<()> {
        let recorded = self.graph.0.recorded.borrow();
        let value = recorded.value(self.id);
        match &value.origin {
            Origin::Leaf(slice) if value.info.dtype == dtype => {
                check_data(&value.info.shape, given)?;
                Ok(self.graph.gpu().write(slice, bytes)?)
            }
            Origin::Leaf(_) => Err(TensorError::Parameter {
                op: "write",
                problem: format!("the tensor holds {:?}, the data is {dtype:?}", value.info.dtype),
            }),
            Origin::Node(node) => Err(TensorError::NotWritable { op: recorded.node(*node).op.name() }),
        }
    }

    /// Computes the value and returns it. A tensor made from data is read as it is.
    ///
    /// Every call compiles a new program: fine for tests and learning, wrong in a loop (use [`Graph::compile`] there).
    ///
    /// # Errors
    /// [`TensorError::Type`] when it holds integers; those of the device.
    pub fn to_vec(&self) -> Result<Vec<f32>> {
        self.computed(DType::F32)?.read(self)
    }

    /// As [`Tensor::to_vec`], for integers.
    ///
    /// # Errors
    /// [`TensorError::Type`] when it holds floats; those of the device.
    pub fn to_vec_u32(&self) -> Result<Vec<u32>> {
        self.computed(DType::U32)?.read_u32(self)
    }

    /// A program that has computed this tensor, whose element type must be `wanted`.
    fn computed(&self, wanted: DType) -> Result<Compiled> {
        Inputs::of("to_vec", &[self]).require_types(|_| Some(wanted))?;
        let mut compiled = self.graph.compile(&[self])?;
        compiled.run()?;
        Ok(compiled)
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({} from {})", self.shape(), self.produced_by())
    }
}
