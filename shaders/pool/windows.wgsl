// The sizes of pooling, shared by its four kernels: which pixels a window covers, and which windows cover a pixel
//
// Images are [n, h, w, channels]; window o starts at pixel o * stride - pad.
// Threads: called for each axis by the thread of a row; no thread mapping of its own.
// Bytes:   none.
// Why:     kernel and stride are pipeline constants, so loops over a window unroll and dividing by the stride is cheap; sizes
//          that vary from layer to layer are data, so that layers share a pipeline.
struct Params {
    n: u32,         // images
    channels: u32,  // channels of input and output
    in_h: u32,      // rows of an input image, [n, in_h, in_w, channels]
    in_w: u32,      // columns of an input image
    out_h: u32,     // rows of an output image, [n, out_h, out_w, channels]
    out_w: u32,     // columns of an output image
    pad_top: u32,   // rows of padding above an input image
    pad_left: u32,  // columns of padding to the left of it
}
@group(0) @binding(0) var<uniform> p: Params;
override KERNEL_H: u32;
override KERNEL_W: u32;
override STRIDE_H: u32;
override STRIDE_W: u32;

// A range of windows or pixels along one axis: first .. end.
struct Range {
    first: u32,
    end: u32,
}

// The pixels of the image that window `o` covers, along an axis of `size` pixels.
fn pixels_of(o: u32, kernel: u32, stride: u32, pad: u32, size: u32) -> Range {
    let start = o * stride;
    return Range(max(start, pad) - pad, min(max(start + kernel, pad) - pad, size));
}

// The windows that cover pixel `i`, along an axis of `outputs` windows.
fn windows_of(i: u32, kernel: u32, stride: u32, pad: u32, outputs: u32) -> Range {
    let at = i + pad;
    let first = (max(at + 1u, kernel) - kernel + stride - 1u) / stride;
    return Range(first, min(at / stride + 1u, outputs));
}
