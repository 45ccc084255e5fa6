// Max pooling:  y[n, oh, ow, c] = max over the window of x;  which[n, oh, ow, c] = the pixel that had it
//
// x            [n, in_h, in_w, channels]
// y, which     [n, out_h, out_w, channels]; `which` is ih * in_w + iw
// Threads: one per channel and output row, 64 per workgroup; each loops along its row. Neighbours take neighbouring channels.
// Bytes:   4 per input element (more where windows overlap) and 8 per output element.
// Why:     the backward pass needs to know which pixel won; storing it is cheaper than comparing again. The first of equals
//          wins, as in PyTorch, and a NaN wins over everything. Padding never wins.
#import common/grid.wgsl
#import pool/windows.wgsl
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> which: array<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = linear_workgroup(group, groups) * 64u + local;
    if (number >= p.n * p.out_h * p.channels) {
        return;
    }
    let c = number % p.channels;
    let line = number / p.channels;
    let n = line / p.out_h;
    let rows = pixels_of(line - n * p.out_h, KERNEL_H, STRIDE_H, p.pad_top, p.in_h);
    for (var ow = 0u; ow < p.out_w; ow++) {
        let cols = pixels_of(ow, KERNEL_W, STRIDE_W, p.pad_left, p.in_w);
        var best = x[((n * p.in_h + rows.first) * p.in_w + cols.first) * p.channels + c];
        var winner = rows.first * p.in_w + cols.first;
        for (var ih = rows.first; ih < rows.end; ih++) {
            for (var iw = cols.first; iw < cols.end; iw++) {
                let value = x[((n * p.in_h + ih) * p.in_w + iw) * p.channels + c];
                // "not less or equal" is also true of NaN.
                if (!(value <= best) && best == best) {
                    best = value;
                    winner = ih * p.in_w + iw;
                }
            }
        }
        let o = (line * p.out_w + ow) * p.channels + c;
        y[o] = best;
        which[o] = winner;
    }
}
