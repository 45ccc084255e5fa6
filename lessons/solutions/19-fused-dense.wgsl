// Exercise 19: a whole layer in one kernel.  y = dropout(relu(x W + b))
//
// x        [M, K], w [K, N], b [N], y [M, N], row by row
// Threads: a thread an element, in workgroups of 16 x 16: the thread with number id has row id.y, column id.x.
// Bytes:   as three kernels, x W, the sum with b and its ReLU would go to memory and back: 16 bytes a result, which are saved.
// Task:    everything: the guard, the sum over K, the bias, ReLU, dropout. Element i = row * N + column is kept where
//          random(i, seed) >= P, and divided by 1 - P; else it is 0.
// Hint:    let row = id.y, col = id.x; return if either is outside; a loop over K as in the first step of `selvedge lesson matmul`;
//          max(sum + b[col], 0.0); select(0.0, ..., random(...) >= P) as in exercise 18.
// Mistake: the bias is added after ReLU.
//   - max(sum + b[col], 0.0)
//   + (max(sum, 0.0) + b[col])
// Mistake: the counter of the random number is the column alone, so every row has the same mask.
//   - random(row * sizes.n + col, sizes.seed)
//   + random(col, sizes.seed)
// Mistake: ReLU is missing.
//   - max(sum + b[col], 0.0)
//   + (sum + b[col])
// Mistake: what is kept is not divided by 1 - P.
//   - max(sum + b[col], 0.0) / (1.0 - P)
//   + max(sum + b[col], 0.0)
// Grid: N / 16, M / 16
struct Sizes {
    m: u32,
    k: u32,
    n: u32,
    seed: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

const P: f32 = 0.25;

// A number from 0 to 1 for each counter and seed: pcg4d of Jarzynski and Olano 2020.
fn random(counter: u32, seed: u32) -> f32 {
    var v = vec4<u32>(counter, seed, 0u, 0u) * 1664525u + 1013904223u;
    for (var round = 0u; round < 2u; round++) {
        v.x += v.y * v.w;
        v.y += v.z * v.x;
        v.z += v.x * v.y;
        v.w += v.y * v.z;
        if (round == 0u) {
            v ^= v >> vec4<u32>(16u);
        }
    }
    return f32(v.x >> 8u) / 16777216.0;
}

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    // GAP: all of it
    let row = id.y;
    let col = id.x;
    if (row >= sizes.m || col >= sizes.n) {
        return;
    }
    var sum = 0.0;
    for (var k = 0u; k < sizes.k; k++) {
        sum += x[row * sizes.k + k] * w[k * sizes.n + col];
    }
    let kept = max(sum + b[col], 0.0) / (1.0 - P);
    y[row * sizes.n + col] = select(0.0, kept, random(row * sizes.n + col, sizes.seed) >= P);
    // END
}
