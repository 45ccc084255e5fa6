//! From a graph to a program: which nodes run, in which order, and where their values live.

use std::collections::{HashMap, HashSet};

use super::autograd::needed_nodes;
use super::graph::{Graph, Node, NodeId, Origin, Recorded, ValueId};
use super::op::{Io, Launches, Operand, Storage};
use super::{DType, Info, Inputs, Layer, Result, Shape, Tensor, TensorError, ops};
use crate::gpu::{Access, Gpu, GpuError, Kernel, Readback, Slice};
use crate::program::{About, BufferId, Contents, Dispatch, Exchange, MemoryPlan, Pass, Place, Program, Recipe};

/// A program and where it leaves its outputs.
#[derive(Debug)]
pub struct Compiled {
    program: Program,
    outputs: HashMap<ValueId, BufferId>,
}

/// A summary of a node, for people to read.
#[derive(Debug)]
pub struct NodeSummary {
    /// The op's name.
    pub op: &'static str,
    /// The op's settings, such as `3x3 stride 1x1`.
    pub settings: String,
    /// Its inputs.
    pub inputs: Vec<Tensor>,
    /// Its first output.
    pub output: Tensor,
    /// The layer of a network that it is, if any.
    pub layer: Option<Layer>,
    /// Floating-point operations.
    pub flops: u64,
}

impl Graph {
    /// Makes a program that computes `outputs`: everything they need, and nothing else.
    ///
    /// Updates (ops that overwrite a tensor in place, such as an optimiser's step) are outputs too. They run last,
    /// so everything else sees the values from before the run.
    ///
    /// # Errors
    /// [`TensorError::Gpu`] when the device is out of memory or a shader does not compile.
    pub fn compile(&self, outputs: &[&Tensor]) -> Result<Compiled> {
        let (recipe, outputs) = self.lower(outputs)?;
        Ok(Compiled { program: Program::new(self.gpu(), recipe, &mut self.0.slots.borrow_mut())?, outputs })
    }

    /// The kernels of the program that [`Graph::compile`] would make, in order. Compiles and allocates nothing.
    ///
    /// # Errors
    /// As [`Graph::plan`].
    pub fn kernels(&self, outputs: &[&Tensor]) -> Result<Vec<Kernel>> {
        let (recipe, _) = self.lower(outputs)?;
        Ok(recipe.dispatches.into_iter().map(|dispatch| dispatch.kernel).collect())
    }

    /// The memory that [`Graph::compile`] would plan. Allocates nothing.
    ///
    /// # Errors
    /// As [`Graph::compile`], except for running out of memory.
    pub fn plan(&self, outputs: &[&Tensor]) -> Result<MemoryPlan> {
        let (recipe, _) = self.lower(outputs)?;
        Ok(MemoryPlan::new(&recipe))
    }

    /// The nodes that are computed for `outputs`, in execution order.
    ///
    /// # Errors
    /// As [`Graph::plan`].
    pub fn nodes(&self, outputs: &[&Tensor]) -> Result<Vec<NodeSummary>> {
        let recorded = self.0.recorded.borrow();
        let wanted: Vec<ValueId> = outputs.iter().map(|t| t.id).collect();
        let lowering = Lowering::new(self.gpu(), &recorded, &wanted)?;
        let summary = |(id, launches): &(NodeId, Launches)| {
            let node = recorded.node(*id);
            NodeSummary {
                op: node.op.name(),
                settings: node.op.settings(),
                inputs: node.inputs.iter().map(|v| self.handle(*v)).collect(),
                output: self.handle(node.outputs[0]),
                layer: node.op.layer(),
                flops: launches.dispatches.iter().map(|(kernel, _)| kernel.flops).sum(),
            }
        };
        Ok(lowering.nodes.iter().map(summary).collect())
    }

    /// Checks that the device has enough memory for what [`Graph::compile`] would allocate for `programs` programs like this
    /// one, which share the buffers that live only within a run.
    ///
    /// # Errors
    /// [`GpuError::DoesNotFit`]; otherwise as [`Graph::plan`].
    pub fn check_room(&self, outputs: &[&Tensor], programs: u64) -> Result<()> {
        let plan = self.plan(outputs)?;
        Ok(plan.check(self.gpu(), &self.0.slots.borrow(), programs)?)
    }

    fn lower(&self, outputs: &[&Tensor]) -> Result<(Recipe, HashMap<ValueId, BufferId>)> {
        if outputs.iter().any(|t| !std::rc::Rc::ptr_eq(&t.graph.0, &self.0)) {
            return Err(TensorError::OtherGraph { op: "compile" });
        }
        let recorded = self.0.recorded.borrow();
        let wanted: Vec<ValueId> = outputs.iter().map(|t| t.id).collect();
        Ok(Lowering::new(self.gpu(), &recorded, &wanted)?.recipe(&wanted))
    }
}

impl Compiled {
    /// Submits one run; see [`Program::run`].
    ///
    /// # Errors
    /// As [`Program::run`].
    pub fn run(&mut self) -> std::result::Result<(), GpuError> {
        self.program.run()
    }

    /// Runs it together with other ranks; see [`Program::run_with`].
    ///
    /// # Errors
    /// As [`Program::run_with`].
    pub fn run_with<E: From<GpuError>>(
        &mut self,
        replace: impl FnMut(&mut [f32]) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        self.program.run_with(replace)
    }

    /// The program, for its dispatch list, memory plan and profile.
    pub fn program(&mut self) -> &mut Program {
        &mut self.program
    }

    /// The program, to look at.
    pub fn as_program(&self) -> &Program {
        &self.program
    }

    /// Waits for all runs and returns the value of an output, or of a tensor made from data.
    ///
    /// # Errors
    /// [`TensorError::NotAnOutput`] when the program was compiled without it, [`TensorError::Type`] when it holds integers.
    pub fn read(&self, tensor: &Tensor) -> Result<Vec<f32>> {
        Ok(bytemuck::pod_collect_to_vec(&self.read_words(tensor, DType::F32)?))
    }

    /// As [`Compiled::read`], for integers.
    ///
    /// # Errors
    /// As [`Compiled::read`], with [`TensorError::Type`] when it holds floats.
    pub fn read_u32(&self, tensor: &Tensor) -> Result<Vec<u32>> {
        Ok(bytemuck::pod_collect_to_vec(&self.read_words(tensor, DType::U32)?))
    }

    fn read_words(&self, tensor: &Tensor, wanted: DType) -> Result<Vec<u8>> {
        Inputs::of("read", &[tensor]).require_types(|_| Some(wanted))?;
        let mut bytes = self.program.gpu().read(&self.memory(tensor)?)?;
        // Even a tensor without elements has some memory.
        bytes.truncate(tensor.info().bytes() as usize);
        Ok(bytes)
    }

    /// A ring of buffers for reading an output repeatedly without waiting; see [`Readback`].
    ///
    /// # Errors
    /// As [`Compiled::read`].
    pub fn readback(&self, tensor: &Tensor, depth: usize) -> Result<Readback> {
        Ok(Readback::new(self.program.gpu(), self.memory(tensor)?, depth)?)
    }

    /// The memory of an output.
    ///
    /// # Errors
    /// [`TensorError::NotAnOutput`].
    pub fn memory(&self, tensor: &Tensor) -> Result<Slice> {
        let id = self.outputs.get(&tensor.id).ok_or(TensorError::NotAnOutput)?;
        Ok(self.program.slice(*id).clone())
    }
}

/// The nodes of one program with their dispatches, before their values are placed in memory.
struct Lowering<'a> {
    gpu: &'a Gpu,
    recorded: &'a Recorded,
    nodes: Vec<(NodeId, Launches)>,
    /// Values inside an arena because their producer writes them there: the arena, and the value's first element in it.
    in_arena: HashMap<ValueId, (ValueId, usize)>,
}

impl<'a> Lowering<'a> {
    fn new(gpu: &'a Gpu, recorded: &'a Recorded, outputs: &[ValueId]) -> Result<Self> {
        let order = in_running_order(recorded, needed_nodes(recorded, outputs));
        let read: HashSet<ValueId> =
            order.iter().flat_map(|id| &recorded.node(*id).inputs).chain(outputs).copied().collect();
        let mut lowering = Self { gpu, recorded, nodes: Vec::with_capacity(order.len()), in_arena: HashMap::new() };
        for id in order {
            let launches = lowering.launch(id, &read)?;
            lowering.nodes.push((id, launches));
        }
        lowering.place_in_arenas();
        Ok(lowering)
    }

    fn launch(&self, id: NodeId, read: &HashSet<ValueId>) -> Result<Launches> {
        let node = self.recorded.node(id);
        let mut launches = Launches::default();
        if matches!(node.op.storage(), Storage::New | Storage::InPlace) {
            let infos = |ids: &[ValueId]| ids.iter().map(|v| self.recorded.value(*v).info.clone()).collect();
            let io = Io {
                inputs: infos(&node.inputs),
                outputs: infos(&node.outputs),
                used: node.outputs.iter().map(|v| read.contains(v)).collect(),
                variant: self.gpu.variant(),
            };
            node.op.launch(&io, &mut launches)?;
        }
        Ok(launches)
    }

    /// Lets the inputs of each arena be computed directly in it, unless a kernel would then both read and write the same
    /// buffer, which WebGPU forbids. The other inputs are copied.
    fn place_in_arenas(&mut self) {
        for i in 0..self.nodes.len() {
            let node = self.recorded.node(self.nodes[i].0);
            let Storage::Arena { offsets } = node.op.storage() else {
                continue;
            };
            let mut placed: HashSet<ValueId> = HashSet::new();
            for (j, (input, offset)) in node.inputs.iter().zip(&offsets).enumerate() {
                let root = self.recorded.root(*input);
                // A gradient shared by two parameters can be in only one place, and copying it from there to the other would
                // read and write the arena in one kernel: both get a copy.
                let roots = node.inputs.iter().map(|v| self.recorded.root(*v));
                let once = roots.filter(|r| *r == root).count() == 1;
                if once && self.can_stand_in_arena(root, &placed) {
                    placed.insert(root);
                    self.in_arena.insert(root, (node.outputs[0], *offset));
                } else {
                    let copy = ops::copy_kernel(self.recorded.value(*input).info.len());
                    self.nodes[i].1.dispatch(copy, &[Operand::Input(j).read(), Operand::Output(j).write()]);
                }
            }
        }
    }

    /// Whether `value` may be written directly into an arena that already holds `placed`.
    fn can_stand_in_arena(&self, value: ValueId, placed: &HashSet<ValueId>) -> bool {
        let Some(producer) = self.recorded.producer(value) else {
            return false;
        };
        let is_new = self.recorded.node(producer).op.storage() == Storage::New;
        // A value without elements has nothing to write and might start past the arena's end.
        if !is_new || self.recorded.value(value).info.is_empty() || self.in_arena.contains_key(&value) {
            return false;
        }
        // With the value in the arena, no dispatch may both read and write the arena.
        self.nodes.iter().all(|(id, launches)| {
            let node = self.recorded.node(*id);
            launches.dispatches.iter().all(|(_, operands)| {
                let touches = |wanted: Access| {
                    operands.iter().any(|(operand, access)| {
                        let bound = match operand {
                            Operand::Input(i) => node.inputs.get(*i),
                            Operand::Output(i) => node.outputs.get(*i),
                            Operand::Scratch(_) => None,
                        };
                        let root = bound.map(|v| self.recorded.root(*v));
                        *access == wanted && root.is_some_and(|r| r == value || placed.contains(&r))
                    })
                };
                !(touches(Access::Read) && touches(Access::Write))
            })
        })
    }

    /// Gives every value a place and every dispatch its bindings.
    fn recipe(self, outputs: &[ValueId]) -> (Recipe, HashMap<ValueId, BufferId>) {
        let kept: HashSet<ValueId> = outputs.iter().map(|v| self.recorded.root(*v)).collect();
        let mut recipe = Recipe::default();
        let mut buffers: HashMap<ValueId, BufferId> = HashMap::new();
        let passes = self.passes();
        let mut first_dispatch: HashMap<NodeId, usize> = HashMap::new();
        for (id, launches) in &self.nodes {
            let node = self.recorded.node(*id);
            if !launches.dispatches.is_empty() {
                first_dispatch.insert(*id, recipe.dispatches.len());
            }
            let gradient_of = node.gradient_of.and_then(|of| first_dispatch.get(&of)).copied();
            let arena = match node.op.storage() {
                Storage::Arena { offsets } => Some(offsets),
                _ => None,
            };
            let scratch: Vec<BufferId> =
                launches.scratch.iter().map(|bytes| recipe.place(Place::Planned { bytes: *bytes })).collect();
            for (kernel, operands) in &launches.dispatches {
                let mut bindings = Vec::with_capacity(operands.len());
                for (operand, access) in operands {
                    let buffer = match (operand, &arena) {
                        (Operand::Scratch(i), _) => scratch[*i],
                        (Operand::Input(i), _) => self.buffer(node.inputs[*i], &kept, &mut recipe, &mut buffers),
                        (Operand::Output(i), None) => self.buffer(node.outputs[*i], &kept, &mut recipe, &mut buffers),
                        // A copy into an arena writes the part that belongs to input i.
                        (Operand::Output(i), Some(offsets)) => {
                            let arena = self.buffer(node.outputs[0], &kept, &mut recipe, &mut buffers);
                            let part = self.part_of(arena, offsets[*i], node.inputs[*i]);
                            recipe.place(part)
                        }
                    };
                    bindings.push((buffer, *access));
                }
                let contents = operands.iter().map(|(operand, _)| self.contents(node, *operand)).collect();
                let about = About { shapes: self.note(*id), pass: passes[id], op: id.0, gradient_of, contents };
                recipe.dispatches.push(Dispatch { kernel: kernel.clone(), bindings, about });
            }
            if launches.exchanges {
                let value = self.buffer(node.outputs[0], &kept, &mut recipe, &mut buffers);
                recipe.exchanges.push(Exchange { after: recipe.dispatches.len(), value });
            }
        }
        let outputs = outputs.iter().map(|v| (*v, self.buffer(*v, &kept, &mut recipe, &mut buffers))).collect();
        (recipe, outputs)
    }

    /// The part of a training step that each node belongs to.
    fn passes(&self) -> HashMap<NodeId, Pass> {
        let mut passes: HashMap<NodeId, Pass> = HashMap::new();
        for (id, _) in &self.nodes {
            let node = self.recorded.node(*id);
            let mut producers = node.inputs.iter().filter_map(|input| self.recorded.producer(*input));
            let uses_gradients =
                producers.any(|producer| matches!(passes.get(&producer), Some(Pass::Backward | Pass::Update)));
            let pass = match node.gradient_of {
                Some(_) => Pass::Backward,
                None if uses_gradients || node.op.storage() == Storage::InPlace => Pass::Update,
                None => Pass::Forward,
            };
            passes.insert(*id, pass);
        }
        passes
    }

    /// What an operand holds; a scratch buffer has no shape.
    fn contents(&self, node: &Node, operand: Operand) -> Contents {
        let value = match operand {
            Operand::Input(i) => node.inputs.get(i),
            // A copy into an arena writes the part that belongs to input i.
            Operand::Output(i) if matches!(node.op.storage(), Storage::Arena { .. }) => node.inputs.get(i),
            Operand::Output(i) => node.outputs.get(i),
            Operand::Scratch(_) => None,
        };
        value.map_or_else(Contents::default, |value| {
            let Info { shape, dtype } = &self.recorded.value(*value).info;
            Contents { shape: shape.axes().to_vec(), integers: *dtype == DType::U32 }
        })
    }

    /// The place of a value at element `offset` of an arena.
    fn part_of(&self, arena: BufferId, offset: usize, value: ValueId) -> Place {
        Place::Part { of: arena, offset: 4 * offset as u64, bytes: self.recorded.value(value).info.binding_bytes() }
    }

    /// The buffer of a value; if it is a view of another value or overwrites one, that value's buffer.
    fn buffer(
        &self,
        value: ValueId,
        kept: &HashSet<ValueId>,
        recipe: &mut Recipe,
        buffers: &mut HashMap<ValueId, BufferId>,
    ) -> BufferId {
        let root = self.recorded.root(value);
        if let Some(known) = buffers.get(&root) {
            return *known;
        }
        let id = match &self.recorded.value(root).origin {
            Origin::Leaf(slice) => recipe.place(Place::Fixed(slice.clone())),
            Origin::Node(node) => {
                let node = self.recorded.node(*node);
                match node.op.storage() {
                    Storage::InPlace => {
                        let output = node.outputs.iter().position(|v| *v == root).unwrap_or(0);
                        self.buffer(node.inputs[output], kept, recipe, buffers)
                    }
                    storage => {
                        let bytes = self.recorded.value(root).info.binding_bytes();
                        let place = match self.in_arena.get(&root) {
                            Some((arena, offset)) => {
                                let arena = self.buffer(*arena, kept, recipe, buffers);
                                self.part_of(arena, *offset, root)
                            }
                            // The gaps of an arena must stay zero, and an output is read after later programs have run.
                            None if matches!(storage, Storage::Arena { .. }) || kept.contains(&root) => {
                                Place::Own { bytes }
                            }
                            None => Place::Planned { bytes },
                        };
                        recipe.place(place)
                    }
                }
            }
        };
        buffers.insert(root, id);
        id
    }

    fn note(&self, id: NodeId) -> String {
        let node = self.recorded.node(id);
        let shapes = |ids: &[ValueId]| {
            let texts: Vec<String> = ids.iter().map(|v| self.recorded.value(*v).info.shape.to_string()).collect();
            texts.join(" ")
        };
        // An arena of gradients has hundreds of inputs, so only their number is shown.
        let inputs = match node.op.storage() {
            Storage::Arena { .. } => Shape::from([node.inputs.len()]).to_string(),
            _ => shapes(&node.inputs),
        };
        format!("{} {inputs} -> {} {}", node.op.name(), shapes(&node.outputs), node.op.settings()).trim_end().to_owned()
    }
}

/// Nodes that overwrite something, and what depends on them, run after all others.
fn in_running_order(recorded: &Recorded, needed: Vec<NodeId>) -> Vec<NodeId> {
    let mut late: HashSet<NodeId> = HashSet::new();
    for id in &needed {
        let node = recorded.node(*id);
        let after_update =
            node.inputs.iter().filter_map(|v| recorded.producer(*v)).any(|producer| late.contains(&producer));
        if after_update || node.op.storage() == Storage::InPlace {
            late.insert(*id);
        }
    }
    let (last, first): (Vec<NodeId>, Vec<NodeId>) = needed.into_iter().partition(|id| late.contains(id));
    first.into_iter().chain(last).collect()
}
