// Operand A of a dense product: a row-major matrix [rows, K]. Segments of `depth` terms, the last one shorter.
//
//     A row      row of the matrix
//     term       column of the matrix
//     segment    `depth` columns, fewer than any core can sum up in one go
#import gemm/dropout.wgsl
#import gemm/product.wgsl
#import gemm/runs.wgsl
#import gemm/splits.wgsl
const A_ALONG_K: bool = true;
struct Row {
    base: u32,   // first element of the row
}
struct Span {
    base: u32,   // element of A that holds term 0
    last: u32,   // terms of the segment
}
struct Params {
    product: Product,             // gemm/product.wgsl
    @align(16) dropout: Dropout,  // gemm/dropout.wgsl, zero without dropout
}
@group(0) @binding(0) var<uniform> params: Params;

fn copy_params() {
    p = params.product;
    dropout = params.dropout;
}

fn begin_split(split: u32) -> Part {
    return share_of_segments(params.product, split);
}

fn a_row(row: u32) -> Row {
    return Row(min(row, p.rows - 1u) * p.terms);
}

fn a_segment(row: Row, segment: u32) -> Span {
    let start = segment * p.depth;
    return Span(row.base + start, min(p.depth, p.terms - start));
}

fn a_run(span: Span, k: u32) -> Run {
    return Run(span.base, k, 0u, span.last);
}

fn c_row(row: u32) -> u32 {
    return row;
}

fn c_start(split: u32) -> u32 {
    return split * p.rows;
}

// Where B is stored by columns (cols_transposed.wgsl): the element that holds term 0 of a column's segment, and how many
// terms the segment has.
fn b_column(segment: u32, col: u32) -> ClampedRun {
    let start = segment * p.depth;
    return ClampedRun(col * p.terms + start, 0u, min(p.depth, p.terms - start) - 1u);
}
