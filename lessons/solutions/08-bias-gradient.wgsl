// Exercise 8: the gradient of a bias.  y[r][c] = max(x[r][c] + b[c], 0)
//
// y, grad_y  [R, C], row by row; grad_b [C]
// Threads: a thread a channel.
// Task:    grad_b[c] is the sum, over everything that b[c] went into, of what a change of b[c] changes there, times grad_y.
// Hint:    b[c] was added in all R rows, so the gradients of all rows are added up. Where the result is 0, ReLU cut it off: a small
//          change of b changes nothing there. The output says so itself: y > 0 or not.
// Mistake: ReLU is left out: rows in which y is 0 do not count.
//   - if (y[at] > 0.0) {
//   + if (true) {
// Mistake: it is divided by the number of rows. The loss has its mean in grad_y already.
//   - grad_b[c] = sum;
//   + grad_b[c] = sum / f32(sizes.rows);
// Mistake: the index is turned around: y[r][c] lies at r * C + c.
//   - let at = r * sizes.channels + c;
//   + let at = c * sizes.rows + r;
// Mistake: the gradient is multiplied by y. ReLU's slope is 1 or 0.
//   - sum += grad_y[at];
//   + sum += grad_y[at] * y[at];
// Mistake: only the last row counts: the gradients of all rows are added up.
//   - sum += grad_y[at];
//   + sum = grad_y[at];
// Grid: C / 64
struct Sizes {
    rows: u32,
    channels: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> grad_y: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad_b: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let c = id.x;
    if (c >= sizes.channels) {
        return;
    }
    var sum = 0.0;
    // GAP: add up over all rows
    for (var r = 0u; r < sizes.rows; r++) {
        let at = r * sizes.channels + c;
        if (y[at] > 0.0) {
            sum += grad_y[at];
        }
    }
    // END
    grad_b[c] = sum;
}
