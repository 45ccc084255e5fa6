// Operand A of the convolution's gradient with respect to its input, read straight from dY:
//     dX[n, ih, iw, ci] = sum over kh, kw, co of dY[n, oh, ow, co] * W[kh, kw, ci, co]
//     where oh*sh + kh - pt = ih and ow*sw + kw - pl = iw
//
// A tap contributes to an input pixel only when ih + pt - kh is divisible by the stride. Pixels with the same remainder (a
// phase) have the same taps: one product computes the pixels first_h, first_h + sh, .. by first_w, first_w + sw, .. with the
// taps tap_h, tap_h + sh, .. by tap_w, tap_w + sw, .. and so skips the zeros in between. With stride 1 there is one phase.
//
//     A row      (n, i, j) of the phase   rows = N * grid_h * grid_w, pixel (first_h + i*sh, first_w + j*sw)
//     segment    tap (s, t) of the phase  segments = taps of the phase, none where the stride is wider than the kernel
//     term       co                       depth = out_c
//     B          W read by columns, [kernel_h * kernel_w, in_c, out_c] (gemm/cols_transposed.wgsl)
#import conv/sizes.wgsl
#import gemm/product.wgsl
#import gemm/runs.wgsl
const A_ALONG_K: bool = true;
override STRIDED: bool;  // more than one phase
struct Row {
    image: u32,  // n * out_h
    y: i32,      // oh of the phase's first tap; each further tap is one row higher
    x: i32,
}
struct Span {
    base: u32,   // element of dY that holds term 0
    last: u32,   // terms 0 .. last exist: out_c, or none when the tap misses the image
}
// The pixels of a phase, and their taps.
struct Phase {
    first_h: u32,  // row of its first pixel
    first_w: u32,  // column of its first pixel
    grid_h: u32,   // pixels it has from top to bottom
    grid_w: u32,   // pixels it has from left to right
    tap_h: u32,    // kernel row of its first tap
    tap_w: u32,    // kernel column of its first tap
    taps_w: u32,   // taps it has in a kernel row, at least 1
}
struct Params {
    product: Product,              // gemm/product.wgsl
    @align(16) conv: Convolution,  // conv/sizes.wgsl
    @align(16) phase: Phase,       // the part of the image that this product computes
}
@group(0) @binding(0) var<uniform> params: Params;
var<private> phase: Phase;

fn copy_params() {
    p = params.product;
    conv = params.conv;
    phase = params.phase;
}

fn a_row(row: u32) -> Row {
    let place = min(row, p.rows - 1u);
    let line = place / phase.grid_w;
    let n = line / phase.grid_h;
    return Row(
        n * conv.out_h,
        i32(line - n * phase.grid_h + (phase.first_h + conv.pad_top) / conv.stride_h),
        i32(place - line * phase.grid_w + (phase.first_w + conv.pad_left) / conv.stride_w),
    );
}

fn a_segment(row: Row, segment: u32) -> Span {
    let s = segment / phase.taps_w;
    let oh = row.y - i32(s);
    let ow = row.x - i32(segment - s * phase.taps_w);
    let hits = oh >= 0 && oh < i32(conv.out_h) && ow >= 0 && ow < i32(conv.out_w);
    return Span((u32(i32(row.image) + oh) * conv.out_w + u32(ow)) * conv.out_c, select(0u, conv.out_c, hits));
}

fn a_run(span: Span, k: u32) -> Run {
    return Run(span.base, k, 0u, span.last);
}

// W is stored by columns of the product: first the tap (the segment), then the input channel, then the terms.
fn b_column(segment: u32, col: u32) -> ClampedRun {
    let s = segment / phase.taps_w;
    let t = segment - s * phase.taps_w;
    let tap = (phase.tap_h + s * conv.stride_h) * conv.kernel_w + phase.tap_w + t * conv.stride_w;
    return ClampedRun((tap * p.cols + col) * p.depth, 0u, p.depth - 1u);
}

fn c_row(row: u32) -> u32 {
    if (!STRIDED) {
        return row;
    }
    let line = row / phase.grid_w;
    let n = line / phase.grid_h;
    let ih = phase.first_h + (line - n * phase.grid_h) * conv.stride_h;
    let iw = phase.first_w + (row - line * phase.grid_w) * conv.stride_w;
    return (n * conv.in_h + ih) * conv.in_w + iw;
}

fn c_rows() -> u32 {
    return p.rows;
}
