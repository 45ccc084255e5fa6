//! A step of a ladder as an op.

use std::sync::Arc;

use super::{Ladder, Launch, LessonError};
use crate::gpu::{Gpu, Kernel, Source, fold_workgroups};
use crate::gradcheck::{Report, Tolerance, check_output};
use crate::program::Profile;
use crate::tensor::{Graph, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor};

/// One kernel for the computation of a ladder: a file of `lessons/`, or one of a reader's own in its place.
#[derive(Debug, Clone)]
pub struct Step {
    ladder: &'static Ladder,
    /// The name of its file.
    pub file: String,
    /// The text of its file.
    pub text: String,
}

/// A step as an op.
#[derive(Debug)]
struct StepOp {
    step: Step,
    launch: Launch,
    sizes: Vec<usize>,
}

impl Step {
    /// A step of this ladder.
    pub fn new(ladder: &'static Ladder, file: &str, text: &str) -> Self {
        Self { ladder, file: file.to_owned(), text: text.to_owned() }
    }

    /// Its number, from 1, and its name.
    pub fn name(&self) -> &str {
        let file = self.file.rsplit('/').next().unwrap_or_default();
        file.strip_suffix(".wgsl").unwrap_or(file)
    }

    /// What its file says in the first line.
    pub fn title(&self) -> &str {
        let line = self.text.lines().next().unwrap_or_default().trim_start_matches("// ");
        line.split(".  ").next().unwrap_or(line)
    }

    /// The paragraph of its file that begins with `Why:`.
    pub fn why(&self) -> String {
        let lines = self.text.lines().skip_while(|line| !line.starts_with("// Why:"));
        let more = |line: &&str| line.starts_with("//          ") || line.starts_with("// Why:");
        let words = lines.take_while(more).flat_map(|line| line.trim_start_matches("//").split_whitespace());
        words.skip(1).collect::<Vec<_>>().join(" ")
    }

    /// How it is launched.
    ///
    /// # Errors
    /// As [`Launch::of`].
    pub fn launch(&self) -> std::result::Result<Launch, LessonError> {
        Launch::of(&self.file, &self.text, self.ladder.sizes)
    }

    /// Records the step on inputs of these sizes, which must suit it.
    ///
    /// # Errors
    /// Those of the device, such as what its compiler says of the text.
    fn record(&self, launch: &Launch, inputs: &[Tensor], sizes: &[usize]) -> Result<Tensor> {
        let op = StepOp { step: self.clone(), launch: launch.clone(), sizes: sizes.to_vec() };
        Tensor::apply_one(op, &inputs.iter().collect::<Vec<_>>())
    }

    /// Compares it with double precision at sizes that suit it, at least as large as these.
    ///
    /// # Errors
    /// As [`Graph::compile`].
    pub fn check(&self, gpu: &Arc<Gpu>, launch: &Launch, sizes: &[usize]) -> Result<Report> {
        let sizes = launch.fitting(self.ladder.sizes, sizes);
        let inputs = self.ladder.inputs(&sizes);
        check_output(
            gpu,
            &inputs,
            Tolerance::default(),
            |x| self.record(launch, x, &sizes),
            |x| self.ladder.reference(x),
        )
    }

    /// Times it at sizes that suit it.
    ///
    /// # Errors
    /// As [`Graph::compile`].
    pub fn profile(&self, gpu: &Arc<Gpu>, launch: &Launch, sizes: &[usize], runs: u32) -> Result<Profile> {
        let sizes = launch.fitting(self.ladder.sizes, sizes);
        let graph = Graph::new(gpu);
        let inputs = self.ladder.inputs(&sizes).into_iter().map(|x| graph.tensor(x.shape.clone(), &x.to_f32()));
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        let output = self.record(launch, &inputs, &sizes)?;
        Ok(graph.compile(&[&output])?.program().profile(runs)?)
    }

    /// Its kernels at these sizes.
    ///
    /// # Errors
    /// Those of recording it.
    pub fn kernels(&self, gpu: &Arc<Gpu>, launch: &Launch) -> Result<Vec<Kernel>> {
        let sizes = launch.fitting(self.ladder.sizes, self.ladder.odd);
        let graph = Graph::new(gpu);
        let inputs = (self.ladder.inputs)(&sizes).into_iter().map(|shape| graph.zeros(&shape[..]));
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        graph.kernels(&[&self.record(launch, &inputs, &sizes)?])
    }
}

impl Op for StepOp {
    fn name(&self) -> &'static str {
        self.step.ladder.name
    }

    fn infer(&self, _: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![Info::f32((self.step.ladder.output)(&self.sizes))])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let mut sizes = [0_u32; 8];
        for (word, size) in sizes.iter_mut().zip(&self.sizes) {
            *word = u32::try_from(*size).unwrap_or(u32::MAX);
        }
        let kernel = |entry: &'static str, flops: u64| {
            let source = Source::new("lesson", self.step.text.clone());
            Kernel::new(self.step.ladder.name, source).entry(entry).params(sizes).flops(flops)
        };
        let scratch = self.launch.scratch.as_ref().map(|product| {
            let elements = usize::try_from(product.of(&self.sizes)).unwrap_or(usize::MAX);
            launches.scratch(elements)
        });
        let mut operands: Vec<_> = (0..io.input_count()).map(|i| Operand::Input(i).read()).collect();
        operands.push(Operand::Output(0).write());
        operands.extend(scratch.map(Operand::write));
        let flops = (self.step.ladder.flops)(&self.sizes);
        launches.dispatch(self.on_grid(kernel("main", flops), &self.launch.grid), &operands);
        if let Some(grid) = &self.launch.second {
            launches.dispatch(self.on_grid(kernel("second", 0), grid), &operands);
        }
        Ok(())
    }
}

impl StepOp {
    /// The kernel over a grid; a grid along x alone is folded where it is too long.
    fn on_grid(&self, mut kernel: Kernel, grid: &[super::launch::Product]) -> Kernel {
        let count = |axis: usize| grid.get(axis).map_or(1, |product| product.of(&self.sizes));
        if grid.len() == 1 {
            kernel.workgroups = fold_workgroups(count(0));
            return kernel;
        }
        kernel.workgroups = [0, 1, 2].map(|axis| u32::try_from(count(axis)).unwrap_or(u32::MAX));
        kernel
    }
}
