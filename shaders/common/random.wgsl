// Random numbers by counter: a hash of who asks, not a state that moves on.
//
// pcg4d of Jarzynski and Olano, "Hash Functions for GPU Rendering" (JCGT 9(3), 2020): four words in, four words out,
// each output bit depending on each input bit. The same counter gives the same number on every adapter and in any
// order of execution, so a mask can be computed again on the way back and need not be stored.
fn pcg4d(counter: vec4<u32>) -> vec4<u32> {
    var v = counter * 1664525u + 1013904223u;
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    v ^= v >> vec4<u32>(16u);
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    return v;
}

// A number in [0, 1): the upper 24 bits, which a float holds exactly.
fn uniform01(bits: u32) -> f32 {
    return f32(bits >> 8u) * (1.0 / 16777216.0);
}
