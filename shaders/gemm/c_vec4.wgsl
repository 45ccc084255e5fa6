// Result C, four columns at once:  C[place][col .. col+3] = value
//
// c        row-major [rows of C][cols], for each split if K is split, with cols divisible by 4
// Threads: called by each thread of a core that has finished four columns; no thread mapping of its own.
// Bytes:   16 per call, in one store.
// Why:     tiles extend past the edges of C, so rows and columns past the edge are dropped here, in one place for all cores.
//          A row's place (c_place in rows.wgsl) is computed once for all its columns.
#import gemm/product.wgsl
#import gemm/runs.wgsl
@group(0) @binding(3) var<storage, read_write> c: array<vec4<f32>>;

// Rows and columns past the edge are dropped.
fn c_store(place: u32, col: u32, value: vec4<f32>) {
    if (place == NOWHERE || col >= p.cols) {
        return;
    }
    c[(place * p.cols + col) / 4u] = value;
}
