// Bilinear resizing, shared by the forward and the gradient kernel:  s(o) = (o + 0.5) * in / out - 0.5
//
// s(o) is the input position that output pixel o samples along an axis, clamped to the image.
// Threads: called for each axis by the thread of a pixel; no thread mapping of its own.
// Bytes:   none; a dozen FLOPs per axis.
// Why:     half-pixel centres, as in PyTorch (align_corners = False, no antialiasing), TensorFlow 2 and OpenCV: the
//          corners of both images coincide, not the centres of their corner pixels.
struct Params {
    n: u32,         // images
    in_h: u32,      // rows of an input image, [n, in_h, in_w, channels]
    in_w: u32,      // columns of an input image
    out_h: u32,     // rows of an output image, [n, out_h, out_w, channels]
    out_w: u32,     // columns of an output image
    channels: u32,  // channels of both
}
@group(0) @binding(0) var<uniform> p: Params;

// The two input pixels that an output pixel mixes: `low` with weight 1 - high_weight, `high` with high_weight.
struct Mix {
    low: u32,
    high: u32,
    high_weight: f32,
}

fn mix_of(o: u32, size: u32, outputs: u32) -> Mix {
    let position = max((f32(o) + 0.5) * (f32(size) / f32(outputs)) - 0.5, 0.0);
    let low = min(u32(position), size - 1u);
    return Mix(low, min(low + 1u, size - 1u), position - f32(low));
}

// The weight of input pixel `i` in a mix. At the border low and high are the same pixel.
fn weight_in(mixed: Mix, i: u32) -> f32 {
    return select(0.0, 1.0 - mixed.high_weight, mixed.low == i) + select(0.0, mixed.high_weight, mixed.high == i);
}
