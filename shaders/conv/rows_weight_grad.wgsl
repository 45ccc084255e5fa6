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
const A_ALONG_K: bool = false;
override BIAS: bool;   // whether A has the bias row
override LARGE: bool;  // images of more than a million pixels
struct Row {
    kh: u32,     // kernel_h for the bias
    j: u32,      // first element within the kernel row
}
struct Span {
    row: Row,
    image: u32,  // image of term 0
    pixel: u32,  // pixel of term 0 within its image
    terms: u32,  // terms of the segment
}
struct Params {
    product: Product,              // gemm/product.wgsl
    @align(16) conv: Convolution,  // conv/sizes.wgsl
    row_pitch: u32,                // rows of A per kernel row, rounded up to a multiple of 8
}
@group(0) @binding(0) var<uniform> params: Params;
var<private> row_pitch: u32;

fn copy_params() {
    p = params.product;
    conv = params.conv;
    row_pitch = params.row_pitch;
}

// i / divisor. lavapipe divides integers lane by lane, which took a fifth of the kernel's time. In floats the quotient is
// exact up to i = 2^20, beyond the last pixel of any image that is not LARGE: (i + 1/2) / divisor is then further from an
// integer than the error of a division (2.5 ulp in WGSL) and a multiplication.
fn quotient(i: u32, divisor: u32) -> u32 {
    if (LARGE) {
        return i / divisor;
    }
    return u32((f32(i) + 0.5) * (1.0 / f32(divisor)));
}

fn a_row(row: u32) -> Row {
    let kh = row / row_pitch;
    return Row(kh, row - kh * row_pitch);
}

fn a_segment(row: Row, segment: u32) -> Span {
    let first = segment * p.depth;
    let image = first / (conv.out_h * conv.out_w);
    return Span(row, image, first - image * conv.out_h * conv.out_w, min(p.depth, p.terms - first));
}

fn a_run(span: Span, k: u32) -> Run {
    let exists = k < span.terms;
    if (BIAS && span.row.kh == conv.kernel_h) {
        return run_of_one(exists && span.row.j == 0u);
    }
    // Counted from the segment's first image.
    let line = quotient(span.pixel + k, conv.out_w);
    let image = quotient(line, conv.out_h);
    let n = span.image + image;
    let ih = i32((line - image * conv.out_h) * conv.stride_h + span.row.kh) - i32(conv.pad_top);
    let left = i32((span.pixel + k - line * conv.out_w) * conv.stride_w) - i32(conv.pad_left);
    let inside = exists && ih >= 0 && ih < i32(conv.in_h);
    return Run(
        u32((i32(n * conv.in_h) + ih) * i32(conv.in_w) + left) * conv.in_c,
        span.row.j,
        u32(max(-left, 0)) * conv.in_c,
        select(0u, u32(clamp(i32(conv.in_w) - left, 0, i32(conv.kernel_w))) * conv.in_c, inside),
    );
}

fn c_row(row: u32) -> u32 {
    let kh = row / row_pitch;
    let j = row - kh * row_pitch;
    let width = conv.kernel_w * conv.in_c;
    let stored = select(j < width, j == 0u && p.splits > 1u, BIAS && kh == conv.kernel_h);
    return select(NOWHERE, kh * width + j, stored);
}

fn c_rows() -> u32 {
    return conv.kernel_h * conv.kernel_w * conv.in_c + u32(BIAS);
}
