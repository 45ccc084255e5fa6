// One step of Adam for four parameters, with the equations of adam.wgsl; muon.wgsl takes it for what is no matrix.
//
// Threads: called by one thread per four elements.
// Bytes:   16 read and 12 written per element.
// Why:     two kernels take the same step.
#import optim/groups.wgsl
override BETA1: f32;
override BETA2: f32;
override EPSILON: f32;
@group(0) @binding(1) var<storage, read> dw: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> group_of: array<u32>;
@group(0) @binding(3) var<storage, read> groups: array<Group>;
@group(0) @binding(4) var<storage, read> this_step: Step;
@group(0) @binding(5) var<storage, read_write> w: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> m: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> v: array<vec4<f32>>;

fn adam_step(i: u32, group: Group) {
    let rate = group.rate * this_step.rate;
    let g = fma(vec4<f32>(group.l2), w[i], dw[i]);
    let first = BETA1 * m[i] + (1.0 - BETA1) * g;
    let second = BETA2 * v[i] + (1.0 - BETA2) * g * g;
    m[i] = first;
    v[i] = second;
    let step = first * this_step.correction1 / (sqrt(second * this_step.correction2) + EPSILON);
    w[i] = w[i] * (1.0 - rate * group.decay) - rate * step;
}
