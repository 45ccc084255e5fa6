// Convolution, step 3: implicit im2col.  Y = P K,  P[pixel][tap, c] = the number under that tap, or 0 outside
//
// x        [N, H, W, C], k [3, 3, C, O] = [9 C, O], y [N, H, W, O] = [N H W, O]
// Threads: a workgroup of 16 x 16 threads computes 64 pixels x 64 channels, a thread 4 x 4 of them.
// Bytes:   each number of P is looked up in the image when its tile is filled: nine reads of a pixel hit the cache. Nothing is
//          written but y.
// Why:     P never exists. Only the fill of its tile differs from a matrix product: where step 2 reads row and column of a matrix, this
//          one works out image, row, tap and channel. That costs integer divisions, once for 64 multiply-adds, and saves writing
//          and reading nine images. The kernels of shaders/conv are of this kind, with the divisions moved out of the loop.
// Grid: O / 64, N H W / 64
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

var<workgroup> p_tile: array<array<f32, 16>, 64>;
var<workgroup> k_tile: array<array<f32, 64>, 16>;

fn number_of(pixel: u32, i: u32) -> f32 {
    let tap = i / sizes.channels;
    let w = pixel % sizes.width + tap % 3u - 1u;
    let h = pixel / sizes.width % sizes.height + tap / 3u - 1u;
    let image = pixel / (sizes.width * sizes.height);
    let source = ((image * sizes.height + h) * sizes.width + w) * sizes.channels + i % sizes.channels;
    return select(0.0, x[source], image < sizes.images && tap < 9u && h < sizes.height && w < sizes.width);
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let pixels = sizes.images * sizes.height * sizes.width;
    let depth = 9u * sizes.channels;
    let pixel = 64u * group.y + local.y;
    let output = 64u * group.x + local.x;
    var sums: array<vec4<f32>, 4>;
    for (var first = 0u; first < depth; first += 16u) {
        for (var i = 0u; i < 64u; i += 16u) {
            let from_k = (first + local.y) * sizes.outputs + output + i;
            p_tile[local.y + i][local.x] = number_of(pixel + i, first + local.x);
            k_tile[local.y][local.x + i] = select(0.0, k[from_k], first + local.y < depth && output + i < sizes.outputs);
        }
        workgroupBarrier();
        for (var j = 0u; j < 16u; j++) {
            let row = vec4<f32>(k_tile[j][local.x], k_tile[j][local.x + 16u], k_tile[j][local.x + 32u], k_tile[j][local.x + 48u]);
            for (var i = 0u; i < 4u; i++) {
                sums[i] += p_tile[local.y + 16u * i][j] * row;
            }
        }
        workgroupBarrier();
    }
    for (var i = 0u; i < 16u; i++) {
        let at = vec2<u32>(output + 16u * (i % 4u), pixel + 16u * (i / 4u));
        if (at.y < pixels && at.x < sizes.outputs) {
            y[at.y * sizes.outputs + at.x] = sums[i / 4u][i % 4u];
        }
    }
}
