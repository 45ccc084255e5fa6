// The end of a residual block: what the block skipped is added to the normalised image.
//
// residual  [n, out_h, out_w, groups]
// Threads: called by apply.wgsl for each pixel; no thread mapping of its own.
// Bytes:   4 per element.
// Why:     as a pass of its own the sum would read two images and write one, and the ReLU after it read and write one more.
//          There is no pooling then, so the binding is free (winners.wgsl).
#import norm/sizes.wgsl
@group(0) @binding(8) var<storage, read> residual: array<Channels>;

fn with_residual(pixel: u32, y: Channels) -> Channels {
    return y + residual[pixel];
}
