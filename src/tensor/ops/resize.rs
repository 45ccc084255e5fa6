//! Bilinear resizing with half-pixel centres.

use super::kernel;
use crate::gpu::params::image::positions::Params;
use crate::gpu::{Kernel, Source, shader};
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Layer, Op, Operand, Result, Tensor};

impl Params {
    fn x(&self) -> Info {
        Info::f32([self.n, self.in_h, self.in_w, self.channels].map(|size| size as usize))
    }

    fn y(&self) -> Info {
        Info::f32([self.n, self.out_h, self.out_w, self.channels].map(|size| size as usize))
    }

    fn kernel(&self, label: &'static str, source: Source, threads: usize) -> Kernel {
        kernel(label, source, threads).params(*self).flops(9 * self.y().len() as u64)
    }
}

#[derive(Debug)]
struct Resize(Params);

impl Op for Resize {
    fn name(&self) -> &'static str {
        "resize_bilinear"
    }

    fn infer(&self, _: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![self.0.y()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let source = shader!("image/resize.wgsl");
        launches.dispatch(
            self.0.kernel(self.name(), source, io.output(0).len()),
            &[Operand::Input(0).read(), Operand::Output(0).write()],
        );
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let dx = Tensor::apply_one(ResizeGrad(self.0), &[node.gradient(0)?])?;
        Ok(vec![Some(dx)])
    }

    fn layer(&self) -> Option<Layer> {
        Some(Layer::ResizeBilinear([self.0.out_h, self.0.out_w].map(|side| side as usize)))
    }
}

#[derive(Debug)]
struct ResizeGrad(Params);

impl Op for ResizeGrad {
    fn name(&self) -> &'static str {
        "resize_bilinear_grad"
    }

    fn infer(&self, _: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![self.0.x()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let source = shader!("image/resize_grad.wgsl");
        launches.dispatch(
            self.0.kernel(self.name(), source, io.output(0).len()),
            &[Operand::Input(0).read(), Operand::Output(0).write()],
        );
        Ok(())
    }
}

impl Tensor {
    /// Bilinear resizing to `[height, width]` with half-pixel centres, without antialiasing:
    /// `[N, H, W, C] -> [N, height, width, C]`.
    ///
    /// # Errors
    /// A shape error when this is not an image batch or a size is 0 or above 2^20.
    pub fn resize_bilinear(&self, [height, width]: [usize; 2]) -> Result<Tensor> {
        let inputs = Inputs::of("resize_bilinear", &[self]);
        let sizes = inputs.axes::<4>(0, "the image batch, [N, H, W, C],")?;
        // Positions are computed in f32, which holds integers up to 2^24.
        let sensible = 1..=1usize << 20;
        let [_, in_h, in_w, _] = sizes;
        if ![in_h, in_w, height, width].iter().all(|s| sensible.contains(s)) {
            return Err(inputs.mismatch(format!(
                "images must have between 1 and {} pixels a side, before and after ({height}x{width})",
                sensible.end()
            )));
        }
        let [n, in_h, in_w, channels] = sizes.map(|size| size as u32);
        let params = Params { n, in_h, in_w, out_h: height as u32, out_w: width as u32, channels };
        Self::apply_one(Resize(params), &[self])
    }
}
