// Adam (Kingma and Ba 2015, algorithm 1) and AdamW (Loshchilov and Hutter 2019, algorithm 2), for all parameters at once:
//     g = dw + l2 w
//     m = beta1 m + (1 - beta1) g
//     v = beta2 v + (1 - beta2) g^2
//     w = w (1 - rate decay) - rate (m correction1) / (sqrt(v correction2) + epsilon)
// Adam's "weight decay" is l2; AdamW's is decay.
//
// w, m, v       the arena of parameters and its two moments, overwritten
// dw            gradients, laid out like w
// group_of      [blocks], the group of each block of 64 elements (optim/groups.wgsl)
// groups        settings of each group
// this_step     settings of this step
// Threads: one per four elements of the arena, 64 per workgroup.
// Bytes:   16 read and 12 written per element. 14 FLOPs per element. Bound by memory.
// Why:     one dispatch for the whole network. The corrections 1/(1 - beta^t) come from the host, in double precision:
//          in f32, 1 - 0.999^1 would be off in the fourth digit.
#import common/grid.wgsl
#import optim/adam_step.wgsl

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
    adam_step(i, groups[group_of[block]]);
}
