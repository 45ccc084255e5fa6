// Gradient of bilinear resizing:  dx[n, ih, iw, c] = sum over the output pixels that sampled it of weight * dy
//
// dy       [n, out_h, out_w, channels]
// grad_x   [n, in_h, in_w, channels]
// Threads: one per element of grad_x, 64 per workgroup.
// Bytes:   4 read per output pixel in reach, and 4 written per input element.
// Why:     each input pixel gathers, so every element is written once and no atomics are needed. Output pixels sample input
//          positions in rising order, so those in reach of pixel i are contiguous: the ones with |s(o) - i| < 1. The range
//          has one pixel to spare at either end, and the spare ones have weight zero.
#import common/grid.wgsl
#import image/positions.wgsl
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> grad_x: array<f32>;

// First and one past the last output pixel that can sample input pixel `i`.
fn reach(i: u32, size: u32, outputs: u32) -> vec2<u32> {
    let scale = f32(outputs) / f32(size);
    // Border pixels also serve every output pixel whose position was clamped to the image.
    let first = select(max((f32(i) - 0.5) * scale - 1.5, 0.0), 0.0, i == 0u);
    let last = select((f32(i) + 1.5) * scale + 1.5, f32(outputs), i == size - 1u);
    return vec2<u32>(u32(first), min(u32(last), outputs));
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = linear_workgroup(group, groups) * 64u + local;
    if (number >= p.n * p.in_h * p.in_w * p.channels) {
        return;
    }
    let c = number % p.channels;
    let iw = number / p.channels % p.in_w;
    let ih = number / p.channels / p.in_w % p.in_h;
    let n = number / p.channels / p.in_w / p.in_h;
    let rows = reach(ih, p.in_h, p.out_h);
    let cols = reach(iw, p.in_w, p.out_w);
    var sum = 0.0;
    for (var oh = rows.x; oh < rows.y; oh++) {
        let v = weight_in(mix_of(oh, p.in_h, p.out_h), ih);
        for (var ow = cols.x; ow < cols.y; ow++) {
            let h = weight_in(mix_of(ow, p.in_w, p.out_w), iw);
            sum += v * h * dy[((n * p.out_h + oh) * p.out_w + ow) * p.channels + c];
        }
    }
    grad_x[number] = sum;
}
