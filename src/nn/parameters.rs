//! The numbers a network learns, and those it keeps alongside them.

use super::Init;
use crate::tensor::{Arena, Graph, Result, Shape, Tensor};

/// How a parameter is laid out in memory here, and how PyTorch lays it out on disk.
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
    /// The weight of the dense layer that produces the logits.
    OutputWeight,
    /// A bias, or the scale or shift of a batch norm: one number per channel, not decayed.
    Channel,
    /// Kept alongside the learned ones and updated without a gradient: running statistics.
    Statistic,
}

/// Identifies a parameter of one [`ParameterBuilder`]: its place in the order of declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterId(usize);

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
        Self { name, shape, layout, role, init }
    }
}

/// Collects declarations until the network is complete.
#[derive(Debug, Default)]
pub struct ParameterBuilder {
    declarations: Vec<Declaration>,
}

impl ParameterBuilder {
    /// Declares a parameter. `name` is PyTorch's, such as `conv1.weight`; `shape` is the shape in memory here.
    pub fn declare(
        &mut self,
        name: String,
        shape: impl Into<Shape>,
        layout: Layout,
        role: Role,
        init: Init,
    ) -> ParameterId {
        let declaration = Declaration::new(name, shape.into(), layout, role, init);
        self.declarations.push(declaration);
        ParameterId(self.declarations.len() - 1)
    }

    /// The names of the parameters, in the order of declaration.
    pub fn names(&self) -> Vec<&str> {
        self.declarations.iter().map(|d| d.name.as_str()).collect()
    }

    /// Allocates all parameters on the graph's device with initial values determined by `seed`. The first `frozen` of
    /// them are not learned.
    ///
    /// # Errors
    /// Those of the device.
    pub fn build(self, graph: &Graph, seed: u64, frozen: usize) -> Result<Parameters> {
        let mut contents: [Vec<(Shape, Vec<f32>)>; 3] = Default::default();
        let mut places = Vec::with_capacity(self.declarations.len());
        // Random streams are numbered independently of the arenas, so that freezing parameters changes no initial value.
        let mut streams = [0_u64; 2];
        for (i, declaration) in self.declarations.iter().enumerate() {
            let arena = match declaration.role {
                Role::Statistic => STATISTICS,
                _ if i < frozen => FROZEN,
                _ => LEARNED,
            };
            let stream = &mut streams[usize::from(arena == STATISTICS)];
            let values = declaration.init.values(declaration.shape.len(), seed, *stream);
            *stream += 1;
            places.push(ArenaPlace { arena, part: contents[arena].len() });
            contents[arena].push((declaration.shape.clone(), values));
        }
        Ok(Parameters {
            arenas: [
                graph.arena("parameters", &contents[LEARNED])?,
                graph.arena("frozen parameters", &contents[FROZEN])?,
                graph.arena("running statistics", &contents[STATISTICS])?,
            ],
            declarations: self.declarations,
            places,
        })
    }
}

/// Numbers of the arenas of [`Parameters`].
const LEARNED: usize = 0;
const FROZEN: usize = 1;
const STATISTICS: usize = 2;

/// Where a parameter is stored.
#[derive(Debug, Clone, Copy)]
struct ArenaPlace {
    arena: usize,
    part: usize,
}

/// The parameters of one network in device memory: one arena of learned ones, one of frozen ones, one of statistics.
#[derive(Debug)]
pub struct Parameters {
    arenas: [Arena; 3],
    declarations: Vec<Declaration>,
    places: Vec<ArenaPlace>,
}

impl Parameters {
    /// The tensor of a parameter.
    pub fn get(&self, id: ParameterId) -> &Tensor {
        let ArenaPlace { arena, part } = self.places[id.0];
        &self.arenas[arena].parts[part]
    }

    /// Whether a parameter is learned.
    pub fn is_learned(&self, id: ParameterId) -> bool {
        self.places[id.0].arena == LEARNED
    }

    /// The number of a parameter within its arena.
    pub(super) fn part(&self, id: ParameterId) -> usize {
        self.places[id.0].part
    }

    /// The arena of learned parameters: what an optimiser updates.
    pub fn learned(&self) -> &Arena {
        &self.arenas[LEARNED]
    }

    /// The arena of parameters that stay as they are.
    pub fn frozen(&self) -> &Arena {
        &self.arenas[FROZEN]
    }

    /// The arena of running statistics.
    pub fn statistics(&self) -> &Arena {
        &self.arenas[STATISTICS]
    }

    /// A copy with memory of its own for what training changes, with the same names, shapes and current values. Frozen
    /// parameters are shared.
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
            arenas: [
                copy("averaged parameters", self.learned())?,
                self.frozen().clone(),
                copy("averaged statistics", self.statistics())?,
            ],
            declarations: self.declarations.clone(),
            places: self.places.clone(),
        })
    }

    /// The roles of the learned parameters, in the arena's order.
    pub fn roles(&self) -> impl Iterator<Item = Role> + '_ {
        let learned = self.declarations.iter().zip(&self.places);
        learned.filter(|(_, place)| place.arena == LEARNED).map(|(d, _)| d.role)
    }

    /// Name and tensor of every parameter, in the order of declaration.
    pub fn named(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.all().map(|(declaration, tensor)| (declaration.name.as_str(), tensor))
    }

    /// Total count of numbers, including frozen ones but not statistics.
    pub fn count(&self) -> usize {
        let counted = self.declarations.iter().filter(|d| d.role != Role::Statistic);
        counted.map(|d| d.shape.len()).sum()
    }

    /// Count of learned numbers.
    pub fn learned_count(&self) -> usize {
        self.learned().parts.iter().map(|part| part.shape().len()).sum()
    }

    /// Every parameter with its declaration, in the order of declaration.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Declaration, &Tensor)> {
        let tensor = |place: &ArenaPlace| &self.arenas[place.arena].parts[place.part];
        self.declarations.iter().zip(self.places.iter().map(tensor))
    }

    /// The values of all parameters, in the order of declaration: one read per arena.
    ///
    /// # Errors
    /// Those of the device.
    pub(super) fn values(&self) -> Result<Vec<Vec<f32>>> {
        let flats: Vec<Vec<f32>> = self.arenas.iter().map(|a| a.flat.to_vec()).collect::<Result<_>>()?;
        let value = |(declaration, place): (&Declaration, &ArenaPlace)| {
            let start = self.arenas[place.arena].offsets[place.part];
            flats[place.arena][start..start + declaration.shape.len()].to_vec()
        };
        Ok(self.declarations.iter().zip(&self.places).map(value).collect())
    }
}
