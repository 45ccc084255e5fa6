//! Reverse-mode differentiation: gradients as more nodes of the same graph.
//!
//! Griewank and Walther, "Evaluating Derivatives", chapter 3. Only nodes on a path from one of the given parameters to the
//! loss get a gradient: a frozen layer costs nothing in the backward pass.

use std::collections::HashMap;
use std::rc::Rc;

use super::graph::{Graph, NodeId, Recorded, ValueId};
use super::{Backward, DType, Inputs, Result, Tensor, TensorError};

impl Tensor {
    /// Records the gradient of this scalar with respect to each of `parameters`, in their order.
    ///
    /// The parameters may be any values of the graph that the loss depends on.
    ///
    /// # Errors
    /// [`TensorError::NotScalar`], [`TensorError::Unreached`] for a parameter that the loss does not use, and
    /// [`TensorError::NoGradient`] when an op in between cannot be differentiated.
    pub fn backward(&self, parameters: &[&Tensor]) -> Result<Vec<Tensor>> {
        let shape = self.shape();
        if shape.len() != 1 {
            return Err(TensorError::NotScalar { shape });
        }
        let one = self.graph.tensor(shape, &[1.0])?;
        self.backward_from(&one, parameters)
    }

    /// Records the gradient, with respect to each of `parameters`, of a loss whose gradient with respect to this tensor
    /// is `gradient`: a vector-Jacobian product.
    ///
    /// # Errors
    /// An error when `gradient` does not have this tensor's shape or one of the two holds integers; otherwise as
    /// [`Tensor::backward`].
    pub fn backward_from(&self, gradient: &Tensor, parameters: &[&Tensor]) -> Result<Vec<Tensor>> {
        let graph = &self.graph;
        if !Rc::ptr_eq(&graph.0, &gradient.graph.0) {
            return Err(TensorError::OtherGraph { op: "backward_from" });
        }
        let inputs = Inputs::of("backward_from", &[self, gradient]);
        inputs.require_types(|_| Some(DType::F32))?;
        inputs.require(1, "the gradient", self.shape())?;
        let path = Path::between(graph, parameters, self);
        let mut gradients: HashMap<ValueId, Tensor> = HashMap::new();
        gradients.insert(self.id, gradient.clone());
        for node in path.nodes.iter().rev() {
            // What is recorded meanwhile is known as this node's gradient.
            let outer = graph.0.differentiated.replace(Some(*node));
            let done = differentiate(graph, *node, &path, &mut gradients);
            graph.0.differentiated.set(outer);
            done?;
        }
        parameters
            .iter()
            .enumerate()
            .map(|(index, parameter)| {
                gradients
                    .get(&parameter.id)
                    .cloned()
                    .ok_or_else(|| TensorError::Unreached { index, shape: parameter.shape() })
            })
            .collect()
    }
}

/// The nodes between some parameters and a loss.
struct Path {
    /// Nodes that depend on a parameter and that the loss depends on, in recorded order.
    nodes: Vec<NodeId>,
    /// For every value of the graph, whether it depends on a parameter or is one.
    reached: Vec<bool>,
}

impl Path {
    fn between(graph: &Graph, parameters: &[&Tensor], loss: &Tensor) -> Self {
        let recorded = graph.0.recorded.borrow();
        let needed = needed_nodes(&recorded, &[loss.id]);
        let mut reached = vec![false; recorded.values.len()];
        for parameter in parameters {
            reached[parameter.id.0] = true;
        }
        let mut nodes = Vec::new();
        for id in needed {
            let node = recorded.node(id);
            if node.inputs.iter().any(|input| reached[input.0]) {
                for output in &node.outputs {
                    reached[output.0] = true;
                }
                nodes.push(id);
            }
        }
        Self { nodes, reached }
    }
}

/// All nodes that `values` need, in recorded order, which is a valid execution order.
pub(super) fn needed_nodes(recorded: &Recorded, values: &[ValueId]) -> Vec<NodeId> {
    let mut needed = vec![false; recorded.nodes.len()];
    let mut open: Vec<NodeId> = values.iter().filter_map(|v| recorded.producer(*v)).collect();
    while let Some(id) = open.pop() {
        if !std::mem::replace(&mut needed[id.0], true) {
            let inputs = &recorded.node(id).inputs;
            open.extend(inputs.iter().filter_map(|v| recorded.producer(*v)));
        }
    }
    (0..needed.len()).filter(|i| needed[*i]).map(NodeId).collect()
}

/// Adds what `node` contributes to the gradients of its inputs.
fn differentiate(graph: &Graph, node: NodeId, path: &Path, gradients: &mut HashMap<ValueId, Tensor>) -> Result<()> {
    // The borrow must end before the op records its gradient.
    let (op, inputs, backward) = {
        let recorded = graph.0.recorded.borrow();
        let node = recorded.node(node);
        let handles = |ids: &[ValueId]| ids.iter().map(|id| graph.handle(*id)).collect();
        let backward = Backward {
            op: node.op.name(),
            inputs: handles(&node.inputs),
            outputs: handles(&node.outputs),
            gradients: node.outputs.iter().map(|id| gradients.get(id).cloned()).collect(),
            wanted: node.inputs.iter().map(|id| path.reached[id.0]).collect(),
        };
        (node.op.clone(), node.inputs.clone(), backward)
    };
    if backward.gradients.iter().all(Option::is_none) {
        return Ok(());
    }
    let before = graph.0.recorded.borrow().nodes.len();
    let contributions = op.gradient(&backward)?;
    for (i, input) in inputs.into_iter().enumerate() {
        if !backward.wanted[i] {
            continue;
        }
        let contribution =
            contributions.get(i).cloned().flatten().ok_or(TensorError::NoGradient { op: op.name(), input: i })?;
        let (own, wanted) = (contribution.shape(), backward.inputs[i].shape());
        if own != wanted {
            let problem = format!("the gradient of input {i} has shape {own} instead of {wanted}");
            return Err(Inputs::of(op.name(), &backward.inputs.iter().collect::<Vec<_>>()).mismatch(problem));
        }
        let sum = match gradients.remove(&input) {
            None => contribution,
            Some(earlier) => {
                let used_once = contributions.iter().flatten().filter(|other| other.id == contribution.id).count() == 1;
                let fused = if used_once { plus(graph, &contribution, &earlier, before) } else { None };
                fused.unwrap_or_else(|| earlier.add(&contribution))?
            }
        };
        gradients.insert(input, sum);
    }
    Ok(())
}

/// `value + addend` as one op with the op that computes `value`, if there is one. Only for a value computed and not yet used by
/// the nodes from number `first` on: any other would be computed a second time.
fn plus(graph: &Graph, value: &Tensor, addend: &Tensor, first: usize) -> Option<Result<Tensor>> {
    // The borrow must end before the op records the sum.
    let (op, inputs) = {
        let recorded = graph.0.recorded.borrow();
        let producer = recorded.producer(value.id).filter(|id| id.0 >= first)?;
        let is_used = recorded.nodes[first..].iter().any(|node| node.inputs.contains(&value.id));
        let node = recorded.node(producer);
        if is_used || node.outputs.len() != 1 {
            return None;
        }
        let inputs: Vec<Tensor> = node.inputs.iter().map(|id| graph.handle(*id)).collect();
        (node.op.clone(), inputs)
    };
    op.plus(&inputs.iter().collect::<Vec<_>>(), addend)
}
