// Operand B of a matrix product: columns of second factors, stored by terms or by columns.
//
// The interface of both files, like that of A (rows.wgsl):
//     B_ALONG_K              whether neighbours in memory are terms of a column, or columns at one term
//     b_col(col)             what to keep of a column, computed once per tile
//     b_segment(col, s)      where the column's terms of segment s are stored, computed once per segment
//     b_run(span, k)         which neighbours in memory hold what is wanted at term k: with B_ALONG_K the column's terms
//                            k, k+1, ..; else term k of columns col, col+1, ..
#choose cols: gemm/cols_dense.wgsl | gemm/cols_transposed.wgsl
