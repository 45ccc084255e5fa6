// Convolution, step 2: a matrix of patches (im2col).  Y = P K,  P[pixel][tap, c] = the number under that tap, or 0 outside
//
// x        [N, H, W, C], k [3, 3, C, O] = [9 C, O], y [N, H, W, O] = [N H W, O]; patches [N H W, 9 C]
// Threads: first, a thread for each number of P. Second, the matrix product of its own ladder (step 4): a workgroup of 16 x 16
//          threads computes 64 pixels x 64 channels, a thread 4 x 4 of them.
// Bytes:   P is nine times as large as x, and goes to memory and back: 72 C bytes a pixel. In exchange the product reads each number
//          from memory once for 64 multiply-adds.
// Why:     a convolution is a matrix product whose left matrix repeats the image nine times. Written out, any fast product will do,
//          and its second dimension, 9 C, is long. The price is the memory for P, which for a batch can be larger than all else.
// Grid: N H W C 9 / 64
// Scratch: N H W C 9
// Grid 2: O / 64, N H W / 64
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
@group(0) @binding(4) var<storage, read_write> patches: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + local;
    let tap = i / sizes.channels % 9u;
    let pixel = i / (9u * sizes.channels);
    if (pixel >= sizes.images * sizes.height * sizes.width) {
        return;
    }
    let w = pixel % sizes.width + tap % 3u - 1u;
    let h = pixel / sizes.width % sizes.height + tap / 3u - 1u;
    let row = pixel / (sizes.width * sizes.height) * sizes.height + h;
    let source = (row * sizes.width + w) * sizes.channels + i % sizes.channels;
    patches[i] = select(0.0, x[source], h < sizes.height && w < sizes.width);
}

var<workgroup> p_tile: array<array<f32, 16>, 64>;
var<workgroup> k_tile: array<array<f32, 64>, 16>;

@compute @workgroup_size(16, 16)
fn second(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let pixels = sizes.images * sizes.height * sizes.width;
    let depth = 9u * sizes.channels;
    let pixel = 64u * group.y + local.y;
    let output = 64u * group.x + local.x;
    var sums: array<vec4<f32>, 4>;
    for (var first = 0u; first < depth; first += 16u) {
        for (var i = 0u; i < 64u; i += 16u) {
            let from_p = (pixel + i) * depth + first + local.x;
            let from_k = (first + local.y) * sizes.outputs + output + i;
            p_tile[local.y + i][local.x] = select(0.0, patches[from_p], pixel + i < pixels && first + local.x < depth);
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
