// Operand B, stored by columns: [segments, cols, depth], so that a column's terms are neighbours.
//
// This is how a weight lies in memory when a gradient goes back through it: the sum is then over what were its columns.
// Reading it so costs the same as reading it straight and saves writing its transpose.
// See cols_dense.wgsl for the interface and for what happens past the edge.
const B_ALONG_K: bool = true;
struct Column {
    col: u32,
}
struct ColumnSpan {
    base: u32,   // element of B that holds the column's term 0
}

fn b_col(col: u32) -> Column {
    return Column(min(col, p.cols - 1u));
}

fn b_segment(column: Column, segment: u32) -> ColumnSpan {
    return ColumnSpan((segment * p.cols + column.col) * p.depth);
}

fn b_run(span: ColumnSpan, k: u32) -> ClampedRun {
    return ClampedRun(span.base, k, p.depth - 1u);
}
