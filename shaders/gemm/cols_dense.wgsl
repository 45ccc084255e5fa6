// Operand B, stored by terms: a row-major matrix [terms, cols].
//
// The interface of operand B, as that of A (rows_dense.wgsl):
//     b_col(col)             what to remember of a column, computed once a tile
//     b_segment(col, s)      where the column's terms of segment s lie, computed once a segment
//     b_run(span, k)         which neighbours in memory hold what is wanted at term k: with B_ALONG_K the column's terms
//                            k, k+1, ..; else term k of columns col, col+1, ..
//
// Past the edge it repeats what is there, so that the numbers stay finite: the matching A is zero, or the result is not
// stored. Zero times whatever lay behind the matrix could be NaN.
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
