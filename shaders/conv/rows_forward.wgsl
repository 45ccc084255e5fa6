// Operand A of the convolution's forward pass, read straight from the image (implicit im2col):
//     Y[n, oh, ow, co] = sum over kh, kw, ci of X[n, oh*sh + kh - pt, ow*sw + kw - pl, ci] * W[kh, kw, ci, co]
//
//     A row      (n, oh, ow)            rows = N * out_h * out_w
//     segment    kh, and part of it     segments = kernel_h * parts
//     term       (kw, ci)               depth = kernel_w * in_c / parts
//     B          W as [kernel_h * kernel_w * in_c, out_c]
//
// In NHWC a row of the window, (kw, ci), is one run of kernel_w * in_c neighbours, so a segment has no inner structure:
// padding only shortens the run at its ends. Where a GPU should split the sum of few rows, a run is cut into equal parts, a
// segment each. No division in the inner loop, no copy of the image: an explicit im2col would
// write and read kernel_h * kernel_w times the image.
#import conv/sizes.wgsl
#import gemm/product.wgsl
#import gemm/runs.wgsl
#import gemm/splits.wgsl
const A_ALONG_K: bool = true;
override CUT: bool;   // more than one part
struct Row {
    image: u32,   // n * in_h
    top: i32,     // oh*sh - pt, image row of the window's first row; negative in the padding
    left: i32,    // ow*sw - pl
}
struct Span {
    base: u32,   // element of X that holds term 0; wraps below zero when the window starts in the padding
    first: u32,  // terms first .. last are in the image, the others in the padding
    last: u32,
}
struct Params {
    product: Product,              // gemm/product.wgsl
    @align(16) conv: Convolution,  // conv/sizes.wgsl
    parts: u32,                    // segments in a kernel row
}
@group(0) @binding(0) var<uniform> params: Params;
var<private> parts: u32;

fn copy_params() {
    p = params.product;
    conv = params.conv;
    parts = params.parts;
}

fn begin_split(split: u32) -> Part {
    return share_of_segments(params.product, split);
}

fn a_row(row: u32) -> Row {
    let pixel = min(row, p.rows - 1u);
    let line = pixel / conv.out_w;
    let n = line / conv.out_h;
    return Row(
        n * conv.in_h,
        i32((line - n * conv.out_h) * conv.stride_h) - i32(conv.pad_top),
        i32((pixel - line * conv.out_w) * conv.stride_w) - i32(conv.pad_left),
    );
}

fn a_segment(row: Row, segment: u32) -> Span {
    let kh = select(segment, segment / parts, CUT);
    let done = select(0u, (segment - kh * parts) * p.depth, CUT);  // terms of the kernel row before this segment
    let ih = row.top + i32(kh);
    let inside = ih >= 0 && ih < i32(conv.in_h);
    let before = max(-row.left, 0);
    let after = clamp(i32(conv.in_w) - row.left, 0, i32(conv.kernel_w));
    let first = u32(before) * conv.in_c;
    let last = select(0u, u32(after) * conv.in_c, inside);
    return Span(
        u32((i32(row.image) + ih) * i32(conv.in_w) + row.left) * conv.in_c + done,
        max(first, done) - done,
        min(max(last, done) - done, p.depth),
    );
}

fn a_run(span: Span, k: u32) -> Run {
    return Run(span.base, k, span.first, span.last);
}

fn c_row(row: u32) -> u32 {
    return row;
}

fn c_start(split: u32) -> u32 {
    return split * p.rows;
}
