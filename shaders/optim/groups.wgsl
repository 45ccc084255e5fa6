// Hyperparameter groups, shared by the optimiser kernels:  rate of block b = groups[group_of[b]].rate * this_step.rate
//
// group_of [blocks], groups [groups] of struct Group, this_step one struct Step
// Threads: four elements per thread, so sixteen neighbouring threads have the same group.
// Bytes:   4 per block for its group, a sixty-fourth of a pass; the rest comes from the cache.
// Why:     all parameters are in one arena, each starting at a multiple of 64 elements, so every block of 64 elements belongs
//          to one parameter and to one group. One dispatch updates all groups: the kernel looks up its block's group.
const QUADS: u32 = 16u;  // vec4 in a block of 64 elements
const FROZEN: u32 = 0xffffffffu;

struct Group {
    rate: f32,          // learning rate = rate * this_step.rate, so that a schedule scales all groups together
    l2: f32,            // l2 * w is added to the gradient (the gradient of l2/2 * |w|^2)
    decay: f32,         // decoupled weight decay: w is shrunk by learning rate * decay
    is_matrix: f32,     // 1 where Muon moves along an orthogonal direction, else 0
}

struct Params {
    quads: u32,  // elements of the arena / 4
}
@group(0) @binding(0) var<uniform> p: Params;

// What changes from step to step; the host writes it before each step.
struct Step {
    rate: f32,          // learning rate of this step
    correction1: f32,   // Adam: 1 / (1 - beta1^t), 1 for SGD
    correction2: f32,   // Adam: 1 / (1 - beta2^t), 1 for SGD
    unused: f32,
}
