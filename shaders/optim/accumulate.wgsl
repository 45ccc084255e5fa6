// A running total:  total[i] += x[i]
//
// total, x   any shape, `len` elements; total is overwritten
// Threads: one an element, 64 a workgroup.
// Bytes:   8 read and 4 written an element. 1 FLOP an element.
// Why:     loss and hits of many steps add up on the device, so the host need not wait for each step.
struct Params {
    len: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> total: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(group, groups) * 64u + local;
    if (i < p.len) {
        total[i] += x[i];
    }
}
