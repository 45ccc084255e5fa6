// Batch norm, running statistics for inference:
//     running_mean = (1 - momentum) running_mean + momentum mean
//     running_var  = (1 - momentum) running_var  + momentum var * correction,   correction = n / (n - 1)
//
// all      [channels]; the running ones are overwritten
// Threads: one a channel, 64 a workgroup.
// Bytes:   24 a channel: small.
// Why:     momentum weighs the new value, and the running variance is the unbiased one, both as in PyTorch, so that weight
//          files mean the same there and here.
struct Params {
    channels: u32,
    momentum: f32,
    correction: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> variance: array<f32>;
@group(0) @binding(3) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(4) var<storage, read_write> running_var: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let c = linear_workgroup(group, groups) * 64u + local;
    if (c >= p.channels) {
        return;
    }
    running_mean[c] = mix(running_mean[c], mean[c], p.momentum);
    running_var[c] = mix(running_var[c], variance[c] * p.correction, p.momentum);
}
