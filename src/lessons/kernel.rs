//! A file of a lesson as an op.

use std::sync::Arc;

use super::launch::{Launch, Product};
use super::outcome::{BEHIND, Cases, MARGIN, Outcome, UNTOUCHED};
use super::{LessonError, Problem, barriers, header};
use crate::gpu::{Gpu, Kernel, Source};
use crate::gradcheck::Array;
use crate::program::Profile;
use crate::tensor::{Graph, Info, Inputs, Io, Launches, Op, Operand, Result, Storage, Tensor, TensorError};

/// A kernel for a problem: a file of `lessons/`, or one of a reader's own.
#[derive(Debug, Clone)]
pub struct LessonKernel {
    problem: &'static Problem,
    /// The name of its file.
    pub file: String,
    /// The text of its file.
    pub text: String,
    launch: Launch,
}

/// It as an op on the output, which it overwrites, and the inputs.
#[derive(Debug)]
struct LessonOp {
    kernel: LessonKernel,
    sizes: Vec<usize>,
}

impl LessonKernel {
    /// A kernel for this problem.
    ///
    /// # Errors
    /// A [`LessonError`] when the line `// Grid:` is missing, or a line cannot be understood.
    pub fn new(problem: &'static Problem, file: &str, text: String) -> std::result::Result<Self, LessonError> {
        let launch = Launch::of(file, &text, problem.letters)?;
        Ok(Self { problem, file: file.to_owned(), text, launch })
    }

    /// The name of its file without the folder and the ending.
    pub fn name(&self) -> &str {
        let file = self.file.rsplit('/').next().unwrap_or_default();
        file.strip_suffix(".wgsl").unwrap_or(file)
    }

    /// What its file says in the first line, without the equation.
    pub fn title(&self) -> &str {
        header::title(&self.text)
    }

    /// Why it is as it is, by its file.
    pub fn why(&self) -> String {
        header::paragraphs(&self.text, "Why").first().map(|lines| header::words(lines)).unwrap_or_default()
    }

    /// What is wrong with the places of its barriers, if something is.
    pub(super) fn misplaced_barrier(&self) -> Option<String> {
        barriers::misplaced(&self.text)
    }

    /// How often it waits for the other threads of a workgroup.
    pub(super) fn barriers(&self) -> usize {
        barriers::count(&self.text)
    }

    /// The same with the sizes that another kernel asks for.
    pub(super) fn with_sizes_of(mut self, other: &Self) -> Self {
        self.launch.take_sizes_from(&other.launch);
        self
    }

    /// Why this adapter cannot run it, if it cannot.
    pub fn not_run_on(&self, gpu: &Gpu) -> Option<&'static str> {
        let lacks = self.launch.needs_subgroups && gpu.variant().lanes == 1;
        lacks.then_some("this adapter has no subgroups of one size")
    }

    /// Sizes near these that it can take: multiples of what it asks for, and no larger than it can be.
    pub fn fitting(&self, sizes: &[usize]) -> Vec<usize> {
        self.launch.fitting(self.problem.letters, sizes)
    }

    /// Records it on these inputs, which must suit it.
    fn record(&self, graph: &Graph, inputs: &[Array], sizes: &[usize]) -> Result<Tensor> {
        let longer = |data: Vec<f32>, behind: f32| {
            let long = [data, vec![behind; MARGIN]].concat();
            graph.tensor([long.len()], &long)
        };
        let len = (self.problem.output)(sizes).iter().product();
        let mut tensors = vec![longer(vec![UNTOUCHED; len], UNTOUCHED)?];
        for input in inputs {
            tensors.push(longer(input.to_f32(), BEHIND)?);
        }
        let op = LessonOp { kernel: self.clone(), sizes: sizes.to_vec() };
        Tensor::apply_one(op, &tensors.iter().collect::<Vec<_>>())
    }

    /// Runs it at sizes that suit it, at least as large as these where it can be, and compares what it gives with double
    /// precision.
    ///
    /// # Errors
    /// As [`Graph::compile`], such as what the compiler says of the text.
    pub fn check(&self, gpu: &Arc<Gpu>, cases: &mut Cases, sizes: &[usize]) -> Result<Outcome> {
        let case = cases.at(self.problem, &self.fitting(sizes));
        let values = self.record(&Graph::new(gpu), &case.inputs, &case.sizes)?.to_vec()?;
        Ok(Outcome::new(self.problem, case, values))
    }

    /// Times it at sizes that suit it.
    ///
    /// # Errors
    /// As [`Graph::compile`].
    pub fn profile(&self, gpu: &Arc<Gpu>, sizes: &[usize], runs: u32) -> Result<Profile> {
        let sizes = self.fitting(sizes);
        let graph = Graph::new(gpu);
        let output = self.record(&graph, &self.problem.drawn(&sizes), &sizes)?;
        Ok(graph.compile(&[&output])?.program().profile(runs)?)
    }

    /// Its dispatches.
    ///
    /// # Errors
    /// Those of recording it.
    pub fn kernels(&self, gpu: &Arc<Gpu>) -> Result<Vec<Kernel>> {
        let sizes = self.fitting(self.problem.awkward[0]);
        let graph = Graph::new(gpu);
        graph.kernels(&[&self.record(&graph, &self.problem.drawn(&sizes), &sizes)?])
    }
}

impl Op for LessonOp {
    fn name(&self) -> &'static str {
        self.kernel.problem.name
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn storage(&self) -> Storage {
        Storage::InPlace
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let mut sizes = [0_u32; 8];
        for (word, size) in sizes.iter_mut().zip(&self.sizes) {
            *word = u32::try_from(*size).unwrap_or(u32::MAX);
        }
        let launch = &self.kernel.launch;
        let scratch = launch.scratch.as_ref().map(|product| {
            let elements = usize::try_from(product.of(&self.sizes)).unwrap_or(usize::MAX);
            launches.scratch(elements)
        });
        let mut operands: Vec<_> = (1..io.input_count()).map(|i| Operand::Input(i).read()).collect();
        operands.push(Operand::Output(0).write());
        operands.extend(scratch.map(Operand::write));
        for (entry, grid) in [("main", Some(&launch.grid)), ("second", launch.second.as_ref())] {
            if let Some(grid) = grid {
                let source = Source::new("lesson", self.kernel.text.clone());
                let kernel = Kernel::new(self.kernel.problem.name, source).entry(entry).params(sizes);
                launches.dispatch(over(kernel, grid, &self.sizes)?, &operands);
            }
        }
        Ok(())
    }
}

/// No lesson needs as many workgroups as this; a grid of more is a mistake in its file, and could keep a device busy for minutes.
pub(super) const MOST_WORKGROUPS: u64 = 1 << 26;

/// The kernel over a grid. One along x alone is folded where it is too long.
fn over(mut kernel: Kernel, grid: &[Product], sizes: &[usize]) -> Result<Kernel> {
    let counts: Vec<u64> = grid.iter().map(|product| product.of(sizes)).collect();
    let all = counts.iter().fold(1_u64, |all, count| all.saturating_mul(*count));
    if all > MOST_WORKGROUPS {
        let problem =
            format!("its grid has {all} workgroups at these sizes, more than any lesson needs ({MOST_WORKGROUPS})");
        return Err(TensorError::Parameter { op: kernel.label, problem });
    }
    if let [count] = counts[..] {
        return Ok(kernel.workgroups(count));
    }
    kernel.workgroups = [0, 1, 2].map(|axis| counts.get(axis).map_or(1, |count| *count as u32));
    Ok(kernel)
}
