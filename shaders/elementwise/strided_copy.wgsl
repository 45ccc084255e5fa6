// A tensor seen in another way:  y[k0, k1, ..] = x[start + k0 s0 + k1 s1 + ..]
//
// x        any shape
// y        any shape; s are the strides with which it walks over x
// Threads: one for up to four neighbouring elements of y, `len` of them, 64 a workgroup.
// Bytes:   4 read and 4 written an element. Writes are in order, reads jump by the stride of y's last axis.
// Why:     permutations, slices and repetition are this one kernel. They are used on weights and on small activations, where
//          the jumps hit the cache; a tile in workgroup memory would make both sides of a transpose run in order, but
//          that pass is under a hundredth of a training step.
#import common/grid.wgsl
#import elementwise/strides.wgsl
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

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
    let place = neighbours(i);
    for (var e = 0u; e < 4u; e++) {
        if (e < place.count) {
            y[place.first + e] = x[p.start + place.at.x + e * place.step.x];
        }
    }
}
