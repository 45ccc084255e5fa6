// Operand A in memory, where four neighbours can be loaded at once:  a_quad(base, i, ..) = A[base+i .. base+i+3]
//
// a        any matrix or image whose runs all start at a multiple of 4 elements and have a multiple of 4 elements
// Threads: called by whichever thread of a core wants four numbers; no map of its own.
// Bytes:   16 a call, one load.
// Why:     a run is the part of a row that lies side by side in memory; the operand files (rows_*.wgsl) find it, and
//          what is outside first .. last is padding. Four at once cost a GPU one transaction instead of four; on
//          lavapipe, where loads are the cost, a vec4 costs little more than a scalar.
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;

// Elements base+i .. base+i+3, or zeros when i is outside first..last. `base` may wrap below zero: base+i does not.
fn a_quad(base: u32, i: u32, first: u32, last: u32) -> vec4<f32> {
    if (i < first || i >= last) {
        return vec4<f32>();
    }
    return a[(base + i) / 4u];
}
