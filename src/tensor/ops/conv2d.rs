//! Two-dimensional convolution: forward, and the gradients of its input and its weights.
//!
//! As in every deep-learning library, this is a cross-correlation: the kernel is not flipped.

use super::gemm::{Cols, Finish, Gemm, Phases, Product, Rest, Rows, WEIGHT_GRAD_DEPTH, gemm_core, launch_split_sum};
use super::matmul::weight_gradients;
use super::window::{Geometry, Padding, Window};
use super::winograd::Winograd;
use super::{MOST_ROUNDS, kernel};
use crate::gpu::params::conv::{direct, sizes};
use crate::gpu::{GemmCore, Kernel, Source, Variant, shader};
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Layer, Op, Operand, Result, Tensor, TensorError};

/// What the three products of one convolution share: `n` images from `in_c` to `out_c` channels.
#[derive(Debug, Clone, Copy)]
struct Convolution {
    geometry: Geometry,
    n: usize,
    in_c: usize,
    out_c: usize,
}

impl Convolution {
    fn x(&self) -> Info {
        let [h, w] = self.geometry.image;
        Info::f32([self.n, h, w, self.in_c])
    }

    fn w(&self) -> Info {
        let [kernel_h, kernel_w] = self.geometry.kernel;
        Info::f32([kernel_h, kernel_w, self.in_c, self.out_c])
    }

    fn y(&self) -> Info {
        let g = &self.geometry;
        Info::f32([self.n, g.out_h(), g.out_w(), self.out_c])
    }

    /// The direct kernel, where the convolution has few inputs per output and one of `cores` would compute it else.
    fn direct(&self, variant: Variant, cores: &[GemmCore]) -> Result<Option<Direct>> {
        let [kernel_h, kernel_w] = self.geometry.kernel;
        let taps = kernel_h * kernel_w * self.in_c;
        let applies = cores.contains(&gemm_core(variant)?)
            && self.in_c < 4
            && taps <= Direct::MOST_TAPS
            && self.out_c.is_multiple_of(4);
        Ok(applies.then(|| Direct::new(self, taps, variant)))
    }

    /// Winograd's algorithm, where it is faster. Whoever asks for a core wants to see its product.
    fn winograd(&self, variant: Variant) -> Result<Option<Winograd>> {
        let g = &self.geometry;
        if variant.asked_gemm.is_some()
            || gemm_core(variant)? != GemmCore::Subgroup
            || (g.kernel, g.stride) != ([3, 3], [1, 1])
        {
            return Ok(None);
        }
        let winograd = Winograd {
            n: self.n,
            input: [g.image[0], g.image[1], self.in_c],
            output: [g.out_h(), g.out_w(), self.out_c],
            pad: [g.pad.top, g.pad.left],
            turned: false,
        };
        Ok(winograd.applies().then_some(winograd))
    }

    /// Multiply-adds of the sum, including those with the padding's zeros; the same for all three products.
    fn multiply_adds(&self) -> u64 {
        let [kernel_h, kernel_w] = self.geometry.kernel;
        (self.y().len() * kernel_h * kernel_w * self.in_c) as u64
    }

    /// The sizes that all kernels share.
    fn sizes(&self) -> sizes::Convolution {
        let g = &self.geometry;
        sizes::Convolution {
            in_h: g.image[0] as u32,
            in_w: g.image[1] as u32,
            in_c: self.in_c as u32,
            out_h: g.out_h() as u32,
            out_w: g.out_w() as u32,
            out_c: self.out_c as u32,
            kernel_h: g.kernel[0] as u32,
            kernel_w: g.kernel[1] as u32,
            stride_h: g.stride[0] as u32,
            stride_w: g.stride[1] as u32,
            pad_top: g.pad.top as u32,
            pad_left: g.pad.left as u32,
        }
    }

    /// How many segments a kernel row is cut into. Few rows of long sums would leave a GPU idle, so it splits the sums.
    fn parts(&self, finish: Finish, variant: Variant) -> usize {
        let terms = self.geometry.kernel[1] * self.in_c;
        let tiles = self.y().shape.rows().div_ceil(64) * self.out_c.div_ceil(64);
        let is_busy = tiles >= variant.busy_workgroups as usize / 4;
        if variant.is_cpu || is_busy || finish.wants_the_whole_sum() {
            return 1;
        }
        // Parts of at least 128 terms, multiples of 32: no tile pads them.
        (2..=terms / 128).rev().find(|parts| terms.is_multiple_of(32 * parts)).unwrap_or(1)
    }

    fn forward(&self, finish: Finish, variant: Variant) -> Gemm {
        let [kernel_h, kernel_w] = self.geometry.kernel;
        let parts = self.parts(finish, variant);
        Gemm {
            label: "conv2d",
            rows: Rows::ConvForward { conv: self.sizes(), parts: parts as u32 },
            cols: Cols::Dense,
            finish,
            product: Product {
                rows: self.y().shape.rows() as u32,
                cols: self.out_c as u32,
                segments: (kernel_h * parts) as u32,
                depth: (kernel_w * self.in_c / parts) as u32,
                terms: (kernel_h * kernel_w * self.in_c) as u32,
                ..Product::default()
            },
            a_run: self.in_c,
            multiply_adds: self.multiply_adds(),
        }
    }

    /// All phases of the stride in one launch; see `shaders/conv/rows_input_grad.wgsl`.
    fn input_grad(&self, finish: Finish) -> Gemm {
        let phases = Phases { conv: self.sizes(), images: self.n as u32 };
        Gemm {
            label: "conv2d_input_grad",
            rows: Rows::ConvInputGrad(phases),
            cols: Cols::Transposed,
            finish,
            product: phases.largest(),
            a_run: self.out_c,
            multiply_adds: self.multiply_adds(),
        }
    }

    /// Output pixels in a segment of the weight gradient, the unit in which its sum is split: few enough that the kernel finds
    /// its way from the segment's first pixel in floats (see `shaders/conv/rows_weight_grad.wgsl`).
    fn pixels_per_segment(&self) -> Result<usize> {
        let geometry = &self.geometry;
        let ([out_h, out_w], [in_h, in_w]) = ([geometry.out_h(), geometry.out_w()], geometry.image);
        let is_exact = |pixels: &usize| {
            // The lines and the images that a segment touches at most, and how many image rows it reaches beyond its first.
            let (lines, images) = (pixels / out_w + 2, pixels / (out_h * out_w) + 2);
            let rows = lines * geometry.stride[0] + geometry.kernel[0] + images * in_h;
            out_h.max(out_w) + pixels < 1 << 20 && rows.max(in_w) < 1 << 24
        };
        let sizes = std::iter::successors(Some(WEIGHT_GRAD_DEPTH as usize), |pixels| Some(pixels / 2));
        sizes.take_while(|pixels| *pixels > 0).find(is_exact).ok_or_else(|| TensorError::Parameter {
            op: "conv2d",
            problem: format!("images of {in_h}x{in_w} pixels are too large for the gradient of the weights"),
        })
    }

    fn weight_grad(&self, finish: Finish) -> Result<Gemm> {
        let [kernel_h, kernel_w] = self.geometry.kernel;
        let row_pitch = (kernel_w * self.in_c).next_multiple_of(8);
        let pixels = self.y().shape.rows() as u32;
        let depth = self.pixels_per_segment()? as u32;
        Ok(Gemm {
            label: "conv2d_weight_grad",
            rows: Rows::ConvWeightGrad { conv: self.sizes(), row_pitch: row_pitch as u32 },
            cols: Cols::Dense,
            finish,
            product: Product {
                rows: (kernel_h * row_pitch + finish.bias_rows()) as u32,
                cols: self.out_c as u32,
                segments: pixels.div_ceil(depth),
                depth,
                terms: pixels,
                ..Product::default()
            },
            a_run: self.in_c,
            multiply_adds: self.multiply_adds(),
        })
    }
}

/// A convolution with few inputs for each output, computed directly; see `shaders/conv/direct.wgsl`.
#[derive(Debug)]
struct Direct {
    convolution: Convolution,
    taps: usize,
    /// Groups of four output channels per thread.
    quads: usize,
    /// Image rows per thread.
    lines_per_thread: usize,
}

impl Direct {
    /// The maximum number of inputs under a window that a thread can keep in registers.
    const MOST_TAPS: usize = 64;

    fn new(convolution: &Convolution, taps: usize, variant: Variant) -> Self {
        let all = convolution.out_c / 4;
        let fits = |quads: &usize| all.is_multiple_of(*quads) && quads * taps <= Self::MOST_TAPS;
        // Many channels per thread save loads, which a processor wants; a GPU wants threads.
        let quads = [4, 2].into_iter().filter(|_| variant.is_cpu).find(fits).unwrap_or(1);
        let wanted = (variant.busy_threads() / 2 / (all / quads)).max(1);
        let lines = convolution.n * convolution.geometry.out_h();
        // Loop iterations for one line, if no loop is unrolled.
        let rounds = (convolution.geometry.out_w() + 1) * taps * (quads + 2);
        Self {
            convolution: *convolution,
            taps,
            quads,
            lines_per_thread: lines.div_ceil(wanted).clamp(1, (MOST_ROUNDS / rounds).max(1)),
        }
    }

    /// Pieces of the sum over image rows: one per thread.
    fn pieces(&self) -> usize {
        let lines = self.convolution.n * self.convolution.geometry.out_h();
        lines.div_ceil(self.lines_per_thread)
    }

    fn kernel(&self, label: &'static str, source: Source) -> Kernel {
        let Convolution { geometry, in_c, out_c, .. } = self.convolution;
        let [kernel_h, kernel_w] = geometry.kernel.map(|size| size as u32);
        let source = source
            .set("KERNEL_H", kernel_h)
            .set("KERNEL_W", kernel_w)
            .set("STRIDE_W", geometry.stride[1] as u32)
            .set("IN_C", in_c as u32)
            .set("COLUMN", kernel_h * in_c as u32)
            .set("QUADS", self.quads as u32);
        let threads = self.pieces() * (out_c / 4 / self.quads);
        kernel(label, source, threads)
            .params(direct::Params {
                product: Product {
                    rows: self.convolution.y().shape.rows() as u32,
                    cols: out_c as u32,
                    ..Product::default()
                },
                conv: self.convolution.sizes(),
                lines_per_thread: self.lines_per_thread as u32,
                ..Default::default()
            })
            .flops(2 * self.convolution.multiply_adds())
    }

    fn launch_forward(mut self, variant: Variant, launches: &mut Launches, finish: Finish) {
        if !variant.is_cpu {
            // Nothing is summed up over the lines here, and a GPU wants threads.
            self.lines_per_thread = 1;
        }
        let source = shader!("conv/direct_forward.wgsl").choose("finish", finish.file());
        let kernel = finish.set_constants(self.kernel("conv2d_direct", source));
        let mut operands = vec![Operand::Input(0).read(), Operand::Input(1).read(), Operand::Output(0).write()];
        operands.extend(finish.operands());
        launches.dispatch(kernel, &operands);
    }

    fn launch_weight_grad(&self, variant: Variant, launches: &mut Launches, bias: bool) {
        let (pieces, out_c) = (self.pieces(), self.convolution.out_c);
        let partial = launches.scratch(pieces * (self.taps + 1) * out_c);
        let source = shader!("conv/direct_weight_grad.wgsl");
        let kernel = self.kernel("conv2d_direct_weight_grad", source);
        launches.dispatch(kernel, &[Operand::Input(0).read(), Operand::Input(1).read(), partial.write()]);
        let db = if bias { Operand::Output(1) } else { launches.scratch(out_c) };
        let sizes = [pieces, self.taps * out_c, out_c];
        launch_split_sum(variant, launches, [partial, Operand::Output(0)], Rest::BiasGrad(db), sizes);
    }
}

/// `Y[n, oh, ow, co] = f(sum over kh, kw, ci of X[n, oh*sh + kh - pt, ow*sw + kw - pl, ci] W[kh, kw, ci, co] + b[co])`.
/// Inputs: X, W and, when `bias` is set, b.
#[derive(Debug)]
struct Conv2d {
    convolution: Convolution,
    bias: bool,
    relu: bool,
}

impl Op for Conv2d {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        if self.bias {
            inputs.require(2, "bias", [self.convolution.out_c])?;
        }
        Ok(vec![self.convolution.y()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let finish = if self.bias { Finish::Bias { bias: Operand::Input(2), relu: self.relu } } else { Finish::Plain };
        let operands = [Operand::Input(0), Operand::Input(1), Operand::Output(0)];
        if let Some(winograd) = self.convolution.winograd(io.variant())? {
            return winograd.launch(io.variant(), launches, finish, operands);
        }
        // Both would load each pixel alone, and multiply mostly padding.
        match self.convolution.direct(io.variant(), &[GemmCore::Subgroup, GemmCore::Tiled])? {
            Some(direct) => {
                direct.launch_forward(io.variant(), launches, finish);
                Ok(())
            }
            None => self.convolution.forward(finish, io.variant()).launch(io.variant(), launches, operands),
        }
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let dz = super::before_relu(node, self.relu, 0.0)?;
        let convolution = self.convolution;
        let dx =
            node.when_wanted(0, || Tensor::apply_one(InputGrad { convolution, addend: false }, &[&dz, node.input(1)]))?;
        let bias = self.bias && node.wants(2);
        let mut gradients = vec![dx];
        gradients.extend(weight_gradients(node, bias, |bias| {
            Tensor::apply(WeightGrad { convolution, bias }, &[node.input(0), &dz])
        })?);
        gradients.truncate(node.input_count());
        Ok(gradients)
    }

    fn layer(&self) -> Option<Layer> {
        Some(Layer::Conv2d { window: self.convolution.geometry.window(), relu: self.relu })
    }

    fn settings(&self) -> String {
        self.convolution.geometry.to_string()
    }
}

/// dX from dY and W, and what is added to it if `addend` is set; see `shaders/conv/rows_input_grad.wgsl`.
#[derive(Debug)]
struct InputGrad {
    convolution: Convolution,
    addend: bool,
}

impl Op for InputGrad {
    fn name(&self) -> &'static str {
        "conv2d_input_grad"
    }

    fn infer(&self, _: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![self.convolution.x()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let operands = [Operand::Input(0), Operand::Input(1), Operand::Output(0)];
        let finish = if self.addend { Finish::Add(Operand::Input(2)) } else { Finish::Plain };
        let winograd = self.convolution.winograd(io.variant())?.map(Winograd::of_gradient);
        if let Some(of_gradient) = winograd.filter(Winograd::applies) {
            return of_gradient.launch(io.variant(), launches, finish, operands);
        }
        self.convolution.input_grad(finish).launch(io.variant(), launches, operands)
    }

    fn plus(&self, inputs: &[&Tensor], addend: &Tensor) -> Option<Result<Tensor>> {
        let fits = !self.addend && self.convolution.in_c.is_multiple_of(4);
        let sum = Self { addend: true, ..*self };
        fits.then(|| Tensor::apply_one(sum, &[inputs, &[addend]].concat()))
    }

    fn settings(&self) -> String {
        self.convolution.geometry.to_string()
    }
}

/// dW and, when `bias` is set, db from X and dY; see `shaders/conv/rows_weight_grad.wgsl`.
#[derive(Debug)]
struct WeightGrad {
    convolution: Convolution,
    bias: bool,
}

impl Op for WeightGrad {
    fn name(&self) -> &'static str {
        "conv2d_weight_grad"
    }

    fn infer(&self, _: &Inputs) -> Result<Vec<Info>> {
        let mut outputs = vec![self.convolution.w()];
        outputs.extend(self.bias.then(|| Info::f32([self.convolution.out_c])));
        Ok(outputs)
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let finish = if self.bias { Finish::BiasGrad(Operand::Output(1)) } else { Finish::Plain };
        let operands = [Operand::Input(0), Operand::Input(1), Operand::Output(0)];
        if let Some(winograd) = self.convolution.winograd(io.variant())? {
            return winograd.launch_weight_grad(io.variant(), launches, self.bias, operands);
        }
        // A small tile wastes little here, and its partial sums are fewer than those of the threads that a GPU needs.
        match self.convolution.direct(io.variant(), &[GemmCore::Subgroup])? {
            Some(direct) => {
                direct.launch_weight_grad(io.variant(), launches, self.bias);
                Ok(())
            }
            None => self.convolution.weight_grad(finish)?.launch(io.variant(), launches, operands),
        }
    }

    fn settings(&self) -> String {
        self.convolution.geometry.to_string()
    }
}

impl Tensor {
    /// Convolution of images `[N, H, W, in]` with weights `[KH, KW, in, out]` and a bias `[out]` to
    /// `[N, out_h, out_w, out]`, with ReLU in the same pass when `relu` is set.
    ///
    /// # Errors
    /// A shape error that names the parameter at fault. The gradient of the weights refuses images that are more than a million
    /// pixels high or wide.
    pub fn conv2d(
        &self,
        weight: &Tensor,
        bias: Option<&Tensor>,
        stride: [usize; 2],
        padding: Padding,
        relu: bool,
    ) -> Result<Tensor> {
        let inputs = Inputs::of("conv2d", &[self, weight]);
        let [n, h, w, in_c] = inputs.axes(0, "the image batch, [N, H, W, C],")?;
        let [kernel_h, kernel_w, weight_in, out_c] = inputs.axes(1, "the weight, [KH, KW, in, out],")?;
        if weight_in != in_c {
            return Err(inputs.mismatch(format!(
                "the weight must have {in_c} input channels (its third axis), as many as the images have"
            )));
        }
        if in_c * out_c == 0 {
            return Err(inputs.mismatch("there must be at least one channel before and after"));
        }
        if relu && bias.is_none() {
            return Err(inputs.mismatch("ReLU in the same pass needs a bias"));
        }
        let geometry = Window::new([kernel_h, kernel_w], stride, padding)
            .over([h, w])
            .map_err(|error| inputs.mismatch(error.to_string()))?;
        let op = Conv2d { convolution: Convolution { geometry, n, in_c, out_c }, bias: bias.is_some(), relu };
        let mut operands = vec![self, weight];
        operands.extend(bias);
        Self::apply_one(op, &operands)
    }
}
