//! Matrix product, with a bias and ReLU in the same pass: dense layers.

use super::batched;
use super::before_relu;
use super::dropout;
use super::gemm::{Cols, Finish, Gemm, LONGEST_SEGMENT, Product, Rows, WEIGHT_GRAD_DEPTH};
use crate::gpu::params::gemm::dropout::Dropout;
use crate::tensor::{Backward, DType, Info, Inputs, Io, Launches, Layer, Op, Operand, Result, Tensor};

/// `Y[m, n] = f(sum over k of A[m, k] B[k, n] + bias[n])`. Inputs: A, B, bias (unless plain), seed, step and first row (for dropout).
#[derive(Debug)]
struct MatMul {
    extras: Extras,
}

/// What a dense layer adds to the product.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Extras {
    /// Nothing: the matrix product alone.
    Plain,
    /// Bias, and ReLU when `relu` is set.
    Bias { relu: bool },
    /// Bias, ReLU and dropout.
    Dropout { rate: f32, stream: u32 },
}

impl Op for MatMul {
    fn name(&self) -> &'static str {
        if self.extras == Extras::Plain { "matmul" } else { "linear" }
    }

    /// Input 3 is dropout's seed, step and first row.
    fn element_type(&self, i: usize) -> Option<DType> {
        Some(if i == 3 { DType::U32 } else { DType::F32 })
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let [m, k] = inputs.axes(0, "the first matrix")?;
        let [k_b, n] = inputs.axes(1, "the second matrix")?;
        if k != k_b {
            return Err(
                inputs.mismatch(format!("the second matrix must have {k} rows, as many as the first has columns"))
            );
        }
        if self.extras != Extras::Plain {
            inputs.require(2, "bias", [n])?;
        }
        if let Extras::Dropout { rate, .. } = self.extras {
            dropout::check(self.name(), inputs, rate, 3)?;
        }
        Ok(vec![Info::f32([m, n])])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let (m, k) = (io.input(0).rows(), io.input(0).last());
        let n = io.input(1).last();
        let gemm = Gemm {
            label: self.name(),
            rows: Rows::Dense,
            cols: Cols::Dense,
            finish: match self.extras {
                Extras::Plain => Finish::Plain,
                Extras::Bias { relu } => Finish::Bias { bias: Operand::Input(2), relu },
                Extras::Dropout { rate, stream } => Finish::Dropout {
                    bias: Operand::Input(2),
                    seed_step_row: Operand::Input(3),
                    dropout: Dropout { stream, rate },
                },
            },
            product: Product {
                rows: m as u32,
                cols: n as u32,
                segments: (k as u32).div_ceil(LONGEST_SEGMENT),
                depth: LONGEST_SEGMENT.min(k as u32),
                terms: k as u32,
                ..Product::default()
            },
            a_run: k,
            multiply_adds: (m * n * k) as u64,
        };
        let operands = [Operand::Input(0), Operand::Input(1), Operand::Output(0)];
        gemm.launch(io.variant(), launches, operands)
    }

    /// With Z the sum before f: dA = dZ B^T, dB = A^T dZ, dbias = the column sums of dZ.
    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let dz = match self.extras {
            Extras::Plain => before_relu(node, false, 0.0),
            Extras::Bias { relu } => before_relu(node, relu, 0.0),
            Extras::Dropout { rate, .. } => before_relu(node, true, rate),
        }?;
        let da =
            node.when_wanted(0, || Tensor::apply_one(InputGrad { name: "linear_input_grad" }, &[&dz, node.input(1)]))?;
        let bias = self.extras != Extras::Plain && node.wants(2);
        let mut gradients = vec![da];
        gradients.extend(weight_gradients(node, bias, |bias| {
            Tensor::apply(WeightGrad { name: "linear_weight_grad", bias }, &[node.input(0), &dz])
        })?);
        gradients.resize(node.input_count(), None);
        Ok(gradients)
    }

    fn layer(&self) -> Option<Layer> {
        match self.extras {
            Extras::Bias { relu } => Some(Layer::Linear { relu }),
            Extras::Plain | Extras::Dropout { .. } => None,
        }
    }

    fn settings(&self) -> String {
        match self.extras {
            Extras::Dropout { rate, .. } => format!("dropout {rate}"),
            _ => String::new(),
        }
    }
}

/// The gradients of inputs 1 and 2, a weight and its bias, from an op that computes both (or only the first).
pub(super) fn weight_gradients(
    node: &Backward,
    bias: bool,
    make: impl FnOnce(bool) -> Result<Vec<Tensor>>,
) -> Result<[Option<Tensor>; 2]> {
    if !node.wants(1) && !bias {
        return Ok([None, None]);
    }
    let mut made = make(bias)?.into_iter();
    Ok([made.next(), made.next()])
}

/// `dA[m, k] = sum over n of dZ[m, n] B[k, n]`. Inputs: dZ, B.
#[derive(Debug)]
struct InputGrad {
    name: &'static str,
}

impl Op for InputGrad {
    fn name(&self) -> &'static str {
        self.name
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let [m, n] = inputs.axes(0, "the first matrix")?;
        let [k, n_b] = inputs.axes(1, "the second matrix")?;
        if n != n_b {
            return Err(inputs.mismatch(format!("the second matrix must have {n} columns, as many as the first")));
        }
        Ok(vec![Info::f32([m, k])])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let (m, n, k) = (io.input(0).rows(), io.input(0).last(), io.output(0).last());
        let gemm = Gemm {
            label: self.name(),
            rows: Rows::Dense,
            cols: Cols::Transposed,
            finish: Finish::Plain,
            product: Product {
                rows: m as u32,
                cols: k as u32,
                segments: (n as u32).div_ceil(LONGEST_SEGMENT),
                depth: LONGEST_SEGMENT.min(n as u32),
                terms: n as u32,
                ..Product::default()
            },
            a_run: n,
            multiply_adds: (m * n * k) as u64,
        };
        let operands = [Operand::Input(0), Operand::Input(1), Operand::Output(0)];
        gemm.launch(io.variant(), launches, operands)
    }

    /// Of `Y = Z B^T`: dZ = dY B, dB = dY^T Z.
    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let dy = node.gradient(0)?;
        Ok(vec![
            node.when_wanted(0, || dy.matmul(node.input(1)))?,
            node.when_wanted(1, || dy.transposed_matmul(node.input(0)))?,
        ])
    }
}

/// `dB[k, n] = sum over m of A[m, k] dZ[m, n]` and, when `bias` is set, `dbias[n] = sum over m of dZ[m, n]`.
/// Inputs: A, dZ.
#[derive(Debug)]
struct WeightGrad {
    name: &'static str,
    bias: bool,
}

impl Op for WeightGrad {
    fn name(&self) -> &'static str {
        self.name
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let [m, k] = inputs.axes(0, "the first matrix")?;
        let [m_z, n] = inputs.axes(1, "the second matrix")?;
        if m != m_z {
            return Err(inputs.mismatch(format!("the second matrix must have {m} rows, as many as the first")));
        }
        let mut outputs = vec![Info::f32([k, n])];
        outputs.extend(self.bias.then(|| Info::f32([n])));
        Ok(outputs)
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let (m, k, n) = (io.input(0).rows(), io.input(0).last(), io.input(1).last());
        let finish = if self.bias { Finish::BiasGrad(Operand::Output(1)) } else { Finish::Plain };
        let gemm = Gemm {
            label: self.name(),
            rows: Rows::DenseTransposed { features: k as u32 },
            cols: Cols::Dense,
            finish,
            product: Product {
                rows: (k.next_multiple_of(8) + finish.bias_rows()) as u32,
                cols: n as u32,
                segments: (m as u32).div_ceil(WEIGHT_GRAD_DEPTH),
                depth: WEIGHT_GRAD_DEPTH,
                terms: m as u32,
                ..Product::default()
            },
            a_run: k,
            multiply_adds: (m * n * k) as u64,
        };
        let operands = [Operand::Input(0), Operand::Input(1), Operand::Output(0)];
        gemm.launch(io.variant(), launches, operands)
    }

    /// Of `Y = A^T Z`: dA = Z dY^T, dZ = A dY. With the bias it is only ever the gradient of a layer, and has none itself.
    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        if self.bias {
            return Ok(vec![None; node.input_count()]);
        }
        let dy = node.gradient(0)?;
        Ok(vec![
            node.when_wanted(0, || node.input(1).matmul_transposed(dy))?,
            node.when_wanted(1, || node.input(0).matmul(dy))?,
        ])
    }
}

impl Tensor {
    /// Product with a transposed matrix, which is not copied: `[M, K] x [N, K] -> [M, N]`, `self other^T`.
    ///
    /// # Errors
    /// A shape error when the inner sizes differ, or when these are no matrices.
    pub fn matmul_transposed(&self, other: &Tensor) -> Result<Tensor> {
        Self::apply_one(InputGrad { name: "matmul_transposed" }, &[self, other])
    }

    /// Product of a transposed matrix, which is not copied: `[K, M] x [K, N] -> [M, N]`, `self^T other`.
    ///
    /// # Errors
    /// A shape error when the inner sizes differ, or when these are no matrices.
    pub fn transposed_matmul(&self, other: &Tensor) -> Result<Tensor> {
        Self::apply_one(WeightGrad { name: "transposed_matmul", bias: false }, &[self, other])
    }

    /// Matrix product `[M, K] x [K, N] -> [M, N]`, all zeros if K is 0; or a batch of products,
    /// `[.., M, K] x [.., K, N] -> [.., M, N]`, with leading axes broadcast as in NumPy.
    ///
    /// # Errors
    /// A shape error when the inner sizes differ, when there are fewer than two axes, or when the leading axes cannot be
    /// broadcast together.
    pub fn matmul(&self, other: &Tensor) -> Result<Tensor> {
        let ranks = [self.shape().rank(), other.shape().rank()];
        if ranks.iter().all(|rank| *rank >= 2) && ranks != [2, 2] {
            return batched::matmul(self, other);
        }
        Self::apply_one(MatMul { extras: Extras::Plain }, &[self, other])
    }

    /// A dense layer: `[M, K] x [K, N] + [N] -> [M, N]`, with ReLU when `relu` is set.
    ///
    /// # Errors
    /// A shape error that names the parameter at fault.
    pub fn linear(&self, weight: &Tensor, bias: &Tensor, relu: bool) -> Result<Tensor> {
        let extras = Extras::Bias { relu };
        Self::apply_one(MatMul { extras }, &[self, weight, bias])
    }

    /// A dense layer with ReLU and dropout in the same pass: the result of [`Tensor::dropout`] after [`Tensor::linear`].
    ///
    /// # Errors
    /// A shape error that names the parameter at fault; an error when the rate is not in `0 .. 1`.
    pub fn linear_dropout(
        &self,
        weight: &Tensor,
        bias: &Tensor,
        rate: f32,
        seed_step_row: &Tensor,
        stream: u32,
    ) -> Result<Tensor> {
        let extras = Extras::Dropout { rate, stream };
        Self::apply_one(MatMul { extras }, &[self, weight, bias, seed_step_row])
    }
}
