// Exponential moving average, in place:  y <- (1 - w) y + w x
//
// Not y + w (x - y), which rounds: with w = 1 this is exactly x, whatever y was (even infinite), which the first of several
// accumulated gradients relies on.
//
// x, y     arenas of the same layout
// w        [1], 1 - decay: the share of the newest value
// Threads: one per four elements, 64 per workgroup.
// Bytes:   8 read and 4 written per element. 3 FLOPs per element. Bound by memory.
// Why:     averaged weights often do better than the last ones (Polyak and Juditsky 1992). A separate pass, so that the
//          optimisers need not know about it; its cost is negligible in a training step.
#import common/grid.wgsl
struct Params {
    quads: u32,  // elements / 4
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(group, groups) * 64u + local;
    if (i >= p.quads) {
        return;
    }
    y[i] = select((1.0 - w[0]) * y[i] + w[0] * x[i], x[i], w[0] == 1.0);
}
