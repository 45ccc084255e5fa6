//! Batch normalisation, in training and in inference, with the ReLU and the pooling that stand beside it.

use super::window::{Padding, Window};
use super::{MOST_ROUNDS, kernel};
use crate::gpu::params::norm::running;
use crate::gpu::params::norm::sizes::Params;
use crate::gpu::{Kernel, Source, Variant, shader};
use crate::tensor::graph::Arena;
use crate::tensor::{
    Backward, DType, Info, Inputs, Io, Launches, Layer, Op, Operand, Result, Shape, Storage, Tensor, TensorError,
};

/// What is done in the same passes over memory as the normalisation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormSettings {
    /// Added to the variance, above 0.
    pub epsilon: f32,
    /// ReLU of the input.
    pub relu_before: bool,
    /// ReLU of the normalised input.
    pub relu_after: bool,
    /// Max pooling of the output by windows of `[height, width]` side by side; `[1, 1]` for none. Pixels left over at
    /// the end are in no window. The input must be an image batch.
    pub pool: [usize; 2],
}

impl NormSettings {
    /// The normalisation alone.
    pub fn plain(epsilon: f32) -> Self {
        Self {
            epsilon,
            relu_before: false,
            relu_after: false,
            pool: [1, 1],
        }
    }

    fn is_pooled(&self) -> bool {
        self.pool != [1, 1]
    }

    /// The max pooling, if there is one.
    pub(in crate::tensor) fn pooling(&self) -> Option<Window> {
        self.is_pooled()
            .then(|| Window::new(self.pool, self.pool, Padding::Valid))
    }

    /// The images that go in and come out, or what is impossible.
    fn images(&self, op: &'static str, inputs: &Inputs) -> Result<Images> {
        if !(self.epsilon > 0.0 && self.epsilon.is_finite()) {
            return Err(TensorError::Parameter {
                op,
                problem: format!("epsilon is {}, but must be above 0", self.epsilon),
            });
        }
        let x = inputs.shape(0)?;
        let channels = x.last();
        inputs.require(1, "gamma", [channels])?;
        inputs.require(2, "beta", [channels])?;
        let (n, image, windows) = match *x.axes() {
            // Without pooling only the number of pixels counts.
            _ if !self.is_pooled() => (x.rows(), [1, 1], [1, 1]),
            [n, h, w, _] => {
                let windows = Window::new(self.pool, self.pool, Padding::Valid)
                    .over([h, w])
                    .map_err(|problem| inputs.mismatch(problem))?;
                (n, [h, w], [windows.out_h(), windows.out_w()])
            }
            _ => return Err(inputs.mismatch("pooling wants an image batch, [N, H, W, C]")),
        };
        Ok(Images {
            n,
            image,
            windows,
            channels,
        })
    }
}

/// An image batch and the windows over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Images {
    n: usize,
    image: [usize; 2],
    windows: [usize; 2],
    channels: usize,
}

impl Images {
    fn pixels(&self) -> usize {
        self.n * self.image[0] * self.image[1]
    }

    fn window_count(&self) -> usize {
        self.n * self.windows[0] * self.windows[1]
    }

    /// Channels that a thread takes together.
    fn width(&self) -> usize {
        if self.channels.is_multiple_of(4) { 4 } else { 1 }
    }

    fn groups(&self) -> usize {
        self.channels / self.width()
    }

    /// Elements of one row of the moments: the channels, rounded up to what parts of an arena are aligned to.
    fn pitch(&self) -> usize {
        self.channels.next_multiple_of(Arena::ALIGN)
    }

    fn elements(&self) -> u64 {
        (self.pixels() * self.channels) as u64
    }
}

/// Pixels that a thread sums up at most. It goes round its loops twice for each, if none is unrolled.
const LONGEST_PIECE: usize = MOST_ROUNDS / 4;

/// What the kernels of one batch norm share.
struct Kernels {
    settings: NormSettings,
    images: Images,
    variant: Variant,
}

impl Kernels {
    fn new(settings: NormSettings, images: Images, variant: Variant) -> Self {
        Self {
            settings,
            images,
            variant,
        }
    }

    /// Pixels in a piece of a sum over `pixels`: so many that there are enough threads for the adapter, and few enough pieces
    /// for each reader of the sum to add them up by itself.
    fn chunk(&self, pixels: usize) -> usize {
        let wanted = (self.variant.busy_threads() / self.images.groups().max(1)).clamp(1, 64);
        // As even as can be.
        let pieces = pixels.div_ceil(pixels.div_ceil(wanted).clamp(1, LONGEST_PIECE));
        pixels.div_ceil(pieces.max(1)).max(1)
    }

    /// Pieces of a sum over `pixels`.
    fn pieces(&self, pixels: usize) -> usize {
        pixels.div_ceil(self.chunk(pixels))
    }

    /// Elements of the two sums of all pieces.
    fn piece_elements(&self, pixels: usize) -> usize {
        2 * self.pieces(pixels) * self.images.channels
    }

    fn params(&self) -> Params {
        let Images { n, image, windows, .. } = self.images;
        Params {
            n: n as u32,
            in_h: image[0] as u32,
            in_w: image[1] as u32,
            out_h: windows[0] as u32,
            out_w: windows[1] as u32,
            groups: self.images.groups() as u32,
            epsilon: self.settings.epsilon,
            ..Params::default()
        }
    }

    fn kernel(&self, label: &'static str, source: Source, threads: usize, params: Params) -> Kernel {
        let value = if self.images.width() == 4 {
            "common/value_vec4.wgsl"
        } else {
            "common/value_f32.wgsl"
        };
        kernel(label, source.choose("value", value), threads)
            .params(params)
            .constant("KERNEL_H", self.settings.pool[0] as u32)
            .constant("KERNEL_W", self.settings.pool[1] as u32)
            .constant("RELU_BEFORE", self.settings.relu_before)
            .constant("RELU_AFTER", self.settings.relu_after)
    }

    /// A kernel that sums over `pixels` (or windows) in pieces.
    fn sums(&self, label: &'static str, source: Source, pixels: usize) -> Kernel {
        let pieces = self.pieces(pixels);
        let params = Params {
            chunk: self.chunk(pixels) as u32,
            pieces: pieces as u32,
            ..self.params()
        };
        let items = pieces * self.images.groups();
        let (slices, threads) = if self.variant.barriers_are_cheap {
            // many_threads.wgsl: 8 items of 32 threads in a workgroup of 256.
            ("norm/many_threads.wgsl", items.div_ceil(8) * 64)
        } else {
            ("norm/one_thread.wgsl", items)
        };
        self.kernel(label, source.choose("slices", slices), threads, params)
            .flops(4 * (pixels * self.images.channels) as u64)
    }

    /// A kernel that writes images: each thread takes some of `lines` rows of windows. `pieces` is the sum it reads.
    fn writes(&self, label: &'static str, source: Source, lines: usize, summed: usize) -> Kernel {
        // On a GPU as many threads as there are rows; on a processor few, because each adds up the pieces first.
        let runs = if self.variant.barriers_are_cheap {
            lines
        } else {
            (self.variant.busy_threads() / 2 / self.images.groups().max(1)).clamp(1, 32)
        };
        // Rounds of one line of windows, if no loop is unrolled.
        let rounds = 2 * (self.settings.pool[0] + 1) * (self.images.image[1] + 1);
        let most = (MOST_ROUNDS / rounds).max(1);
        let run = lines.div_ceil(runs.max(1)).clamp(1, most);
        let params = Params {
            chunk: self.chunk(summed) as u32,
            pieces: self.pieces(summed) as u32,
            lines: lines as u32,
            run: run as u32,
            ..self.params()
        };
        let threads = lines.div_ceil(run).max(1) * self.images.groups();
        self.kernel(label, source, threads, params)
    }

    /// Normalises by the statistics that `source` finds in `operands`.
    fn launch_apply(&self, launches: &mut Launches, source: Source, statistics: [(Operand, crate::gpu::Access); 3]) {
        let winners = if self.settings.is_pooled() {
            "norm/winners.wgsl"
        } else {
            "norm/no_winners.wgsl"
        };
        let source = source.choose("winners", winners);
        let lines = self.images.n * self.images.windows[0];
        let apply = self
            .writes("batch_norm", source, lines, self.images.pixels())
            .flops(2 * self.images.elements());
        let mut operands = vec![
            Operand::Input(0).read(),
            Operand::Input(1).read(),
            Operand::Input(2).read(),
            Operand::Output(0).write(),
        ];
        operands.extend(statistics);
        operands.extend(self.settings.is_pooled().then(|| Operand::Output(2).write()));
        launches.dispatch(apply, &operands);
    }
}

/// What both ways of normalising put out: Y, the coefficients for the way back, the winners of the pooling.
fn outputs(images: &Images, settings: &NormSettings, x: &Shape) -> Vec<Info> {
    let Images {
        n, windows, channels, ..
    } = *images;
    let pooled = Info::f32([n, windows[0], windows[1], channels]);
    let (y, winners) = if settings.is_pooled() {
        (pooled.clone(), pooled)
    } else {
        (Info::f32(x.clone()), Info::f32([1]))
    };
    vec![y, Info::f32([4, channels]), winners]
}

/// Normalises with the batch's own mean and variance. Inputs: X, gamma, beta.
/// Outputs: Y, coefficients, winners, moments.
#[derive(Debug)]
struct Training {
    settings: NormSettings,
}

impl Op for Training {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let images = self.settings.images(self.name(), inputs)?;
        if images.elements() == 0 {
            return Err(inputs.mismatch("a batch without elements has no mean"));
        }
        let mut outputs = outputs(&images, &self.settings, inputs.shape(0)?);
        outputs.push(Info::f32([2, images.pitch()]));
        Ok(outputs)
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let images = self.settings.images(self.name(), &io.as_inputs(self.name()))?;
        let kernels = Kernels::new(self.settings, images, io.variant());
        let pieces = launches.scratch(kernels.piece_elements(images.pixels()));
        let stats = kernels.sums("batch_norm_stats", shader!("norm/stats.wgsl"), images.pixels());
        launches.dispatch(stats, &[Operand::Input(0).read(), pieces.write()]);
        let statistics = [pieces.read(), Operand::Output(1).write(), Operand::Output(3).write()];
        let pitch = images.pitch() / images.width();
        let source = shader!("norm/apply.wgsl")
            .choose("statistics", "norm/statistics_of_pieces.wgsl")
            .set("PITCH", pitch as u32);
        kernels.launch_apply(launches, source, statistics);
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let grad = Gradient {
            settings: self.settings,
            training: true,
        };
        grad.record(node)
    }

    fn settings(&self) -> String {
        describe(&self.settings)
    }
}

/// Normalises with given statistics. Inputs: X, gamma, beta, mean, variance. Outputs: Y, coefficients, winners.
#[derive(Debug)]
struct Inference {
    settings: NormSettings,
}

impl Op for Inference {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let images = self.settings.images(self.name(), inputs)?;
        inputs.require(3, "running mean", [images.channels])?;
        inputs.require(4, "running variance", [images.channels])?;
        Ok(outputs(&images, &self.settings, inputs.shape(0)?))
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let images = self.settings.images(self.name(), &io.as_inputs(self.name()))?;
        let statistics = [
            Operand::Input(3).read(),
            Operand::Input(4).read(),
            Operand::Output(1).write(),
        ];
        let source = shader!("norm/apply.wgsl").choose("statistics", "norm/statistics_given.wgsl");
        Kernels::new(self.settings, images, io.variant()).launch_apply(launches, source, statistics);
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let grad = Gradient {
            settings: self.settings,
            training: false,
        };
        grad.record(node)
    }

    fn layer(&self) -> Option<Layer> {
        Some(Layer::BatchNorm(self.settings))
    }

    fn settings(&self) -> String {
        describe(&self.settings)
    }
}

/// The gradients of X, gamma and beta. Inputs: X, gamma, beta, coefficients, dY and, with pooling, the winners.
#[derive(Debug)]
struct Gradient {
    settings: NormSettings,
    training: bool,
}

impl Gradient {
    fn record(self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let mut inputs = vec![
            node.input(0),
            node.input(1),
            node.input(2),
            node.output(1),
            node.gradient(0)?,
        ];
        if self.settings.is_pooled() {
            inputs.push(node.output(2));
        }
        let gradients = Tensor::apply(self, &inputs)?;
        let mut gradients: Vec<Option<Tensor>> = gradients.into_iter().map(Some).collect();
        gradients.resize(node.input_count(), None);
        Ok(gradients)
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
        let images = self.settings.images(self.name(), &io.as_inputs(self.name()))?;
        let kernels = Kernels::new(self.settings, images, io.variant());
        let [x, coefficients, dy] = [0, 3, 4].map(Operand::Input);
        let winners = if self.settings.is_pooled() {
            Operand::Input(5)
        } else {
            x
        };
        let [dx, dgamma, dbeta] = [0, 1, 2].map(Operand::Output);

        let windows = images.window_count();
        let pieces = launches.scratch(kernels.piece_elements(windows));
        let sums = kernels.sums("batch_norm_grad_sums", shader!("norm/grad_sums.wgsl"), windows);
        launches.dispatch(sums, &[winners.read(), dy.read(), coefficients.read(), pieces.write()]);

        // Where nobody wants dX, one thread a channel still stores the two sums.
        let lines = if io.is_used(0) {
            images.n * images.image[0].div_ceil(self.settings.pool[0])
        } else {
            0
        };
        let grad_input = kernels
            .writes("batch_norm_grad_input", shader!("norm/grad_input.wgsl"), lines, windows)
            .constant("TRAINING", self.training)
            .flops(4 * images.elements());
        launches.dispatch(
            grad_input,
            &[
                winners.read(),
                dy.read(),
                coefficients.read(),
                x.read(),
                pieces.read(),
                dx.write(),
                dgamma.write(),
                dbeta.write(),
            ],
        );
        Ok(())
    }

    fn settings(&self) -> String {
        describe(&self.settings)
    }
}

fn describe(settings: &NormSettings) -> String {
    let mut parts = Vec::new();
    if settings.relu_before {
        parts.push("after ReLU".to_owned());
    }
    if settings.relu_after {
        parts.push("ReLU".to_owned());
    }
    if settings.is_pooled() {
        parts.push(format!("max pool {}x{}", settings.pool[0], settings.pool[1]));
    }
    parts.join(", ")
}

/// Moves an arena of running statistics towards the batch's. Inputs: the arena, the batch's moments laid out in the same
/// way, and for each block of the arena whether it is updated.
#[derive(Debug)]
struct Running {
    momentum: f32,
}

impl Op for Running {
    fn name(&self) -> &'static str {
        "batch_norm_running"
    }

    /// Input 2 says which blocks are updated.
    fn element_type(&self, i: usize) -> Option<DType> {
        Some(if i == 2 { DType::U32 } else { DType::F32 })
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let arena = inputs.get(0)?.clone();
        inputs.require(1, "the batch's moments", arena.shape.clone())?;
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(TensorError::Parameter {
                op: self.name(),
                problem: format!("the momentum is {}, but must be between 0 and 1", self.momentum),
            });
        }
        Ok(vec![arena])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let len = io.input(0).len();
        let running = kernel(self.name(), shader!("norm/running.wgsl"), len).params(running::Params {
            len: len as u32,
            momentum: self.momentum,
        });
        launches.dispatch(
            running,
            &[
                Operand::Input(1).read(),
                Operand::Input(2).read(),
                Operand::Output(0).write(),
            ],
        );
        Ok(())
    }

    fn storage(&self) -> Storage {
        Storage::InPlace
    }
}

/// What batch norm in training gives.
#[derive(Debug, Clone)]
pub struct BatchNorm {
    /// The normalised input.
    pub y: Tensor,
    /// `[2, pitch]`: mean and unbiased variance of each channel; `pitch` is the number of channels, rounded up to
    /// [`Arena::ALIGN`].
    pub moments: Tensor,
}

/// Where one layer's moments stand in an arena of running statistics.
#[derive(Debug, Clone)]
pub struct RunningUpdate {
    /// [`BatchNorm::moments`].
    pub moments: Tensor,
    /// The part of the arena that is the running mean. The next part must be the running variance.
    pub mean_part: usize,
}

impl Arena {
    /// Moves running statistics towards the moments of a batch, all layers in one dispatch; compile the returned tensor to
    /// have it run. Parts that no update names stay as they are.
    ///
    /// `momentum` is the weight of the new value, as in PyTorch.
    ///
    /// # Errors
    /// When a part does not exist or has another size than the moments, or the momentum is not between 0 and 1.
    pub fn update_running(&self, updates: &[RunningUpdate], momentum: f32) -> Result<Tensor> {
        let len = self.flat.shape().len();
        let mut updated = vec![0; len.div_ceil(Self::ALIGN)];
        let mut offsets = Vec::new();
        for update in updates {
            let pitch = update.moments.shape().last();
            let fits = |part: usize| self.parts.get(part).is_some_and(|p| p.shape().len() <= pitch);
            let place = self.offsets.get(update.mean_part).copied().unwrap_or(len);
            let next = self.offsets.get(update.mean_part + 1).copied();
            if next != Some(place + pitch) || !fits(update.mean_part) || !fits(update.mean_part + 1) {
                return Err(TensorError::Parameter {
                    op: "batch_norm_running",
                    problem: format!(
                        "parts {} and {} of the arena must be a running mean and variance of up to {pitch} channels",
                        update.mean_part,
                        update.mean_part + 1
                    ),
                });
            }
            offsets.push(place);
            updated[place / Self::ALIGN..(place + 2 * pitch) / Self::ALIGN].fill(1);
        }
        let moments: Vec<&Tensor> = updates.iter().map(|update| &update.moments).collect();
        let batch = Tensor::pack(&moments, &offsets, len)?;
        let updated = self.flat.graph().tensor_u32([updated.len()], &updated)?;
        Tensor::apply_one(Running { momentum }, &[&self.flat, &batch, &updated])
    }
}

impl Tensor {
    /// Batch norm with the batch's own statistics: `[.., C]` with gamma `[C]` and beta `[C]`.
    ///
    /// # Errors
    /// A shape error that names the parameter at fault, or an epsilon that is not above 0.
    pub fn batch_norm(&self, gamma: &Tensor, beta: &Tensor, settings: NormSettings) -> Result<BatchNorm> {
        let op = Training { settings };
        let name = op.name();
        let outputs = Self::apply(op, &[self, gamma, beta])?;
        let [y, _, _, moments] = <[Tensor; 4]>::try_from(outputs).map_err(|_| TensorError::Parameter {
            op: name,
            problem: "the shape rule must give four outputs".to_owned(),
        })?;
        Ok(BatchNorm { y, moments })
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
        settings: NormSettings,
    ) -> Result<Tensor> {
        let mut outputs = Self::apply(Inference { settings }, &[self, gamma, beta, mean, variance])?;
        Ok(outputs.swap_remove(0))
    }
}
