// Operand B, any number of columns:  b_load(segment, k, col) = B[segment * depth + k][col .. col+3]
//
// b        row-major matrix [segments * depth, cols]
// Threads: called by whichever thread of a core wants four columns; no map of its own.
// Bytes:   16 a call, four loads.
// Why:     the ten classes of the last layer, and other widths that 4 does not divide. Past the edge it repeats the last
//          real row or column, for the reason that b_vec4.wgsl gives.
@group(0) @binding(2) var<storage, read> b: array<f32>;

// B[segment * depth + k][col .. col+3]. Past the edge it repeats the last real row or column, so that the numbers
// stay finite: the matching A is zero there, or the result is not stored.
fn b_load(segment: u32, k: u32, col: u32) -> vec4<f32> {
    let row = (segment * p.depth + min(k, p.depth - 1u)) * p.cols;
    let last = p.cols - 1u;
    return vec4<f32>(
        b[row + min(col, last)],
        b[row + min(col + 1u, last)],
        b[row + min(col + 2u, last)],
        b[row + min(col + 3u, last)],
    );
}
