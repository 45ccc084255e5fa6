// Operand B, stored by columns, so that a column's terms are neighbours. A's file says where a column's segment begins
// (b_column), because it knows what a segment is.
//
// The backward pass reads weights this way: its sum is over what were the columns of the weight. This costs the same as
// reading it straight and saves writing its transpose.
// See cols_dense.wgsl for what happens past the edge.
#import gemm/product.wgsl
#import gemm/rows.wgsl
#import gemm/runs.wgsl
const B_ALONG_K: bool = true;
struct Column {
    col: u32,
}
alias ColumnSpan = ClampedRun;

fn b_col(col: u32) -> Column {
    return Column(min(col, p.cols - 1u));
}

fn b_segment(column: Column, segment: u32) -> ColumnSpan {
    return b_column(segment, column.col);
}

fn b_run(span: ColumnSpan, k: u32) -> ClampedRun {
    return ClampedRun(span.base, k, span.last);
}
