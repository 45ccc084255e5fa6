// The gradient that reaches the normalisation from above, where it is passed on by a ReLU at most.
//
// Threads: called by grad_sums.wgsl for each window; no thread mapping of its own.
// Bytes:   4 per window and channel.
// Why:     grad_input.wgsl can work it out again, so nothing is stored. upstream_residual.wgsl is the other option.
#import norm/coefficients.wgsl
@group(0) @binding(2) var<storage, read> dy: array<Channels>;

fn upstream(window: u32, k: Coefficients, value: Channels) -> Channels {
    return through_relu_after(k, value, dy[window]);
}
