// Gradient of max pooling:  dx[n, ih, iw, c] = sum of dy over the windows in which this pixel won
//
// which, dy    [n, out_h, out_w, channels]; `which` is ih * in_w + iw, from max.wgsl
// grad_x       [n, in_h, in_w, channels]
// Threads: one per channel and input row, 64 per workgroup; each loops along its row. Neighbours take neighbouring channels.
// Bytes:   8 read per window that covers a pixel, and 4 written per input element.
// Why:     each pixel reads its windows, rather than each window writing to its winner: so every element is written once,
//          windows may overlap, and no atomics are needed.
//          The largest number of windows that can cover a pixel is a constant (1 where they do not overlap), so the loops
//          unroll.
#import common/grid.wgsl
#import pool/windows.wgsl
override WINDOWS_H: u32 = (KERNEL_H + STRIDE_H - 1u) / STRIDE_H;
override WINDOWS_W: u32 = (KERNEL_W + STRIDE_W - 1u) / STRIDE_W;
@group(0) @binding(1) var<storage, read> which: array<u32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad_x: array<f32>;

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
    let ih = line - n * p.in_h;
    let rows = windows_of(ih, KERNEL_H, STRIDE_H, p.pad_top, p.out_h);
    for (var iw = 0u; iw < p.in_w; iw++) {
        let cols = windows_of(iw, KERNEL_W, STRIDE_W, p.pad_left, p.out_w);
        var sum = 0.0;
        for (var a = 0u; a < WINDOWS_H; a++) {
            for (var b = 0u; b < WINDOWS_W; b++) {
                let oh = rows.first + a;
                let ow = cols.first + b;
                if (oh < rows.end && ow < cols.end) {
                    let o = ((n * p.out_h + oh) * p.out_w + ow) * p.channels + c;
                    sum += select(0.0, dy[o], which[o] == ih * p.in_w + iw);
                }
            }
        }
        grad_x[(line * p.in_w + iw) * p.channels + c] = sum;
    }
}
