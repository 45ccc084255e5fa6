// Exercise 15: the gradient of softmax.  grad_x[r][j] = sum over k of grad_y[r][k] * dy[r][k] / dx[r][j]
//
// y        [R, C]: the softmax of x; grad_y, grad_x [R, C]
// Threads: a thread a row.
// Task:    work out grad_x from y and grad_y; x is not there, and not needed. dy[k] / dx[j] = y[k] * ([k = j] - y[j]).
// Hint:    put the derivative in: grad_x[j] = y[j] * (grad_y[j] - s) with s = sum over k of grad_y[k] * y[k]. So one loop for s, one
//          for the results.
// Mistake: the sum is left out: only the diagonal of the derivative was used, as if y[j] depended on x[j] alone.
//   - grad_x[start + j] = y[start + j] * (grad_y[start + j] - sum);
//   + grad_x[start + j] = y[start + j] * (1.0 - y[start + j]) * grad_y[start + j];
// Mistake: the sum is of grad_y alone, not of grad_y times y.
//   - sum += grad_y[start + j] * y[start + j];
//   + sum += grad_y[start + j];
// Mistake: the factor y[j] is missing.
//   - grad_x[start + j] = y[start + j] * (grad_y[start + j] - sum);
//   + grad_x[start + j] = grad_y[start + j] - sum;
// Grid: R / 64
struct Sizes {
    rows: u32,
    columns: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> grad_y: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad_x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    if (row >= sizes.rows) {
        return;
    }
    let start = row * sizes.columns;
    // GAP: grad_x[start + j] for all j below sizes.columns
    var sum = 0.0;
    for (var j = 0u; j < sizes.columns; j++) {
        sum += grad_y[start + j] * y[start + j];
    }
    for (var j = 0u; j < sizes.columns; j++) {
        grad_x[start + j] = y[start + j] * (grad_y[start + j] - sum);
    }
    // END
}
