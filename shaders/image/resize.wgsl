// Bilinear resizing:  y[n, oh, ow, c] = the four pixels around (s(oh), s(ow)), weighted by nearness
//
// x        [n, in_h, in_w, channels]
// y        [n, out_h, out_w, channels]
// Threads: one per element of y, 64 per workgroup.
// Bytes:   16 read (mostly from the cache) and 4 written per output element. 9 FLOPs per element.
// Why:     used only at the input of a network, so the plain version is fast enough.
#import common/grid.wgsl
#import image/positions.wgsl
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

fn pixel(n: u32, h: u32, w: u32, c: u32) -> f32 {
    return x[((n * p.in_h + h) * p.in_w + w) * p.channels + c];
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = linear_workgroup(group, groups) * 64u + local;
    if (number >= p.n * p.out_h * p.out_w * p.channels) {
        return;
    }
    let c = number % p.channels;
    let ow = number / p.channels % p.out_w;
    let oh = number / p.channels / p.out_w % p.out_h;
    let n = number / p.channels / p.out_w / p.out_h;
    let v = mix_of(oh, p.in_h, p.out_h);
    let h = mix_of(ow, p.in_w, p.out_w);
    let upper = mix(pixel(n, v.low, h.low, c), pixel(n, v.low, h.high, c), h.high_weight);
    let lower = mix(pixel(n, v.high, h.low, c), pixel(n, v.high, h.high, c), h.high_weight);
    y[number] = mix(upper, lower, v.high_weight);
}
