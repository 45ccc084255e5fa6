// Matrix product through workgroup memory, for real GPUs:  C = A B
//
// A, B and C are whatever the joined operand files say (see rows_dense.wgsl for their interface).
//
// Threads: a workgroup of 16 x 16 threads computes a tile of 64 x 64 of C; each thread 4 x 4 of it, in registers.
//          Workgroups go over column tiles first, then row tiles, then splits of K.
// Loop:    16 terms at a time. Each thread brings one vec4 of A and one of B into workgroup memory, all wait, then every
//          thread multiplies 4 numbers of A with 4 of B, 16 times.
// Bytes:   A is read N/64 times and B M/64 times. In the inner loop 8 numbers from workgroup memory feed 16
//          multiply-adds. 8 KiB of workgroup memory, which every adapter has.
// Why:     global memory is some 20 times slower than registers; the tile gives each number loaded from it 64 uses. The
//          naive version gives it 4 and is bound by loads.
const TILE: u32 = 64u;
const TERMS: u32 = 16u;

// A is kept as scalars: four threads fill neighbouring rows, and in WGSL a write to one component of a vec4 may touch all.
var<workgroup> a_tile: array<f32, 1024>;       // [TERMS][TILE] rows of A
var<workgroup> b_tile: array<vec4<f32>, 256>;  // [TERMS][TILE / 4], four columns of B together

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let tiles_n = (p.cols + TILE - 1u) / TILE;
    let tiles_m = (p.rows + TILE - 1u) / TILE;
    let tile = linear_workgroup(group, groups);
    let split = tile / tiles_n / tiles_m;
    if (split >= p.splits) {
        return;  // the whole workgroup leaves, so no barrier is missed
    }
    let row0 = tile / tiles_n % tiles_m * TILE;
    let col0 = tile % tiles_n * TILE;
    let my_rows = local / 16u;  // this thread computes rows 4*my_rows .. and columns 4*my_cols .. of the tile
    let my_cols = local % 16u;

    // The vec4 this thread brings: along K, four terms of one row; else, four rows at one term.
    let a_line = select(local % 16u * 4u, local / 4u, A_ALONG_K);  // row within the tile
    let a_term = select(local / 16u, local % 4u * 4u, A_ALONG_K);
    let a_start = a_row(row0 + a_line);
    let b_term = local / 16u;
    let b_col = col0 + local % 16u * 4u;

    var sum: array<vec4<f32>, 4>;
    let end = min((split + 1u) * p.segments_per_split, p.segments);
    for (var s = split * p.segments_per_split; s < end; s++) {
        let span = a_segment(a_start, s);
        for (var k = 0u; k < p.depth; k += TERMS) {
            let x = a_load(span, k + a_term);
            if (A_ALONG_K) {
                for (var i = 0u; i < 4u; i++) {
                    a_tile[(a_term + i) * TILE + a_line] = x[i];
                }
            } else {
                for (var i = 0u; i < 4u; i++) {
                    a_tile[a_term * TILE + a_line + i] = x[i];
                }
            }
            b_tile[b_term * 16u + local % 16u] = b_load(s, k + b_term, b_col);
            workgroupBarrier();
            for (var i = 0u; i < TERMS; i++) {
                let y = b_tile[i * 16u + my_cols];
                for (var r = 0u; r < 4u; r++) {
                    let x = a_tile[i * TILE + my_rows * 4u + r];
                    sum[r] = fma(vec4<f32>(x), y, sum[r]);
                }
            }
            workgroupBarrier();
        }
    }
    let col = col0 + my_cols * 4u;
    let extra = finish_load(col);
    for (var r = 0u; r < 4u; r++) {
        c_store(split, row0 + my_rows * 4u + r, col, finish(sum[r], extra));
    }
}
