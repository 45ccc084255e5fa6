// Matrix product through workgroup memory, for real GPUs:  C = A B
//
// The files chosen in rows.wgsl, cols.wgsl and memory.wgsl define A, B and C.
//
// Threads: a workgroup computes a tile of TILE_ROWS x TILE_COLS of C. A thread keeps ROW_BLOCKS x COL_BLOCKS blocks of 4 x 4
//          in registers, so a workgroup has ROW_LANES x COL_LANES threads. Workgroups go over row tiles first, then column
//          tiles, then splits of K.
// Loop:    TERMS terms at a time. Each thread loads up to ROUNDS blocks of 4 lines x 4 terms of A or B, transposed so that
//          four lines at one term are one vec4. After a barrier, every thread multiplies.
// Bytes:   A is read N/TILE_COLS times and B M/TILE_ROWS times. In the inner loop 4 * (ROW_BLOCKS + COL_BLOCKS) numbers from
//          workgroup memory feed 16 * ROW_BLOCKS * COL_BLOCKS multiply-adds. At most 16 KiB of workgroup memory, which every
//          adapter has.
// Why:     global memory is far slower than registers; the tile uses each number loaded from it TILE_ROWS or TILE_COLS
//          times, and the blocks in registers use each number from workgroup memory 4 or 8 times. Small and narrow tiles are
//          for small and narrow results, where a large tile would compute mostly padding or leave too few workgroups. The
//          naive version is bound by loads.
#import common/grid.wgsl
#import gemm/product.wgsl
#import gemm/rows.wgsl
#import gemm/cols.wgsl
#import gemm/memory.wgsl
#import gemm/finish.wgsl
#const TILE_ROWS = 64   // rows of C in a tile, a power of two
#const TILE_COLS = 64   // columns of C in a tile, a power of two
#const ROW_BLOCKS = 2   // blocks of 4 rows per thread
#const COL_BLOCKS = 1   // blocks of 4 columns per thread
#const TERMS = 16       // terms at a time
#const ROUNDS = 1       // blocks that a thread loads at most
const ROW_LANES: u32 = TILE_ROWS / 4u / ROW_BLOCKS;
const COL_LANES: u32 = TILE_COLS / 4u / COL_BLOCKS;
const THREADS: u32 = ROW_LANES * COL_LANES;
const A_LINES: u32 = TILE_ROWS / 4u;  // vec4s of A at one term
const B_LINES: u32 = TILE_COLS / 4u;
const LINES: u32 = A_LINES + B_LINES;
const A_BLOCKS: u32 = A_LINES * TERMS / 4u;
const BLOCKS: u32 = LINES * TERMS / 4u;

// [TERMS][LINES]: four rows of A, or four columns of B, at one term.
var<workgroup> tile: array<vec4<f32>, TERMS * LINES>;

// Where a line is stored for the terms 4 * quad .. 4 * quad + 3. Eight threads write 128 bytes at once if these are in
// different memory banks. When they write the TERMS / 4 quads of one or two lines, all would be in the same few banks; so
// lines are swapped within groups of eight, differently for each quad.
fn swizzled(line: u32, quad: u32, lines: u32) -> u32 {
    return line ^ ((32u / TERMS * quad) & (min(lines, 8u) - 1u));
}

// Whether a thread has a block `n`. Known at compile time where all threads agree.
fn has_block(n: u32, local: u32) -> bool {
    return (n + 1u) * THREADS <= BLOCKS || n * THREADS + local < BLOCKS;
}

// Whether a thread's block `n` belongs to A: blocks of A come first. Known at compile time where all threads agree.
fn brings_a(n: u32, local: u32) -> bool {
    if ((n + 1u) * THREADS <= A_BLOCKS) {
        return true;
    }
    return n * THREADS < A_BLOCKS && n * THREADS + local < A_BLOCKS;
}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    copy_params();
    // Not the private copy: WGSL requires uniform control flow at a barrier, and a private variable is not uniform.
    let sizes = params.product;
    let tiles_m = (sizes.rows + TILE_ROWS - 1u) / TILE_ROWS;
    let tiles_n = (sizes.cols + TILE_COLS - 1u) / TILE_COLS;
    let number = linear_workgroup(group, groups);
    let split = number / tiles_m / tiles_n;
    if (split >= sizes.splits) {
        return;  // the whole workgroup returns, so no barrier is missed
    }
    let part = begin_split(split);
    let row0 = number % tiles_m * TILE_ROWS;
    if (row0 >= part.rows) {
        return;
    }
    let col0 = number / tiles_m % tiles_n * TILE_COLS;

    // The blocks that this thread loads. Neighbouring threads load neighbours in memory.
    var a_start: array<Row, 4u * ROUNDS>;
    var b_start: array<Column, 4u * ROUNDS>;
    var first_term: array<u32, ROUNDS>;
    var place: array<u32, ROUNDS>;  // of a block's first term in the tile
    #unroll
    for (var n = 0u; n < ROUNDS; n++) {
        let is_a = brings_a(n, local);
        let block = n * THREADS + local - select(A_BLOCKS, 0u, is_a);
        let lines = select(B_LINES, A_LINES, is_a);
        let along_k = select(B_ALONG_K, A_ALONG_K, is_a);
        let line = select(block % lines, block / (TERMS / 4u), along_k);
        let quad = select(block / lines, block % (TERMS / 4u), along_k);
        first_term[n] = 4u * quad;
        place[n] = 4u * quad * LINES + select(A_LINES, 0u, is_a) + swizzled(line, quad, lines);
        #unroll
        for (var i = 0u; i < 4u; i++) {
            a_start[n * 4u + i] = a_row(row0 + line * 4u + select(0u, i, A_ALONG_K));
            b_start[n * 4u + i] = b_col(col0 + line * 4u + select(0u, i, B_ALONG_K));
        }
    }

    // This thread computes 4 rows, from 4 * my_row on, of each TILE_ROWS / ROW_BLOCKS of the tile, and columns likewise.
    let my_row = local / COL_LANES;
    let my_col = local % COL_LANES;
    var sum: array<vec4<f32>, 4u * ROW_BLOCKS * COL_BLOCKS>;  // [row][block of columns]
    for (var s = part.first; s < part.end; s++) {
        var a_span: array<Span, 4u * ROUNDS>;
        var b_span: array<ColumnSpan, 4u * ROUNDS>;
        #unroll
        for (var n = 0u; n < ROUNDS; n++) {
            #unroll
            for (var i = 0u; i < 4u; i++) {
                a_span[n * 4u + i] = a_segment(a_start[n * 4u + i], s);
                b_span[n * 4u + i] = b_segment(b_start[n * 4u + i], s);
            }
        }
        let depth = min(sizes.depth, sizes.terms - s * sizes.depth);
        for (var k = 0u; k < depth; k += TERMS) {
            // All loads first, so that they are in flight together.
            var x: array<vec4<f32>, 4u * ROUNDS>;
            #unroll
            for (var n = 0u; n < ROUNDS; n++) {
                let term = k + first_term[n];
                if (brings_a(n, local)) {
                    #unroll
                    for (var i = 0u; i < 4u; i++) {
                        x[n * 4u + i] = a_quad(a_run(a_span[n * 4u + i], term + select(i, 0u, A_ALONG_K)));
                    }
                } else if (has_block(n, local)) {
                    #unroll
                    for (var i = 0u; i < 4u; i++) {
                        x[n * 4u + i] = b_quad(b_run(b_span[n * 4u + i], term + select(i, 0u, B_ALONG_K)));
                    }
                }
            }
            #unroll
            for (var n = 0u; n < ROUNDS; n++) {
                let along_k = select(B_ALONG_K, A_ALONG_K, brings_a(n, local));
                if (has_block(n, local)) {
                    #unroll
                    for (var t = 0u; t < 4u; t++) {
                        let transposed = vec4<f32>(x[n * 4u][t], x[n * 4u + 1u][t], x[n * 4u + 2u][t], x[n * 4u + 3u][t]);
                        tile[place[n] + t * LINES] = select(x[n * 4u + t], transposed, along_k);
                    }
                }
            }
            workgroupBarrier();
            for (var quad = 0u; quad < TERMS / 4u; quad++) {
                let rows_at = 4u * quad * LINES + swizzled(my_row, quad, A_LINES);
                let cols_at = 4u * quad * LINES + A_LINES + swizzled(my_col, quad, B_LINES);
                #unroll
                for (var t = 0u; t < 4u; t++) {
                    var y: array<vec4<f32>, COL_BLOCKS>;
                    #unroll
                    for (var n = 0u; n < COL_BLOCKS; n++) {
                        y[n] = tile[cols_at + t * LINES + n * COL_LANES];
                    }
                    #unroll
                    for (var m = 0u; m < ROW_BLOCKS; m++) {
                        let rows = tile[rows_at + t * LINES + m * ROW_LANES];
                        #unroll
                        for (var r = 0u; r < 4u; r++) {
                            #unroll
                            for (var n = 0u; n < COL_BLOCKS; n++) {
                                sum[(m * 4u + r) * COL_BLOCKS + n] = fma(vec4<f32>(rows[r]), y[n], sum[(m * 4u + r) * COL_BLOCKS + n]);
                            }
                        }
                    }
                }
            }
            workgroupBarrier();
        }
    }
    #unroll
    for (var m = 0u; m < ROW_BLOCKS; m++) {
        #unroll
        for (var r = 0u; r < 4u; r++) {
            let row = row0 + (m * ROW_LANES + my_row) * 4u + r;
            let c_row_place = c_place(split, row);
            #unroll
            for (var n = 0u; n < COL_BLOCKS; n++) {
                let col = col0 + (n * COL_LANES + my_col) * 4u;
                let value = sum[(m * 4u + r) * COL_BLOCKS + n];
                if (row % 8u == 0u) {
                    finish_row(row, col, value);
                }
                c_store(c_row_place, col, finish(c_row_place, col, value, finish_load(col)));
            }
        }
    }
}
