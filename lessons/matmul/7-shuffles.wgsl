// Matrix product, step 7, for processors: registers and shuffles, no barrier.  C[m][n] = sum over k of A[m][k] * B[k][n]
//
// a        [M, K], b [K, N], c [M, N], row by row
// Threads: a lane of a subgroup has one column of C and 8 rows of it; a workgroup is 64 lanes, so 64 columns and 8 rows.
// Bytes:   an element of A is read once by a subgroup and handed to all its lanes; of B, a row of lanes is read for 8 multiply-adds.
// Why:     a driver that runs on the processor makes the lanes of a subgroup those of a vector register. There a barrier is dear
//          (every thread must be stopped and resumed), and workgroup memory is only memory. So each lane reads one element of a row
//          of A, for its own k, and the lanes pass it around with shuffles. All lanes take part in each: what lies beyond the
//          matrices is read as zero.
// Grid: N / 64, M / 8
// Needs: subgroups (browsers ask for a line `enable subgroups;` above all others; naga, which reads it here, does not know it)
// Most: K 6000
struct Sizes {
    m: u32,
    k: u32,
    n: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

const ROWS: u32 = 8u;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
    @builtin(subgroup_invocation_id) lane: u32,
    @builtin(subgroup_size) lanes: u32,
) {
    let row = ROWS * group.y;
    let col = 64u * group.x + local;
    var sums: array<f32, 8>;
    for (var first = 0u; first < sizes.k; first += lanes) {
        var own: array<f32, 8>;
        let k = first + lane;
        for (var i = 0u; i < ROWS; i++) {
            own[i] = select(0.0, a[(row + i) * sizes.k + k], row + i < sizes.m && k < sizes.k);
        }
        for (var j = 0u; j < lanes; j++) {
            let b_value = select(0.0, b[(first + j) * sizes.n + col], first + j < sizes.k && col < sizes.n);
            for (var i = 0u; i < ROWS; i++) {
                sums[i] += subgroupShuffle(own[i], j) * b_value;
            }
        }
    }
    for (var i = 0u; i < ROWS; i++) {
        if (row + i < sizes.m && col < sizes.n) {
            c[(row + i) * sizes.n + col] = sums[i];
        }
    }
}
