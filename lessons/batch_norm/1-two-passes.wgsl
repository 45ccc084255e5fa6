// Batch norm's statistics, step 1: two passes.  mean[c] = sum over r of x[r][c] / R,  variance[c] = sum of (x[r][c] - mean[c])^2 / R
//
// x        [R, C], row by row: R pixels of C channels; y [2, C]: means, then variances
// Threads: a thread a channel.
// Bytes:   x is read twice: 8 bytes an element. Neighbouring threads read neighbouring channels.
// Why:     the definition: the mean must be known before the deviations from it. The textbook's shortcut, the mean of the squares less
//          the square of the mean, reads x once, and subtracts two large numbers that are nearly equal: with a mean of 100 and a
//          deviation of .6 two digits of the result are left, with 1000 none. And C threads are far too few.
// Grid: C / 64
// Most: R 32000
struct Sizes {
    rows: u32,
    channels: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let c = (group.y * groups.x + group.x) * 64u + local;
    if (c >= sizes.channels) {
        return;
    }
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
}
