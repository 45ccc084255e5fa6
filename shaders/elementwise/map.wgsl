// One input, one output, element by element:  y[i] = f(x[i], c, d)
//
// x, y     any shape, `len` values; `f` comes from a row of the table of ops, c and d are its constants
// Threads: one per value, 64 per workgroup. A `Value` is four elements, or one where 4 does not divide their number.
// Bytes:   4 read and 4 written per element; a handful of FLOPs. Bound by memory on every adapter.
// Why:     neighbouring threads touch neighbouring words, so every memory transaction is fully used. Four elements at once
//          are three times as fast as one on lavapipe, which loads and checks lane by lane. Avoiding the pass altogether
//          saves more (see finish_bias.wgsl).
#import common/grid.wgsl
#choose value: common/value_f32.wgsl | common/value_vec4.wgsl
#choose f: elementwise/copy.wgsl
struct Params {
    len: u32,  // values
    c: f32,    // first constant of f
    d: f32,    // second constant of f
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read_write> y: array<Value>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(group, groups) * 64u + local;
    if (i < p.len) {
        y[i] = f(x[i], p.c, p.d);
    }
}
