// Gradient of cross_entropy.wgsl, for targets q:  dx[r, j] = dloss[r] (softmax(x)[r, j] - q[r, j])
//
// x, grad_x [rows, classes]
// dloss    [rows]
// Threads: TEAM per row and ROWS rows per workgroup (reduce/row_one_thread.wgsl, row_many_threads.wgsl).
// Bytes:   12 read and 4 written per element.
// Why:     softmax is recomputed rather than stored: an exp() costs less than a pass through memory.
#import common/grid.wgsl
#import loss/sizes.wgsl
#choose team: reduce/row_one_thread.wgsl | reduce/row_many_threads.wgsl
#choose targets: loss/labels.wgsl | loss/mixed_labels.wgsl
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dloss: array<f32>;
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
    var own_largest = x[start];
    for (var j = member; j < classes; j += TEAM) {
        own_largest = max(own_largest, x[start + j]);
    }
    let largest = team_max(member, own_largest);
    var own_sum = 0.0;
    for (var j = member; j < classes; j += TEAM) {
        own_sum += exp(x[start + j] - largest);
    }
    let sum = team_sum(member, own_sum);
    for (var j = member; j < classes; j += TEAM) {
        grad_x[start + j] = dloss[row] * (exp(x[start + j] - largest) / sum - target_share(row, j));
    }
}
