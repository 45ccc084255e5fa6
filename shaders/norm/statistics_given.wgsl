// Batch norm in inference: a channel's mean and variance are given.
//
// mean, variance  [groups]
// coefficients    [4, groups]: mean, 1 / sqrt(var + eps), gamma / sqrt(var + eps), beta: what the backward pass needs
// Threads: called by every thread of apply.wgsl for its channels; the first thread of each channel also stores.
// Bytes:   8 per channel.
// Why:     the same interface as statistics_of_pieces.wgsl, so that one kernel normalises in training and in inference.
#import norm/sizes.wgsl
@group(0) @binding(5) var<storage, read> given_mean: array<Channels>;
@group(0) @binding(6) var<storage, read> given_variance: array<Channels>;
@group(0) @binding(7) var<storage, read_write> coefficients: array<Channels>;

struct Statistics {
    mean: Channels,
    variance: Channels,
}

fn statistics(c: u32) -> Statistics {
    return Statistics(given_mean[c], given_variance[c]);
}

fn keep_statistics(c: u32, s: Statistics, inverse: Channels, scale: Channels, shift: Channels) {
    coefficients[c] = s.mean;
    coefficients[p.groups + c] = inverse;
    coefficients[2u * p.groups + c] = scale;
    coefficients[3u * p.groups + c] = shift;
}
