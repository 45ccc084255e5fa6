// Winograd's convolution (winograd.wgsl): tiles of an image, at the 36 points.  V = B^T X B, or Z = A dY A^T
//
// x        [N, h, w, c] with c divisible by 4
// v        36 numbers for each slot and channel: [slots, 36, c] or [36, slots, c], as the product wants them
// Threads: one per slot and four channels, 64 per workgroup; neighbours take neighbouring channels. A slot is a tile, or beyond the
//          last tile zeros, so that the sum over slots has whole segments.
// Bytes:   4 SIDE^2 read and 144 written per tile and channel, for 264 operations (SIDE 6) or 140 (SIDE 4).
// Why:     a tile is loaded once for all its 36 numbers. Tiles of six overlap by two, and those are mostly in the cache.
#import common/grid.wgsl
#import conv/winograd.wgsl
#choose points: conv/winograd_six.wgsl | conv/winograd_four.wgsl
struct Params {
    h: u32,            // rows of an image
    w: u32,            // columns of an image
    quads: u32,        // channels / 4
    tiles_h: u32,      // tiles of an image, one above the other
    tiles_w: u32,      // tiles of an image, side by side
    tiles: u32,        // tiles of all images
    slots: u32,        // at least as many
    pad_top: u32,      // rows of zeros above an image
    pad_left: u32,     // columns of zeros to the left of it
    slot_pitch: u32,   // from a slot to the next in v, in vec4s
    point_pitch: u32,  // from a point to the next
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> v: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let p = params;
    let number = linear_workgroup(group, groups) * 64u + local;
    let slot = number / p.quads;
    let quad = number - slot * p.quads;
    if (slot >= p.slots) {
        return;
    }
    let line = slot / p.tiles_w;
    let image = line / p.tiles_h;
    let top = i32((line - image * p.tiles_h) * 4u) - i32(p.pad_top);
    let left = i32((slot - line * p.tiles_w) * 4u) - i32(p.pad_left);
    var half: array<Six, SIDE>;  // rows of the tile, at the points along the width
    for (var r = 0u; r < SIDE; r++) {
        let row = top + i32(r);
        let has_row = slot < p.tiles && row >= 0 && row < i32(p.h);
        let start = (i32(image * p.h) + row) * i32(p.w);
        var pixels: Pixels;
        for (var s = 0u; s < SIDE; s++) {
            let column = left + i32(s);
            pixels[s] = vec4<f32>(0.0);
            if (has_row && column >= 0 && column < i32(p.w)) {
                pixels[s] = x[u32(start + column) * p.quads + quad];
            }
        }
        half[r] = at_points(pixels);
    }
    let place = slot * p.slot_pitch + quad;
    for (var s = 0u; s < 6u; s++) {
        var column: Pixels;
        for (var r = 0u; r < SIDE; r++) {
            column[r] = half[r][s];
        }
        let points = at_points(column);
        for (var r = 0u; r < 6u; r++) {
            v[place + (r * 6u + s) * p.point_pitch] = points[r];
        }
    }
}
