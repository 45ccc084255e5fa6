//! Batch norm with the batch's own statistics.

use super::NormSettings;
use super::gradient::Gradient;
use super::kernels::Kernels;
use crate::gpu::shader;
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor};

/// Normalises with the batch's own mean and variance. Inputs: X, gamma, beta and, if one is added, the residual.
/// Outputs: Y, coefficients, winners, moments.
#[derive(Debug)]
pub(super) struct Training {
    pub settings: NormSettings,
    pub has_residual: bool,
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
        if self.has_residual {
            inputs.require(3, "the residual", inputs.shape(0)?.clone())?;
            if self.settings.is_pooled() {
                return Err(inputs.mismatch("a residual is added to images that are not pooled"));
            }
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
        let residual = self.has_residual.then_some(Operand::Input(3));
        kernels.launch_apply(launches, source, statistics, residual);
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let grad = Gradient { settings: self.settings, training: true, has_residual: self.has_residual };
        grad.record(node)
    }

    fn settings(&self) -> String {
        let mut text = self.settings.describe();
        if self.has_residual {
            text.insert_str(0, "plus a residual, ");
        }
        text.trim_end_matches(", ").to_owned()
    }
}
