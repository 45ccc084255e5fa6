// Exercise 13: the gradient of batch norm.  y[r][c] = gamma[c] * z[r][c],  z = (x - mean) / sqrt(variance + 0.00001)
//
// x, grad_y, grad_x  [R, C], row by row; gamma [C]; mean and variance are those of the channel, over all rows
// Threads: a thread a channel.
// Task:    grad_x. A number changes its own result, and through mean and variance those of all other rows.
// Hint:    with s = sum over r of grad_y and t = sum over r of grad_y * z:
//          grad_x = gamma / sqrt(variance + 0.00001) * (grad_y - s / R - z * t / R). One loop for s and t, one for the results.
// Mistake: mean and variance are taken for constants. They depend on x too.
//   - (grad_y[at] - s / count - z * t / count)
//   + grad_y[at]
// Mistake: what x does through the variance is left out.
//   - (grad_y[at] - s / count - z * t / count)
//   + (grad_y[at] - s / count)
// Mistake: the sums are not divided by R.
//   - (grad_y[at] - s / count - z * t / count)
//   + (grad_y[at] - s - z * t)
// Grid: C / 64
struct Sizes {
    rows: u32,
    channels: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> grad_y: array<f32>;
@group(0) @binding(4) var<storage, read_write> grad_x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let c = id.x;
    if (c >= sizes.channels) {
        return;
    }
    let count = f32(sizes.rows);
    var mean = 0.0;
    for (var r = 0u; r < sizes.rows; r++) {
        mean += x[r * sizes.channels + c] / count;
    }
    var variance = 0.0;
    for (var r = 0u; r < sizes.rows; r++) {
        let deviation = x[r * sizes.channels + c] - mean;
        variance += deviation * deviation / count;
    }
    let inverse = 1.0 / sqrt(variance + 0.00001);
    // GAP: grad_x[r * sizes.channels + c] for all rows
    var s = 0.0;
    var t = 0.0;
    for (var r = 0u; r < sizes.rows; r++) {
        let at = r * sizes.channels + c;
        s += grad_y[at];
        t += grad_y[at] * (x[at] - mean) * inverse;
    }
    for (var r = 0u; r < sizes.rows; r++) {
        let at = r * sizes.channels + c;
        let z = (x[at] - mean) * inverse;
        grad_x[at] = gamma[c] * inverse * (grad_y[at] - s / count - z * t / count);
    }
    // END
}
