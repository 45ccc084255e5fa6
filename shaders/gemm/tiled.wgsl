// Matrix product through workgroup memory, for real GPUs:  C = A B
//
// A, B and C are whatever the files of rows.wgsl, cols.wgsl and memory.wgsl say.
//
// Threads: a workgroup of 16 x 16 threads computes a tile of TILE x TILE of C, 128 or 64; each thread 8 x 8 or 4 x 4 of it
//          in registers: for each 64 rows and 64 columns of the tile a block of 4 x 4. Workgroups go over row tiles
//          first, then column tiles, then splits of K.
// Loop:    TERMS terms at a time. Half of the threads bring A, half B, each a block of 4 lines x 4 terms, turned so that
//          four lines at one term are one vec4. All wait, then every thread multiplies.
// Bytes:   A is read N/TILE times and B M/TILE times. In the inner loop 16 (8) numbers from workgroup memory feed 64 (16)
//          multiply-adds. 16 KiB of workgroup memory, which every adapter has.
// Why:     global memory is far slower than registers; the tile gives each number loaded from it TILE uses, and
//          the block in registers each number from workgroup memory 8 (4). The small tile is for small results, of
//          which the large one would make too few workgroups. The naive version is bound by loads.
#import common/grid.wgsl
#import gemm/product.wgsl
#import gemm/rows.wgsl
#import gemm/cols.wgsl
#import gemm/memory.wgsl
#import gemm/finish.wgsl
#const TILE = 64  // rows and columns of C in a tile: 128 or 64
const LINES: u32 = TILE / 4u;               // vec4 in a row of a tile
const TERMS: u32 = 2048u / TILE;            // 16 or 32: each half of the threads brings 128 blocks of 4 x 4
const BLOCKS: u32 = TILE / 64u;             // blocks of 4 rows (columns) of a thread

var<workgroup> a_tile: array<vec4<f32>, TERMS * LINES>;  // [TERMS][LINES], four rows of A together
var<workgroup> b_tile: array<vec4<f32>, TERMS * LINES>;  // [TERMS][LINES], four columns of B together

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    copy_params();
    let tiles_m = (p.rows + TILE - 1u) / TILE;
    let tiles_n = (p.cols + TILE - 1u) / TILE;
    let tile = linear_workgroup(group, groups);
    let split = tile / tiles_m / tiles_n;
    if (split >= p.splits) {
        return;  // the whole workgroup leaves, so no barrier is missed
    }
    let row0 = tile % tiles_m * TILE;
    let col0 = tile / tiles_m % tiles_n * TILE;

    // The block this thread brings. Neighbouring threads bring what are neighbours in memory.
    let brings_a = local < 128u;
    let along_k = select(B_ALONG_K, A_ALONG_K, brings_a);
    let block = local % 128u;
    let line = select(block % LINES, block / (TERMS / 4u), along_k);          // line 4 * line .. of the tile
    let term = select(block / LINES, block % (TERMS / 4u), along_k) * 4u;     // term .. term + 3
    var a_start: array<Row, 4>;
    var b_start: array<Column, 4>;
    for (var i = 0u; i < 4u; i++) {
        a_start[i] = a_row(row0 + line * 4u + select(0u, i, A_ALONG_K));
        b_start[i] = b_col(col0 + line * 4u + select(0u, i, B_ALONG_K));
    }

    let my_row = local / 16u;  // this thread computes rows 4 * my_row .. and columns 4 * my_col .. of each 64 of the tile
    let my_col = local % 16u;
    var sum: array<array<vec4<f32>, BLOCKS>, 4u * BLOCKS>;
    let end = min((split + 1u) * p.segments_per_split, p.segments);
    for (var s = split * p.segments_per_split; s < end; s++) {
        var a_span: array<Span, 4>;
        var b_span: array<ColumnSpan, 4>;
        for (var i = 0u; i < 4u; i++) {
            a_span[i] = a_segment(a_start[i], s);
            b_span[i] = b_segment(b_start[i], s);
        }
        for (var k = 0u; k < p.depth; k += TERMS) {
            var x: array<vec4<f32>, 4>;
            for (var i = 0u; i < 4u; i++) {
                if (brings_a) {
                    x[i] = a_quad(a_run(a_span[i], k + term + select(i, 0u, A_ALONG_K)));
                } else {
                    x[i] = b_quad(b_run(b_span[i], k + term + select(i, 0u, B_ALONG_K)));
                }
            }
            for (var t = 0u; t < 4u; t++) {
                let lines = select(x[t], vec4<f32>(x[0][t], x[1][t], x[2][t], x[3][t]), along_k);
                if (brings_a) {
                    a_tile[(term + t) * LINES + line] = lines;
                } else {
                    b_tile[(term + t) * LINES + line] = lines;
                }
            }
            workgroupBarrier();
            for (var t = 0u; t < TERMS; t++) {
                var y: array<vec4<f32>, BLOCKS>;
                for (var n = 0u; n < BLOCKS; n++) {
                    y[n] = b_tile[t * LINES + n * 16u + my_col];
                }
                for (var m = 0u; m < BLOCKS; m++) {
                    let rows = a_tile[t * LINES + m * 16u + my_row];
                    for (var r = 0u; r < 4u; r++) {
                        for (var n = 0u; n < BLOCKS; n++) {
                            sum[m * 4u + r][n] = fma(vec4<f32>(rows[r]), y[n], sum[m * 4u + r][n]);
                        }
                    }
                }
            }
            workgroupBarrier();
        }
    }
    for (var m = 0u; m < BLOCKS; m++) {
        for (var r = 0u; r < 4u; r++) {
            let row = row0 + m * 64u + my_row * 4u + r;
            let place = c_place(split, row);
            for (var n = 0u; n < BLOCKS; n++) {
                let col = col0 + n * 64u + my_col * 4u;
                let value = sum[m * 4u + r][n];
                if (row % 8u == 0u) {
                    finish_row(row, col, value);
                }
                c_store(place, col, finish(row, col, value, finish_load(col)));
            }
        }
    }
}
