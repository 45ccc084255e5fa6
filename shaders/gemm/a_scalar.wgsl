// Operand A in memory, element by element:  a_quad(base, i, ..) = A[base+i .. base+i+3]
//
// a        any matrix or image
// Threads: called by whichever thread of a core wants four numbers; no map of its own.
// Bytes:   16 a call, four loads.
// Why:     images of 1 or 3 channels and other sizes that 4 does not divide. Here padding may begin and end within the
//          four, so each element is checked; a_vec4.wgsl checks once.
@group(0) @binding(1) var<storage, read> a: array<f32>;

fn a_element(base: u32, i: u32, first: u32, last: u32) -> f32 {
    if (i < first || i >= last) {
        return 0.0;
    }
    return a[base + i];
}

// Elements base+i .. base+i+3, each zero when its number is outside first..last.
fn a_quad(base: u32, i: u32, first: u32, last: u32) -> vec4<f32> {
    return vec4<f32>(
        a_element(base, i, first, last),
        a_element(base, i + 1u, first, last),
        a_element(base, i + 2u, first, last),
        a_element(base, i + 3u, first, last),
    );
}
