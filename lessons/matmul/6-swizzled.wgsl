// Matrix product, step 6: the order of the workgroups.  C[m][n] = sum over k of A[m][k] * B[k][n]
//
// a        [M, K], b [K, N], c [M, N], row by row, as quads of four neighbours: K and N are multiples of 4
// Threads: a workgroup of 16 x 16 threads computes 64 x 64 elements of C, a thread 4 x 4 neighbours: rows 4 local.y + i, columns
//          4 local.x + j.
// Bytes:   as step 5, but more of them come from the cache.
// Why:     workgroups that run at the same time should need the same data. A device starts them row by row: with one row of tiles
//          under way, it reads a few rows of A and all of B. Renumbered, so that 8 rows of tiles are walked column by column, those
//          under way make up a block, which reads fewer distinct rows and columns. Nothing else changes.
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
const BAND: u32 = 8u;
var<workgroup> a_tile: array<array<f32, 64>, 16>;
var<workgroup> b_tile: array<array<vec4<f32>, 16>, 16>;

@compute @workgroup_size(16, 16)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    // The workgroup's number, and the place that this has in bands of 8 rows of tiles.
    let number = group.y * groups.x + group.x;
    let band = number / (BAND * groups.x);
    let rows = min(BAND, groups.y - BAND * band);
    let in_band = number - band * BAND * groups.x;
    let tile = vec2<u32>(in_band / rows, BAND * band + in_band % rows);
    let quad = 16u * tile.x + local.x;
    let quads = sizes.n / 4u;
    var sums: array<vec4<f32>, 4>;
    for (var first = 0u; first < sizes.k; first += DEPTH) {
        // Of the tile of A, 64 rows of 4 quads, each thread fetches one.
        let row = 64u * tile.y + thread / 4u;
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
        let row = 64u * tile.y + 4u * local.y + i;
        if (row < sizes.m && quad < quads) {
            c[row * quads + quad] = sums[i];
        }
    }
}
