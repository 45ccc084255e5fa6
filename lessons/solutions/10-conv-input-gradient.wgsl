// Exercise 10: the gradient of a convolution's input.  grad_x = the derivative of sum of grad_y * y, with y of exercise 7
//
// grad_y   [N, OH, OW, O], k [3, 3, C, O], grad_x [N, H, W, C]: 3 x 3 taps, S pixels apart, a border of one zero
// Threads: a thread for each pixel's channel. It gathers from the results that used it, so no two threads write the same element.
// Task:    for each tap, find the result [oh, ow] that had this pixel under that tap, if there is one, and add up over all o.
// Hint:    forward, h = S * oh + kh - 1. So S * oh = h + 1 - kh: there is such a row only if h + 1 >= kh, if S divides h + 1 - kh, and
//          if the quotient is below OH. Then add grad_y[n][oh][ow][o] * k[kh][kw][c][o] for all o.
// Mistake: whether the stride divides is not looked at: pixels between the windows' places get gradients that are not theirs.
//   - from_h % sizes.stride == 0u && from_w % sizes.stride == 0u
//   + true
// Mistake: the taps are used in the order of the forward pass: pixel h + kh - 1 was not computed from this one. It is h + 1 - kh.
//   - let from_h = h + 1u - kh;
//   + let from_h = h + kh - 1u;
//   - let from_w = w + 1u - kw;
//   + let from_w = w + kw - 1u;
// Mistake: columns of results outside [0, OW) are not looked at.
//   - oh < out_h && ow < out_w
//   + oh < out_h
// Grid: N H W C / 64
struct Sizes {
    images: u32,
    height: u32,
    width: u32,
    channels: u32,
    outputs: u32,
    stride: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> grad_y: array<f32>;
@group(0) @binding(2) var<storage, read> k: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad_x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let out_h = (sizes.height - 1u) / sizes.stride + 1u;
    let out_w = (sizes.width - 1u) / sizes.stride + 1u;
    let c = id.x % sizes.channels;
    let w = id.x / sizes.channels % sizes.width;
    let h = id.x / sizes.channels / sizes.width % sizes.height;
    let n = id.x / sizes.channels / sizes.width / sizes.height;
    if (n >= sizes.images) {
        return;
    }
    var sum = 0.0;
    for (var kh = 0u; kh < 3u; kh++) {
        for (var kw = 0u; kw < 3u; kw++) {
            // GAP: the result that had [h, w] under tap [kh, kw], if there is one: add grad_y times k for all o to `sum`
            let from_h = h + 1u - kh;
            let from_w = w + 1u - kw;
            let oh = from_h / sizes.stride;
            let ow = from_w / sizes.stride;
            let divides = from_h % sizes.stride == 0u && from_w % sizes.stride == 0u;
            // Below 0, u32 wraps around to a huge number, also after the division.
            if (divides && oh < out_h && ow < out_w) {
                for (var o = 0u; o < sizes.outputs; o++) {
                    let result = ((n * out_h + oh) * out_w + ow) * sizes.outputs + o;
                    sum += grad_y[result] * k[((kh * 3u + kw) * sizes.channels + c) * sizes.outputs + o];
                }
            }
            // END
        }
    }
    grad_x[id.x] = sum;
}
