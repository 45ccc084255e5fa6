// Gradient clipping by global norm (Pascanu et al. 2013, algorithm 1):  y = x min(1, limit / |x|)
//
// x, y     [n], all gradients of a network
// squares  [1], |x|^2
// Threads: one per element, 64 per workgroup.
// Bytes:   4 read and 4 written per element.
// Why:     the norm is that of all gradients together, so their direction is kept. A small number is added to |x|, as in
//          PyTorch, so that a gradient of zero stays zero. A NaN makes all of y NaN; an infinite norm turns infinite elements
//          into NaN and the rest into 0: both as in PyTorch. min(1, NaN) could be 1 and leave the rest unchanged.
#import common/grid.wgsl
struct Params {
    n: u32,      // elements
    limit: f32,  // the largest norm
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> squares: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(group, groups) * 64u + local;
    if (i >= p.n) {
        return;
    }
    let factor = p.limit / (sqrt(squares[0]) + 1e-6);
    y[i] = x[i] * select(factor, 1.0, factor >= 1.0);
}
