// Exercise 11: the gradient of a convolution's weights.  grad_k = the derivative of sum of grad_y * y, with y of exercise 7
//
// x        [N, H, W, C], grad_y [N, OH, OW, O], grad_k [3, 3, C, O]: 3 x 3 taps, S pixels apart, a border of one zero
// Threads: a thread for each weight. There are few weights and many pixels: shaders/conv/rows_weight_grad.wgsl divides the pixels.
// Task:    a weight k[kh][kw][c][o] took part in every result of channel o. Add up over all images and results.
// Hint:    grad_k[kh][kw][c][o] = sum over n, oh, ow of x[n][S oh + kh - 1][S ow + kw - 1][c] * grad_y[n][oh][ow][o], without those
//          terms whose pixel is outside the image.
// Mistake: only the first image is summed up.
//   - n < sizes.images;
//   + n < 1u;
// Mistake: it is divided by the number of images. The loss has its mean in grad_y already.
//   - sum += x[pixel * sizes.channels + c] * grad_y[result * sizes.outputs + o];
//   + sum += x[pixel * sizes.channels + c] * grad_y[result * sizes.outputs + o] / f32(sizes.images);
// Mistake: the border is forgotten: tap 0 lies on the pixel itself, not on the one before.
//   - let h = sizes.stride * oh + kh - 1u;
//   + let h = sizes.stride * oh + kh;
//   - let w = sizes.stride * ow + kw - 1u;
//   + let w = sizes.stride * ow + kw;
// Grid: C O 9 / 64
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
@group(0) @binding(2) var<storage, read> grad_y: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad_k: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let out_h = (sizes.height - 1u) / sizes.stride + 1u;
    let out_w = (sizes.width - 1u) / sizes.stride + 1u;
    let o = id.x % sizes.outputs;
    let c = id.x / sizes.outputs % sizes.channels;
    let kw = id.x / sizes.outputs / sizes.channels % 3u;
    let kh = id.x / sizes.outputs / sizes.channels / 3u;
    if (kh >= 3u) {
        return;
    }
    var sum = 0.0;
    // GAP: for each image and each result [oh, ow], add the pixel under this tap times grad_y to `sum`
    for (var n = 0u; n < sizes.images; n++) {
        for (var oh = 0u; oh < out_h; oh++) {
            for (var ow = 0u; ow < out_w; ow++) {
                let h = sizes.stride * oh + kh - 1u;
                let w = sizes.stride * ow + kw - 1u;
                if (h < sizes.height && w < sizes.width) {
                    let pixel = (n * sizes.height + h) * sizes.width + w;
                    let result = (n * out_h + oh) * out_w + ow;
                    sum += x[pixel * sizes.channels + c] * grad_y[result * sizes.outputs + o];
                }
            }
        }
    }
    // END
    grad_k[id.x] = sum;
}
