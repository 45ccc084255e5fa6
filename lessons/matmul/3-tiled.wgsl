// Matrix product, step 3: tiles in workgroup memory.  C[m][n] = sum over k of A[m][k] * B[k][n]
//
// a        [M, K], b [K, N], c [M, N], row by row
// Threads: a workgroup of 16 x 16 threads computes a tile of 16 x 16 elements of C, a thread an element.
// Bytes:   in each of K / 16 rounds the workgroup reads 16 x 16 elements of A and of B from memory, and each of them is used 16
//          times: 8 K / 16 bytes a thread for 2 K operations.
// Why:     the threads of a workgroup need the same rows of A and columns of B. They fetch them together, one element each, into
//          memory that they share, wait for each other, and multiply from there. Zeros stand for what lies beyond the matrices, so
//          that no thread leaves before a barrier: all must reach it.
// Grid: N / 16, M / 16
// Most: K 60000
struct Sizes {
    m: u32,
    k: u32,
    n: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

const TILE: u32 = 16u;
var<workgroup> a_tile: array<array<f32, 16>, 16>;
var<workgroup> b_tile: array<array<f32, 16>, 16>;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let row = id.y;
    let col = id.x;
    var sum = 0.0;
    for (var first = 0u; first < sizes.k; first += TILE) {
        var a_value = 0.0;
        var b_value = 0.0;
        if (row < sizes.m && first + local.x < sizes.k) {
            a_value = a[row * sizes.k + first + local.x];
        }
        if (first + local.y < sizes.k && col < sizes.n) {
            b_value = b[(first + local.y) * sizes.n + col];
        }
        a_tile[local.y][local.x] = a_value;
        b_tile[local.y][local.x] = b_value;
        workgroupBarrier();
        for (var k = 0u; k < TILE; k++) {
            sum += a_tile[local.y][k] * b_tile[k][local.x];
        }
        // Nobody may fetch the next tiles before everybody is done with these.
        workgroupBarrier();
    }
    if (row < sizes.m && col < sizes.n) {
        c[row * sizes.n + col] = sum;
    }
}
