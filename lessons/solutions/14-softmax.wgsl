// Exercise 14: softmax.  y[r][j] = exp(x[r][j]) / sum over k of exp(x[r][k])
//
// x, y     [R, C], row by row; the numbers may be as large as 1000
// Threads: a thread a row.
// Task:    write the row's softmax. exp of 89 and more is larger than any f32, so the definition alone gives inf / inf.
// Hint:    exp(x - m) / sum of exp(x - m) is the same for any m. With the row's largest number as m, no exponent is above 0. That
//          makes three loops: the largest number, the sum, the results.
// Mistake: the maximum is not subtracted, so that exp overflows, and infinity over infinity is not a number.
//   - var largest = x[start];
//   + var largest = 0.0;
//   - largest = max(largest, x[start + j]);
//   + largest = 0.0;
// Mistake: the results are not divided by the sum.
//   - exp(x[start + j] - largest) / sum;
//   + exp(x[start + j] - largest);
// Mistake: the largest number is looked for from 0 on, so a row of negative numbers only is divided by a sum of zeros.
//   - var largest = x[start];
//   + var largest = 0.0;
// Grid: R / 64
struct Sizes {
    rows: u32,
    columns: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    if (row >= sizes.rows) {
        return;
    }
    let start = row * sizes.columns;
    // GAP: y[start + j] for all j below sizes.columns
    var largest = x[start];
    for (var j = 1u; j < sizes.columns; j++) {
        largest = max(largest, x[start + j]);
    }
    var sum = 0.0;
    for (var j = 0u; j < sizes.columns; j++) {
        sum += exp(x[start + j] - largest);
    }
    for (var j = 0u; j < sizes.columns; j++) {
        y[start + j] = exp(x[start + j] - largest) / sum;
    }
    // END
}
