// Batch norm, running statistics of all layers, for inference:
//     running = (1 - momentum) running + momentum batch
//
// batch    an arena laid out like the running statistics: each layer's mean and unbiased variance (statistics_of_pieces.wgsl)
// updated  [blocks]: for each block of 64 elements, whether a layer of this step has written it
// running  the arena of all layers' running means and variances, overwritten
// Threads: one per element, 64 per workgroup.
// Bytes:   12 per element: small.
// Why:     momentum is the weight of the new value, and the running variance is the unbiased one, both as in PyTorch, so
//          weight files mean the same in both libraries. One dispatch for all layers; frozen ones keep their values.
#import common/grid.wgsl
struct Params {
    len: u32,       // elements of the arena
    momentum: f32,  // weight of the new value
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> batch: array<f32>;
@group(0) @binding(2) var<storage, read> updated: array<u32>;
@group(0) @binding(3) var<storage, read_write> running: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(group, groups) * 64u + local;
    if (i < p.len && updated[i / 64u] == 1u) {
        running[i] = mix(running[i], batch[i], p.momentum);
    }
}
