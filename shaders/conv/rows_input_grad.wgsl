// Operand A of the convolution's gradient with respect to its input, read straight from dY:
//     dX[n, ih, iw, ci] = sum over kh, kw, co of dY[n, oh, ow, co] * W[kh, kw, ci, co]
//     where oh*sh + kh - pt = ih and ow*sw + kw - pl = iw
//
// A tap contributes to an input pixel only when ih + pt - kh divides by the stride. Pixels with the same remainder (a phase)
// have the same taps: one product computes the pixels first_h, first_h + sh, .. by first_w, first_w + sw, .. with the taps
// tap_h, tap_h + sh, .. by tap_w, tap_w + sw, .. and so multiplies no zeros between. With stride 1 there is one phase.
//
//     A row      (n, i, j) of the phase   rows = N * grid_h * grid_w, pixel (first_h + i*sh, first_w + j*sw)
//     segment    tap (s, t) of the phase  segments = taps of the phase, none where the stride is wider than the kernel
//     term       co                       depth = out_c
//     B          W read by columns, [kernel_h * kernel_w, in_c, out_c] (gemm/cols_transposed.wgsl)
#import gemm/params.wgsl
#import gemm/runs.wgsl
const A_ALONG_K: bool = true;
override STRIDED: bool;  // more than one phase
struct Row {
    image: u32,  // n * out_h
    y: i32,      // oh of the phase's first tap; each further one is one row higher up
    x: i32,
}
struct Span {
    base: u32,   // element of dY that holds term 0
    last: u32,   // terms 0 .. last exist: out_c, or none when the tap misses the image
}

fn a_row(row: u32) -> Row {
    let place = min(row, p.rows - 1u);
    let line = place / p.grid_w;
    let n = line / p.grid_h;
    return Row(
        n * p.out_h,
        i32(line - n * p.grid_h + (p.first_h + p.pad_top) / p.stride_h),
        i32(place - line * p.grid_w + (p.first_w + p.pad_left) / p.stride_w),
    );
}

fn a_segment(row: Row, segment: u32) -> Span {
    let s = segment / p.taps_w;
    let oh = row.y - i32(s);
    let ow = row.x - i32(segment - s * p.taps_w);
    let hits = oh >= 0 && oh < i32(p.out_h) && ow >= 0 && ow < i32(p.out_w);
    return Span((u32(i32(row.image) + oh) * p.out_w + u32(ow)) * p.out_c, select(0u, p.out_c, hits));
}

fn a_run(span: Span, k: u32) -> Run {
    return Run(span.base, k, 0u, span.last);
}

// W is stored by columns of the product: the tap that a segment is, then the input channel, then the terms.
fn b_column(segment: u32, col: u32) -> ClampedRun {
    let s = segment / p.taps_w;
    let t = segment - s * p.taps_w;
    let tap = (p.tap_h + s * p.stride_h) * p.kernel_w + p.tap_w + t * p.stride_w;
    return ClampedRun((tap * p.cols + col) * p.depth, 0u, p.depth - 1u);
}

fn c_row(row: u32) -> u32 {
    if (!STRIDED) {
        return row;
    }
    let line = row / p.grid_w;
    let n = line / p.grid_h;
    let ih = p.first_h + (line - n * p.grid_h) * p.stride_h;
    let iw = p.first_w + (row - line * p.grid_w) * p.stride_w;
    return (n * p.in_h + ih) * p.in_w + iw;
}

fn c_rows() -> u32 {
    return p.rows;
}
