// Softmax over the last axis:  y[r, j] = exp(x[r, j] - m) / sum over k of exp(x[r, k] - m),  m = max over k of x[r, k]
// With LOG its logarithm:      y[r, j] = x[r, j] - m - log(sum over k of exp(x[r, k] - m))
//
// x, y     [rows, classes]
// Threads: TEAM per row and ROWS rows per workgroup (reduce/row_one_thread.wgsl, row_many_threads.wgsl).
// Bytes:   12 read and 4 written per element (later reads hit the cache).
// Why:     subtracting the maximum keeps exp() from overflowing and changes nothing else. Ten classes are quick for one
//          thread; a thousand have a workgroup on a GPU.
#import common/grid.wgsl
#choose team: reduce/row_one_thread.wgsl | reduce/row_many_threads.wgsl
override LOG: bool;
struct Params {
    rows: u32,     // rows of x
    classes: u32,  // numbers in a row
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(ROWS * TEAM)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = linear_workgroup(group, groups) * ROWS + local / TEAM;
    let member = local % TEAM;
    // Threads past the last row only take part in the barriers.
    let classes = select(0u, p.classes, number < p.rows);
    let row = min(number, p.rows - 1u);
    let start = row * p.classes;
    let end = start + classes;
    var own_largest = x[start];
    for (var i = start + member; i < end; i += TEAM) {
        own_largest = max(own_largest, x[i]);
    }
    let largest = team_max(member, own_largest);
    var own_sum = 0.0;
    for (var i = start + member; i < end; i += TEAM) {
        own_sum += exp(x[i] - largest);
    }
    let sum = team_sum(member, own_sum);
    for (var i = start + member; i < end; i += TEAM) {
        if (LOG) {
            y[i] = x[i] - largest - log(sum);
        } else {
            y[i] = exp(x[i] - largest) / sum;
        }
    }
}
