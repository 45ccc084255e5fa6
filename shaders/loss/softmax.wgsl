// Softmax over the last axis:  y[r, j] = exp(x[r, j] - m) / sum over k of exp(x[r, k] - m),  m = max over k of x[r, k]
// With LOG its logarithm:      y[r, j] = x[r, j] - m - log(sum over k of exp(x[r, k] - m))
//
// x, y     [rows, classes]
// Threads: one per row, 64 per workgroup.
// Bytes:   12 read and 4 written per element (later reads hit the cache).
// Why:     subtracting the maximum keeps exp() from overflowing and changes nothing else. A row has ten classes here; a
//          thousand would call for a subgroup per row.
#import common/grid.wgsl
override LOG: bool;
struct Params {
    rows: u32,     // rows of x
    classes: u32,  // numbers in a row
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = linear_workgroup(group, groups) * 64u + local;
    if (row >= p.rows) {
        return;
    }
    let start = row * p.classes;
    let end = start + p.classes;
    var largest = x[start];
    for (var i = start; i < end; i++) {
        largest = max(largest, x[i]);
    }
    var sum = 0.0;
    for (var i = start; i < end; i++) {
        sum += exp(x[i] - largest);
    }
    for (var i = start; i < end; i++) {
        if (LOG) {
            y[i] = x[i] - largest - log(sum);
        } else {
            y[i] = exp(x[i] - largest) / sum;
        }
    }
}
