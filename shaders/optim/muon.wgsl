// The end of a step of Muon (Jordan et al. 2024), for all parameters at once. In a group of matrices:
//     m = momentum m + dw
//     w = w (1 - rate decay) - rate u
// where u is close to the nearest orthogonal matrix to dw + momentum m, with the new m (src/optim/muon.rs). In other groups: Adam (adam.wgsl).
//
// w, m, v       the arena of parameters, its momentum or first moment, and its second moment; overwritten
// dw            gradients, laid out like w
// u             orthogonal directions, laid out like w; nothing where there is no matrix
// group_of      [blocks], the group of each block of 64 elements (optim/groups.wgsl)
// groups        settings of each group
// this_step     settings of this step
// Threads: one per four elements of the arena, 64 per workgroup.
// Bytes:   for a matrix 16 read and 8 written per element, and 6 FLOPs; else as Adam. Bound by memory.
// Why:     one dispatch for the whole network, as for the other optimisers: a block belongs to one group, so all threads of a
//          block take the same branch. What costs is finding u, matrix products whose work does not depend on the batch.
#import common/grid.wgsl
#import optim/adam_step.wgsl
override MOMENTUM: f32;
@group(0) @binding(8) var<storage, read> u: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(workgroup, workgroups) * 64u + local;
    let block = i / QUADS;
    if (i >= p.quads || group_of[block] == FROZEN) {
        return;
    }
    let group = groups[group_of[block]];
    if (group.is_matrix == 0.0) {
        adam_step(i, group);
        return;
    }
    let rate = group.rate * this_step.rate;
    m[i] = fma(vec4<f32>(MOMENTUM), m[i], dw[i]);
    w[i] = w[i] * (1.0 - rate * group.decay) - rate * u[i];
}
