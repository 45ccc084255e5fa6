// Matrix product, step 1: a thread an element.  C[m][n] = sum over k of A[m][k] * B[k][n]
//
// a        [M, K], b [K, N], c [M, N], row by row
// Threads: thread (x, y) of the grid computes C[x][y]: neighbours in x compute elements of neighbouring rows.
// Bytes:   every thread reads a row of A and a column of B: 8 K bytes for 2 K operations.
// Why:     the definition. Two things are wrong with it: neighbouring threads (x, x + 1, ...) read elements of A that lie K apart,
//          each from a cache line of its own, and every element of A is read N times from memory.
// Grid: M / 16, N / 16
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
    let row = id.x;
    let col = id.y;
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
