// Result C, any number of columns:  C[place][col .. col+3] = value
//
// c        row-major [splits * rows][cols]
// Threads: called by whichever thread of a core has finished four columns; no map of its own.
// Bytes:   16 a call, up to four stores.
// Why:     as c_vec4.wgsl, for widths that 4 does not divide: each of the four columns is checked.
#import gemm/product.wgsl
#import gemm/runs.wgsl
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

// Rows and columns past the edge are dropped.
fn c_store(place: u32, col: u32, value: vec4<f32>) {
    if (place == NOWHERE) {
        return;
    }
    let base = place * p.cols;
    #unroll
    for (var e = 0u; e < 4u; e++) {
        if (col + e < p.cols) {
            c[base + col + e] = value[e];
        }
    }
}
