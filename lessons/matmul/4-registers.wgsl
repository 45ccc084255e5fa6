// Matrix product, step 4: a block of results in each thread's registers.  C[m][n] = sum over k of A[m][k] * B[k][n]
//
// a        [M, K], b [K, N], c [M, N], row by row
// Threads: a workgroup of 16 x 16 threads computes 64 x 64 elements of C, a thread 4 x 4 of them: rows local.y + 16 i, columns
//          local.x + 16 j.
// Bytes:   an element of workgroup memory that is read is used 4 times: 8 reads for 16 multiply-adds, where step 3 had 2 for one.
//          From memory: 8 K / 64 bytes an element of C.
// Why:     in step 3 every multiply-add waits for two reads from workgroup memory, which is fast, but far slower than arithmetic.
//          Registers are the fastest memory of all. The rows and columns of a thread are 16 apart, so that neighbouring threads
//          read neighbouring words.
// Grid: N / 64, M / 64
// Most: K 12000
struct Sizes {
    m: u32,
    k: u32,
    n: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

const DEPTH: u32 = 16u;
var<workgroup> a_tile: array<array<f32, 16>, 64>;
var<workgroup> b_tile: array<array<f32, 64>, 16>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let row = 64u * group.y + local.y;
    let col = 64u * group.x + local.x;
    var sums: array<vec4<f32>, 4>;
    for (var first = 0u; first < sizes.k; first += DEPTH) {
        for (var i = 0u; i < 4u; i++) {
            let at_row = row + 16u * i;
            let at_col = col + 16u * i;
            let is_a = at_row < sizes.m && first + local.x < sizes.k;
            let is_b = first + local.y < sizes.k && at_col < sizes.n;
            a_tile[local.y + 16u * i][local.x] = select(0.0, a[at_row * sizes.k + first + local.x], is_a);
            b_tile[local.y][local.x + 16u * i] = select(0.0, b[(first + local.y) * sizes.n + at_col], is_b);
        }
        workgroupBarrier();
        for (var k = 0u; k < DEPTH; k++) {
            let b_row = vec4<f32>(b_tile[k][local.x], b_tile[k][local.x + 16u], b_tile[k][local.x + 32u], b_tile[k][local.x + 48u]);
            for (var i = 0u; i < 4u; i++) {
                sums[i] += a_tile[local.y + 16u * i][k] * b_row;
            }
        }
        workgroupBarrier();
    }
    for (var i = 0u; i < 4u; i++) {
        for (var j = 0u; j < 4u; j++) {
            if (row + 16u * i < sizes.m && col + 16u * j < sizes.n) {
                c[(row + 16u * i) * sizes.n + col + 16u * j] = sums[i][j];
            }
        }
    }
}
