// Gradient clipping by global norm (Pascanu et al. 2013, algorithm 1):  y = x min(1, limit / |x|)
//
// x, y     [n], all gradients of a network
// squares  [1], |x|^2
// Threads: one an element, 64 a workgroup.
// Bytes:   4 read and 4 written an element.
// Why:     the norm is of all gradients together, so their direction stays. A little is added to |x|, as PyTorch does, so
//          that a gradient of zero stays zero. A NaN makes all of y NaN; an infinite norm makes NaN of what is infinite and
//          0 of the rest: both as PyTorch does. min(1, NaN) could be 1 and leave the rest as it was.
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
