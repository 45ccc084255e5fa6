// Operand B, four columns at once:  b_load(segment, k, col) = B[segment * depth + k][col .. col+3]
//
// b        row-major matrix [segments * depth, cols], where 4 divides cols
// Threads: called by whichever thread of a core wants four columns; no map of its own.
// Bytes:   16 a call, one load.
// Why:     past the edge it repeats the last real row or columns, so that the numbers stay finite: the matching A is zero
//          there, or the result is not stored. Zero times whatever lay behind the matrix could be NaN.
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;

// B[segment * depth + k][col .. col+3]. Past the edge it repeats the last real row or columns, so that the numbers
// stay finite: the matching A is zero there, or the result is not stored.
fn b_load(segment: u32, k: u32, col: u32) -> vec4<f32> {
    let row = segment * p.depth + min(k, p.depth - 1u);
    return b[(row * p.cols + min(col, p.cols - 4u)) / 4u];
}
