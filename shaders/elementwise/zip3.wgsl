// Three inputs of one shape, one output, element by element:  y[i] = f(a[i], b[i], e[i], c, d)
//
// a, b, e, y  one shape, `len` values
// Threads: one per value, 64 per workgroup. A `Value` is four elements, or one where 4 does not divide their number.
// Bytes:   12 read and 4 written per element. Bound by memory.
// Why:     for gradients that need both inputs of an op besides dy, such as a quotient's. Repeated inputs are expanded to one
//          shape first: this is so rare that an extra pass costs less than one more kernel to read.
#import common/grid.wgsl
#choose value: common/value_f32.wgsl | common/value_vec4.wgsl
#choose f: the expression of a row of the table
struct Params {
    len: u32,  // values
    c: f32,    // first constant of f
    d: f32,    // second constant of f
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<Value>;
@group(0) @binding(2) var<storage, read> b: array<Value>;
@group(0) @binding(3) var<storage, read> e: array<Value>;
@group(0) @binding(4) var<storage, read_write> y: array<Value>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(group, groups) * 64u + local;
    if (i < p.len) {
        y[i] = f(a[i], b[i], e[i], p.c, p.d);
    }
}
