// Exercise 7: a convolution.  y[n][oh][ow][o] = sum over kh, kw, c of x[n][S oh + kh - 1][S ow + kw - 1][c] * k[kh][kw][c][o]
//
// x        [N, H, W, C], k [3, 3, C, O], y [N, OH, OW, O]: 3 x 3 taps, S pixels apart, a border of one zero around the image, so
//          OH = (H - 1) / S + 1, OW = (W - 1) / S + 1 (rounded down)
// Threads: a thread for each result.
// Task:    add up x times k over all taps that fall onto the image, and all channels.
// Hint:    with u32, 0 - 1 is a huge number, so h = S * oh + kh - 1 is outside on both sides if h >= sizes.height. The index of
//          x[n][h][w][c] is ((n * H + h) * W + w) * C + c, that of k[kh][kw][c][o] is ((kh * 3 + kw) * C + c) * O + o.
// Mistake: the border is forgotten: tap 0 lies on the pixel itself, not on the one before.
//   - let h = sizes.stride * oh + kh - 1u;
//   + let h = sizes.stride * oh + kh;
//   - let w = sizes.stride * ow + kw - 1u;
//   + let w = sizes.stride * ow + kw;
// Mistake: the stride is left out.
//   - let h = sizes.stride * oh + kh - 1u;
//   + let h = oh + kh - 1u;
//   - let w = sizes.stride * ow + kw - 1u;
//   + let w = ow + kw - 1u;
// Mistake: the taps are turned around, as mathematicians do it. Networks compute the cross-correlation.
//   - k[((kh * 3u + kw) * sizes.channels + c) * sizes.outputs + o]
//   + k[((8u - kh * 3u - kw) * sizes.channels + c) * sizes.outputs + o]
// Mistake: columns outside the image are not looked at: beside a row's end the next row begins.
//   - h < sizes.height && w < sizes.width
//   + h < sizes.height
// Grid: N H W O / 64
struct Sizes {
    images: u32,
    height: u32,
    width: u32,
    channels: u32,
    outputs: u32,
    stride: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> k: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let out_h = (sizes.height - 1u) / sizes.stride + 1u;
    let out_w = (sizes.width - 1u) / sizes.stride + 1u;
    let o = id.x % sizes.outputs;
    let ow = id.x / sizes.outputs % out_w;
    let oh = id.x / sizes.outputs / out_w % out_h;
    let n = id.x / sizes.outputs / out_w / out_h;
    if (n >= sizes.images) {
        return;
    }
    var sum = 0.0;
    for (var kh = 0u; kh < 3u; kh++) {
        for (var kw = 0u; kw < 3u; kw++) {
            // GAP: where this tap lies on the image; if it does, add x times k for all channels to `sum`
            let h = sizes.stride * oh + kh - 1u;
            let w = sizes.stride * ow + kw - 1u;
            if (h < sizes.height && w < sizes.width) {
                for (var c = 0u; c < sizes.channels; c++) {
                    let pixel = (n * sizes.height + h) * sizes.width + w;
                    sum += x[pixel * sizes.channels + c] * k[((kh * 3u + kw) * sizes.channels + c) * sizes.outputs + o];
                }
            }
            // END
        }
    }
    y[id.x] = sum;
}
