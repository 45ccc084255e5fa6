//! Matrix product, with a bias and ReLU in the same pass: dense layers.

use super::gemm::{Finish, Gemm, Params, Rows};
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor};

/// `Y[m, n] = f(sum over k of A[m, k] B[k, n] + bias[n])`. Inputs: A, B and, when `bias` is set, the bias.
#[derive(Debug)]
struct MatMul {
    bias: bool,
    relu: bool,
}

impl Op for MatMul {
    fn name(&self) -> &'static str {
        if self.bias { "linear" } else { "matmul" }
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let [m, k] = inputs.axes(0, "the first matrix")?;
        let [k_b, n] = inputs.axes(1, "the second matrix")?;
        if k != k_b {
            return Err(inputs.mismatch(format!(
                "the second matrix must have {k} rows, as many as the first has columns"
            )));
        }
        if m * k * n == 0 {
            return Err(inputs.mismatch("every size must be at least 1"));
        }
        if self.bias {
            inputs.require(2, "bias", [n])?;
        }
        Ok(vec![Info::f32([m, n])])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let (m, k) = (io.input(0).rows(), io.input(0).last());
        let n = io.input(1).last();
        let gemm = Gemm {
            label: self.name(),
            rows: Rows::Dense,
            finish: if self.bias {
                Finish::Bias { relu: self.relu }
            } else {
                Finish::Plain
            },
            params: Params {
                rows: m as u32,
                cols: n as u32,
                segments: 1,
                depth: k as u32,
                ..Params::default()
            },
            a_in_quads: k.is_multiple_of(4),
            multiply_adds: (m * n * k) as u64,
        };
        let operands = [Operand::Input(0), Operand::Input(1), Operand::Output(0)];
        gemm.launch(io.variant(), launches, operands, self.bias.then_some(Operand::Input(2)));
        Ok(())
    }

    /// With Z the sum before f: dA = dZ B^T, dB = A^T dZ, dbias = the column sums of dZ.
    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let dz = super::before_relu(node, self.relu)?;
        let mut gradients = vec![
            node.when_wanted(0, || dz.matmul(&node.input(1).transpose()?))?,
            node.when_wanted(1, || node.input(0).transpose()?.matmul(&dz))?,
        ];
        if self.bias {
            gradients.push(node.when_wanted(2, || dz.sum_rows())?);
        }
        Ok(gradients)
    }
}

impl Tensor {
    /// Matrix product `[M, K] x [K, N] -> [M, N]`.
    ///
    /// # Errors
    /// A shape error when the inner sizes differ.
    pub fn matmul(&self, other: &Tensor) -> Result<Tensor> {
        Self::apply_one(
            MatMul {
                bias: false,
                relu: false,
            },
            &[self, other],
        )
    }

    /// A dense layer: `[M, K] x [K, N] + [N] -> [M, N]`, with ReLU when `relu` is set.
    ///
    /// # Errors
    /// A shape error that names the parameter at fault.
    pub fn linear(&self, weight: &Tensor, bias: &Tensor, relu: bool) -> Result<Tensor> {
        Self::apply_one(MatMul { bias: true, relu }, &[self, weight, bias])
    }
}
