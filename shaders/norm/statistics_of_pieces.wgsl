// Batch norm in training: a channel's mean and variance from the pieces of stats.wgsl, joined by moments.wgsl
//     mean = origin + mean of the pieces,   var = m2 of the pieces / n
//
// pieces        [2, pieces, groups]
// coefficients  [4, groups]: mean, 1 / sqrt(var + eps), gamma / sqrt(var + eps), beta: what the backward pass needs
// moments       [2, pitch]: mean and unbiased variance, for the running statistics; pitch is groups rounded up to the
//               alignment of arena parts, 64 elements
// Threads: called by every thread of apply.wgsl for its channels; the first thread of each channel also stores.
// Bytes:   12 per piece and channel, at most 128 pieces, from the cache.
// Why:     the pieces are few, so each thread that needs the statistics joins them itself, which saves a dispatch with its
//          barrier. The origin is added last: until then small differences of means are exact.
#import norm/moments.wgsl
#import norm/sizes.wgsl
#const PITCH = 64  // groups, rounded up to what parts of an arena are aligned to
@group(0) @binding(5) var<storage, read> pieces: array<Channels>;
@group(0) @binding(6) var<storage, read_write> coefficients: array<Channels>;
@group(0) @binding(7) var<storage, read_write> moments: array<Channels>;

struct Statistics {
    mean: Channels,
    variance: Channels,
}

fn piece_pixels(piece: u32) -> f32 {
    return f32(min(p.piece_len, pixels() - piece * p.piece_len));
}

fn statistics(c: u32) -> Statistics {
    // Pieces, fours of pieces, and the rest.
    var levels: array<Moments, 3>;
    for (var piece = 0u; piece < p.pieces; piece++) {
        let m2 = pieces[(p.pieces + piece) * p.groups + c];
        levels[0] = join(levels[0], Moments(piece_pixels(piece), pieces[piece * p.groups + c], m2));
        if (piece % 4u == 3u) {
            levels[1] = join(levels[1], levels[0]);
            levels[0] = Moments();
        }
        if (piece % 16u == 15u) {
            levels[2] = join(levels[2], levels[1]);
            levels[1] = Moments();
        }
    }
    let all = join(levels[2], join(levels[1], levels[0]));
    return Statistics(origin_of(c) + all.mean, all.m2 / all.count);
}

fn keep_statistics(c: u32, s: Statistics, inverse: Channels, scale: Channels, shift: Channels) {
    coefficients[c] = s.mean;
    coefficients[p.groups + c] = inverse;
    coefficients[2u * p.groups + c] = scale;
    coefficients[3u * p.groups + c] = shift;
    let n = f32(pixels());
    moments[c] = s.mean;
    // A single value has no unbiased variance; it keeps the biased one.
    moments[PITCH + c] = s.variance * (n / max(n - 1.0, 1.0));
}
