// Two inputs, one output, element by element:  y[i] = f(a[i], b[i mod period], c, d)
//
// a, y     any shape, `len` values
// b        the same shape, or (with BROADCAST) the last axes of a's shape, repeated: [C] over [N, H, W, C]
//          `f` comes from a row of the table of ops, c and d are its constants
// Threads: one per value, 64 per workgroup. A `Value` is four elements, or one where 4 does not divide their numbers.
// Bytes:   per element 4 of a and 4 of b read (hardly any of a short b) and 4 written. Bound by memory.
// Why:     as in map.wgsl. BROADCAST is a pipeline constant because the remainder costs as much as the memory accesses.
#import common/grid.wgsl
#choose value: common/value_f32.wgsl | common/value_vec4.wgsl
#choose f: elementwise/relu_grad.wgsl
struct Params {
    len: u32,     // values of a
    period: u32,  // values of b
    c: f32,       // first constant of f
    d: f32,       // second constant of f
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<Value>;
@group(0) @binding(2) var<storage, read> b: array<Value>;
@group(0) @binding(3) var<storage, read_write> y: array<Value>;
override BROADCAST: bool;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(group, groups) * 64u + local;
    if (i >= p.len) {
        return;
    }
    if (BROADCAST) {
        y[i] = f(a[i], b[i % p.period], p.c, p.d);
    } else {
        y[i] = f(a[i], b[i], p.c, p.d);
    }
}
