// Winograd's convolution (winograd.wgsl): from the products M = U * V at the 36 points to pixels.  Y = f(A^T M A + b)
//
// m        [36, tiles, out] with out divisible by 4
// y        [N, h, w, out]; f and b, or another gradient that is added instead, as in gemm/finish.wgsl
// Threads: one per tile and four channels, 64 per workgroup; neighbours take neighbouring channels.
// Bytes:   144 read per tile and channel, 4 written per pixel and channel, for 160 operations per tile and channel.
// Why:     a tile's 36 numbers are read once for its 16 pixels. Pixels past the edge of the image are computed and dropped.
#import common/grid.wgsl
#import conv/winograd.wgsl
#import gemm/finish.wgsl
#import gemm/product.wgsl
struct Params {
    product: Product,   // gemm/product.wgsl: rows are the tiles, cols the channels
    @align(16) h: u32,  // rows of an image
    w: u32,             // columns of an image
    tiles_h: u32,       // tiles of an image, one above the other
    tiles_w: u32,       // tiles of an image, side by side
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> m: array<vec4<f32>>;
// Binding 2 is B in a product, and free here: that of gemm/finish.wgsl is 4.
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    p = params.product;
    let sizes = params;
    let quads = p.cols / 4u;
    let number = linear_workgroup(group, groups) * 64u + local;
    let tile = number / quads;
    let quad = number - tile * quads;
    if (tile >= p.rows) {
        return;
    }
    let line = tile / sizes.tiles_w;
    let image = line / sizes.tiles_h;
    let top = (line - image * sizes.tiles_h) * 4u;
    let left = (tile - line * sizes.tiles_w) * 4u;
    let pitch = p.rows * quads;
    var half: array<Four, 6>;  // rows of points, at the four columns
    for (var r = 0u; r < 6u; r++) {
        var points: Six;
        for (var s = 0u; s < 6u; s++) {
            points[s] = m[number + (r * 6u + s) * pitch];
        }
        half[r] = to_output(points);
    }
    let extra = finish_load(quad * 4u);
    for (var s = 0u; s < 4u; s++) {
        let pixels = to_output(Six(half[0][s], half[1][s], half[2][s], half[3][s], half[4][s], half[5][s]));
        for (var r = 0u; r < 4u; r++) {
            if (top + r < sizes.h && left + s < sizes.w) {
                let pixel = (image * sizes.h + top + r) * sizes.w + left + s;
                y[pixel * quads + quad] = finish(pixel, quad * 4u, pixels[r], extra);
            }
        }
    }
}
