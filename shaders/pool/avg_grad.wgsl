// Gradient of average pooling:  dx[n, ih, iw, c] = sum over the windows that cover the pixel of dy / count
//
// dy       [n, out_h, out_w, channels]
// grad_x   [n, in_h, in_w, channels]
// Threads: one per channel and input row, 64 per workgroup; each loops along its row. Neighbours take neighbouring channels.
// Bytes:   4 read per window that covers a pixel, and 4 written per input element.
// Why:     each pixel gathers from its windows, so every element is written once and no atomics are needed. `count` is
//          the divisor of avg.wgsl: it differs at the border when padding does not count.
#import common/grid.wgsl
#import pool/windows.wgsl
override COUNT_PADDING: bool;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> grad_x: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = linear_workgroup(group, groups) * 64u + local;
    if (number >= p.n * p.in_h * p.channels) {
        return;
    }
    let c = number % p.channels;
    let line = number / p.channels;
    let n = line / p.in_h;
    let rows = windows_of(line - n * p.in_h, KERNEL_H, STRIDE_H, p.pad_top, p.out_h);
    for (var iw = 0u; iw < p.in_w; iw++) {
        let cols = windows_of(iw, KERNEL_W, STRIDE_W, p.pad_left, p.out_w);
        var sum = 0.0;
        for (var oh = rows.first; oh < rows.end; oh++) {
            let covered_h = pixels_of(oh, KERNEL_H, STRIDE_H, p.pad_top, p.in_h);
            for (var ow = cols.first; ow < cols.end; ow++) {
                let covered_w = pixels_of(ow, KERNEL_W, STRIDE_W, p.pad_left, p.in_w);
                let inside = (covered_h.end - covered_h.first) * (covered_w.end - covered_w.first);
                let count = select(inside, KERNEL_H * KERNEL_W, COUNT_PADDING);
                sum += dy[((n * p.out_h + oh) * p.out_w + ow) * p.channels + c] / f32(count);
            }
        }
        grad_x[(line * p.in_w + iw) * p.channels + c] = sum;
    }
}
