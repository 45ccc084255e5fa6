// Matrix product, step 5: sixteen bytes at a time.  C[m][n] = sum over k of A[m][k] * B[k][n]
//
// a        [M, K], b [K, N], c [M, N], row by row, as quads of four neighbours: K and N are multiples of 4
// Threads: a workgroup of 16 x 16 threads computes 64 x 64 elements of C, a thread 4 x 4 neighbours: rows 4 local.y + i, columns
//          4 local.x + j.
// Bytes:   as step 4, in a quarter of the instructions.
// Why:     an instruction that loads 16 bytes costs little more than one that loads 4. A quad is one index and one check. Here a
//          thread has neighbouring columns, so that its four results of a row are one quad too. The tile of A lies transposed,
//          so that the four rows of a thread are a quad.
// Grid: N / 64, M / 64
// Multiples: K 4, N 4
// Most: K 12000
struct Sizes {
    m: u32,
    k: u32,
    n: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4<f32>>;

const DEPTH: u32 = 16u;
var<workgroup> a_tile: array<array<f32, 64>, 16>;
var<workgroup> b_tile: array<array<vec4<f32>, 16>, 16>;

@compute @workgroup_size(16, 16)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let quad = 16u * group.x + local.x;
    let quads = sizes.n / 4u;
    var sums: array<vec4<f32>, 4>;
    for (var first = 0u; first < sizes.k; first += DEPTH) {
        // Of the tile of A, 64 rows of 4 quads, each thread fetches one.
        let row = 64u * group.y + thread / 4u;
        let k_quad = first / 4u + thread % 4u;
        let is_a = row < sizes.m && k_quad < sizes.k / 4u;
        let from_a = select(vec4<f32>(), a[row * (sizes.k / 4u) + k_quad], is_a);
        for (var i = 0u; i < 4u; i++) {
            a_tile[4u * (thread % 4u) + i][thread / 4u] = from_a[i];
        }
        let is_b = first + local.y < sizes.k && quad < quads;
        b_tile[local.y][local.x] = select(vec4<f32>(), b[(first + local.y) * quads + quad], is_b);
        workgroupBarrier();
        for (var k = 0u; k < DEPTH; k++) {
            for (var i = 0u; i < 4u; i++) {
                sums[i] += a_tile[k][4u * local.y + i] * b_tile[k][local.x];
            }
        }
        workgroupBarrier();
    }
    for (var i = 0u; i < 4u; i++) {
        let row = 64u * group.y + 4u * local.y + i;
        if (row < sizes.m && quad < quads) {
            c[row * quads + quad] = sums[i];
        }
    }
}
