//! The numbers a network learns, and those it keeps beside them.

use super::Init;
use crate::tensor::{Arena, Graph, Result, Shape, Tensor};

/// How a parameter lies in memory here, next to how PyTorch keeps it on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// The same in both.
    Same,
    /// A convolution's weight: `[KH, KW, in, out]` here, `[out, in, KH, KW]` on disk.
    Conv,
    /// A dense layer's weight: `[in, out]` here, `[out, in]` on disk.
    Linear,
}

/// What a parameter is for, which decides whether weight decay applies to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The weight of a convolution.
    ConvWeight,
    /// The weight of a hidden dense layer.
    LinearWeight,
    /// The weight of the dense layer that gives the logits.
    OutputWeight,
    /// A bias, or the scale or shift of a batch norm: one number a channel, not decayed.
    Channel,
    /// Kept beside the learned ones and updated without a gradient: running statistics.
    Statistic,
}

/// Names a parameter of one [`ParameterBuilder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterId {
    learned: bool,
    pub(super) index: usize,
}

/// A declared parameter.
#[derive(Debug, Clone)]
pub(super) struct Declaration {
    pub name: String,
    pub shape: Shape,
    pub layout: Layout,
    pub role: Role,
    init: Init,
}

impl Declaration {
    pub fn new(name: String, shape: Shape, layout: Layout, role: Role, init: Init) -> Self {
        Self {
            name,
            shape,
            layout,
            role,
            init,
        }
    }
}

/// Collects declarations until the network is complete.
#[derive(Debug, Default)]
pub struct ParameterBuilder {
    learned: Vec<Declaration>,
    statistics: Vec<Declaration>,
}

impl ParameterBuilder {
    /// Declares a parameter. `name` is PyTorch's, such as `conv1.weight`; `shape` is that in memory here.
    pub fn declare(
        &mut self,
        name: String,
        shape: impl Into<Shape>,
        layout: Layout,
        role: Role,
        init: Init,
    ) -> ParameterId {
        let learned = role != Role::Statistic;
        let list = if learned {
            &mut self.learned
        } else {
            &mut self.statistics
        };
        list.push(Declaration::new(name, shape.into(), layout, role, init));
        ParameterId {
            learned,
            index: list.len() - 1,
        }
    }

    /// Allocates all parameters on the graph's device with their initial values, which `seed` decides.
    ///
    /// # Errors
    /// Those of the device.
    pub fn build(self, graph: &Graph, seed: u64) -> Result<Parameters> {
        let fill = |list: &[Declaration]| -> Vec<(Shape, Vec<f32>)> {
            let values =
                |(i, d): (usize, &Declaration)| (d.shape.clone(), d.init.values(d.shape.len(), seed, i as u64));
            list.iter().enumerate().map(values).collect()
        };
        Ok(Parameters {
            learned: graph.arena("parameters", &fill(&self.learned))?,
            statistics: graph.arena("running statistics", &fill(&self.statistics))?,
            learned_declarations: self.learned,
            statistic_declarations: self.statistics,
        })
    }
}

/// The parameters of one network in device memory: the learned ones in one arena, the statistics in another.
#[derive(Debug)]
pub struct Parameters {
    learned: Arena,
    statistics: Arena,
    learned_declarations: Vec<Declaration>,
    statistic_declarations: Vec<Declaration>,
}

impl Parameters {
    /// The tensor of a parameter.
    pub fn get(&self, id: ParameterId) -> &Tensor {
        if id.learned {
            &self.learned.parts[id.index]
        } else {
            &self.statistics.parts[id.index]
        }
    }

    /// The arena of learned parameters: what an optimiser updates.
    pub fn learned(&self) -> &Arena {
        &self.learned
    }

    /// The arena of running statistics.
    pub fn statistics(&self) -> &Arena {
        &self.statistics
    }

    /// Parameters of their own memory with the same names, shapes and present values.
    ///
    /// # Errors
    /// Those of the device.
    pub fn copy(&self, graph: &Graph) -> Result<Self> {
        let copy = |what, arena: &Arena| -> Result<Arena> {
            let flat = arena.flat.to_vec()?;
            let contents: Vec<(Shape, Vec<f32>)> = arena
                .parts
                .iter()
                .zip(&arena.offsets)
                .map(|(part, start)| (part.shape(), flat[*start..start + part.shape().len()].to_vec()))
                .collect();
            graph.arena(what, &contents)
        };
        Ok(Self {
            learned: copy("averaged parameters", &self.learned)?,
            statistics: copy("averaged statistics", &self.statistics)?,
            learned_declarations: self.learned_declarations.clone(),
            statistic_declarations: self.statistic_declarations.clone(),
        })
    }

    /// The roles of the learned parameters, in the arena's order.
    pub fn roles(&self) -> impl Iterator<Item = Role> + '_ {
        self.learned_declarations.iter().map(|d| d.role)
    }

    /// Number of learned numbers.
    pub fn count(&self) -> usize {
        self.learned_declarations.iter().map(|d| d.shape.len()).sum()
    }

    /// Every parameter with its declaration, learned ones first.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Declaration, &Tensor)> {
        let learned = self.learned_declarations.iter().zip(&self.learned.parts);
        let statistics = self.statistic_declarations.iter().zip(&self.statistics.parts);
        learned.chain(statistics)
    }

    /// The values of all parameters, in the order of [`Parameters::all`]: two reads, one an arena.
    ///
    /// # Errors
    /// Those of the device.
    pub(super) fn values(&self) -> Result<Vec<Vec<f32>>> {
        let mut values = Vec::new();
        for arena in [&self.learned, &self.statistics] {
            let flat = arena.flat.to_vec()?;
            for (part, offset) in arena.parts.iter().zip(&arena.offsets) {
                values.push(flat[*offset..offset + part.shape().len()].to_vec());
            }
        }
        Ok(values)
    }
}
