//! The gradient of batch norm, in training and in inference.

use super::NormSettings;
use super::kernels::Kernels;
use crate::gpu::shader;
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor};

/// The gradients of X, gamma and beta, and of the residual if one was added. Inputs: X, gamma, beta, coefficients, dY, and with
/// pooling the winners, with a residual Y.
#[derive(Debug)]
pub(super) struct Gradient {
    pub settings: NormSettings,
    pub training: bool,
    pub has_residual: bool,
}

impl Gradient {
    /// The gradients of the inputs of a batch norm node.
    pub fn record(self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let mut inputs = vec![node.input(0), node.input(1), node.input(2), node.output(1), node.gradient(0)?];
        if self.settings.is_pooled() {
            inputs.push(node.output(2));
        }
        if self.has_residual {
            inputs.push(node.output(0));
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
        let mut outputs = vec![x.clone(), gamma.clone(), gamma.clone()];
        outputs.extend(self.has_residual.then(|| x.clone()));
        Ok(outputs)
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let images = self.settings.images(self.name(), &io.as_inputs(self.name()))?;
        let mut kernels = Kernels::new(self.settings, images, io.variant());
        let [x, coefficients, dy] = [0, 3, 4].map(Operand::Input);
        let winners = if self.settings.is_pooled() { Operand::Input(5) } else { x };
        let [dx, dgamma, dbeta] = [0, 1, 2].map(Operand::Output);

        let windows = images.window_count();
        let pieces = launches.scratch(kernels.piece_elements(windows));
        let upstream = if self.has_residual { "norm/upstream_residual.wgsl" } else { "norm/upstream.wgsl" };
        let source = shader!("norm/grad_sums.wgsl").choose("upstream", upstream);
        let sums = kernels.sums("batch_norm_grad_sums", source, windows);
        let mut operands = vec![winners.read(), dy.read(), coefficients.read(), pieces.write()];
        let dy = if self.has_residual {
            let (y, dresidual) = (Operand::Input(5), Operand::Output(3));
            operands.extend([y.read(), dresidual.write()]);
            // It has passed the ReLU.
            kernels = Kernels::new(NormSettings { relu_after: false, ..self.settings }, images, io.variant());
            dresidual
        } else {
            dy
        };
        launches.dispatch(sums, &operands);

        // If dX is not needed, one thread per group of channels still stores the two sums.
        let lines = if io.is_used(0) { images.n * images.image[0].div_ceil(self.settings.pool[0]) } else { 0 };
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
        self.settings.describe()
    }
}
