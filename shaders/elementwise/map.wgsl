// One input, one output, element by element:  y[i] = f(x[i], c)
//
// x, y     any shape, `len` elements; `f` comes from the file joined to this one, `c` is its constant
// Threads: one an element, 64 a workgroup.
// Bytes:   4 read and 4 written an element; a handful of FLOPs. Bound by memory on every adapter.
// Why:     neighbouring threads touch neighbouring words, so each memory transaction is used whole. More elements a
//          thread was no faster on lavapipe; what saves time is not making the pass at all (see finish_bias.wgsl).
struct Params {
    len: u32,
    c: f32,
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
    let i = linear_workgroup(group, groups) * 64u + local;
    if (i < p.len) {
        y[i] = f(x[i], p.c);
    }
}
