// Exercise 9: the gradient of max pooling.  y[n][oh][ow][c] = the largest x under the window of [oh, ow], 3 x 3 pixels, 2 apart
//
// x, grad_x  [N, H, W, C]; y, grad_y [N, OH, OW, C] with OH = (H + 1) / 2, OW = (W + 1) / 2: y is what pooling gave
// Windows:   window oh covers the rows 2 oh - 1, 2 oh, 2 oh + 1, those that exist; so too the columns. They overlap.
// Threads:   a thread for each element of x gathers from all windows that cover it, so no two threads write the same element.
// Task:      add up grad_y of those windows whose largest number is this one. No two numbers of a window are equal here; where they
//            are, as zeros after ReLU, the forward pass must say which won (shaders/pool/max.wgsl does).
// Hint:      row h is covered by the windows h / 2 to (h + 1) / 2 (divisions rounded down) that are below OH: one if h is even, else
//            two. This pixel is the winner of a window if its x equals the window's y.
// Mistake: only one window is looked at: pixels in odd rows and columns are covered by two.
//   - oh <= (h + 1u) / 2u && oh < out_h;
//   + oh <= h / 2u && oh < out_h;
//   - ow <= (w + 1u) / 2u && ow < out_w;
//   + ow <= w / 2u && ow < out_w;
// Mistake: the last window is left out: window (h + 1) / 2 still covers row h.
//   - oh <= (h + 1u) / 2u && oh < out_h;
//   + oh < (h + 1u) / 2u && oh < out_h;
//   - ow <= (w + 1u) / 2u && ow < out_w;
//   + ow < (w + 1u) / 2u && ow < out_w;
// Mistake: windows that do not exist are looked at: the last row may be covered by one window only.
//   - oh <= (h + 1u) / 2u && oh < out_h;
//   + oh <= (h + 1u) / 2u;
//   - ow <= (w + 1u) / 2u && ow < out_w;
//   + ow <= (w + 1u) / 2u;
// Mistake: every pixel of a window gets its gradient, as in average pooling. Only the winner does.
//   - if (x[i] == y[at]) {
//   + if (true) {
// Mistake: a pixel that wins in several windows keeps the last gradient only. They add up.
//   - sum += grad_y[at];
//   + sum = grad_y[at];
// Grid: N H W C / 64
struct Sizes {
    images: u32,
    height: u32,
    width: u32,
    channels: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> grad_y: array<f32>;
@group(0) @binding(4) var<storage, read_write> grad_x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    let c = i % sizes.channels;
    let w = i / sizes.channels % sizes.width;
    let h = i / sizes.channels / sizes.width % sizes.height;
    let image = i / sizes.channels / sizes.width / sizes.height;
    if (image >= sizes.images) {
        return;
    }
    let out_h = (sizes.height + 1u) / 2u;
    let out_w = (sizes.width + 1u) / 2u;
    var sum = 0.0;
    // GAP: for each window that covers [h, w]: if x[i] is its largest number, add its grad_y to `sum`
    for (var oh = h / 2u; oh <= (h + 1u) / 2u && oh < out_h; oh++) {
        for (var ow = w / 2u; ow <= (w + 1u) / 2u && ow < out_w; ow++) {
            let at = ((image * out_h + oh) * out_w + ow) * sizes.channels + c;
            if (x[i] == y[at]) {
                sum += grad_y[at];
            }
        }
    }
    // END
    grad_x[i] = sum;
}
