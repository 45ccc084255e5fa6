// Batch norm in training: a channel's mean and variance out of the pieces of stats.wgsl
//     mean = sum of n_b mean_b / n,   var = sum of (m2_b + n_b (mean_b - mean)^2) / n
//
// pieces        [2, pieces, groups]
// coefficients  [4, groups]: mean, 1 / sqrt(var + eps), gamma / sqrt(var + eps), beta: what the way back needs
// moments       [2, pitch]: mean and unbiased variance, for the running statistics; pitch is groups rounded up to the 64
//               elements to which parts of an arena are aligned
// Threads: called by every thread of apply.wgsl for its channels; the first for each channel also stores.
// Bytes:   12 a piece and channel, at most 64 pieces, from the cache.
// Why:     the pieces are few, so whoever needs the statistics adds them up: that saves a dispatch with its barrier.
//          No cancellation whatever the means, after Chan, Golub and LeVeque (1979).
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
    let n = f32(pixels());
    var mean = Channels();
    for (var piece = 0u; piece < p.pieces; piece++) {
        mean += pieces[piece * p.groups + c] * (piece_pixels(piece) / n);
    }
    var m2 = Channels();
    for (var piece = 0u; piece < p.pieces; piece++) {
        let d = pieces[piece * p.groups + c] - mean;
        m2 += pieces[(p.pieces + piece) * p.groups + c] + d * d * piece_pixels(piece);
    }
    return Statistics(mean, m2 / n);
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
