// The coefficients of a channel that apply.wgsl stores for the backward pass of batch norm.
//
// coefficients  [4, groups]
// Threads: called once by each thread for its channels.
// Bytes:   16 per channel.
// Why:     shared by grad_sums.wgsl and grad_input.wgsl.
#import common/relu.wgsl
#import norm/sizes.wgsl
@group(0) @binding(3) var<storage, read> coefficients: array<Channels>;

struct Coefficients {
    mean: Channels,
    inverse: Channels,  // 1 / sqrt(var + eps)
    scale: Channels,    // gamma / sqrt(var + eps)
    shift: Channels,    // beta
}

fn coefficients_of(c: u32) -> Coefficients {
    return Coefficients(
        coefficients[c],
        coefficients[p.groups + c],
        coefficients[2u * p.groups + c],
        coefficients[3u * p.groups + c],
    );
}

// The gradient passed back through the ReLU that follows the normalisation.
fn through_relu_after(k: Coefficients, value: Channels, dy: Channels) -> Channels {
    let y = fma(value - k.mean, k.scale, k.shift);
    return select(dy, leaky_relu_grad(y, dy, 0.0), RELU_AFTER);
}
