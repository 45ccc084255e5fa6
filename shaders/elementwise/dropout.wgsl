// Dropout (Srivastava et al. 2014), inverted:  y[i] = x[i] / (1 - rate) where u(i) >= rate, else 0
//
// x, y     any shape, `len` elements
// clock    [2]: the run's seed and the step, so that every step has its own mask
// Threads: one an element, 64 a workgroup.
// Bytes:   4 read and 4 written an element; some 40 integer operations for u(i).
// Why:     u(i) is a hash of (i, stream, step, seed), so the gradient, dx = the same kernel on dy, draws the same mask again:
//          nothing is stored, and no order of execution can change it.
struct Params {
    len: u32,
    stream: u32,   // tells one dropout layer from another
    rate: f32,
    scale: f32,    // 1 / (1 - rate)
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> clock: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(group, groups) * 64u + local;
    if (i >= p.len) {
        return;
    }
    let u = uniform01(pcg4d(vec4<u32>(i, p.stream, clock[1], clock[0])).x);
    y[i] = select(0.0, x[i] * p.scale, u >= p.rate);
}
