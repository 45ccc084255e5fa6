// Operand A of a dense product: a row-major matrix [rows, K]. One segment; its run starts at row * K.
//
// The interface every operand file gives to the cores, in the order of use:
//     a_row(row)             what to remember of a row of A, computed once a tile
//     a_segment(row, s)      where the row's terms of segment s lie, computed once a segment
//     a_load(span, k)        terms k .. k+3 of that segment (k a multiple of 4), zero where there are none
//     c_row(row), c_rows()   where the row goes in C, and how many rows C has
const A_ALONG_K: bool = true;
struct Row {
    base: u32,   // first element of the row
}
struct Span {
    base: u32,   // element of A that holds term 0
    first: u32,  // terms first .. last are in memory, the others are zero
    last: u32,
}

fn a_row(row: u32) -> Row {
    return Row(min(row, p.rows - 1u) * p.depth);
}

fn a_segment(row: Row, segment: u32) -> Span {
    return Span(row.base, 0u, p.depth);
}

fn a_load(span: Span, k: u32) -> vec4<f32> {
    return a_quad(span.base, k, span.first, span.last);
}

fn c_has_row(row: u32) -> bool {
    return true;
}

fn c_row(row: u32) -> u32 {
    return row;
}

fn c_rows() -> u32 {
    return p.rows;
}
