//! Batch normalisation, in training and in inference.

use bytemuck::{Pod, Zeroable};

use super::kernel;
use super::reduce::{Extent, chunk_of, launch_sum};
use crate::gpu::{Kernel, Source, shader};
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Op, Operand, Result, Shape, Storage, Tensor, TensorError};

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    rows: u32,
    channels: u32,
    chunk: u32,
    pieces: u32,
    epsilon: f32,
}

/// The image batch as a matrix of pixels by channels, cut into runs of rows.
#[derive(Clone, Copy)]
struct Runs {
    rows: usize,
    channels: usize,
    chunk: usize,
    pieces: usize,
}

impl Runs {
    fn new(x: &Shape, chunk: usize) -> Self {
        Self {
            rows: x.rows(),
            channels: x.last(),
            chunk,
            pieces: x.rows().div_ceil(chunk).max(1),
        }
    }

    /// For passes that add up: the square root of the rows, as in all sums.
    fn to_sum(x: &Shape) -> Self {
        Self::new(x, chunk_of(x.rows()))
    }

    /// For passes that write every element: long enough that a thread's preparation does not count.
    fn to_write(x: &Shape) -> Self {
        Self::new(x, 16)
    }

    fn threads(self) -> usize {
        self.pieces * self.channels
    }

    fn len(self) -> u64 {
        (self.rows * self.channels) as u64
    }

    /// A kernel with a thread for each channel of each run.
    fn kernel(self, label: &'static str, source: Source, epsilon: f32) -> Kernel {
        self.kernel_of(label, source, self.threads(), epsilon)
    }

    fn kernel_of(self, label: &'static str, source: Source, threads: usize, epsilon: f32) -> Kernel {
        let source = shader!("norm/params.wgsl").join(source);
        kernel(label, source, threads).params(Params {
            rows: self.rows as u32,
            channels: self.channels as u32,
            chunk: self.chunk as u32,
            pieces: self.pieces as u32,
            epsilon,
        })
    }
}

fn launch_normalise(launches: &mut Launches, x: &Shape, epsilon: f32, [mean, variance]: [Operand; 2]) {
    let runs = Runs::to_write(x);
    let source = shader!("norm/normalise.wgsl");
    let normalise = runs.kernel("batch_norm", source, epsilon).flops(2 * runs.len());
    launches.dispatch(
        normalise,
        &[
            Operand::Input(0).read(),
            Operand::Input(1).read(),
            Operand::Input(2).read(),
            mean.read(),
            variance.read(),
            Operand::Output(0).write(),
        ],
    );
}

/// Normalises with the batch's own mean and variance. Inputs: X, gamma, beta. Outputs: Y, mean, biased variance.
#[derive(Debug)]
struct Training {
    epsilon: f32,
}

impl Op for Training {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let x = inputs.get(0)?.clone();
        let channels = [x.shape.last()];
        inputs.require(1, "gamma", channels)?;
        inputs.require(2, "beta", channels)?;
        check_epsilon(self.name(), self.epsilon)?;
        if x.shape.is_empty() {
            return Err(inputs.mismatch("a batch without elements has no mean"));
        }
        Ok(vec![x, Info::f32(channels), Info::f32(channels)])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let x = io.input(0);
        let runs = Runs::to_sum(x);
        let means = launches.scratch(runs.threads());
        let m2s = launches.scratch(runs.threads());
        let stats = runs
            .kernel("batch_norm_stats", shader!("norm/stats.wgsl"), self.epsilon)
            .flops(4 * runs.len());
        launches.dispatch(stats, &[Operand::Input(0).read(), means.write(), m2s.write()]);
        let (mean, variance) = (Operand::Output(1), Operand::Output(2));
        let source = shader!("norm/stats_combine.wgsl");
        let combine = runs.kernel_of("batch_norm_stats_combine", source, runs.channels, self.epsilon);
        launches.dispatch(combine, &[means.read(), m2s.read(), mean.write(), variance.write()]);
        launch_normalise(launches, x, self.epsilon, [mean, variance]);
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let grad = Gradient {
            epsilon: self.epsilon,
            training: true,
        };
        grad.record(node, node.output(1), node.output(2))
    }
}

/// Normalises with given statistics. Inputs: X, gamma, beta, mean, variance.
#[derive(Debug)]
struct Inference {
    epsilon: f32,
}

impl Op for Inference {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let x = inputs.get(0)?.clone();
        for (i, what) in (1..).zip(["gamma", "beta", "running mean", "running variance"]) {
            inputs.require(i, what, [x.shape.last()])?;
        }
        check_epsilon(self.name(), self.epsilon)?;
        Ok(vec![x])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let statistics = [Operand::Input(3), Operand::Input(4)];
        launch_normalise(launches, io.input(0), self.epsilon, statistics);
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let grad = Gradient {
            epsilon: self.epsilon,
            training: false,
        };
        grad.record(node, node.input(3), node.input(4))
    }
}

/// The gradients of X, gamma and beta from X, gamma, mean, variance and dY.
#[derive(Debug)]
struct Gradient {
    epsilon: f32,
    training: bool,
}

impl Gradient {
    fn record(self, node: &Backward, mean: &Tensor, variance: &Tensor) -> Result<Vec<Option<Tensor>>> {
        let (x, gamma) = (node.input(0), node.input(1));
        let gradients = Tensor::apply(self, &[x, gamma, mean, variance, node.gradient(0)?])?;
        Ok(gradients.into_iter().map(Some).collect())
    }
}

impl Op for Gradient {
    fn name(&self) -> &'static str {
        "batch_norm_grad"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let (x, gamma) = (inputs.get(0)?, inputs.get(1)?);
        Ok(vec![x.clone(), gamma.clone(), gamma.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let x = io.input(0);
        let [input, gamma, mean, variance, dy] = [0, 1, 2, 3, 4].map(Operand::Input);
        let [dx, dgamma, dbeta] = [0, 1, 2].map(Operand::Output);

        let runs = Runs::to_sum(x);
        let dgammas = launches.scratch(runs.threads());
        let dbetas = launches.scratch(runs.threads());
        let source = shader!("norm/grad_sums.wgsl");
        let sums = runs
            .kernel("batch_norm_grad_sums", source, self.epsilon)
            .flops(4 * runs.len());
        launches.dispatch(
            sums,
            &[
                input.read(),
                dy.read(),
                mean.read(),
                variance.read(),
                dgammas.write(),
                dbetas.write(),
            ],
        );
        let pieces = Extent {
            outer: 1,
            len: runs.pieces,
            inner: runs.channels,
        };
        launch_sum(launches, dgammas, dgamma, pieces, 1.0);
        launch_sum(launches, dbetas, dbeta, pieces, 1.0);

        if io.is_used(0) {
            let runs = Runs::to_write(x);
            let source = shader!("norm/grad_input.wgsl");
            let grad_input = runs
                .kernel("batch_norm_grad_input", source, self.epsilon)
                .constant("TRAINING", self.training)
                .flops(4 * runs.len());
            launches.dispatch(
                grad_input,
                &[
                    input.read(),
                    dy.read(),
                    gamma.read(),
                    mean.read(),
                    variance.read(),
                    dgamma.read(),
                    dbeta.read(),
                    dx.write(),
                ],
            );
        }
        Ok(())
    }
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct RunningParams {
    channels: u32,
    momentum: f32,
    correction: f32,
}

/// Moves running statistics towards the batch's. Inputs: running mean, running variance, mean, variance.
#[derive(Debug)]
struct Running {
    momentum: f32,
    /// Values a channel has in the batch.
    count: usize,
}

impl Op for Running {
    fn name(&self) -> &'static str {
        "batch_norm_running"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let channels = inputs.shape(2)?.clone();
        inputs.require(0, "running mean", channels.clone())?;
        inputs.require(1, "running variance", channels.clone())?;
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(TensorError::Parameter {
                op: self.name(),
                problem: format!("the momentum is {}, but must be between 0 and 1", self.momentum),
            });
        }
        Ok(vec![Info::f32(channels.clone()), Info::f32(channels)])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let channels = io.input(0).len();
        // A single value has no unbiased variance; it keeps the biased one.
        let correction = self.count as f32 / self.count.saturating_sub(1).max(1) as f32;
        let running = kernel(self.name(), shader!("norm/running.wgsl"), channels).params(RunningParams {
            channels: channels as u32,
            momentum: self.momentum,
            correction,
        });
        launches.dispatch(
            running,
            &[
                Operand::Input(2).read(),
                Operand::Input(3).read(),
                Operand::Output(0).write(),
                Operand::Output(1).write(),
            ],
        );
        Ok(())
    }

    fn storage(&self) -> Storage {
        Storage::InPlace
    }
}

fn check_epsilon(op: &'static str, epsilon: f32) -> Result<()> {
    if epsilon > 0.0 && epsilon.is_finite() {
        Ok(())
    } else {
        Err(TensorError::Parameter {
            op,
            problem: format!("epsilon is {epsilon}, but must be above 0"),
        })
    }
}

/// What batch norm in training gives.
#[derive(Debug, Clone)]
pub struct BatchNorm {
    /// The normalised input.
    pub y: Tensor,
    /// Mean of each channel, `[C]`.
    pub mean: Tensor,
    /// Biased variance of each channel, `[C]`.
    pub variance: Tensor,
}

impl BatchNorm {
    /// Updates of running statistics with this batch's; compile the returned tensors to have them run.
    ///
    /// `momentum` is the weight of the new value, as in PyTorch.
    ///
    /// # Errors
    /// A shape error, or a momentum that is not between 0 and 1.
    pub fn update_running(&self, mean: &Tensor, variance: &Tensor, momentum: f32) -> Result<Vec<Tensor>> {
        let count = self.y.shape().rows();
        Tensor::apply(
            Running { momentum, count },
            &[mean, variance, &self.mean, &self.variance],
        )
    }
}

impl Tensor {
    /// Batch norm with the batch's own statistics: `[.., C]` with gamma `[C]` and beta `[C]`.
    ///
    /// # Errors
    /// A shape error that names the parameter at fault, or an epsilon that is not above 0.
    pub fn batch_norm(&self, gamma: &Tensor, beta: &Tensor, epsilon: f32) -> Result<BatchNorm> {
        let op = Training { epsilon };
        let name = op.name();
        let outputs = Self::apply(op, &[self, gamma, beta])?;
        let [y, mean, variance] = <[Tensor; 3]>::try_from(outputs).map_err(|_| TensorError::Parameter {
            op: name,
            problem: "the shape rule must give three outputs".to_owned(),
        })?;
        Ok(BatchNorm { y, mean, variance })
    }

    /// Batch norm with given statistics, `[C]` each: inference, or a frozen layer.
    ///
    /// # Errors
    /// As [`Tensor::batch_norm`].
    pub fn batch_norm_inference(
        &self,
        gamma: &Tensor,
        beta: &Tensor,
        mean: &Tensor,
        variance: &Tensor,
        epsilon: f32,
    ) -> Result<Tensor> {
        Self::apply_one(Inference { epsilon }, &[self, gamma, beta, mean, variance])
    }
}
