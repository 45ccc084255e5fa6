// Exercise 16: the gradient of the loss.  loss = -1/R sum over r, j of target[r][j] * log(softmax(x[r])[j])
//
// x        [R, C]: logits; target [R, C]: what the probabilities should be, each row adds up to 1; grad_x [R, C]
// Threads: a thread a row.
// Task:    grad_x is the derivative of the loss, the mean over all rows, with respect to each logit.
// Hint:    the logarithm undoes the exponential, and what is left is short: grad_x = (softmax(x) - target) / R. The softmax needs its
//          maximum and its sum, as in exercise 14.
// Mistake: the loss is the mean over the rows, so the gradient must be divided by R.
//   - / f32(sizes.rows);
//   + ;
// Mistake: the sign is the other way round: this would climb instead of descend.
//   - (exp(x[start + j] - largest) / sum - target_of[start + j])
//   + (target_of[start + j] - exp(x[start + j] - largest) / sum)
// Mistake: it is divided by the number of classes, not of rows.
//   - / f32(sizes.rows);
//   + / f32(sizes.columns);
// Grid: R / 64
struct Sizes {
    rows: u32,
    columns: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
// "target" alone is a reserved word.
@group(0) @binding(2) var<storage, read> target_of: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad_x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    if (row >= sizes.rows) {
        return;
    }
    let start = row * sizes.columns;
    // GAP: grad_x[start + j] for all j below sizes.columns
    var largest = x[start];
    for (var j = 1u; j < sizes.columns; j++) {
        largest = max(largest, x[start + j]);
    }
    var sum = 0.0;
    for (var j = 0u; j < sizes.columns; j++) {
        sum += exp(x[start + j] - largest);
    }
    for (var j = 0u; j < sizes.columns; j++) {
        grad_x[start + j] = (exp(x[start + j] - largest) / sum - target_of[start + j]) / f32(sizes.rows);
    }
    // END
}
