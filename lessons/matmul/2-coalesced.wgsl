// Matrix product, step 2: neighbouring threads, neighbouring words.  C[m][n] = sum over k of A[m][k] * B[k][n]
//
// a        [M, K], b [K, N], c [M, N], row by row
// Threads: thread (x, y) of the grid computes C[y][x]: neighbours in x compute neighbours in a row.
// Bytes:   as before, 8 K bytes for 2 K operations, but 16 neighbours share a cache line.
// Why:     a GPU runs neighbouring threads in step, and fetches what they ask for in whole lines of 64 or 128 bytes. Now they read
//          neighbouring elements of B, one and the same of A, and write neighbours of C: the loads are coalesced. Only x and y
//          were swapped.
// Grid: N / 16, M / 16
// Most: K 65000
struct Sizes {
    m: u32,
    k: u32,
    n: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.y;
    let col = id.x;
    // The grid is rounded up to whole workgroups: threads beyond the matrix have nothing to do.
    if (row >= sizes.m || col >= sizes.n) {
        return;
    }
    var sum = 0.0;
    for (var k = 0u; k < sizes.k; k++) {
        sum += a[row * sizes.k + k] * b[k * sizes.n + col];
    }
    c[row * sizes.n + col] = sum;
}
