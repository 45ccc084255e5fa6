// Batch norm with ReLU and pooling around it, gradient of the input. With g = dy at the winner of a window, else 0,
// s = gamma / sqrt(var + eps) and xhat the normalised input:
//     training:   dx = s (g - dbeta / n - xhat dgamma / n)     mean and variance depend on x too
//     inference:  dx = s g                                    they are constants
//
// x, grad_x      [n, in_h, in_w, groups]
// winners, dy    [n, out_h, out_w, groups]; without pooling the winners are not read
// coefficients   [4, groups]
// pieces         [2, pieces, groups] from grad_sums.wgsl
// dgamma, dbeta  [groups]
// Threads: one per group of channels and `lines_per_thread` image rows of windows, 64 per workgroup, including the incomplete
//          windows at the end. The first thread of each channel also stores dgamma and dbeta.
// Bytes:   4 read and 4 written per pixel and channel, 8 read per window. 4 FLOPs per element.
// Why:     ReLU, batch norm and pooling in one pass: as separate passes they would read and write the image's gradient three
//          more times. Every pixel is written once, by the thread that knows its window.
#import common/grid.wgsl
#import common/relu.wgsl
#import norm/coefficients.wgsl
#import norm/sizes.wgsl
override TRAINING: bool;
@group(0) @binding(1) var<storage, read> winners: array<Channels>;
@group(0) @binding(2) var<storage, read> dy: array<Channels>;
@group(0) @binding(4) var<storage, read> x: array<Channels>;
@group(0) @binding(5) var<storage, read> pieces: array<Channels>;
@group(0) @binding(6) var<storage, read_write> grad_x: array<Channels>;
@group(0) @binding(7) var<storage, read_write> dgamma: array<Channels>;
@group(0) @binding(8) var<storage, read_write> dbeta: array<Channels>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    p = params.sizes;
    let number = linear_workgroup(group, groups) * 64u + local;
    let c = number % p.groups;
    let first = number / p.groups * p.lines_per_thread;
    if (first >= max(p.lines, 1u)) {
        return;
    }
    var gamma_sum = Channels(0.0);
    var beta_sum = Channels(0.0);
    for (var piece = 0u; piece < p.pieces; piece++) {
        gamma_sum += pieces[piece * p.groups + c];
        beta_sum += pieces[(p.pieces + piece) * p.groups + c];
    }
    if (first == 0u) {
        dgamma[c] = gamma_sum;
        dbeta[c] = beta_sum;
    }
    let k = coefficients_of(c);
    // dx = scale g + a (x - mean) + b
    let n = f32(pixels());
    let a = select(Channels(0.0), -k.scale * k.inverse * gamma_sum / n, TRAINING);
    let b = select(Channels(0.0), -k.scale * beta_sum / n, TRAINING);
    let pooled = KERNEL_H * KERNEL_W > 1u;
    let windows_h = (p.in_h + KERNEL_H - 1u) / KERNEL_H;
    let windows_w = (p.in_w + KERNEL_W - 1u) / KERNEL_W;
    for (var line = first; line < min(first + p.lines_per_thread, p.lines); line++) {
        let image = line / windows_h;
        let oh = line - image * windows_h;
        for (var ow = 0u; ow < windows_w; ow++) {
            let whole = oh < p.out_h && ow < p.out_w;
            let window = ((image * p.out_h + oh) * p.out_w + ow) * p.groups + c;
            var g = Channels(0.0);
            var winner = Channels(0.0);
            if (whole) {
                g = dy[window];
                if (pooled) {
                    winner = winners[window];
                    g = through_relu_after(k, winner, g);
                }
            }
            var free = Flags(whole);  // no pixel of the window has won yet
            for (var dh = 0u; dh < KERNEL_H; dh++) {
                for (var dw = 0u; dw < KERNEL_W; dw++) {
                    let ih = oh * KERNEL_H + dh;
                    let iw = ow * KERNEL_W + dw;
                    if (ih < p.in_h && iw < p.in_w) {
                        let i = ((image * p.in_h + ih) * p.in_w + iw) * p.groups + c;
                        let raw = x[i];
                        let value = relu_before(raw);
                        var here = g;
                        if (pooled) {
                            // A NaN equals nothing, but it always won its window.
                            let won = free & ((value == winner) | !(value == value));
                            free = free & !won;
                            here = select(Channels(0.0), g, won);
                        } else {
                            here = through_relu_after(k, value, g);
                        }
                        let d = fma(k.scale, here, fma(a, value - k.mean, b));
                        grad_x[i] = select(d, leaky_relu_grad(raw, d, 0.0), RELU_BEFORE);
                    }
                }
            }
        }
    }
}
