// Stochastic gradient descent with momentum (Sutskever et al. 2013, in PyTorch's form), for all parameters at once:
//     g = dw + l2 w
//     v = momentum v + g
//     w = w (1 - rate decay) - rate (nesterov: g + momentum v; else: v)
//
// w, v          the arena of parameters and its momentum, overwritten
// dw            gradients, laid out like w
// group_of      [blocks], the group of each block of 64 elements (optim/groups.wgsl)
// groups        settings of each group
// this_step     settings of this step
// Threads: one per four elements of the arena, 64 per workgroup.
// Bytes:   12 read and 8 written per element. 6 FLOPs per element. Bound by memory.
// Why:     one dispatch for the whole network. One per tensor would be dozens, most of them of a few hundred elements.
#import common/grid.wgsl
#import optim/groups.wgsl
override MOMENTUM: f32;
override NESTEROV: bool;
@group(0) @binding(1) var<storage, read> dw: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> group_of: array<u32>;
@group(0) @binding(3) var<storage, read> groups: array<Group>;
@group(0) @binding(4) var<storage, read> this_step: Step;
@group(0) @binding(5) var<storage, read_write> w: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> v: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(workgroup, workgroups) * 64u + local;
    let block = i / QUADS;
    if (i >= p.quads || group_of[block] == FROZEN) {
        return;
    }
    let group = groups[group_of[block]];
    let rate = group.rate * this_step.rate;
    let g = fma(vec4<f32>(group.l2), w[i], dw[i]);
    let velocity = fma(vec4<f32>(MOMENTUM), v[i], g);
    v[i] = velocity;
    w[i] = w[i] * (1.0 - rate * group.decay) - rate * select(velocity, fma(vec4<f32>(MOMENTUM), velocity, g), NESTEROV);
}
