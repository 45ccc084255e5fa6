// The moments of a group of numbers: count, mean and sum of squared deviations from the mean. Two groups combined have
//     n = n_a + n_b,   d = mean_b - mean_a,   mean = mean_a + d n_b / n,   m2 = m2_a + m2_b + d^2 n_a n_b / n
// (Chan, Golub and LeVeque 1979).
//
// Threads: called by stats.wgsl and statistics_of_pieces.wgsl; no thread mapping of its own.
// Bytes:   12 for the origin of a channel. 8 FLOPs per channel and join.
// Why:     large numbers are never subtracted from each other: m2 only grows, and the mean of numbers that are all the same
//          is exactly that number. One formula joins pixels, threads and pieces, four of one size into one of the next, so
//          every chain of additions is short.
#import norm/input.wgsl
#import norm/sizes.wgsl
struct Moments {
    count: f32,
    mean: Channels,
    m2: Channels,
}

fn join(a: Moments, b: Moments) -> Moments {
    let count = a.count + b.count;
    let share = b.count / max(count, 1.0);
    let d = b.mean - a.mean;
    return Moments(count, fma(d, Channels(share), a.mean), a.m2 + b.m2 + d * (d * (a.count * share)));
}

// What is subtracted from all of a channel's numbers, so that means that are large compared with the deviation stay exact:
// the median of its first, middle and last number. The first alone might be far from all others, and its rounding would then
// matter.
fn origin_of(c: u32) -> Channels {
    let a = relu_before(x[c]);
    let b = relu_before(x[pixels() / 2u * p.groups + c]);
    let z = relu_before(x[(pixels() - 1u) * p.groups + c]);
    return max(min(a, b), min(max(a, b), z));
}
