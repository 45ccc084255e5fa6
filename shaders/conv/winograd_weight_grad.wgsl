// Winograd's convolution (winograd.wgsl): from the gradients at the 36 points to the gradient of the weights.  dW = G^T dU G
//
// du       [36, parts, in, out] with out divisible by 4; the parts of a point are added up
// dw       [3, 3, in, out]
// Threads: one per input channel and four output channels, 64 per workgroup.
// Bytes:   144 PARTS read and 36 written per pair of channels, for 162 operations and 36 for each part.
// Why:     a small launch after the product; the sums over parts cost no launch of their own.
#import common/grid.wgsl
#import conv/winograd.wgsl
override PARTS: u32;  // of the sum over tiles
struct Params {
    pairs: u32,  // pairs of channels / 4
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> du: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> dw: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let p = params;
    let number = linear_workgroup(group, groups) * 64u + local;
    if (number >= p.pairs) {
        return;
    }
    var half: array<Three, 6>;
    for (var r = 0u; r < 6u; r++) {
        var points: Six;
        for (var s = 0u; s < 6u; s++) {
            points[s] = vec4<f32>(0.0);
            for (var part = 0u; part < PARTS; part++) {
                points[s] += du[((r * 6u + s) * PARTS + part) * p.pairs + number];
            }
        }
        half[r] = to_weight(points);
    }
    for (var s = 0u; s < 3u; s++) {
        let taps = to_weight(Six(half[0][s], half[1][s], half[2][s], half[3][s], half[4][s], half[5][s]));
        for (var r = 0u; r < 3u; r++) {
            dw[(r * 3u + s) * p.pairs + number] = taps[r];
        }
    }
}
