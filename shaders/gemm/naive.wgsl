// Matrix product, the plain way:  C[split][m][n..n+3] = sum over k of A[m][k] * B[k][n..n+3]
//
// The files chosen in rows.wgsl, cols.wgsl and memory.wgsl define A, B and C.
//
// Threads: one per row and group of four columns, for each split.
// Work:    2*M*N*K FLOPs. Bytes: each thread loads a whole row of A and four columns of B, so A is read N/4 times and
//          B M times: about 5/4 loads for every 4 multiply-adds, and no reuse except in the cache.
// Why:     to be read first, and to check the other cores against. `tiled` and `subgroup` compute the same sums, but use
//          each loaded number many times.
#import common/grid.wgsl
#import gemm/product.wgsl
#import gemm/rows.wgsl
#import gemm/cols.wgsl
#import gemm/memory.wgsl
#import gemm/finish.wgsl
override WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    copy_params();
    let number = linear_workgroup(group, groups) * WORKGROUP + local;
    let quads = (p.cols + 3u) / 4u;
    let col = number % quads * 4u;
    let row = number / quads % p.rows;
    let split = number / quads / p.rows;
    if (split >= p.splits) {
        return;
    }
    let part = begin_split(split);
    if (row >= part.rows) {
        return;
    }
    // When neighbours in memory are rows, this thread needs one of the four rows in a quad.
    let lane = select(row % 4u, 0u, A_ALONG_K);
    let a_start = a_row(row - lane);
    var sum = vec4<f32>(0.0);
    for (var s = part.first; s < part.end; s++) {
        let a_span = a_segment(a_start, s);
        for (var k = 0u; k < p.depth; k += 4u) {
            // x[i][..]: along K, terms k .. k+3 of the row; else, four rows at term k+i.
            var x: array<vec4<f32>, 4>;
            // y[i]: along K, terms k .. k+3 of column col+i; else, four columns at term k+i.
            var y: array<vec4<f32>, 4>;
            for (var i = 0u; i < 4u; i++) {
                x[i] = a_quad(a_run(a_span, k + select(i, 0u, A_ALONG_K)));
                let b_start = b_col(col + select(0u, i, B_ALONG_K));
                y[i] = b_quad(b_run(b_segment(b_start, s), k + select(i, 0u, B_ALONG_K)));
            }
            for (var t = 0u; t < 4u; t++) {
                let factor = select(x[t][lane], x[0][t], A_ALONG_K);
                let column_t = vec4<f32>(y[0][t], y[1][t], y[2][t], y[3][t]);
                sum += factor * select(y[t], column_t, B_ALONG_K);
            }
        }
    }
    if (row % 8u == 0u) {
        finish_row(row, col, sum);
    }
    let place = c_place(split, row);
    c_store(place, col, finish(place, col, sum, finish_load(col)));
}
