//! The kernels of batch norm: how the work is split for an adapter, and their launch parameters.

use super::NormSettings;
use super::images::Images;
use crate::gpu::params::norm::sizes::{Params, Sizes};
use crate::gpu::{Access, Kernel, Source, Variant};
use crate::tensor::ops::{MOST_ROUNDS, kernel, reduce};
use crate::tensor::{Launches, Operand};

/// The maximum number of pixels that a thread sums up. Its loops make two iterations per pixel if none is unrolled.
const LONGEST_PIECE: usize = MOST_ROUNDS / 4;

/// What the kernels of one batch norm share.
pub(super) struct Kernels {
    settings: NormSettings,
    images: Images,
    variant: Variant,
}

impl Kernels {
    pub fn new(settings: NormSettings, images: Images, variant: Variant) -> Self {
        Self { settings, images, variant }
    }

    /// Pixels in a piece of a sum over `pixels`: short enough for the adapter to have enough threads, and long enough for
    /// each reader of the sum to add up the pieces by itself.
    pub fn piece_len(&self, pixels: usize) -> usize {
        let most = if self.variant.barriers_are_cheap { 128 } else { 64 };
        let wanted = (self.variant.busy_threads() / self.images.groups().max(1)).clamp(1, most);
        // As even as possible.
        let pieces = pixels.div_ceil(pixels.div_ceil(wanted).clamp(1, LONGEST_PIECE));
        pixels.div_ceil(pieces.max(1)).max(1)
    }

    /// Pieces of a sum over `pixels`.
    pub fn pieces(&self, pixels: usize) -> usize {
        pixels.div_ceil(self.piece_len(pixels))
    }

    /// Elements of the two sums of all pieces.
    pub fn piece_elements(&self, pixels: usize) -> usize {
        2 * self.pieces(pixels) * self.images.channels
    }

    pub fn sizes(&self) -> Sizes {
        let Images { n, image, windows, .. } = self.images;
        Sizes {
            n: n as u32,
            in_h: image[0] as u32,
            in_w: image[1] as u32,
            out_h: windows[0] as u32,
            out_w: windows[1] as u32,
            groups: self.images.groups() as u32,
            epsilon: self.settings.epsilon,
            ..Sizes::default()
        }
    }

    /// `source` with its constants and sizes.
    fn specialised(&self, kernel: Kernel, sizes: Sizes) -> Kernel {
        kernel
            .params(Params { sizes })
            .constant("KERNEL_H", self.settings.pool[0] as u32)
            .constant("KERNEL_W", self.settings.pool[1] as u32)
            .constant("RELU_BEFORE", self.settings.relu_before)
            .constant("RELU_AFTER", self.settings.relu_after)
    }

    fn with_value(&self, source: Source) -> Source {
        let value = if self.images.width() == 4 { "common/value_vec4.wgsl" } else { "common/value_f32.wgsl" };
        source.choose("value", value)
    }

    /// A kernel that sums over `pixels` (or windows) in pieces.
    pub fn sums(&self, label: &'static str, source: Source, pixels: usize) -> Kernel {
        let (pieces, piece_len) = (self.pieces(pixels), self.piece_len(pixels));
        let sizes = Sizes { piece_len: piece_len as u32, pieces: pieces as u32, ..self.sizes() };
        let items = pieces * self.images.groups();
        let sums = reduce::in_teams(label, self.with_value(source), [items, piece_len], self.variant);
        self.specialised(sums, sizes).flops(4 * (pixels * self.images.channels) as u64)
    }

    /// A kernel that writes images: each thread writes some of `lines` rows of windows. The sum it reads is over `summed`
    /// pixels (or windows).
    pub fn writes(&self, label: &'static str, source: Source, lines: usize, summed: usize) -> Kernel {
        // On a GPU, as many threads as there are rows; on a CPU few, because each adds up the pieces first.
        let wanted = if self.variant.barriers_are_cheap {
            lines
        } else {
            (self.variant.busy_threads() / 2 / self.images.groups().max(1)).clamp(1, 32)
        };
        // Loop iterations for one line of windows, if no loop is unrolled.
        let rounds = 2 * (self.settings.pool[0] + 1) * (self.images.image[1] + 1);
        let most = (MOST_ROUNDS / rounds).max(1);
        let lines_per_thread = lines.div_ceil(wanted.max(1)).clamp(1, most);
        let sizes = Sizes {
            piece_len: self.piece_len(summed) as u32,
            pieces: self.pieces(summed) as u32,
            lines: lines as u32,
            lines_per_thread: lines_per_thread as u32,
            ..self.sizes()
        };
        let threads = lines.div_ceil(lines_per_thread).max(1) * self.images.groups();
        self.specialised(kernel(label, self.with_value(source), threads), sizes)
    }

    /// Normalises by the statistics that `source` reads from the operands `statistics`, and adds a residual if there is one.
    pub fn launch_apply(
        &self,
        launches: &mut Launches,
        source: Source,
        statistics: [(Operand, Access); 3],
        residual: Option<Operand>,
    ) {
        let winners = if self.settings.is_pooled() { "norm/winners.wgsl" } else { "norm/no_winners.wgsl" };
        let added = if residual.is_some() { "norm/residual.wgsl" } else { "norm/no_residual.wgsl" };
        let source = source.choose("winners", winners).choose("residual", added);
        let lines = self.images.n * self.images.windows[0];
        let flops = if residual.is_some() { 3 } else { 2 };
        let apply =
            self.writes("batch_norm", source, lines, self.images.pixels()).flops(flops * self.images.elements());
        let mut operands = vec![
            Operand::Input(0).read(),
            Operand::Input(1).read(),
            Operand::Input(2).read(),
            Operand::Output(0).write(),
        ];
        operands.extend(statistics);
        operands.extend(self.settings.is_pooled().then(|| Operand::Output(2).write()));
        operands.extend(residual.map(Operand::read));
        launches.dispatch(apply, &operands);
    }
}
