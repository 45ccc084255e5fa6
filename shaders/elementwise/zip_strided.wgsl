// Two inputs broadcast as in NumPy, element by element:  y[k0, k1, ..] = f(a[k0 s0 + ..], b[k0 t0 + ..], c, d)
//
// a, b     any two shapes that broadcast; s and t are their strides, 0 along an axis over which they are repeated
// y        the broadcast shape
// Threads: `len` threads, 64 per workgroup, each for up to four neighbouring elements of y.
// Bytes:   per element 4 written, and 4 read of each input where it is not repeated.
// Why:     what zip.wgsl cannot do: a repeated along some axes, b along others, such as [N, C] - [N, 1] in a layer norm.
//          Expanding the smaller input to the larger's shape first would write and read that shape once more.
#import common/grid.wgsl
#import common/value_vec4.wgsl
#import elementwise/strides.wgsl
#choose f: elementwise/relu_grad.wgsl
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

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
    let place = neighbours(i);
    var left: vec4<f32>;
    var right: vec4<f32>;
    for (var e = 0u; e < 4u; e++) {
        if (e < place.count) {
            left[e] = a[place.at.x + e * place.step.x];
            right[e] = b[place.at.y + e * place.step.y];
        }
    }
    let values = f(left, right, p.c, p.d);
    for (var e = 0u; e < 4u; e++) {
        if (e < place.count) {
            y[place.first + e] = values[e];
        }
    }
}
