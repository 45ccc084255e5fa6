// Winograd's convolution (winograd.wgsl): the weights at the 36 points.  U = G W G^T
//
// w        [3, 3, in, out] with out divisible by 4
// u        36 numbers for each pair of channels: [36, in, out], or [in, 36, out] of the weights turned by half a turn, for the gradient of
//          the input, which is a convolution of dY with these
// Threads: one per input channel and four output channels, 64 per workgroup.
// Bytes:   36 read and 144 written per pair of channels, for 135 operations.
// Why:     one small launch; its result is read by every tile of the product.
#import common/grid.wgsl
#import conv/winograd.wgsl
override TURNED: bool;
struct Params {
    in_c: u32,         // input channels
    quads: u32,        // output channels / 4
    in_pitch: u32,     // from an input channel to the next in u, in vec4s
    point_pitch: u32,  // from a point to the next
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> u: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let p = params;
    let number = linear_workgroup(group, groups) * 64u + local;
    let ci = number / p.quads;
    let quad = number - ci * p.quads;
    if (ci >= p.in_c) {
        return;
    }
    var half: array<Six, 3>;
    for (var kh = 0u; kh < 3u; kh++) {
        var taps: Three;
        for (var kw = 0u; kw < 3u; kw++) {
            let tap = kh * 3u + kw;
            taps[kw] = w[(select(tap, 8u - tap, TURNED) * p.in_c + ci) * p.quads + quad];
        }
        half[kh] = of_weight(taps);
    }
    let place = ci * p.in_pitch + quad;
    for (var s = 0u; s < 6u; s++) {
        let points = of_weight(Three(half[0][s], half[1][s], half[2][s]));
        for (var r = 0u; r < 6u; r++) {
            u[place + (r * 6u + s) * p.point_pitch] = points[r];
        }
    }
}
