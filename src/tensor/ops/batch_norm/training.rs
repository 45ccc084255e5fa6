//! Batch norm with the batch's own statistics.

use super::NormSettings;
use super::gradient::Gradient;
use super::kernels::Kernels;
use crate::gpu::shader;
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor};

/// Normalises with the batch's own mean and variance. Inputs: X, gamma, beta.
/// Outputs: Y, coefficients, winners, moments.
#[derive(Debug)]
pub(super) struct Training {
    pub settings: NormSettings,
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
        let mut outputs = images.outputs(&self.settings, inputs.shape(0)?);
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
        let grad = Gradient { settings: self.settings, training: true };
        grad.record(node)
    }

    fn settings(&self) -> String {
        self.settings.describe()
    }
}
