// Gradient of softmax, from its output:   dx[r, j] = y[r, j] (dy[r, j] - sum over k of y[r, k] dy[r, k])
// With LOG, from the logarithm's output:  dx[r, j] = dy[r, j] - exp(y[r, j]) sum over k of dy[r, k]
//
// y, dy, grad_x [rows, classes]
// Threads: TEAM per row and ROWS rows per workgroup (reduce/row_one_thread.wgsl, row_many_threads.wgsl).
// Bytes:   16 read and 4 written per element.
// Why:     the output is enough, so the input need not be kept.
#import common/grid.wgsl
#choose team: reduce/row_one_thread.wgsl | reduce/row_many_threads.wgsl
override LOG: bool;
struct Params {
    rows: u32,     // rows of y
    classes: u32,  // numbers in a row
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad_x: array<f32>;

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
    var own_sum = 0.0;
    for (var i = start + member; i < end; i += TEAM) {
        own_sum += dy[i] * select(y[i], 1.0, LOG);
    }
    let sum = team_sum(member, own_sum);
    for (var i = start + member; i < end; i += TEAM) {
        if (LOG) {
            grad_x[i] = dy[i] - exp(y[i]) * sum;
        } else {
            grad_x[i] = y[i] * (dy[i] - sum);
        }
    }
}
