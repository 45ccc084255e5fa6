// Result C, any number of columns:  C[place][col .. col+3] = value
//
// c        row-major [rows of C][cols], for each split if K is split
// Threads: called by each thread of a core that has finished four columns; no thread mapping of its own.
// Bytes:   16 per call, in up to four stores.
// Why:     as in c_vec4.wgsl, for widths not divisible by 4: each of the four columns is checked.
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
