//! Batch norm with given statistics.

use super::NormSettings;
use super::gradient::Gradient;
use super::kernels::Kernels;
use crate::gpu::shader;
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Layer, Op, Operand, Result, Tensor};

/// Normalises with given statistics. Inputs: X, gamma, beta, mean, variance. Outputs: Y, coefficients, winners.
#[derive(Debug)]
pub(super) struct Inference {
    pub settings: NormSettings,
}

impl Op for Inference {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let images = self.settings.images(self.name(), inputs)?;
        inputs.require(3, "running mean", [images.channels])?;
        inputs.require(4, "running variance", [images.channels])?;
        Ok(images.outputs(&self.settings, inputs.shape(0)?))
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let images = self.settings.images(self.name(), &io.as_inputs(self.name()))?;
        let statistics = [Operand::Input(3).read(), Operand::Input(4).read(), Operand::Output(1).write()];
        let source = shader!("norm/apply.wgsl").choose("statistics", "norm/statistics_given.wgsl");
        Kernels::new(self.settings, images, io.variant()).launch_apply(launches, source, statistics, None);
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let grad = Gradient { settings: self.settings, training: false, has_residual: false };
        grad.record(node)
    }

    fn layer(&self) -> Option<Layer> {
        Some(Layer::BatchNorm(self.settings))
    }

    fn settings(&self) -> String {
        self.settings.describe()
    }
}
