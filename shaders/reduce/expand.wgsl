// The gradient of a sum, copied to every term.  y[o, l, i] = factor * x[o, i]
//
// x        [outer, inner]
// y        [outer, len, inner]
// Threads: one per element of y, 64 per workgroup.
// Bytes:   4 written per element of y; x is small.
// Why:     the counterpart of sum.wgsl for every kind of sum and mean, the global average pool among them.
#import common/grid.wgsl
struct Params {
    outer: u32,   // product of the sizes before the axis
    len: u32,     // size of the axis
    inner: u32,   // product of the sizes after the axis
    factor: f32,  // multiplies every number
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
    let number = linear_workgroup(group, groups) * 64u + local;
    if (number >= p.outer * p.len * p.inner) {
        return;
    }
    let i = number % p.inner;
    let o = number / p.inner / p.len;
    y[number] = p.factor * x[o * p.inner + i];
}
