// Operand A in memory, where four neighbours can be loaded at once: every run of A starts at a multiple of 4
// elements and has a multiple of 4 elements. (16 bytes a load; on lavapipe a vec4 costs little more than a scalar.)
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;

// Elements base+i .. base+i+3, or zeros when i is outside first..last. `base` may wrap below zero: base+i does not.
fn a_quad(base: u32, i: u32, first: u32, last: u32) -> vec4<f32> {
    if (i < first || i >= last) {
        return vec4<f32>();
    }
    return a[(base + i) / 4u];
}
