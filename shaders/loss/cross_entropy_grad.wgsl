// Gradient of cross_entropy.wgsl, for targets q:  dx[r, j] = dloss[r] (softmax(x)[r, j] - q[r, j])
//
// x, grad_x [rows, classes]
// dloss    [rows]
// Threads: one per row, 64 per workgroup.
// Bytes:   12 read and 4 written per element.
// Why:     softmax is recomputed rather than stored: ten exp() cost less than a pass through memory.
#import common/grid.wgsl
#import loss/sizes.wgsl
#choose targets: loss/labels.wgsl | loss/mixed_labels.wgsl
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dloss: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad_x: array<f32>;

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
    var largest = x[start];
    for (var j = 0u; j < p.classes; j++) {
        largest = max(largest, x[start + j]);
    }
    var sum = 0.0;
    for (var j = 0u; j < p.classes; j++) {
        sum += exp(x[start + j] - largest);
    }
    for (var j = 0u; j < p.classes; j++) {
        grad_x[start + j] = dloss[row] * (exp(x[start + j] - largest) / sum - target_share(row, j));
    }
}
