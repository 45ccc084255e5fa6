// Operand B, stored by terms: a row-major matrix [terms, cols].
//
//     column     column of the matrix
//     term       row of the matrix
//
// Past the edge the last row or column is repeated, so that the numbers stay finite: the matching A is zero, or the result
// is not stored. Zero times whatever follows the matrix in memory could be NaN.
#import gemm/product.wgsl
#import gemm/runs.wgsl
const B_ALONG_K: bool = false;
struct Column {
    col: u32,
}
struct ColumnSpan {
    row: u32,    // row of B that holds term 0
    col: u32,
}

fn b_col(col: u32) -> Column {
    return Column(col);
}

fn b_segment(column: Column, segment: u32) -> ColumnSpan {
    return ColumnSpan(segment * p.depth, column.col);
}

fn b_run(span: ColumnSpan, k: u32) -> ClampedRun {
    return ClampedRun(min(span.row + k, p.terms - 1u) * p.cols, span.col, p.cols - 1u);
}
