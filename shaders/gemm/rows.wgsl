// Operand A of a matrix product: rows of first factors, however they are stored.
//
// The interface that every file for A offers to the cores, in order of use:
//     copy_params()          copies the uniform, which it also declares, into private variables
//     begin_split(split)     which part of the product the split is (gemm/splits.wgsl)
//     A_ALONG_K              whether neighbours in memory are terms of a row, or rows at one term
//     a_row(row)             what to keep of a row of A, computed once per tile
//     a_segment(row, s)      where the row's terms of segment s are stored, computed once per segment
//     a_run(span, k)         which neighbours in memory hold what is wanted at term k: with A_ALONG_K the row's terms
//                            k, k+1, ..; else term k of rows row, row+1, ..
//     c_row(row)             where the row goes in C (NOWHERE for padding)
//     c_start(split)         the row of C where the split's partial product begins
// and, except in files whose B is never stored by columns:
//     b_column(segment, col) where the terms of a segment of a column of B are stored (cols_transposed.wgsl)
#import gemm/product.wgsl
#import gemm/runs.wgsl
#choose rows: gemm/rows_dense.wgsl | gemm/rows_dense_transposed.wgsl
#choose rows: conv/rows_forward.wgsl | conv/rows_input_grad.wgsl | conv/rows_weight_grad.wgsl

// The row of C where a row of the product is stored; NOWHERE past the edge and for padding.
fn c_place(split: u32, row: u32) -> u32 {
    let place = c_row(row);
    return select(c_start(split) + place, NOWHERE, row >= p.rows || place == NOWHERE);
}
