// Average pooling:  y[n, oh, ow, c] = sum over the window of x, divided by
//     KERNEL_H * KERNEL_W            when padding counts (PyTorch's default)
//     the pixels inside the image    when it does not (TensorFlow's)
//
// x        [n, in_h, in_w, channels]
// y        [n, out_h, out_w, channels]
// Threads: one per channel and output row, 64 per workgroup; each loops along its row. Neighbours take neighbouring channels.
// Bytes:   4 per input element (more where windows overlap) and 4 per output element. 1 FLOP per input element.
// Why:     as in max.wgsl, without a winner to remember.
#import common/grid.wgsl
#import pool/windows.wgsl
override COUNT_PADDING: bool;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

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
        var sum = 0.0;
        for (var ih = rows.first; ih < rows.end; ih++) {
            for (var iw = cols.first; iw < cols.end; iw++) {
                sum += x[((n * p.in_h + ih) * p.in_w + iw) * p.channels + c];
            }
        }
        let inside = (rows.end - rows.first) * (cols.end - cols.first);
        let count = select(inside, KERNEL_H * KERNEL_W, COUNT_PADDING);
        y[(line * p.out_w + ow) * p.channels + c] = sum / f32(count);
    }
}
