// Operand A of the convolution's gradient with respect to its weights, read straight from the image:
//     dW[kh, kw, ci, co] = sum over n, oh, ow of X[n, oh*sh + kh - pt, ow*sw + kw - pl, ci] * dY[n, oh, ow, co]
//
//     A row      (kh, kw, ci)           rows = kernel_h * row_pitch
//     segment    (n, oh)                segments = N * out_h
//     term       ow                     depth = out_w
//     B          dY as [N * out_h * out_w, out_c]
//
// Here neighbours in memory are rows of A, not terms: a_load gives four rows at one term (A_ALONG_K is false), which
// are the window's elements j .. j+3 of kernel row kh, j = kw * in_c + ci. Each kernel row is rounded up to row_pitch
// so that no group of four crosses into the next; the extra rows are not stored.
//
// dW is small and K = N * out_h * out_w is huge, so the segments are split over workgroups; each split stores its own
// partial dW and a second pass adds them in a fixed order, which keeps the result the same from run to run.
const A_ALONG_K: bool = false;
struct Row {
    kh: u32,
    j: u32,      // first of the four elements within the kernel row
}
struct Span {
    base: i32,   // element of X at column 0 of the padded image row, plus nothing for j
    j: u32,
    terms: u32,  // terms that exist: out_w, or none when the image row lies in the padding
}

fn a_row(row: u32) -> Row {
    let safe = min(row, p.rows - 4u);
    let kh = safe / p.row_pitch;
    return Row(kh, safe - kh * p.row_pitch);
}

fn a_segment(row: Row, segment: u32) -> Span {
    let n = segment / p.out_h;
    let ih = i32((segment - n * p.out_h) * p.stride_h + row.kh) - i32(p.pad_top);
    let inside = ih >= 0 && ih < i32(p.in_h);
    return Span(
        (i32(n * p.in_h) + ih) * i32(p.in_w * p.in_c) - i32(p.pad_left * p.in_c),
        row.j,
        select(0u, p.out_w, inside),
    );
}

fn a_load(span: Span, k: u32) -> vec4<f32> {
    // The window of term k starts `start` elements into the image row; it may hang over either end.
    let start = i32(k * p.stride_w * p.in_c) - i32(p.pad_left * p.in_c);
    let first = u32(max(-start, 0));
    let last = u32(clamp(i32(p.in_w * p.in_c) - start, 0, i32(p.kernel_w * p.in_c)));
    let base = u32(span.base + i32(k * p.stride_w * p.in_c));
    return a_quad(base, span.j, first, select(0u, last, k < span.terms));
}

// Whether row_pitch is longer than a kernel row. Mostly it is not, and then every row is stored where it is.
override PADDED: bool;

fn c_has_row(row: u32) -> bool {
    return !PADDED || row % p.row_pitch < p.kernel_w * p.in_c;
}

fn c_row(row: u32) -> u32 {
    if (PADDED) {
        let kh = row / p.row_pitch;
        return kh * p.kernel_w * p.in_c + (row - kh * p.row_pitch);
    }
    return row;
}

fn c_rows() -> u32 {
    return p.kernel_h * p.kernel_w * p.in_c;
}
