// Convolution, step 1: a thread a result.  y[n][h][w][o] = sum over kh, kw, c of x[n][h+kh-1][w+kw-1][c] * k[kh][kw][c][o]
//
// x        [N, H, W, C], k [3, 3, C, O], y [N, H, W, O]: the channels of a pixel are neighbours; zeros around the image
// Threads: thread (x, y) of the grid computes channel x of pixel y.
// Bytes:   each thread reads 9 C numbers of x and 9 C of k: 72 C bytes for 18 C operations.
// Why:     the definition. Neighbouring threads compute the channels of one pixel: they read neighbours of k, and one and the same
//          number of x. But each number of x is read from memory 9 O times, each of k N H W times, for one multiply-add each.
// Grid: O / 16, N H W / 16
struct Sizes {
    images: u32,
    height: u32,
    width: u32,
    channels: u32,
    outputs: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> k: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let pixel = id.y;
    if (id.x >= sizes.outputs || pixel >= sizes.images * sizes.height * sizes.width) {
        return;
    }
    let w = pixel % sizes.width;
    let h = pixel / sizes.width % sizes.height;
    var sum = 0.0;
    for (var tap = 0u; tap < 9u; tap++) {
        // The pixel under this tap. Left of the image 0 - 1 wraps around to a huge number, which is outside too.
        let from_h = h + tap / 3u - 1u;
        let from_w = w + tap % 3u - 1u;
        if (from_h >= sizes.height || from_w >= sizes.width) {
            continue;
        }
        let from_x = (pixel - h * sizes.width - w + from_h * sizes.width + from_w) * sizes.channels;
        let from_k = tap * sizes.channels * sizes.outputs + id.x;
        for (var c = 0u; c < sizes.channels; c++) {
            sum += x[from_x + c] * k[from_k + c * sizes.outputs];
        }
    }
    y[pixel * sizes.outputs + id.x] = sum;
}
