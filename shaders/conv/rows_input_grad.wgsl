// Operand A of the convolution's gradient with respect to its input, read straight from dY:
//     dX[n, ih, iw, ci] = sum over kh, kw, co of dY[n, oh, ow, co] * W[kh, kw, ci, co]
//     where oh*sh + kh - pt = ih and ow*sw + kw - pl = iw
//
//     A row      (n, ih, iw)            rows = N * in_h * in_w
//     segment    tap (kh, kw)           segments = kernel_h * kernel_w
//     term       co                     depth = out_c
//     B          W read by columns, [kernel_h * kernel_w, in_c, out_c] (gemm/cols_transposed.wgsl)
//
// A tap contributes to an input pixel only when (ih + pt - kh) divides by the stride and gives a row of dY. With
// stride s that holds for one tap in s*s: the others multiply zeros, which a later version could skip.
const A_ALONG_K: bool = true;
// The strides are constants of the pipeline, because a division by a constant is cheap and by a variable is not.
override STRIDE_H: u32;
override STRIDE_W: u32;
struct Row {
    image: u32,  // n * out_h
    y: u32,      // ih + pt
    x: u32,      // iw + pl
}
struct Span {
    base: u32,   // element of dY that holds term 0
    last: u32,   // terms 0 .. last exist: out_c, or none when the tap misses
}

fn a_row(row: u32) -> Row {
    let pixel = min(row, p.rows - 1u);
    let line = pixel / p.in_w;
    let n = line / p.in_h;
    return Row(n * p.out_h, line - n * p.in_h + p.pad_top, pixel - line * p.in_w + p.pad_left);
}

fn a_segment(row: Row, segment: u32) -> Span {
    let kh = segment / p.kernel_w;
    let kw = segment - kh * p.kernel_w;
    // Where ih + pt < kh the difference wraps to a huge number and fails the comparison below.
    let oh = (row.y - kh) / STRIDE_H;
    let ow = (row.x - kw) / STRIDE_W;
    let hits = row.y >= kh && row.x >= kw
        && oh * STRIDE_H + kh == row.y && ow * STRIDE_W + kw == row.x
        && oh < p.out_h && ow < p.out_w;
    return Span(((row.image + oh) * p.out_w + ow) * p.out_c, select(0u, p.out_c, hits));
}

fn a_run(span: Span, k: u32) -> Run {
    return Run(span.base, k, 0u, span.last);
}

fn c_row(row: u32) -> u32 {
    return row;
}

fn c_rows() -> u32 {
    return p.rows;
}
