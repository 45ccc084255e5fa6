// Counter-based random numbers: a hash of a counter, not a state that advances.
//
// pcg4d of Jarzynski and Olano, "Hash Functions for GPU Rendering" (JCGT 9(3), 2020): four words in, four words out,
// each output bit depending on each input bit. The same counter gives the same number on every adapter and in any
// order of execution, so a mask can be computed again in the backward pass and need not be stored.
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

// Dropout's factors for four neighbouring columns, quad number `quad` of the matrix: 1 / (1 - rate) with probability
// 1 - rate, else 0. One hash gives all four, each from its upper 24 bits, which a float holds exactly.
fn dropout_factors(quad: u32, stream: u32, step: u32, seed: u32, rate: f32) -> vec4<f32> {
    let u = vec4<f32>(pcg4d(vec4<u32>(quad, stream, step, seed)) >> vec4<u32>(8u)) * (1.0 / 16777216.0);
    return select(vec4<f32>(0.0), vec4<f32>(1.0 / (1.0 - rate)), u >= vec4<f32>(rate));
}

// Applies the factors. A dropped number becomes 0 whatever it was: 0 * inf would be NaN.
fn dropped_out(x: vec4<f32>, factors: vec4<f32>) -> vec4<f32> {
    return select(x * factors, vec4<f32>(0.0), factors == vec4<f32>(0.0));
}
