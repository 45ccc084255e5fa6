// Operand A of the convolution's gradient with respect to its input, read straight from dY:
//     dX[n, ih, iw, ci] = sum over kh, kw, co of dY[n, oh, ow, co] * W[kh, kw, ci, co]
//     where oh*sh + kh - pt = ih and ow*sw + kw - pl = iw
//
// A tap contributes to an input pixel only when ih + pt - kh is divisible by the stride. Pixels with the same remainder (a
// phase) have the same taps: the product of a phase has its pixels as rows, and only its taps as segments, and so skips the
// zeros in between. All phases are one launch, a split of the product each. With stride 1 there is one phase, and a split
// is a part of K, as in any other product.
//
//     A row      (n, i, j) of the phase   rows = N * grid.x * grid.y, pixel first + (i, j) * stride
//     segment    tap (s, t) of the phase  segments = taps.x * taps.y, none where the stride is wider than the kernel
//     term       co                       depth = out_c
//     B          W read by columns, [kernel_h * kernel_w, in_c, out_c] (gemm/cols_transposed.wgsl)
//
// In each pair of numbers below, x is along the image's height and y along its width.
#import conv/sizes.wgsl
#import gemm/product.wgsl
#import gemm/runs.wgsl
#import gemm/splits.wgsl
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
struct Params {
    product: Product,              // gemm/product.wgsl; rows and segments are those of the largest phase
    @align(16) conv: Convolution,  // conv/sizes.wgsl
    images: u32,                   // N
    phases_w: u32,                 // phases along the image's width
}
@group(0) @binding(0) var<uniform> params: Params;

// The pixels of a phase, and their taps.
struct Phase {
    first: vec2<u32>,  // its first pixel
    grid: vec2<u32>,   // how many pixels it has
    tap: vec2<u32>,    // the row and column of the kernel of its first tap
    taps: vec2<u32>,   // how many taps it has
}
var<private> phase: Phase;

fn copy_params() {
    p = params.product;
    conv = params.conv;
}

fn phase_number(number: u32) -> Phase {
    let c = params.conv;
    let stride = vec2<u32>(c.stride_h, c.stride_w);
    let kernel = vec2<u32>(c.kernel_h, c.kernel_w);
    let first = vec2<u32>(number / params.phases_w, number % params.phases_w);
    let tap = (first + vec2<u32>(c.pad_top, c.pad_left)) % stride;
    let last = stride - vec2<u32>(1u);
    return Phase(
        first,
        (vec2<u32>(c.in_h, c.in_w) - first + last) / stride,
        tap,
        (kernel - min(tap, kernel) + last) / stride,
    );
}

fn begin_split(split: u32) -> Part {
    let current = phase_number(select(0u, split, STRIDED));
    phase = current;
    if (!STRIDED) {
        return share_of_segments(params.product, split);
    }
    return Part(params.images * current.grid.x * current.grid.y, 0u, current.taps.x * current.taps.y);
}

fn a_row(row: u32) -> Row {
    let place = min(row, params.images * phase.grid.x * phase.grid.y - 1u);
    let line = place / phase.grid.y;
    let n = line / phase.grid.x;
    return Row(
        n * conv.out_h,
        i32(line - n * phase.grid.x + (phase.first.x + conv.pad_top) / conv.stride_h),
        i32(place - line * phase.grid.y + (phase.first.y + conv.pad_left) / conv.stride_w),
    );
}

fn a_segment(row: Row, segment: u32) -> Span {
    let s = segment / phase.taps.y;
    let oh = row.y - i32(s);
    let ow = row.x - i32(segment - s * phase.taps.y);
    let hits = oh >= 0 && oh < i32(conv.out_h) && ow >= 0 && ow < i32(conv.out_w);
    return Span((u32(i32(row.image) + oh) * conv.out_w + u32(ow)) * conv.out_c, select(0u, conv.out_c, hits));
}

fn a_run(span: Span, k: u32) -> Run {
    return Run(span.base, k, 0u, span.last);
}

// W is stored by columns of the product: first the tap (the segment), then the input channel, then the terms.
fn b_column(segment: u32, col: u32) -> ClampedRun {
    let s = segment / phase.taps.y;
    let t = segment - s * phase.taps.y;
    let tap = (phase.tap.x + s * conv.stride_h) * conv.kernel_w + phase.tap.y + t * conv.stride_w;
    return ClampedRun((tap * p.cols + col) * p.depth, 0u, p.depth - 1u);
}

fn c_row(row: u32) -> u32 {
    if (!STRIDED) {
        return row;
    }
    let line = row / phase.grid.y;
    let n = line / phase.grid.x;
    let ih = phase.first.x + (line - n * phase.grid.x) * conv.stride_h;
    let iw = phase.first.y + (row - line * phase.grid.y) * conv.stride_w;
    return select((n * conv.in_h + ih) * conv.in_w + iw, NOWHERE, n >= params.images);
}

// The phases share one C.
fn c_start(split: u32) -> u32 {
    return select(split * p.rows, 0u, STRIDED);
}
