// Dropout (Srivastava et al. 2014), inverted:  y = x / (1 - rate) where u >= rate, else 0
//
// x, y     [rows, cols]
// seed_step_row  [3]: the run's seed; the step, so that every step has its own mask; the row of the first row of x in the whole
//          batch, of which another device may have the rows before
// Threads: one per four neighbouring columns of a row, 64 per workgroup.
// Bytes:   4 read and 4 written per element; some 40 integer operations for four numbers u.
// Why:     u is a hash of (place, stream, step, seed), so the gradient, which is the same kernel on dy, draws the same mask
//          again: nothing is stored, and the order of execution does not matter. After a dense layer with ReLU the mask is
//          drawn in the product's own pass (gemm/finish_dropout.wgsl), with the same numbers.
#import common/grid.wgsl
#import common/random.wgsl
struct Params {
    rows: u32,    // rows of x
    cols: u32,    // columns of x
    stream: u32,  // tells one dropout layer from another
    rate: f32,    // the probability of 0
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> seed_step_row: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = linear_workgroup(group, groups) * 64u + local;
    let quads = (p.cols + 3u) / 4u;
    if (number >= p.rows * quads) {
        return;
    }
    let row = number / quads;
    let col = (number - row * quads) * 4u;
    let factors = dropout_factors(number + seed_step_row[2] * quads, p.stream, seed_step_row[1], seed_step_row[0], p.rate);
    let first = row * p.cols + col;
    let count = min(4u, p.cols - col);
    var values: vec4<f32>;
    #unroll
    for (var e = 0u; e < 4u; e++) {
        if (e < count) {
            values[e] = x[first + e];
        }
    }
    values = dropped_out(values, factors);
    #unroll
    for (var e = 0u; e < 4u; e++) {
        if (e < count) {
            y[first + e] = values[e];
        }
    }
}
