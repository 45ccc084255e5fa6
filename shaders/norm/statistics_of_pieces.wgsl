// Batch norm in training: a channel's mean and variance out of the pieces of stats.wgsl, joined by moments.wgsl
//     mean = origin + mean of the pieces,   var = m2 of the pieces / n,   origin = the channel's first pixel
//
// pieces        [2, pieces, groups]
// coefficients  [4, groups]: mean, 1 / sqrt(var + eps), gamma / sqrt(var + eps), beta: what the way back needs
// moments       [2, pitch]: mean and unbiased variance, for the running statistics; pitch is groups rounded up to the 64
//               elements to which parts of an arena are aligned
// Threads: called by every thread of apply.wgsl for its channels; the first for each channel also stores.
// Bytes:   12 a piece and channel, at most 64 pieces, from the cache.
// Why:     the pieces are few, so whoever needs the statistics joins them: that saves a dispatch with its barrier. Eight at
//          a time, so that no chain is long. The origin is added last: until then small differences of means are exact.
@group(0) @binding(5) var<storage, read> pieces: array<Channels>;
@group(0) @binding(6) var<storage, read_write> coefficients: array<Channels>;
@group(0) @binding(7) var<storage, read_write> moments: array<Channels>;

struct Statistics {
    mean: Channels,
    variance: Channels,
}

fn piece_pixels(piece: u32) -> f32 {
    return f32(min(p.chunk, pixels() - piece * p.chunk));
}

fn statistics(c: u32) -> Statistics {
    var all = Moments();
    for (var first = 0u; first < p.pieces; first += 8u) {
        var some = Moments();
        for (var piece = first; piece < min(first + 8u, p.pieces); piece++) {
            let m2 = pieces[(p.pieces + piece) * p.groups + c];
            some = join(some, Moments(piece_pixels(piece), pieces[piece * p.groups + c], m2));
        }
        all = join(all, some);
    }
    return Statistics(relu_before(x[c]) + all.mean, all.m2 / all.count);
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
