// The sizes of one matrix product C = A B, shared by every operand file and every core.
//
// K, the length of the sum, is cut into `segments` pieces of `depth` terms each. A dense product has one
// segment; a convolution has one for each kernel row (or tap), chosen so that within a segment the terms stand side by
// side in memory and the inner loop needs no division. The last segment of a weight gradient may be shorter.
//
// The fields after `splits` describe the image and are zero for a dense product.
struct Params {
    rows: u32,                // rows of A and C (M)
    cols: u32,                // columns of B and C (N)
    segments: u32,            // pieces of K
    depth: u32,               // terms in a piece
    terms: u32,               // K, at most segments * depth
    segments_per_split: u32,  // consecutive segments that one split of K sums up
    splits: u32,              // how many partial products C holds, one after the other; 1 = the product itself
    in_h: u32,                // input image [N, in_h, in_w, in_c]
    in_w: u32,
    in_c: u32,
    out_h: u32,               // output image [N, out_h, out_w, out_c]
    out_w: u32,
    out_c: u32,
    kernel_h: u32,
    kernel_w: u32,
    stride_h: u32,
    stride_w: u32,
    pad_top: u32,             // rows and columns of zeros before the image
    pad_left: u32,
    row_pitch: u32,           // weight gradient: rows of A for a kernel row, rounded up to a multiple of 8
    first_h: u32,             // input gradient: first row of the phase, and the first column
    first_w: u32,
    grid_h: u32,              // rows and columns of the phase
    grid_w: u32,
    tap_h: u32,               // first tap of the phase
    tap_w: u32,
    taps_w: u32,              // taps of the phase in a row, at least 1
    run: u32,                 // direct convolution: image rows of a thread
    stream: u32,              // dropout: tells one layer from another
    rate: f32,                // dropout: the probability of 0
}
@group(0) @binding(0) var<uniform> params: Params;

// The uniform is copied at the start of every kernel that has loops: lavapipe would load a uniform anew, lane by lane, at
// every use in a loop. That took a fifth of the weight gradient's time.
var<private> p: Params;

// Weight gradient: the row of A that is all ones, whose sums are the bias's gradient. It is the first of the last eight.
fn bias_row() -> u32 {
    return p.rows - 8u;
}
