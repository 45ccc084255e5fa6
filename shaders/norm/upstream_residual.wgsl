// The gradient that reaches the normalisation from above, where a residual was added to it: also the residual's gradient.
//     g = dy where y > 0, else 0     with ReLU after the sum
//
// y, dy          [pixels, groups]
// grad_residual  [pixels, groups]: g
// Threads: called by grad_sums.wgsl for each pixel; no thread mapping of its own.
// Bytes:   12 per pixel and channel.
// Why:     the residual's path needs g in memory, so it is written where dy is read first, and grad_input.wgsl then reads g
//          in place of dy. As a pass of its own the ReLU's gradient would read y and dy once more. The sign of y is that of the
//          sum, which only y still holds.
#import common/relu.wgsl
#import norm/coefficients.wgsl
@group(0) @binding(2) var<storage, read> dy: array<Channels>;
@group(0) @binding(5) var<storage, read> y: array<Channels>;
@group(0) @binding(6) var<storage, read_write> grad_residual: array<Channels>;

fn upstream(pixel: u32, k: Coefficients, value: Channels) -> Channels {
    let g = select(dy[pixel], leaky_relu_grad(y[pixel], dy[pixel], 0.0), RELU_AFTER);
    grad_residual[pixel] = g;
    return g;
}
