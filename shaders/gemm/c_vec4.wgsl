// Result C, four columns at once:  C[split][row][col .. col+3] = value
//
// c        row-major [splits][rows][cols], where 4 divides cols
// Threads: called by whichever thread of a core has finished four columns; no map of its own.
// Bytes:   16 a call, one store.
// Why:     tiles hang over the edges of C, so rows and columns past the edge are dropped here, in one place for all
//          cores. The operand file says where a row goes (c_row).
@group(0) @binding(3) var<storage, read_write> c: array<vec4<f32>>;

// Rows and columns past the edge are dropped.
fn c_store(split: u32, row: u32, col: u32, value: vec4<f32>) {
    if (row >= p.rows || col >= p.cols || c_row(row) == NOWHERE) {
        return;
    }
    c[((split * c_rows() + c_row(row)) * p.cols + col) / 4u] = value;
}
