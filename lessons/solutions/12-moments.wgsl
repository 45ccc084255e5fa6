// Exercise 12: mean and variance.  mean[c] = sum over r of x[r][c] / R,  variance[c] = sum over r of (x[r][c] - mean[c])^2 / R
//
// x        [R, C], row by row, numbers around 1000; y [2, C]: the means, then the variances
// Threads: a thread a channel.
// Task:    write both. A float has seven digits: what is subtracted from what?
// Hint:    not the mean of the squares less the square of the mean: both are about 1,000,000, and their difference, less than 1, is in
//          the digits that a float does not have. First the mean, then a second loop over the deviations from it.
// Mistake: the mean of the squares less the square of the mean: two large numbers cancel, and their rounding is what is left.
//   - let deviation = x[r * sizes.channels + c] - mean;
//   + let deviation = x[r * sizes.channels + c];
//   - y[sizes.channels + c] = squares / f32(sizes.rows);
//   + y[sizes.channels + c] = squares / f32(sizes.rows) - mean * mean;
// Mistake: the variance is divided by R - 1. Batch norm divides by R when it trains.
//   - y[sizes.channels + c] = squares / f32(sizes.rows);
//   + y[sizes.channels + c] = squares / f32(max(sizes.rows, 2u) - 1u);
// Mistake: the standard deviation is written, not the variance: no square root is asked for.
//   - y[sizes.channels + c] = squares / f32(sizes.rows);
//   + y[sizes.channels + c] = sqrt(squares / f32(sizes.rows));
// Grid: C / 64
struct Sizes {
    rows: u32,
    channels: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let c = id.x;
    if (c >= sizes.channels) {
        return;
    }
    // GAP: y[c] is the mean of channel c, y[sizes.channels + c] its variance
    var sum = 0.0;
    for (var r = 0u; r < sizes.rows; r++) {
        sum += x[r * sizes.channels + c];
    }
    let mean = sum / f32(sizes.rows);
    var squares = 0.0;
    for (var r = 0u; r < sizes.rows; r++) {
        let deviation = x[r * sizes.channels + c] - mean;
        squares += deviation * deviation;
    }
    y[c] = mean;
    y[sizes.channels + c] = squares / f32(sizes.rows);
    // END
}
