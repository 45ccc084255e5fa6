// Operand A of the convolution's gradient with respect to its weights and bias, read straight from the image:
//     dW[kh, kw, ci, co] = sum over n, oh, ow of X[n, oh*sh + kh - pt, ow*sw + kw - pl, ci] * dY[n, oh, ow, co]
//     db[co] = sum over n, oh, ow of dY[n, oh, ow, co]
//
//     A row      (kh, kw, ci), then eight more, the first of which is the bias: rows = kernel_h * row_pitch + 8
//     term       pixel (n, oh, ow)      K = N * out_h * out_w
//     segment    `depth` pixels, the unit in which K is split
//     B          dY as [N * out_h * out_w, out_c]
//
// Here neighbours in memory are rows of A, not terms (A_ALONG_K is false): a run holds the window's elements j, j+1, .. of
// kernel row kh, where j = kw * in_c + ci. Each kernel row is rounded up to row_pitch so that no run crosses into the next;
// the extra rows are not stored. The bias is a weight whose input is always one, so its gradient is one more row of the same
// product: A reads as ones there. That saves two passes over dY.
//
// dW is small and K is huge, so the segments may be split over workgroups; each split stores its own partial dW and a
// second pass adds them in a fixed order, which keeps the result the same from run to run.
#import conv/sizes.wgsl
#import gemm/product.wgsl
#import gemm/runs.wgsl
#import gemm/splits.wgsl
const A_ALONG_K: bool = false;
override BIAS: bool;       // whether A has the bias row
override ONE_PIXEL: bool;  // whether the elements of a run are channels of one pixel, so that one check is enough for all
struct Row {
    is_bias: bool,
    i: u32,      // first element, counted from the window's first pixel, or with ONE_PIXEL from the pixel that it is in
    top: f32,    // image row of the first window's element, and its column; negative in the padding
    left: f32,
}
struct Span {
    row: Row,
    base: u32,   // element of X at the first pixel of the image row that term 0's window begins in, without padding
    oh: f32,     // output pixel of term 0 within its image
    ow: f32,
    terms: u32,  // terms of the segment
}
// Sizes as floats. A GPU multiplies integers at a quarter of the rate and divides them in many instructions, lavapipe lane by lane.
struct Steps {
    out_h: f32,      // rows of an output image
    out_w: f32,      // columns of an output image
    per_out_h: f32,  // 1 / out_h
    per_out_w: f32,  // 1 / out_w
    stride_h: f32,   // rows from one window to the next
    stride_w: f32,   // columns from one window to the next
    in_h: f32,       // rows of an input image
    in_w: f32,       // columns of an input image
}
struct Params {
    product: Product,              // gemm/product.wgsl
    @align(16) conv: Convolution,  // conv/sizes.wgsl
    @align(16) steps: Steps,       // the same in floats
    row_pitch: u32,                // rows of A per kernel row, rounded up to a multiple of 8
}
@group(0) @binding(0) var<uniform> params: Params;
var<private> steps: Steps;
var<private> row_pitch: u32;

fn copy_params() {
    p = params.product;
    conv = params.conv;
    steps = params.steps;
    row_pitch = params.row_pitch;
}

fn begin_split(split: u32) -> Part {
    return share_of_segments(params.product, split);
}

fn a_row(row: u32) -> Row {
    let kh = row / row_pitch;
    let j = row - kh * row_pitch;
    let is_bias = BIAS && kh == conv.kernel_h;
    let kw = select(0u, j / conv.in_c, ONE_PIXEL && !is_bias);
    return Row(is_bias, j - kw * conv.in_c, f32(kh) - f32(conv.pad_top), f32(kw) - f32(conv.pad_left));
}

fn a_segment(row: Row, segment: u32) -> Span {
    let first = segment * p.depth;
    let line = first / conv.out_w;
    let n = line / conv.out_h;
    let oh = line - n * conv.out_h;
    let base = (n * conv.in_h + oh * conv.stride_h) * conv.in_w * conv.in_c;
    return Span(row, base, f32(oh), f32(first - line * conv.out_w), min(p.depth, p.terms - first));
}

// All whole numbers here are below 2^24, so floats hold them exactly; the Rust side chooses `depth` so. A quotient is exact too:
// (i + 1/2) / divisor is further from an integer than the error of the multiplication by the rounded reciprocal.
fn a_run(span: Span, k: u32) -> Run {
    let exists = k < span.terms;
    let pixel = span.ow + f32(k);
    let lines = floor((pixel + 0.5) * steps.per_out_w);
    let line = span.oh + lines;
    let images = floor((line + 0.5) * steps.per_out_h);
    let ih = (line - images * steps.out_h) * steps.stride_h + span.row.top;
    let iw = (pixel - lines * steps.out_w) * steps.stride_w + span.row.left;
    // Counted from the image row that `base` points to.
    let row = ih - span.oh * steps.stride_h + images * steps.in_h;
    let base = span.base + (u32(i32(row)) * conv.in_w + u32(i32(iw))) * conv.in_c;
    let inside = exists && ih >= 0.0 && ih < steps.in_h;
    var first = 0u;
    var last = 0u;
    if (ONE_PIXEL) {
        last = select(0u, conv.in_c, inside && iw >= 0.0 && iw < steps.in_w);
    } else {
        first = u32(max(-iw, 0.0)) * conv.in_c;
        last = select(0u, u32(clamp(steps.in_w - iw, 0.0, f32(conv.kernel_w))) * conv.in_c, inside);
    }
    return Run(base, span.row.i, select(first, ONE, span.row.is_bias && exists), last);
}

fn c_row(row: u32) -> u32 {
    let kh = row / row_pitch;
    let j = row - kh * row_pitch;
    let width = conv.kernel_w * conv.in_c;
    let stored = select(j < width, j == 0u && p.splits > 1u, BIAS && kh == conv.kernel_h);
    return select(NOWHERE, kh * width + j, stored);
}

fn c_start(split: u32) -> u32 {
    return split * (conv.kernel_h * conv.kernel_w * conv.in_c + u32(BIAS));
}
