// A strided view of a tensor, copied:  y[k0, k1, ..] = x[start + k0 s0 + k1 s1 + ..]
//
// x        any shape
// y        any shape; s are its strides over x
// Threads: `len` threads, 64 per workgroup, each for up to four neighbouring elements of y.
// Bytes:   4 read and 4 written per element. Writes are contiguous, reads jump by the stride of y's last axis.
// Why:     permutation, slicing and repetition are this one kernel. It is used on weights and on small activations, where the
//          jumps hit the cache; a tile in workgroup memory would make both sides of a transpose contiguous, but that pass is
//          under a hundredth of a training step.
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
