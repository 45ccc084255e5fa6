// Result C, four columns at once:  C[place][col .. col+3] = value
//
// c        row-major [splits * rows][cols], where 4 divides cols
// Threads: called by whichever thread of a core has finished four columns; no map of its own.
// Bytes:   16 a call, one store.
// Why:     tiles hang over the edges of C, so rows and columns past the edge are dropped here, in one place for all
//          cores. A row's place (c_place in runs.wgsl) is worked out once for all its columns.
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
