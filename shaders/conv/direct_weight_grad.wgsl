// Direct convolution (see direct.wgsl), gradients of weights and bias over a piece of the image rows:
//     dW[kh, kw, ci, co] = sum over n, oh, ow of X[n, oh*sh + kh - pt, ow*sw + kw - pl, ci] * dY[n, oh, ow, co]
//     db[co] = sum over n, oh, ow of dY[n, oh, ow, co]
//
// x        [N, in_h, in_w, in_c];  dy [N, out_h, out_w, out_c]
// partial  [pieces, taps + 1, out_c]: each piece's dW, then its db; gemm/split_sum.wgsl adds them up
// Threads: one per 4 * QUADS output channels and `lines_per_thread` image rows, which form a piece; 64 per workgroup.
// Bytes:   4 * kernel_h * stride_w * in_c and 16 * QUADS read per pixel.
// Why:     for the first layer of the CNN, the matrix product would have nine rows and leave tiles of 64 mostly empty.
#import common/grid.wgsl
#import conv/direct.wgsl
#import conv/sizes.wgsl
@group(0) @binding(2) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    copy_params();
    let number = linear_workgroup(group, groups) * 64u + local;
    let quads = conv.out_c / 4u;
    let quad = number % (quads / QUADS) * QUADS;
    let lines = p.rows / conv.out_w;
    let piece = number / (quads / QUADS);
    let first = piece * lines_per_thread;
    if (first >= lines) {
        return;
    }
    var weights: array<array<array<vec4<f32>, QUADS>, COLUMN>, KERNEL_W>;
    var bias: array<vec4<f32>, QUADS>;
    for (var line = first; line < min(first + lines_per_thread, lines); line++) {
        let image = line / conv.out_h;
        let top = i32((line - image * conv.out_h) * conv.stride_h) - i32(conv.pad_top);
        var under: Inputs;
        before_first(image, top, &under);
        for (var ow = 0u; ow < conv.out_w; ow++) {
            move_to(image, top, i32(ow * STRIDE_W) - i32(conv.pad_left), &under);
            let pixel = line * conv.out_w + ow;
            var g: array<vec4<f32>, QUADS>;
            #unroll
            for (var q = 0u; q < QUADS; q++) {
                g[q] = dy[pixel * quads + quad + q];
                bias[q] += g[q];
            }
            #unroll
            for (var kw = 0u; kw < KERNEL_W; kw++) {
                #unroll
                for (var e = 0u; e < COLUMN; e++) {
                    #unroll
                    for (var q = 0u; q < QUADS; q++) {
                        weights[kw][e][q] = fma(vec4<f32>(under[kw][e]), g[q], weights[kw][e][q]);
                    }
                }
            }
        }
    }
    let start = piece * (TAPS + 1u);
    #unroll
    for (var kw = 0u; kw < KERNEL_W; kw++) {
        #unroll
        for (var e = 0u; e < COLUMN; e++) {
            #unroll
            for (var q = 0u; q < QUADS; q++) {
                let tap = (e / IN_C * KERNEL_W + kw) * IN_C + e % IN_C;
                partial[(start + tap) * quads + quad + q] = weights[kw][e][q];
            }
        }
    }
    #unroll
    for (var q = 0u; q < QUADS; q++) {
        partial[(start + TAPS) * quads + quad + q] = bias[q];
    }
}
