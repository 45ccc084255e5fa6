// Operand A of a dense product: a row-major matrix [rows, K]. One segment; its terms start at row * K.
//
// The interface every operand file gives to the cores, in the order of use:
//     a_row(row)             what to remember of a row of A, computed once a tile
//     a_segment(row, s)      where the row's terms of segment s lie, computed once a segment
//     a_run(span, k)         which neighbours in memory hold what is wanted at term k: with A_ALONG_K the row's terms
//                            k, k+1, ..; else term k of rows row, row+1, ..
//     c_row(row), c_rows()   where the row goes in C (NOWHERE for padding), and how many rows C has
const A_ALONG_K: bool = true;
struct Row {
    base: u32,   // first element of the row
}
struct Span {
    base: u32,   // element of A that holds term 0
}

fn a_row(row: u32) -> Row {
    return Row(min(row, p.rows - 1u) * p.depth);
}

fn a_segment(row: Row, segment: u32) -> Span {
    return Span(row.base);
}

fn a_run(span: Span, k: u32) -> Run {
    return Run(span.base, k, 0u, p.depth);
}

fn c_row(row: u32) -> u32 {
    return row;
}

fn c_rows() -> u32 {
    return p.rows;
}
